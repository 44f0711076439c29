//! One row for each check that a policy runs: what it says, by us and by a judge.
//!
//! A judge names no checks. But the reasons come in the order of the checks, and no two checks of
//! one policy share a reason, so each reason belongs to one row.

use kubectl_pss::evaluate::{Evaluator, Outcome, Session};
use kubectl_pss::level::LevelVersion;

use super::judge::Verdict;

/// A check at a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The check.
    pub id: &'static str,
    /// The minor of the policy version that the revision begins at.
    pub since: u16,
}

/// What a check that fires says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The short reason.
    pub reason: String,
    /// What stands in parentheses after it.
    pub detail: String,
}

/// What one policy says about a pod, row by row; nothing where a check is silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows(pub Vec<(Row, Option<Said>)>);

/// The reasons that each check gives: the `ForbiddenReason` of `policy/check_*.go` in
/// k8s.io/pod-security-admission.
const REASONS: [(&str, &[&str]); 19] = [
    ("appArmorProfile", &["forbidden AppArmor profile", "forbidden AppArmor profiles"]),
    ("capabilities_baseline", &["non-default capabilities"]),
    ("hostNamespaces", &["host namespaces"]),
    ("hostPathVolumes", &["hostPath volumes"]),
    ("hostPorts", &["hostPort"]),
    ("hostProbesAndHostLifecycle", &["probe or lifecycle host"]),
    ("privileged", &["privileged"]),
    ("procMount", &["procMount"]),
    ("seLinuxOptions", &["seLinuxOptions"]),
    ("seccompProfile_baseline", &["seccompProfile"]),
    ("sysctls", &["forbidden sysctls"]),
    ("windowsHostProcess", &["hostProcess"]),
    ("allowPrivilegeEscalation", &["allowPrivilegeEscalation != false"]),
    ("capabilities_restricted", &["unrestricted capabilities"]),
    ("procMount_restricted", &["procMount"]),
    ("restrictedVolumes", &["restricted volume types"]),
    ("runAsNonRoot", &["runAsNonRoot != true"]),
    ("runAsUser", &["runAsUser=0"]),
    ("seccompProfile_restricted", &["seccompProfile"]),
];

/// The rows of a policy, in the order of its message.
pub fn rows(evaluator: &Evaluator, policy: LevelVersion) -> Vec<Row> {
    evaluator
        .checks(policy)
        .map(|(check, revision)| Row { id: check.id(), since: revision.since.0 })
        .collect()
}

/// What our engine says.
pub fn ours(
    evaluator: &Evaluator,
    session: &mut Session<'_, '_, '_>,
    policy: LevelVersion,
) -> Rows {
    of_outcome(evaluator, &session.evaluate(policy))
}

/// What an outcome of our engine says.
pub fn of_outcome(evaluator: &Evaluator, outcome: &Outcome) -> Rows {
    let said = |row: Row| {
        let result = outcome.results.iter().find(|result| result.check.id() == row.id)?;
        Some(Said { reason: result.reason.to_owned(), detail: result.detail.clone() })
    };
    Rows(rows(evaluator, outcome.policy).into_iter().map(|row| (row, said(row))).collect())
}

/// What a judge says. The error names a reason that belongs to no row, or not to one in order.
pub fn theirs(rows: &[Row], verdict: &Verdict) -> Result<Rows, String> {
    let mut reasons = verdict.reasons.iter().zip(&verdict.details).peekable();
    let mut said = Vec::new();
    for &row in rows {
        let known =
            REASONS.iter().find(|(id, _)| *id == row.id).map_or(&[][..], |(_, known)| known);
        let fired = reasons.next_if(|(reason, _)| known.contains(&reason.as_str()));
        let own =
            fired.map(|(reason, detail)| Said { reason: reason.clone(), detail: detail.clone() });
        said.push((row, own));
    }
    match reasons.next() {
        None => Ok(Rows(said)),
        Some((reason, _)) => {
            Err(format!("{}: no check of ours has the reason {reason:?}", verdict.policy))
        }
    }
}

impl Rows {
    /// The list of violations as admission prints it.
    pub fn detail(&self) -> String {
        let said = self.0.iter().filter_map(|(_, said)| said.as_ref());
        let parts: Vec<String> = said
            .map(|said| match said.detail.as_str() {
                "" => said.reason.clone(),
                detail => format!("{} ({detail})", said.reason),
            })
            .collect();
        parts.join(", ")
    }

    /// The rows in which two answers differ; they must be answers to the same policy.
    pub fn differences(&self, other: &Self) -> Vec<Row> {
        let pairs = self.0.iter().zip(&other.0);
        pairs.filter(|(left, right)| left != right).map(|((row, _), _)| *row).collect()
    }
}
