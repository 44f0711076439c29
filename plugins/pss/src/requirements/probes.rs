//! `probes`: whatever runs for ever says whether it is ready and whether it is alive.

use posture::model::container::ContainerKind;

use super::{Answer, Container, Facts, Requirement, at, subject};
use crate::violation::Violation;

pub(super) static CHECK: Requirement = Requirement {
    check: identity!(
        "probes",
        "nobody asks a container whether it is ready or alive",
        "probes.md"
    ),
    find,
    needs: &[],
};

/// The probes, with what to do where one is missing.
const PROBES: [(&str, &str); 2] = [
    ("livenessProbe", "add one that fails only when a restart would help"),
    ("readinessProbe", "add one that fails while requests would fail"),
];

fn find(facts: &Facts<'_, '_>, answer: &mut Answer) {
    if ends(facts) {
        return;
    }
    for container in facts.containers().filter(runs_on) {
        for (probe, advice) in PROBES {
            let path = container.path().fields(probe);
            if at(facts.template.value, &path).is_none() {
                answer.miss(Violation::missing(subject(&container), path).advise(advice));
            }
        }
    }
}

/// Whether the pod is meant to end: those of Jobs, which may not be restarted for ever, and others
/// like them.
fn ends(facts: &Facts<'_, '_>) -> bool {
    let policy = facts.spec().and_then(|spec| spec.field("restartPolicy")?.as_str());
    let is_of_batch = facts.object.group() == "batch";
    is_of_batch || policy.is_some_and(|policy| policy != "Always")
}

/// Whether a container may have probes: normal ones, and init containers that run on.
fn runs_on(container: &Container<'_>) -> bool {
    match container.kind {
        ContainerKind::Normal => true,
        ContainerKind::Init => {
            let policy = container.value.field("restartPolicy");
            policy.and_then(|policy| policy.as_str()) == Some("Always")
        }
        ContainerKind::Ephemeral => false,
    }
}
