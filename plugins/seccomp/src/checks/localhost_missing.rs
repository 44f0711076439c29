//! `localhostMissing`: the file of a profile is known to be missing where the pod runs or may run.

use posture::finding::check::Severity;
use serde_json::Value as Json;

use super::SeccompCheck;
use crate::effective::{Confinement, Effective, Own, Source};
use crate::facts::{Facts, names, title};
use crate::named::PATH;
use crate::violation::Violation;

pub(super) static CHECK: SeccompCheck = SeccompCheck {
    check: identity!(
        "localhostMissing",
        "the file of a Localhost profile is not on the node",
        "localhost_missing.md"
    ),
    find,
};

fn find(facts: Facts<'_, '_>, violations: &mut Vec<Violation>) {
    let mut told: Vec<Violation> = Vec::new();
    for (own, one) in facts.containers() {
        if let Some(found) = missing(facts, own, one)
            && told.iter().all(|known| known.path != found.path)
        {
            told.push(found);
        }
    }
    violations.append(&mut told);
}

fn missing(facts: Facts<'_, '_>, own: &Own<'_>, one: &Confinement) -> Option<Violation> {
    let pod = facts.pod;
    let place = one.places.iter().find(|place| matches!(place.effective, Effective::Localhost(_)))?;
    let Effective::Localhost(path) = &place.effective else { return None };
    let may_run = |node: &str| {
        let on = |place: &crate::effective::Place| place.nodes.iter().any(|name| name == node);
        one.places.iter().all(|place| place.nodes.is_empty())
            || one.places.iter().any(|place| place.effective != Effective::NotApplicable && on(place))
    };
    let nodes: Vec<(&str, &str)> =
        facts.missing.of(path).filter(|(node, _)| may_run(node)).collect();
    let (first, evidence) = nodes.first()?;
    let all: Vec<&str> = nodes.iter().map(|(node, _)| *node).collect();
    let (whose, container, at) = match place.by {
        Source::PodField => ("the pod".to_owned(), None, pod.field_path().field(PATH)),
        Source::PodAnnotation => {
            ("the pod".to_owned(), None, pod.annotation_path(pod.annotation?))
        }
        Source::ContainerAnnotation => {
            (title(own), Some(own), pod.annotation_path(own.annotation?))
        }
        _ => (title(own), Some(own), pod.own_field_path(own).field(PATH)),
    };
    let says = if all.len() == 1 { String::new() } else { format!(" of {first}") };
    let message = format!(
        "the profile {path} of {whose} is not on {}, and containers are not created without it (known{says}: {evidence})",
        names(&all)
    );
    Some(
        Violation::new(CHECK.check.id, Severity::Error, at, message)
            .of(container.map(|own| own.container.name))
            .at(Json::from(path.clone()))
            .advise("install the file below /var/lib/kubelet/seccomp on every node that takes the pod"),
    )
}
