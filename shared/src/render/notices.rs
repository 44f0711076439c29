//! What a connection has to say, on standard error: the server's warnings as kubectl shows them,
//! and what `-v` asks for.

use super::escape::escape;
use super::out;
use super::style::{Role, Style};
use crate::client::notices::Notices;

/// Writes to standard error.
#[derive(Clone, Copy, Debug)]
pub struct StderrNotices {
    style: Style,
}

impl StderrNotices {
    /// With the colours of standard error.
    pub fn new(style: Style) -> Self {
        Self { style }
    }
}

impl Notices for StderrNotices {
    fn warning(&self, text: &str) {
        out::note(&format!("{} {}", self.style.paint(Role::Warning, "Warning:"), escape(text)));
    }

    fn log(&self, line: &str) {
        out::note(&escape(line));
    }
}
