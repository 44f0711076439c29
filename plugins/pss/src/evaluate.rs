//! A pod against a policy: which checks run, and what they say together.
//!
//! Source: `policy/registry.go` and `policy/checks.go` of k8s.io/pod-security-admission.

use std::sync::Arc;

use posture::model::version::Minor;

use crate::checks::{ALL, PssCheck, Revision, Rules};
use crate::level::{Level, LevelVersion, PolicyVersion};
use crate::pod::{Pod, known_server};
use crate::prose::Prose;
use crate::violation::Violation;

/// One check at one revision, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    check: usize,
    revision: usize,
    /// A number of its own for every pair, for remembering results.
    slot: usize,
}

impl Step {
    fn check(self) -> &'static PssCheck {
        ALL[self.check]
    }

    fn revision(self) -> &'static Revision {
        &ALL[self.check].revisions[self.revision]
    }
}

/// The judge: knows which checks run at which level and version on one release of the server.
#[derive(Debug)]
pub struct Evaluator {
    rules: Rules,
    /// For every policy version from 1.0 on: the checks of baseline, and those of restricted.
    baseline: Vec<Vec<Step>>,
    restricted: Vec<Vec<Step>>,
    slots: usize,
}

/// What one failed check found and says.
#[derive(Clone, Debug)]
pub struct CheckOutcome {
    /// The check.
    pub check: &'static PssCheck,
    /// The policy version that its revision came with.
    pub since: Minor,
    /// The short reason.
    pub reason: &'static str,
    /// What stands in parentheses after it; empty for nothing.
    pub detail: String,
    /// Every place that it objects to; never empty.
    pub violations: Vec<Violation>,
}

/// What a policy says about a pod.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The policy as it was asked for; messages print this one.
    pub policy: LevelVersion,
    /// The version whose rules the server applied: never newer than the server.
    pub applied: Minor,
    /// The failed checks, in the order of the message.
    pub results: Vec<Arc<CheckOutcome>>,
}

impl Outcome {
    /// Whether the policy allows the pod.
    pub fn allowed(&self) -> bool {
        self.results.is_empty()
    }

    /// The reasons alone, as the server lists them for the existing pods of a namespace
    /// (`ForbiddenReason`).
    pub fn reason(&self) -> String {
        let reasons: Vec<&str> = self.results.iter().map(|result| result.reason).collect();
        reasons.join(", ")
    }

    /// Reasons and details, as the server prints them when it refuses a pod (`ForbiddenDetail`).
    pub fn detail(&self) -> String {
        let mut text = String::new();
        for (position, result) in self.results.iter().enumerate() {
            if position > 0 {
                text.push_str(", ");
            }
            text.push_str(result.reason);
            if !result.detail.is_empty() {
                text.push_str(" (");
                text.push_str(&result.detail);
                text.push(')');
            }
        }
        text
    }

    /// Every violation, with the check that found it.
    pub fn violations(&self) -> impl Iterator<Item = (&'static PssCheck, &Violation)> {
        self.results
            .iter()
            .flat_map(|result| result.violations.iter().map(|violation| (result.check, violation)))
    }
}

impl Evaluator {
    /// The judge as a server of this release has it. Releases before 1.24 are judged as 1.24, and
    /// those that this build does not know as the newest that it does.
    pub fn new(server: Minor) -> Self {
        let server = known_server(server);
        let mut order: Vec<usize> = (0..ALL.len()).collect();
        order.sort_by_key(|&check| (ALL[check].level, ALL[check].id()));
        let mut first_slot = Vec::with_capacity(ALL.len());
        let mut slots = 0;
        for check in ALL {
            first_slot.push(slots);
            slots += check.revisions.len();
        }
        let steps_at = |version: Minor| -> Vec<Step> {
            let step = |&check: &usize| {
                let revisions = ALL[check].revisions;
                let revision = revisions.iter().rposition(|revision| revision.since <= version)?;
                Some(Step { check, revision, slot: first_slot[check] + revision })
            };
            order.iter().filter_map(step).collect()
        };
        let mut evaluator =
            Self { rules: Rules { server }, baseline: Vec::new(), restricted: Vec::new(), slots };
        for version in (0..=server.0).map(Minor) {
            let steps = steps_at(version);
            let overridden: Vec<&str> =
                steps.iter().flat_map(|step| step.revision().overrides).copied().collect();
            let is_baseline = |step: &Step| step.check().level == Level::Baseline;
            let restricted = steps
                .iter()
                .filter(|step| !is_baseline(step) || !overridden.contains(&step.check().id()));
            evaluator.restricted.push(restricted.copied().collect());
            evaluator
                .baseline
                .push(steps.iter().filter(|step| is_baseline(step)).copied().collect());
        }
        evaluator
    }

    /// The release that the judge stands for; pods must be built for the same.
    pub fn server(&self) -> Minor {
        self.rules.server
    }

    /// The version whose rules a policy version means on this server. What is newer than the
    /// server means its newest, which is also what Kubernetes makes of a version between its
    /// newest revision and its own: no check differs there.
    pub fn applied(&self, version: PolicyVersion) -> Minor {
        match version {
            PolicyVersion::Minor(minor) => minor.min(self.rules.server),
            PolicyVersion::Latest | PolicyVersion::Beyond(_) => self.rules.server,
        }
    }

