//! Standard output and standard error, buffered, and nothing else in the code base writes there.

use std::io::{BufWriter, IsTerminal as _, StderrLock, StdoutLock, Write};

use super::escape::escape;
use super::style::Style;
use crate::model::error::{ErrorKind, Result};

/// Standard output, buffered.
pub type Stdout = BufWriter<StdoutLock<'static>>;

/// Where and how a result is written, in one of the formats `F`.
#[derive(Clone, Copy, Debug)]
pub struct Output<F> {
    /// How to write it.
    pub format: F,
    /// Colours and width of standard output.
    pub style: Style,
    /// Colours and width of standard error.
    pub stderr_style: Style,
}

/// The outcome of writing. Whoever reads no further knows enough: a closed pipe is no error.
pub(super) fn unless_closed(outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

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

/// Writes what kubectl would warn of, a line each, to standard error.
pub fn warnings(warnings: &[String]) {
    for warning in warnings {
        note(&escape(&format!("Warning: {warning}")));
    }
}

/// Writes a line to standard error; a closed one is nobody's problem.
pub fn note(line: &str) {
    // Nothing can be said about a standard error that cannot be written to.
    drop(writeln!(stderr(), "{line}"));
}
