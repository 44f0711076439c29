//! `unset`: nothing sets a profile, and the kubelet decides.

use posture::finding::check::Severity;
use posture::finding::fix::Grade;
use serde_json::json;

use super::SeccompCheck;
use crate::effective::{Confinement, Effective, Place, Source};
use crate::facts::{Facts, on, title};
use crate::fixes;
use crate::named::Profile;
use crate::violation::Violation;

pub(super) static CHECK: SeccompCheck = SeccompCheck {
    check: identity!("unset", "no profile is set", "unset.md"),
    find,
};

fn find(facts: Facts<'_, '_>, violations: &mut Vec<Violation>) {
    let pod = facts.pod;
    for (own, one) in facts.decided_by(Source::Kubelet) {
        // `annotationOnly` says it, and what somebody wanted.
        if facts.forgotten(own).is_some() {
            continue;
        }
        let (severity, outcome) = outcome(one);
        let fix = fixes::can_set(pod).then(|| {
            let (grade, evidence) = match severity {
                Severity::Info => {
                    (Grade::A, "the kubelets run with seccompDefault, so that it is in force already")
                }
                Severity::Warning | Severity::Error => (
                    Grade::B,
                    "the default profile stops very few programs: debuggers, sandboxes, what starts containers",
                ),
            };
            let edits = fixes::set(pod, None, &Profile::RuntimeDefault);
            fixes::fix(grade, "set the seccompProfile of the pod to RuntimeDefault", evidence, edits)
        });
        violations.push(
            Violation::new(
                CHECK.check.id,
                severity,
                pod.own_field_path(own),
                format!("nothing sets a profile for {}: {outcome}", title(own)),
            )
            .of(Some(&one.name))
            .allow(json!([{ "type": "RuntimeDefault" }, { "type": "Localhost" }]))
            .advise("set spec.securityContext.seccompProfile.type to RuntimeDefault, once for the whole pod")
            .mend(fix),
        );
    }
}

/// How bad it is, and what comes of it on each kind of node.
fn outcome(one: &Confinement) -> (Severity, String) {
    let places = || one.places.iter().filter(|place| place.by == Source::Kubelet);
    let severity = places().map(severity).max().unwrap_or(Severity::Warning);
    let mut told: Vec<(&Effective, Vec<String>)> = Vec::new();
    for place in places() {
        match told.iter_mut().find(|(effective, _)| **effective == place.effective) {
            Some((_, nodes)) => nodes.extend(place.nodes.iter().cloned()),
            None => told.push((&place.effective, place.nodes.to_vec())),
        }
    }
    let several = told.len() > 1;
    let clauses = told.into_iter().map(|(effective, nodes)| {
        let place = Place {
            nodes: if several { nodes.into() } else { std::sync::Arc::from([]) },
            effective: effective.clone(),
            by: Source::Kubelet,
            runtime: std::sync::Arc::from(""),
        };
        clause(&place, one)
    });
    (severity, clauses.collect::<Vec<_>>().join("; "))
}

fn severity(place: &Place) -> Severity {
    match place.effective {
        Effective::RuntimeDefault => Severity::Info,
        Effective::Unconfined => Severity::Error,
        _ => Severity::Warning,
    }
}

fn clause(place: &Place, one: &Confinement) -> String {
    // What the kubelets say of themselves, of those that it is about.
    let says = one.chain.iter().filter(|link| link.source == Source::Kubelet).find(|link| {
        link.nodes.is_empty() || place.nodes.first().is_some_and(|name| link.nodes.contains(name))
    });
    let says = says.map_or("", |link| link.says.as_str());
    let on = on(place);
    match &place.effective {
        Effective::RuntimeDefault => {
            format!("it runs with RuntimeDefault{on} by the kubelet alone: {says}")
        }
        Effective::Unconfined => format!("it runs unconfined{on}: {says}"),
        _ => format!("it runs unconfined{on}, unless the kubelet is told otherwise: {says}"),
    }
}
