//! `seccompProfile_baseline`: nothing switches seccomp off.
//!
//! Source: `policy/check_seccompProfile_baseline.go`. Policy versions before 1.19 look at the old
//! annotations and at nothing else, later ones at the fields and at nothing else.

use serde_json::json;

use super::{PssCheck, Revision, Rules};
use crate::container::{Profile, ProfileSource};
use crate::level::Level;
use crate::pod::{AnnotationSource, Pod};
use crate::prose::{Prose, go_quote, join_quote, plural, setters, values};
use crate::skew::{SECCOMP_POD, SECCOMP_PREFIX};
use crate::violation::{Fault, Subject, Violation};

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!(
        "seccompProfile_baseline",
        "seccomp is switched off or its profile unknown",
        "seccomp_profile_baseline.md"
    ),
    level: Level::Baseline,
    revisions: &[Revision::of(0, find_annotations), Revision::of(19, find_explicit)],
    prose,
};

fn find_annotations(pod: &Pod<'_>, _rules: Rules, violations: &mut Vec<Violation>) {
    for (index, annotation) in pod.annotations().iter().enumerate() {
        let text = annotation.text;
        let allowed =
            matches!(text, "runtime/default" | "docker/default") || text.starts_with("localhost/");
        // An annotation for a container that does not exist is not looked at.
        let read = annotation.key == SECCOMP_POD
            || annotation.key.strip_prefix(SECCOMP_PREFIX).is_some_and(|name| {
                pod.containers().iter().any(|container| container.name == name)
            });
        if allowed || !read {
            continue;
        }
        let path = match annotation.source {
            AnnotationSource::Metadata => pod.annotation_path(index),
            AnnotationSource::PodField => Pod::security_path("seccompProfile.type"),
            AnnotationSource::ContainerField(position) => {
                pod.containers()[position].security_path("seccompProfile.type")
            }
        };
        let derived = (annotation.source != AnnotationSource::Metadata)
            .then_some("servers up to 1.24 copy the field to an annotation for older nodes");
        let subject = Subject::Annotation { key: annotation.key.clone().into_owned() };
        violations.push(
            Violation::forbidden(subject, path, text)
                .at(annotation.value)
                .allow(json!(["runtime/default", "docker/default", "localhost/*"]))
                .advise("write runtime/default, or remove the annotation")
                .derive(derived),
        );
    }
}

/// Every profile that is set and not allowed; the restricted check says the same of them.
pub(super) fn find_explicit(pod: &Pod<'_>, _rules: Rules, violations: &mut Vec<Violation>) {
    if let Some(profile) = pod.security().seccomp.filter(|profile| !is_allowed(profile)) {
        violations.push(explicit(
            pod,
            Subject::Pod,
            &profile,
            Pod::security_path("seccompProfile.type"),
        ));
    }
    for container in pod.containers() {
        if let Some(profile) = container.security.seccomp.filter(|profile| !is_allowed(profile)) {
            let path = container.security_path("seccompProfile.type");
            violations.push(explicit(pod, container.subject(), &profile, path));
        }
    }
}

/// Whether a profile is of an allowed type; an absent type is not.
pub(super) fn is_allowed(profile: &Profile<'_>) -> bool {
    matches!(profile.kind, "RuntimeDefault" | "Localhost")
}

fn explicit(
    pod: &Pod<'_>,
    subject: Subject,
    profile: &Profile<'_>,
    field: posture::model::path::FieldPath,
) -> Violation {
    let (path, derived) = match profile.source {
        ProfileSource::Field => (field, None),
        ProfileSource::Annotation(index) => (
            pod.annotation_path(index),
            Some("servers up to 1.26 copy the annotation to the field"),
        ),
    };
    Violation::forbidden(subject, path, profile.kind)
        .at(profile.kind_value())
        .allow(json!(["RuntimeDefault", "Localhost"]))
        .advise("set the type to RuntimeDefault")
        .derive(derived)
}

fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    let mut annotations: Vec<String> = Vec::new();
    for violation in violations {
        if let (Subject::Annotation { key }, Fault::Forbidden(text)) =
            (&violation.subject, &violation.fault)
        {
            annotations.push(format!("{key}={}", go_quote(text)));
        }
    }
    if annotations.is_empty() {
        return prose_explicit(violations);
    }
    annotations.sort_unstable();
    annotations.dedup();
    let noun = plural("annotation", "annotations", annotations.len());
    Prose::new("seccompProfile", format!("forbidden {noun} {}", annotations.join(", ")))
}

/// What is said of profiles in fields, by the restricted check too.
pub(super) fn prose_explicit<'v>(
    violations: impl IntoIterator<Item = &'v Violation> + Clone,
) -> Prose {
    let values = join_quote(&values(violations.clone()));
    let setters = setters(violations);
    Prose::new(
        "seccompProfile",
        format!("{setters} must not set securityContext.seccompProfile.type to {values}"),
    )
}
