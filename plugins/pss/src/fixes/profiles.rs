//! Profiles of seccomp and AppArmor, in fields and in the annotations before them.

use std::borrow::Cow;

use posture::model::edit::Edit;
use posture::model::path::{FieldPath, Segment};
use posture::model::version::Minor;
use serde_json::{Value as Json, json};

use super::answers::{Kind, Wanted};
use super::table;
use super::{Proposal, Scene};
use crate::pod::Pod;
use crate::skew::{SECCOMP_POD, SECCOMP_PREFIX};
use crate::violation::{Fault, Subject, Violation};

/// The first server that no longer copies seccomp annotations to fields.
const ANNOTATIONS_DEAD: Minor = Minor(27);

/// Whether a path leads to an annotation and not to a field.
fn is_annotation(path: &FieldPath) -> bool {
    matches!(path.segments().first(), Some(Segment::Field(key)) if key == "metadata")
}

/// The key of an annotation's path.
fn key(path: &FieldPath) -> &str {
    match path.segments().last() {
        Some(Segment::Field(key)) => key,
        _ => "",
    }
}

/// `seccompProfile`.
pub(super) fn seccomp(scene: &Scene<'_, '_>, violation: &Violation) -> Proposal {
    if violation.fault == Fault::Missing {
        return unset(scene);
    }
    chosen(scene, || {
        let path = &violation.path;
        if is_annotation(path) {
            let text = scene.answers.annotation();
            return text.map(|text| Edit::set(path.clone(), text)).into_iter().collect();
        }
        let key = match &violation.subject {
            Subject::Container(container) => format!("{SECCOMP_PREFIX}{}", container.name),
            _ => SECCOMP_POD.to_owned(),
        };
        set(scene, path.clone().parent(), &key)
    })
}

/// Somebody has chosen a profile that is not allowed.
fn chosen(scene: &Scene<'_, '_>, edits: impl FnOnce() -> Vec<Edit>) -> Proposal {
    let proposal = scene.patch(&table::SECCOMP_UNCONFINED, edits);
    proposal.titled(scene, || title(scene)).want(scene, wanted_profile)
}

/// What is done with a profile that is not allowed, as far as it is decided.
fn title(scene: &Scene<'_, '_>) -> Cow<'static, str> {
    let kind = scene.answers.profile().map(|profile| profile["type"].clone());
    let kind = kind.as_ref().and_then(Json::as_str).map(str::to_owned);
    kind.map_or(Cow::Borrowed(table::SECCOMP_UNCONFINED.title), |kind| {
        Cow::Owned(format!("set seccompProfile to {kind}"))
    })
}

fn wanted_profile() -> Wanted {
    let question = "the seccomp profile: RuntimeDefault, or Localhost=FILE on the nodes";
    Wanted { name: Cow::Borrowed("seccompProfile"), kind: Kind::Profile, question }
}

/// The profile that was decided on, in the place of what is there. The server refuses an
/// annotation that says something else.
fn set(scene: &Scene<'_, '_>, profile: FieldPath, key: &str) -> Vec<Edit> {
    let Some(decided) = scene.answers.profile() else { return Vec::new() };
    let mut edits = vec![Edit::set(profile, decided)];
    if scene.annotation(key).is_some() {
        edits.push(scene.without_annotation(key));
    }
    edits
}

/// No profile is set for a container, nor a valid one for the pod.
fn unset(scene: &Scene<'_, '_>) -> Proposal {
    let path = || Pod::security_path("seccompProfile");
    if scene.pod.is_windows() {
        return Proposal::by(&table::WINDOWS);
    }
    if scene.pod.security().seccomp.is_some() {
        return chosen(scene, || set(scene, path(), SECCOMP_POD));
    }
    let annotation = scene.annotation(SECCOMP_POD);
    let is_default = matches!(annotation, None | Some("runtime/default" | "docker/default"));
    let is_dead = annotation == Some("unconfined") && scene.pod.server() >= ANNOTATIONS_DEAD;
    if !is_default && !is_dead {
        let edits = || set(scene, path(), SECCOMP_POD);
        return scene.patch(&table::SECCOMP_FORGOTTEN, edits).want(scene, wanted_profile);
    }
    let row =
        if scene.facts.seccomp_default { &table::SECCOMP_DEFAULTED } else { &table::SECCOMP_UNSET };
    if let Some(decided) = scene.answers.profile().filter(|own| own["type"] == "Localhost") {
        // Somebody has said which one.
        let edits = || {
            let dead = is_dead.then(|| scene.without_annotation(SECCOMP_POD));
            [Edit::set(path(), decided)].into_iter().chain(dead).collect()
        };
        return chosen(scene, edits);
    }
    scene.patch(row, || {
        let mut edits = vec![Edit::set(path(), json!({ "type": "RuntimeDefault" }))];
        edits.extend(is_dead.then(|| scene.without_annotation(SECCOMP_POD)));
        edits
    })
}

/// `appArmorProfile`.
pub(super) fn app_armor(scene: &Scene<'_, '_>, violation: &Violation) -> Proposal {
    let question = "remove the AppArmor profile, so that the node's default applies?";
    scene.removal(&table::APP_ARMOR, "appArmorProfile", question, || {
        let path = &violation.path;
        if is_annotation(path) {
            return vec![scene.without_annotation(key(path))];
        }
        vec![Edit::remove(path.clone().parent())]
    })
}
