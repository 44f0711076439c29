//! Each object with everything that was found in it, in the order of the report.

use crate::finding::report::{Finding, ObjectReport, Report};
use crate::finding::suppression::Suppressed;

/// An object and what was found in it.
#[derive(Debug)]
pub(super) struct Judged<'r, D> {
    /// The object.
    pub(super) object: &'r ObjectReport<D>,
    /// What counts.
    pub(super) findings: Vec<&'r Finding>,
    /// What does not, where it is shown.
    pub(super) suppressed: Vec<&'r Suppressed>,
}

/// Every object, the good ones too.
pub(super) fn of<D>(report: &Report<D>) -> Vec<Judged<'_, D>> {
    let alone = |object| Judged { object, findings: Vec::new(), suppressed: Vec::new() };
    let mut objects: Vec<_> = report.objects.iter().map(alone).collect();
    for finding in &report.findings {
        if let Some(own) = objects.get_mut(finding.position) {
            own.findings.push(finding);
        }
    }
    for suppressed in &report.suppressed {
        if let Some(own) = objects.get_mut(suppressed.finding.position) {
            own.suppressed.push(suppressed);
        }
    }
    objects
}
