//! `-o name`: the objects with findings, as kubectl names them, one a line.

use std::io::Write;

use super::escape::escape;
use crate::finding::report::Report;
use crate::model::error::Result;

/// Writes `deployment.apps/web` for each object whose verdict carries weight.
pub fn write<D>(report: &Report<D>, out: &mut impl Write) -> Result<()> {
    for object in report.objects.iter().filter(|object| object.severity.is_some()) {
        writeln!(out, "{}", escape(&object.object.to_string()))?;
    }
    Ok(())
}