    fn steps(&self, policy: LevelVersion) -> &[Step] {
        let version = usize::from(self.applied(policy.version).0);
        let table = match policy.level {
            Level::Privileged => return &[],
            Level::Baseline => &self.baseline,
            Level::Restricted => &self.restricted,
        };
        table.get(version).map_or(&[], Vec::as_slice)
    }

    /// The checks that a policy runs, in the order of the message.
    pub fn checks(
        &self,
        policy: LevelVersion,
    ) -> impl Iterator<Item = (&'static PssCheck, &'static Revision)> + '_ {
        self.steps(policy).iter().map(|step| (step.check(), step.revision()))
    }

    /// What one policy says about a pod. For several policies ask [`Evaluator::session`].
    pub fn evaluate(&self, pod: &Pod<'_>, policy: LevelVersion) -> Outcome {
        self.session(pod).evaluate(policy)
    }

    /// Judges one pod by several policies, and runs no check twice.
    pub fn session<'e, 'p, 'a>(&'e self, pod: &'p Pod<'a>) -> Session<'e, 'p, 'a> {
        Session { evaluator: self, pod, known: vec![Known::Not; self.slots] }
    }

    /// The strictest level that a pod meets at a version.
    pub fn tightest_level(&self, pod: &Pod<'_>, version: PolicyVersion) -> Level {
        self.session(pod).tightest_level(version)
    }

    fn run(&self, pod: &Pod<'_>, step: Step) -> Option<Arc<CheckOutcome>> {
        let (check, revision) = (step.check(), step.revision());
        let mut violations = Vec::new();
        (revision.find)(pod, self.rules, &mut violations);
        #[cfg(feature = "faults")]
        crate::faults::apply(check.id(), pod, &mut violations);
        if violations.is_empty() {
            return None;
        }
        let Prose { reason, detail } = (check.prose)(&violations, self.rules);
        Some(Arc::new(CheckOutcome { check, since: revision.since, reason, detail, violations }))
    }
}

/// What is known of a check's answer.
#[derive(Clone, Debug)]
enum Known {
    Not,
    Passed,
    Failed(Arc<CheckOutcome>),
}

/// One pod before several policies; see [`Evaluator::session`].
#[derive(Debug)]
pub struct Session<'e, 'p, 'a> {
    evaluator: &'e Evaluator,
    pod: &'p Pod<'a>,
    known: Vec<Known>,
}

impl<'p, 'a> Session<'_, 'p, 'a> {
    /// The pod that is judged.
    pub fn pod(&self) -> &'p Pod<'a> {
        self.pod
    }

    /// What one policy says.
    pub fn evaluate(&mut self, policy: LevelVersion) -> Outcome {
        let applied = self.evaluator.applied(policy.version);
        let mut results = Vec::new();
        for &step in self.evaluator.steps(policy) {
            results.extend(self.answer(step));
        }
        Outcome { policy, applied, results }
    }

    /// The strictest level that the pod meets at a version.
    pub fn tightest_level(&mut self, version: PolicyVersion) -> Level {
        let levels = Level::ALL.into_iter().rev();
        let mut met = levels.filter(|&level| {
            let steps = self.evaluator.steps(LevelVersion { level, version });
            steps.iter().all(|&step| self.answer(step).is_none())
        });
        // Privileged has no checks, so there is always one.
        met.next().unwrap_or(Level::Privileged)
    }

    fn answer(&mut self, step: Step) -> Option<Arc<CheckOutcome>> {
        match &self.known[step.slot] {
            Known::Passed => None,
            Known::Failed(outcome) => Some(Arc::clone(outcome)),
            Known::Not => {
                let outcome = self.evaluator.run(self.pod, step);
                self.known[step.slot] = outcome.clone().map_or(Known::Passed, Known::Failed);
                outcome
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use posture::model::version::NEWEST;
    use posture::model::workload::Carrier;

    use super::*;
    use crate::testing::{template, tree};

    #[test]
    fn finds_the_tightest_level() {
        let evaluator = Evaluator::new(NEWEST);
        let level = |text: &str| {
            let tree = tree(text);
            let pod = Pod::created_from(&template(&tree, Carrier::Pod), NEWEST);
            evaluator.tightest_level(&pod, PolicyVersion::Latest)
        };
        assert_eq!(level(r#"{"spec":{"containers":[]}}"#), Level::Restricted);
        assert_eq!(level(r#"{"spec":{"containers":[{"name":"a"}]}}"#), Level::Baseline);
        assert_eq!(level(r#"{"spec":{"hostPID":true}}"#), Level::Privileged);
    }

    #[test]
    fn one_session_answers_all_policies_alike() {
        let tree = tree(r#"{"spec":{"hostPID":true,"containers":[{"name":"a"}]}}"#);
        let pod = Pod::created_from(&template(&tree, Carrier::Pod), NEWEST);
        let evaluator = Evaluator::new(NEWEST);
        let mut session = evaluator.session(&pod);
        for policy in [
            "restricted",
            "baseline",
            "restricted:1.20",
            "privileged",
            "restricted:1.7",
            "restricted",
        ] {
            let policy: LevelVersion = policy.parse().expect("a policy");
            let (fresh, remembered) = (evaluator.evaluate(&pod, policy), session.evaluate(policy));
            assert_eq!(fresh.detail(), remembered.detail(), "{policy}");
            assert_eq!(fresh.reason(), remembered.reason(), "{policy}");
        }
        assert_eq!(
            session.evaluate("baseline".parse().expect("a policy")).detail(),
            "host namespaces (hostPID=true)"
        );
    }
}
