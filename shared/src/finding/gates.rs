//! Which findings count: what was chosen, less what is suppressed and what is known already.

use super::baseline::Baseline;
use super::catalog::Catalog;
use super::check::Severity;
use super::pattern::Pattern;
use super::report::{Finding, Report};
use super::suppression::rule::Rule;
use super::suppression::{By, Ground, Idle, Idleness, Suppressed};
use crate::model::clock::Day;
use crate::model::owners::Owner;

/// What the command line says about findings.
#[derive(Clone, Debug)]
pub struct Gates {
    /// What weighs as much fails the command.
    pub fail_on: Severity,
    /// Only findings of these checks; of all, if there are none.
    pub select: Vec<Pattern>,
    /// No findings of these checks.
    pub ignore: Vec<Pattern>,
    /// Checks that did not run: whether their suppressions are of use nobody knows.
    pub asleep: Vec<&'static str>,
    /// What the file of suppressions says.
    pub entries: Vec<Rule>,
    /// What is known already.
    pub baseline: Option<Baseline>,
    /// Whether everything that is found now is known from now on.
    pub update: bool,
    /// Whether suppressions are disregarded, whoever wrote them: owners of workloads can.
    pub strict: bool,
    /// Whether the report shows what does not count.
    pub show_suppressed: bool,
    /// The day on which suppressions hold or do not.
    pub today: Day,
}

impl Gates {
    /// Nothing but a day: every finding counts, and errors fail.
    pub fn open(today: Day) -> Self {
        Self {
            fail_on: Severity::Error,
            select: Vec::new(),
            ignore: Vec::new(),
            asleep: Vec::new(),
            entries: Vec::new(),
            baseline: None,
            update: false,
            strict: false,
            show_suppressed: false,
            today,
        }
    }

    /// Whether a check was chosen.
    pub fn chooses(&self, check: &str, catalog: &Catalog) -> bool {
        (self.select.is_empty() || catalog.any_means(&self.select, check))
            && !catalog.any_means(&self.ignore, check)
    }

