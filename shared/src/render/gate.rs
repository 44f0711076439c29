//! What counts of what a command has found, and the baseline that is written of it.

use std::path::Path;

use super::escape::escape;
use super::out;
use crate::finding::baseline::Baseline;
use crate::finding::catalog::Catalog;
use crate::finding::gates::Gates;
use crate::finding::report::Report;
use crate::finding::suppression::rule::Rule;
use crate::input::baseline;
use crate::model::error::Result;

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
    /// are the suppressions of the input, `catalog` has the checks that were asked, and `settle`
    /// adds what follows for the report before it is said whether it is complete.
    pub fn apply<D>(
        &self,
        report: &mut Report<D>,
        rules: &[Rule],
        catalog: &Catalog,
        settle: impl FnOnce(&mut Report<D>),
    ) -> Result<()> {
        let updated = self.gates.apply(report, rules, catalog);
        settle(report);
        match (updated, self.baseline) {
            (Some(baseline), Some(path)) => self.write(path, &baseline, report.summary.complete),
            _ => Ok(()),
        }
    }

    /// Writes the baseline, and says what changes with it.
    fn write(&self, path: &Path, baseline: &Baseline, complete: bool) -> Result<()> {
        baseline::write(path, baseline)?;
        let count = baseline.len();
        let old = self.gates.baseline.as_ref().map_or(0, |old| old.beside(baseline));
        let dropped = if old > 0 { format!(", {old} dropped") } else { String::new() };
        let kept = if complete { "" } else { "; what could not be judged now is kept in it" };
        out::note(&escape(&format!(
            "baseline {} written: {count} known{dropped}{kept}",
            path.display()
        )));
        Ok(())
    }
}
