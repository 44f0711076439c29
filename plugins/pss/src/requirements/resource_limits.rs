//! `resourceLimits`: every container says how much CPU and memory it gets at most.

use posture::model::container::ContainerKind;
use posture::model::path::FieldPath;
use posture::model::quantity::Quantity;
use posture::model::version::Minor;

use super::{Answer, Facts, Requirement, at, subject};
use crate::violation::Violation;

pub(super) static CHECK: Requirement = Requirement {
    check: identity!(
        "resourceLimits",
        "a container may take all CPU or memory of the node",
        "resource_limits.md"
    ),
    find,
    needs: &[],
};

fn find(facts: &Facts<'_, '_>, answer: &mut Answer) {
    let advice = "set a limit above what it needs at its peak";
    find_in(facts, "limits", &["limits"], advice, answer);
}

/// What everything that runs needs.
const COMPUTE: [&str; 2] = ["cpu", "memory"];

/// The first release that reads `spec.resources` of pods.
const POD_LEVEL: Minor = Minor(34);

/// Finds the containers that lack an amount in `list` (`limits` or `requests`). `instead` are the
/// lists that will do as well: requests are taken from limits where they are missing.
pub(super) fn find_in(
    facts: &Facts<'_, '_>,
    list: &'static str,
    instead: &[&'static str],
    advice: &'static str,
    answer: &mut Answer,
) {
    let pod = facts.template.value;
    let amount = |path: FieldPath| {
        let value = at(pod, &path)?;
        // Of none the server says before that it is none.
        let is_some = Quantity::read(value).is_ok_and(|amount| !amount.is_zero());
        Some((value, is_some))
    };
    // What is zero sets no limit and reserves nothing.
    let is_set = |path: FieldPath| amount(path).is_some_and(|(_, is_some)| is_some);
    let of_pod = |resource: &'static str| {
        facts.server >= POD_LEVEL
            && instead
                .iter()
                .any(|list| is_set(FieldPath::of("spec.resources").fields(list).fields(resource)))
    };
    for container in facts.containers() {
        // Ephemeral containers may have no resources.
        if container.kind == ContainerKind::Ephemeral {
            continue;
        }
        let path = |list: &'static str, resource: &'static str| {
            container.path().fields("resources").fields(list).fields(resource)
        };
        for resource in COMPUTE {
            let written = amount(path(list, resource));
            let suffices = match written {
                Some((_, is_some)) => is_some,
                None => instead.iter().any(|list| is_set(path(list, resource))),
            };
            if suffices || of_pod(resource) {
                continue;
            }
            let (subject, path) = (subject(&container), path(list, resource));
            let violation = match written {
                Some((value, _)) => Violation::forbidden(subject, path, "0").at(Some(value)),
                None => Violation::missing(subject, path),
            };
            answer.miss(violation.advise(advice));
        }
    }
}
