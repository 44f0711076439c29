//! From what was found to what counts.

use std::collections::BTreeSet;
use std::path::Path;

use posture::finding::baseline::Baseline;
use posture::finding::gates::Gates;
use posture::finding::report::{ObjectReport, Report};
use posture::finding::suppression::rule::Rule;
use posture::input::baseline;
use posture::model::error::Result;
use posture::model::gap::Gap;
use posture::render::escape::escape;
use posture::render::out;

use super::verdict::Verdict;
use crate::acceptance::INVALID;
use crate::checks::catalog;

/// Which findings count.
#[derive(Clone, Debug)]
pub struct GateOptions<'a> {
    /// What the command line says.
    pub gates: Gates,
    /// The file of `--baseline`.
    pub baseline: Option<&'a Path>,
}

/// Leaves in a report what counts. Of an object that the server would not take nothing else was
/// judged: where that itself does not count, it is a gap and no pass.
pub(super) fn apply<D>(gates: &Gates, report: &mut Report<D>, rules: &[Rule]) -> Option<Baseline> {
    let updated = gates.apply(report, rules, &catalog());
    let said: BTreeSet<usize> = report
        .findings
        .iter()
        .filter(|finding| finding.check == INVALID)
        .map(|finding| finding.position)
        .collect();
    let is_blind = |object: &ObjectReport<D>| {
        object.verdict == Verdict::Invalid.as_str() && object.object.kind != "Namespace"
    };
    let blind = report.objects.iter().enumerate();
    let blind = blind.filter(|(position, object)| is_blind(object) && !said.contains(position));
    let gaps: Vec<Gap> = blind
        .map(|(_, object)| Gap {
            what: "object".to_owned(),
            place: object.place.clone(),
            object: Some(object.object.to_string()),
            why: format!(
                "the API server would not take it, so nothing else was judged: {}",
                object.message
            ),
            hint: String::new(),
        })
        .collect();
    report.gaps.extend(gaps);
    report.summary.gaps = report.gaps.len();
    report.summary.complete = report.gaps.is_empty();
    updated
}

impl GateOptions<'_> {
    /// Leaves in a report what counts, and writes the baseline where that is asked for. `rules`
    /// are the suppressions of the input.
    pub(super) fn apply<D>(&self, report: &mut Report<D>, rules: &[Rule]) -> Result<()> {
        let updated = apply(&self.gates, report, rules);
        if let (Some(baseline), Some(path)) = (updated, self.baseline) {
            baseline::write(path, &baseline)?;
            let count = baseline.len();
            let old = self.gates.baseline.as_ref().map_or(0, |old| old.beside(&baseline));
            let dropped = if old > 0 { format!(", {old} dropped") } else { String::new() };
            let kept = if report.summary.complete {
                ""
            } else {
                "; what could not be judged now is kept in it"
            };
            out::note(&escape(&format!(
                "baseline {} written: {count} known{dropped}{kept}",
                path.display()
            )));
        }
        Ok(())
    }
}
