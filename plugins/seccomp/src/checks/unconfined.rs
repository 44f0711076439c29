//! `unconfined`: somebody chose to run a container without a profile.

use posture::finding::check::Severity;
use posture::finding::fix::{Fix, Grade};
use serde_json::{Value as Json, json};

use super::SeccompCheck;
use crate::effective::{Confinement, Effective, Own, Pod, Said, Source};
use crate::facts::{Facts, names, title};
use crate::fixes;
use crate::named::Profile;
use crate::violation::Violation;

pub(super) static CHECK: SeccompCheck = SeccompCheck {
    check: identity!("unconfined", "somebody chose to run without a profile", "unconfined.md"),
    find,
};

const ID: &str = "unconfined";

const CHOSEN: &str = "somebody chose it: a program may need a call that the default blocks";

fn find(facts: Facts<'_, '_>, violations: &mut Vec<Violation>) {
    let pod = facts.pod;
    // A type without a profile by a fault of the kubelet was not chosen: `emptyLocalhost` has it.
    let is_chosen = |said: &Said| *said == Said::Profile(Profile::Unconfined);
    for (own, one) in facts.decided_by(Source::ContainerField) {
        let chosen = own.field.as_ref().is_some_and(|field| is_chosen(&field.said));
        if !chosen || !is_unconfined(one, Source::ContainerField) {
            continue;
        }
        let above = pod.field.as_ref().filter(|field| match &field.said {
            Said::Profile(profile) => *profile != Profile::Unconfined,
            Said::EmptyPath | Said::Other(_) | Said::Refused(_) => false,
        });
        let though = above.map(|field| format!(", though the pod's is {}", field.text()));
        let message = format!(
            "{} chooses Unconfined for itself{}{}",
            title(own),
            though.unwrap_or_default(),
            by(facts)
        );
        let fix = match above {
            Some(_) => Some(fixes::release(pod, own)),
            None => set(pod, Some(own)),
        };
        let path = pod.own_field_path(own).field("type");
        violations.push(violation(path, message, Json::from("Unconfined"), fix).of(Some(&one.name)));
    }
    if let Some(field) = pod.field.as_ref().filter(|field| is_chosen(&field.said)) {
        let held = held(facts, Source::PodField);
        if !held.is_empty() {
            let message =
                format!("the pod chooses Unconfined, for {}{}", names(&held), by(facts));
            let path = pod.field_path().field("type");
            let value = field.value.get("type").map_or(Json::Null, |kind| kind.to_json());
            violations.push(violation(path, message, value, set(pod, None)));
        }
    }
    annotated(facts, violations);
}

/// The annotations, where something reads them.
fn annotated(facts: Facts<'_, '_>, violations: &mut Vec<Violation>) {
    let pod = facts.pod;
    let mut look = |position: Option<usize>, held: &[String], own: Option<&Own<'_>>| {
        let Some((position, one)) =
            position.and_then(|position| Some((position, pod.annotations.get(position)?)))
        else {
            return;
        };
        if held.is_empty() {
            return;
        }
        let message = format!(
            "the annotation chooses {}, for {}: it is read at {}",
            one.value,
            names(held),
            pod.scene.server()
        );
        let path = pod.annotation_path(position);
        let value = Json::from(one.value.clone());
        let name = own.map(|own| own.container.name);
        violations.push(violation(path, message, value, set(pod, own)).of(name));
    };
    for (own, one) in facts.decided_by(Source::ContainerAnnotation) {
        if is_unconfined(one, Source::ContainerAnnotation) {
            look(own.annotation, &[title(own)], Some(own));
        }
    }
    look(pod.annotation, &held(facts, Source::PodAnnotation), None);
}

/// The containers that run unconfined because of a source.
fn held(facts: Facts<'_, '_>, source: Source) -> Vec<String> {
    let all = facts.decided_by(source).filter(|(_, one)| is_unconfined(one, source));
    all.map(|(own, _)| title(own)).collect()
}

fn is_unconfined(one: &Confinement, source: Source) -> bool {
    one.places
        .iter()
        .any(|place| place.by == source && place.effective == Effective::Unconfined)
}

/// Who put it there, where that is not who wrote the template.
fn by(facts: Facts<'_, '_>) -> String {
    facts.setter.map(|setter| format!(" (set by {setter})")).unwrap_or_default()
}

fn set(pod: &Pod<'_>, own: Option<&Own<'_>>) -> Option<Fix> {
    let whose = own.map_or_else(|| "the pod".to_owned(), title);
    fixes::can_set(pod).then(|| {
        let edits = fixes::set(pod, own, &Profile::RuntimeDefault);
        fixes::fix(
            Grade::C,
            format!("set the seccompProfile of {whose} to RuntimeDefault"),
            CHOSEN,
            edits,
        )
    })
}

fn violation(
    path: posture::model::path::FieldPath,
    message: String,
    value: Json,
    fix: Option<Fix>,
) -> Violation {
    Violation::new(ID, Severity::Error, path, message)
        .at(value)
        .allow(json!(["RuntimeDefault", "Localhost"]))
        .advise("set the type to RuntimeDefault, or to Localhost with a profile that allows what is needed")
        .mend(fix)
}
