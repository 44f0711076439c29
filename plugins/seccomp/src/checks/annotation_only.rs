//! `annotationOnly`: an annotation of old that no field carries, or that contradicts it.

use posture::finding::check::Severity;
use posture::finding::fix::{Fix, Grade};
use posture::model::version::Minor;
use serde_json::Value as Json;

use super::SeccompCheck;
use crate::effective::{Confinement, Effective, Own, Source};
use crate::facts::{Facts, names, title, words};
use crate::fixes;
use crate::named::Profile;
use crate::violation::Violation;

pub(super) static CHECK: SeccompCheck = SeccompCheck {
    check: identity!(
        "annotationOnly",
        "an annotation names a profile that no field names",
        "annotation_only.md"
    ),
    find,
};

/// The first servers with the field, and so with something better than the annotation.
const FIELD_SINCE: Minor = Minor(19);

/// What is wrong with one annotation.
struct Said {
    severity: Severity,
    message: String,
    advice: &'static str,
    fix: Option<Fix>,
}

const MOVE: &str = "write seccompProfile instead, and remove the annotation";
const REMOVE: &str = "remove the annotation";

fn find(facts: Facts<'_, '_>, violations: &mut Vec<Violation>) {
    let pod = facts.pod;
    if pod.scene.server() < FIELD_SINCE || pod.is_windows {
        return;
    }
    for position in 0..pod.annotations.len() {
        let own = pod.containers.iter().find(|own| own.annotation == Some(position));
        let Some(said) = said(facts, position, own) else { continue };
        let one = &pod.annotations[position];
        violations.push(
            Violation::new(CHECK.check.id, said.severity, pod.annotation_path(position), said.message)
                .of(one.container())
                .at(Json::from(one.value.clone()))
                .advise(said.advice)
                .mend(said.fix),
        );
    }
}

fn said(facts: Facts<'_, '_>, position: usize, own: Option<&Own<'_>>) -> Option<Said> {
    let pod = facts.pod;
    let one = &pod.annotations[position];
    let value = &one.value;
    let path = pod.annotation_path(position);
    if let Some(refusal) = pod.refusals.iter().find(|refusal| refusal.path == path) {
        return Some(Said {
            severity: Severity::Error,
            message: format!("the API server refuses the pod for its annotation {value:?}: {}", refusal.why),
            advice: "let the field say what is wanted, and remove the annotation",
            fix: Some(fixes::fix(
                Grade::C,
                "decide between the annotation and the field",
                "one of the two is not what is wanted",
                Vec::new(),
            )),
        });
    }
    let removal = |evidence: &'static str| {
        let edits = fixes::forget(pod, position);
        Some(fixes::fix(Grade::A, "remove the seccomp annotation", evidence, edits))
    };
    if let Some(name) = one.container().filter(|_| own.is_none()) {
        return Some(Said {
            severity: Severity::Warning,
            message: format!("the annotation asks for {value} for a container that is not there: {name}"),
            advice: REMOVE,
            fix: removal("there is no such container"),
        });
    }
    if pod.contradicts(position) {
        return Some(Said {
            severity: Severity::Warning,
            message: format!("the annotation says {value}, and the field beside it something else, which counts"),
            advice: REMOVE,
            fix: removal("the field counts"),
        });
    }
    let is_carried = own.map_or(&pod.field, |own| &own.field).is_some();
    // With a field for each, the servers' refusals and contradictions are all that matters.
    let asked = Profile::of_annotation(value).filter(|_| !is_carried)?;
    Some(if pod.is_read(own) {
        read(facts, position, own, &asked)
    } else {
        dead(facts, position, own, &asked)
    })
}

/// The annotation works, by the server that copies it or the kubelet that reads it.
fn read(facts: Facts<'_, '_>, position: usize, own: Option<&Own<'_>>, asked: &Profile) -> Said {
    let pod = facts.pod;
    Said {
        severity: Severity::Warning,
        message: format!(
            "an annotation alone asks for {asked}{}: servers read it until 1.26, and this is one of {}",
            whose(own),
            pod.scene.server()
        ),
        advice: MOVE,
        fix: Some(translation(facts, position, own, asked, Grade::A)),
    }
}

/// Nothing reads it.
fn dead(facts: Facts<'_, '_>, position: usize, own: Option<&Own<'_>>, asked: &Profile) -> Said {
    let pod = facts.pod;
    let meant = |one: &Own<'_>| match own {
        Some(own) => own.container.kind == one.container.kind && own.container.index == one.container.index,
        None => one.field.is_none() && one.annotation.is_none(),
    };
    let concerned: Vec<(&Own<'_>, &Confinement)> = facts
        .containers()
        .filter(|(one, _)| meant(one))
        .filter(|(_, one)| {
            one.places.iter().any(|place| matches!(place.by, Source::Kubelet | Source::PodField))
        })
        .collect();
    let wanted = Effective::from(asked);
    let differing: Vec<&(&Own<'_>, &Confinement)> =
        concerned.iter().filter(|(_, one)| one.effective != wanted).collect();
    let is_confined = |one: &Confinement| {
        let has_profile = |effective: &Effective| {
            matches!(
                effective,
                Effective::RuntimeDefault | Effective::Localhost(_) | Effective::Other(_)
            )
        };
        one.places.iter().all(|place| has_profile(&place.effective))
    };
    let severity = match differing.as_slice() {
        [] => Severity::Info,
        _ if *asked == Profile::Unconfined => Severity::Info,
        some if some.iter().all(|(_, one)| is_confined(one)) => Severity::Warning,
        _ => Severity::Error,
    };
    let instead = match differing.first() {
        None => String::new(),
        Some((_, first)) => {
            let all: Vec<String> = differing.iter().map(|(own, _)| title(own)).collect();
            let verb = if all.len() == 1 { "runs" } else { "run" };
            format!("; {} {verb} {}", names(&all), words(&first.effective))
        }
    };
    let fix = if *asked == Profile::Unconfined {
        let edits = fixes::forget(pod, position);
        fixes::fix(Grade::A, "remove the seccomp annotation", "nothing reads it", edits)
    } else {
        let grade = if differing.is_empty() { Grade::A } else { Grade::B };
        translation(facts, position, own, asked, grade)
    };
    Said {
        severity,
        message: format!(
            "an annotation asks for {asked}{}, and nothing reads it since {}{instead}",
            whose(own),
            if pod.is_stored { "1.25" } else { "1.27" },
        ),
        advice: if *asked == Profile::Unconfined { REMOVE } else { MOVE },
        fix: Some(fix),
    }
}

fn whose(own: Option<&Own<'_>>) -> String {
    own.map(|own| format!(" for {}", title(own))).unwrap_or_default()
}

/// The annotation becomes the field.
fn translation(
    facts: Facts<'_, '_>,
    position: usize,
    own: Option<&Own<'_>>,
    asked: &Profile,
    grade: Grade,
) -> Fix {
    let pod = facts.pod;
    let whose = own.map_or_else(|| "the pod".to_owned(), title);
    let mut edits = fixes::set(pod, own, asked);
    edits.extend(fixes::forget(pod, position));
    let evidence = match grade {
        Grade::A => "no container runs with anything else for it",
        _ => "somebody wanted it, but it has not been in force for a while",
    };
    fixes::fix(
        grade,
        format!("set the seccompProfile of {whose} to {asked}, and remove the annotation"),
        evidence,
        edits,
    )
}
