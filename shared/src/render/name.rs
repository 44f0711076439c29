//! `-o name`: the objects with findings, as kubectl names them, one a line.

use std::collections::BTreeSet;
use std::io::Write;

use super::escape::escape;
use crate::finding::check::Severity;
use crate::finding::report::{ObjectReport, Report};
use crate::model::error::Result;
use crate::model::object::ObjectRef;

/// Writes `deployment.apps/web` for each object whose verdict carries weight.
pub fn write<D>(report: &Report<D>, out: &mut impl Write) -> Result<()> {
    // What is required beyond the verdict leaves the verdict alone.
    let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let errors: BTreeSet<usize> = errors.map(|finding| finding.position).collect();
    let is_wrong = |(position, object): &(usize, &ObjectReport<D>)| {
        object.severity.is_some() && !object.settled || errors.contains(position)
    };
    let mut wrong = report.objects.iter().enumerate().filter(is_wrong);
    wrong.try_for_each(|(_, object)| line(&object.object, out))
}

/// Writes one object.
pub(super) fn line(object: &ObjectRef, out: &mut impl Write) -> Result<()> {
    writeln!(out, "{}", escape(&object.to_string()))?;
    Ok(())
}
