//! The documents of the checks.

use std::io::Write as _;

use posture::finding::check::Check;
use posture::model::error::Result;
use posture::render::style::Style;
use posture::render::{document, out};

use crate::checks;

/// Prints the document of a check.
pub(super) fn document(check: &Check, style: Style) -> Result<()> {
    let mut out = out::stdout();
    document::write(check.document, style, &mut out)?;
    out.flush()?;
    Ok(())
}

/// Prints the list of checks, and what else can be explained.
pub fn list(program: &str) -> Result<()> {
    let known: Vec<&Check> = checks::catalog().into_checks().collect();
    let width = known.iter().map(|check| check.id.len()).max().unwrap_or(0);
    let mut out = out::stdout();
    for check in known {
        writeln!(out, "  {:width$}  {}", check.id, check.title)?;
    }
    writeln!(
        out,
        "\nMore: {program} explain CHECK, TYPE/NAME, RuntimeDefault, or a call such as 'socket(AF_ALG)'"
    )?;
    out.flush()?;
    Ok(())
}
