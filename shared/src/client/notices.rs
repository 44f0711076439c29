//! What a connection has to say while it works: the server's warnings, and what `-v` asks for.

/// Where a connection's remarks go. They are text of the server: whoever shows them escapes them.
pub trait Notices: Send + Sync + std::fmt::Debug {
    /// A `Warning` header of the server, without its code and agent. Shown once for each text.
    fn warning(&self, text: &str);

    /// A line that `-v` asks for. It holds no secrets.
    fn log(&self, line: &str);
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Notices for Silent {
    fn warning(&self, _: &str) {}

    fn log(&self, _: &str) {}
}
