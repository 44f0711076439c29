//! `missed`: something on the cluster sets profiles, and did not reach this pod.

use posture::finding::check::Severity;

use super::SeccompCheck;
use crate::effective::Source;
use crate::facts::{Facts, names, title};
use crate::violation::Violation;

pub(super) static CHECK: SeccompCheck = SeccompCheck {
    check: identity!("missed", "what sets profiles has missed this pod", "missed.md"),
    find,
};

fn find(facts: Facts<'_, '_>, violations: &mut Vec<Violation>) {
    let pod = facts.pod;
    let without: Vec<String> =
        facts.decided_by(Source::Kubelet).map(|(own, _)| title(own)).collect();
    if without.is_empty() {
        return;
    }
    for expected in facts.expected {
        let why = expected.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let verb = if without.len() == 1 { "has" } else { "have" };
        let message = format!(
            "{} sets {} on this cluster, and {} {verb} none{why}",
            expected.setter,
            expected.profile,
            names(&without)
        );
        violations.push(
            Violation::new(CHECK.check.id, Severity::Warning, pod.field_path(), message)
                .advise("create the pod again, or set the profile in its template"),
        );
    }
}
