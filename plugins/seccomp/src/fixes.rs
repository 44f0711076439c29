//! What would mend what the checks find, and how safe that is.

use std::borrow::Cow;

use posture::finding::fix::{Fix, Grade};
use posture::model::edit::Edit;

use crate::effective::{FIELD_SINCE, Own, Pod};
use crate::facts::title;
use crate::named::{FIELD, Profile};
use crate::set::annotations;

/// A fix with its edits.
pub(crate) fn fix(
    grade: Grade,
    title: impl Into<Cow<'static, str>>,
    evidence: impl Into<Cow<'static, str>>,
    edits: Vec<Edit>,
) -> Fix {
    Fix { title: title.into(), grade, evidence: evidence.into(), edits }
}

/// Whether the server keeps a profile that is set.
pub(crate) fn can_set(pod: &Pod<'_>) -> bool {
    pod.scene.server() >= FIELD_SINCE && !pod.is_windows
}

/// Sets a profile for a container, or for the pod, in the place of what is there. The annotation of
/// the same level goes where it says otherwise: the API server takes no contradiction.
pub(crate) fn set(pod: &Pod<'_>, own: Option<&Own<'_>>, profile: &Profile) -> Vec<Edit> {
    let (path, field, annotation) = match own {
        None => (pod.field_path(), &pod.field, pod.annotation),
        Some(own) => (pod.own_field_path(own), &own.field, own.annotation),
    };
    let mut edits = profile.edits(&path, field.as_ref().map(|field| field.value));
    let says = |position: &usize| pod.annotations.get(*position).map(|one| one.value.as_str());
    let differs = |position: &usize| {
        says(position).and_then(Profile::of_annotation).as_ref() != Some(profile)
    };
    if let Some(position) = annotation.filter(differs) {
        edits.extend(forget(pod, position));
    }
    edits
}

/// Takes the profile of a container away, so that the pod's holds.
pub(crate) fn release(pod: &Pod<'_>, own: &Own<'_>) -> Fix {
    let context = own.container.value.get("securityContext");
    let is_alone = context.is_some_and(|context| context.entries().count() == 1);
    let at = pod.container_path(own).field("securityContext");
    let gone = if is_alone { at } else { at.field(FIELD) };
    let mut edits = vec![Edit::remove(gone)];
    edits.extend(own.annotation.into_iter().flat_map(|position| forget(pod, position)));
    fix(
        Grade::C,
        format!("remove the seccompProfile of {}, so that the pod's holds", title(own)),
        "somebody chose it",
        edits,
    )
}

/// Removes an annotation.
pub(crate) fn forget(pod: &Pod<'_>, position: usize) -> Vec<Edit> {
    let found: Vec<_> = pod.annotations.iter().skip(position).take(1).cloned().collect();
    annotations::removal(pod.value, &pod.path, &found)
}
