//! `-o name`: the objects with findings, as kubectl names them, one a line.

use std::io::Write;

use super::escape::escape;
use crate::finding::report::{ObjectReport, Report};
use crate::model::error::Result;

/// Writes `deployment.apps/web` for each object whose verdict carries weight.
pub fn write<D>(report: &Report<D>, out: &mut impl Write) -> Result<()> {
    let is_wrong = |object: &&ObjectReport<D>| object.severity.is_some() && !object.settled;
    for object in report.objects.iter().filter(is_wrong) {
        writeln!(out, "{}", escape(&object.object.to_string()))?;
    }
    Ok(())
}
