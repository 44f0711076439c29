//! `appArmorProfile`: nothing takes the default AppArmor profile away.
//!
//! Source: `policy/check_appArmorProfile.go`. Fields count since server 1.30; before, only
//! annotations did, and the message listed nothing but them.

use serde_json::json;

use super::{PssCheck, Revision, Rules};
use crate::container::{Profile, ProfileSource};
use crate::level::Level;
use crate::pod::{AnnotationSource, Pod};
use crate::prose::{Prose, go_quote, join_quote, plural, setter_list, values};
use crate::skew::APP_ARMOR_PREFIX;
use crate::violation::{Fault, Subject, Violation};

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!(
        "appArmorProfile",
        "an AppArmor profile is switched off or unknown",
        "app_armor_profile.md"
    ),
    level: Level::Baseline,
    revisions: &[Revision::of(0, find)],
    prose,
};

/// The first server whose message names the setters.
const NAMES_SETTERS: u16 = 30;

fn find(pod: &Pod<'_>, _rules: Rules, violations: &mut Vec<Violation>) {
    if let Some(profile) = bad(pod.security().app_armor) {
        let path = Pod::security_path("appArmorProfile.type");
        violations
            .push(of_profile(Violation::forbidden(Subject::Pod, path, profile.kind), &profile));
    }
    for container in pod.containers() {
        let Some(profile) = bad(container.security.app_armor) else { continue };
        let path = match profile.source {
            ProfileSource::Field => container.security_path("appArmorProfile.type"),
            ProfileSource::Annotation(index) => pod.annotation_path(index),
        };
        violations.push(of_profile(
            Violation::forbidden(container.subject(), path, profile.kind),
            &profile,
        ));
    }
    for (index, annotation) in pod.annotations().iter().enumerate() {
        if !annotation.key.starts_with(APP_ARMOR_PREFIX) || is_allowed_annotation(annotation.text) {
            continue;
        }
        let path = match annotation.source {
            AnnotationSource::Metadata => pod.annotation_path(index),
            AnnotationSource::PodField => Pod::security_path("appArmorProfile.type"),
            AnnotationSource::ContainerField(position) => {
                pod.containers()[position].security_path("appArmorProfile.type")
            }
        };
        let derived = (annotation.source != AnnotationSource::Metadata)
            .then_some("servers from 1.30 to 1.33 copy the field to an annotation for older nodes");
        let subject = Subject::Annotation { key: annotation.key.clone().into_owned() };
        violations.push(
            Violation::forbidden(subject, path, annotation.text)
                .at(annotation.value)
                .allow(json!(["runtime/default", "localhost/*", ""]))
                .advise("remove the annotation, or set it to runtime/default")
                .derive(derived),
        );
    }
}

/// The profile, if its type is not allowed; an absent type is not.
fn bad(profile: Option<Profile<'_>>) -> Option<Profile<'_>> {
    profile.filter(|profile| !matches!(profile.kind, "RuntimeDefault" | "Localhost"))
}

fn is_allowed_annotation(text: &str) -> bool {
    text.is_empty() || text == "runtime/default" || text.starts_with("localhost/")
}

fn of_profile(violation: Violation, profile: &Profile<'_>) -> Violation {
    let copied = matches!(profile.source, ProfileSource::Annotation(_));
    violation
        .at(profile.kind_value())
        .allow(json!(["RuntimeDefault", "Localhost"]))
        .advise("remove appArmorProfile, or set its type to RuntimeDefault")
        .derive(copied.then_some("servers since 1.30 copy the annotation to the container's field"))
}

fn prose(violations: &[Violation], rules: Rules) -> Prose {
    let mut annotations: Vec<String> = Vec::new();
    for violation in violations {
        if let (Subject::Annotation { key }, Fault::Forbidden(text)) =
            (&violation.subject, &violation.fault)
        {
            annotations.push(format!("{key}={}", go_quote(text)));
        }
    }
    annotations.sort_unstable();
    let reason = |count| plural("forbidden AppArmor profile", "forbidden AppArmor profiles", count);
    if rules.server.0 < NAMES_SETTERS {
        return Prose::new(reason(annotations.len()), annotations.join(", "));
    }
    let is_field =
        |violation: &&Violation| !matches!(violation.subject, Subject::Annotation { .. });
    let fields = violations.iter().filter(is_field);
    let mut setters = setter_list(fields.clone());
    let mut bad: Vec<String> = values(fields).into_iter().map(str::to_owned).collect();
    if !annotations.is_empty() {
        setters.push(plural("annotation", "annotations", annotations.len()).to_owned());
    }
    bad.append(&mut annotations);
    let detail = format!(
        "{} must not set AppArmor profile type to {}",
        setters.join(" and "),
        join_quote(&bad)
    );
    Prose::new(reason(bad.len()), detail)
}