    /// What contradicts itself: checks of which all are asked for and left out again, or one that
    /// is selected and not asked for. `asked` are those that run only where they are asked for.
    pub fn contradiction(&self, asked: &[&'static str], catalog: &Catalog) -> Option<String> {
        if !asked.is_empty() && !asked.iter().any(|id| self.chooses(id, catalog)) {
            let ids = asked.join(", ");
            return Some(format!("{ids}: asked for, and left out by --select or --ignore"));
        }
        let means =
            |pattern: &Pattern, id: &str| catalog.any_means(std::slice::from_ref(pattern), id);
        let sleeps = |pattern: &&Pattern| {
            let ids = catalog.entries().iter().map(|entry| entry.check.id);
            ids.filter(|id| means(pattern, id)).all(|id| self.asleep.contains(&id))
        };
        let pattern = self.select.iter().find(sleeps)?;
        let id = self.asleep.iter().find(|id| means(pattern, id))?;
        Some(format!("--select {id}: it runs only where it is asked for"))
    }

    /// Leaves in a report what counts. `rules` are the suppressions of the input itself, and
    /// `catalog` has the checks that were asked. Returns the baseline that is to be written, where
    /// there is one.
    pub fn apply<D>(
        &self,
        report: &mut Report<D>,
        rules: &[Rule],
        catalog: &Catalog,
    ) -> Option<Baseline> {
        report.fail_on = self.fail_on;
        let rules = rules.iter().chain(&self.entries).filter(|_| !self.strict);
        let rules: Vec<&Rule> = rules.collect();
        let mut used = vec![false; rules.len()];
        let mut had = vec![false; report.objects.len()];
        let (mut counting, mut suppressed) = (Vec::new(), Vec::new());
        let mut left_out = 0;
        for finding in std::mem::take(&mut report.findings) {
            if let Some(had) = had.get_mut(finding.position) {
                *had = true;
            }
            let object = report.objects.get(finding.position);
            let owner = object.and_then(|object| object.owner.as_ref());
            let ground = self.ground(&finding, owner, &rules, &mut used, catalog);
            if !self.chooses(finding.check, catalog) {
                left_out += 1;
                continue;
            }
            match ground {
                Some(suppression) => suppressed.push(Suppressed { finding, suppression }),
                None => counting.push(finding),
            }
        }
        if left_out > 0 {
            let findings = if left_out == 1 { "finding" } else { "findings" };
            report.remarks.push(format!("{left_out} {findings} not selected"));
        }
        // Of what was not chosen nobody knows whether a suppression is of use.
        let chosen = |rule: &Rule| self.chooses_any(rule, catalog);
        let idle = rules.iter().zip(&used).filter(|(rule, _)| chosen(rule));
        let idle = idle.filter_map(|(rule, used)| rule.idleness(*used, self.today, catalog));
        report.suppressions.extend(idle);
        let updated = self.update.then(|| {
            let keep = self.baseline.as_ref().filter(|_| !report.summary.complete);
            Baseline::of(&counting, keep)
        });
        if let Some(baseline) = updated.as_ref().or(self.baseline.as_ref()) {
            let mut session = baseline.session();
            let (known, new): (Vec<_>, Vec<_>) =
                counting.into_iter().partition(|finding| session.knows(finding));
            counting = new;
            let gone = session.gone(|check| self.ran(check, catalog));
            report.suppressions.extend((gone > 0 && updated.is_none()).then(|| gone_from(gone)));
            suppressed.extend(known.into_iter().map(|finding| Suppressed {
                finding,
                suppression: Ground {
                    by: By::Baseline,
                    place: None,
                    until: None,
                    reason: "known from the baseline".to_owned(),
                },
            }));
        }
        suppressed.sort_by_key(|suppressed: &Suppressed| suppressed.finding.position);
        report.summary.findings = counting.len();
        report.summary.suppressed = suppressed.len();
        report.findings = counting;
        settle(report, &had);
        if self.show_suppressed {
            report.suppressed = suppressed;
        }
        updated
    }

    /// Why a finding does not count, if it does not; notes which rules mean it.
    fn ground(
        &self,
        finding: &Finding,
        owner: Option<&Owner>,
        rules: &[&Rule],
        used: &mut [bool],
        catalog: &Catalog,
    ) -> Option<Ground> {
        let mut ground = None;
        for (rule, used) in rules.iter().zip(used) {
            if rule.means(finding, owner, catalog) && !rule.is_expired(self.today) {
                *used = true;
                ground.get_or_insert_with(|| rule.ground());
            }
        }
        ground
    }

    /// Whether any check that a rule means was chosen, or nothing can be said about it.
    fn chooses_any(&self, rule: &Rule, catalog: &Catalog) -> bool {
        let mut meant = catalog
            .entries()
            .iter()
            .filter(|entry| rule.pattern.means(entry.check.id, entry.group))
            .peekable();
        meant.peek().is_none() || meant.any(|entry| self.ran(entry.check.id, catalog))
    }

    /// Whether a check ran and was chosen.
    fn ran(&self, check: &str, catalog: &Catalog) -> bool {
        !self.asleep.contains(&check) && self.chooses(check, catalog)
    }
}

/// Notes which objects have findings of which none counts.
fn settle<D>(report: &mut Report<D>, had: &[bool]) {
    let mut has = vec![false; report.objects.len()];
    for finding in &report.findings {
        if let Some(has) = has.get_mut(finding.position) {
            *has = true;
        }
    }
    for ((object, had), has) in report.objects.iter_mut().zip(had).zip(has) {
        object.settled = *had && !has;
    }
}

fn gone_from(gone: usize) -> Idle {
    let findings = if gone == 1 { "1 finding" } else { &format!("{gone} findings") };
    Idle {
        status: Idleness::Unused,
        by: By::Baseline,
        check: "*".to_owned(),
        place: None,
        object: None,
        why: format!("{findings} of the baseline did not come again: --update-baseline drops them"),
    }
}
