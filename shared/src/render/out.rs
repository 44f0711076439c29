//! Standard output and standard error, buffered, and nothing else in the code base writes there.

use std::io::{BufWriter, IsTerminal as _, StderrLock, StdoutLock, Write};

/// Standard output, buffered.
pub type Stdout = BufWriter<StdoutLock<'static>>;

/// Standard output, buffered. Flush it: what is left when it is dropped is lost silently.
pub fn stdout() -> Stdout {
    BufWriter::with_capacity(1 << 16, std::io::stdout().lock())
}

/// Standard error.
pub fn stderr() -> StderrLock<'static> {
    std::io::stderr().lock()
}

/// Whether somebody watches standard error.
pub fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Writes a line to standard error; a closed one is nobody's problem.
pub fn note(line: &str) {
    // Nothing can be said about a standard error that cannot be written to.
    drop(writeln!(stderr(), "{line}"));
}
