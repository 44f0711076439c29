//! From what was found to what counts.

use std::path::Path;

use posture::finding::gates::Gates;
use posture::finding::report::Report;
use posture::finding::suppression::rule::Rule;
use posture::input::baseline;
use posture::model::error::Result;
use posture::render::escape::escape;
use posture::render::out;

use crate::checks::catalog;

/// Which findings count.
#[derive(Clone, Debug)]
pub struct GateOptions<'a> {
    /// What the command line says.
    pub gates: Gates,
    /// The file of `--baseline`.
    pub baseline: Option<&'a Path>,
}

impl GateOptions<'_> {
    /// Leaves in a report what counts, and writes the baseline where that is asked for. `rules`
    /// are the suppressions of the input.
    pub(super) fn apply<D>(&self, report: &mut Report<D>, rules: &[Rule]) -> Result<()> {
        let updated = self.gates.apply(report, rules, &catalog());
        if let (Some(baseline), Some(path)) = (updated, self.baseline) {
            baseline::write(path, &baseline)?;
            let count = baseline.len();
            let kept = if report.summary.complete {
                ""
            } else {
                "; what could not be judged now is kept in it"
            };
            out::note(&escape(&format!(
                "baseline {} written: {count} known{kept}",
                path.display()
            )));
        }
        Ok(())
    }
}
