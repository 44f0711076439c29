//! An error as a person reads it: the cause, the causes below it, and what to do.

use std::error::Error as _;

use super::escape::escape;
use super::out;
use super::style::{Role, Style};
use crate::model::error::{Error, ErrorKind};

/// Writes an error to standard error in kubectl's manner (`error: …`), then its hints.
pub fn print(error: &Error, style: Style) {
    if error.kind() == ErrorKind::BrokenPipe {
        return;
    }
    let mut text = format!("{} {}", style.paint(Role::Error, "error:"), escape(&error.to_string()));
    let mut cause = error.source();
    while let Some(below) = cause {
        text.push_str(": ");
        text.push_str(&escape(&below.to_string()));
        cause = below.source();
    }
    out::note(&text);
    for hint in error.hints() {
        out::note(&format!("{} {}", style.paint(Role::Info, "hint:"), escape(hint)));
    }
}
