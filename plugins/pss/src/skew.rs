//! Annotations that fields have replaced, and how the API server keeps the two in step when it
//! creates a Pod.
//!
//! Source: `applySeccompVersionSkew` (1.19 to 1.26) and `applyAppArmorVersionSkew` (from 1.30) in
//! `pkg/registry/core/pod/strategy.go` of Kubernetes. Only what can change a verdict is done:
//! copying an allowed value to where nothing stood changes none, but for seccomp fields, which
//! the restricted level demands.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use posture::model::node::Value;

use crate::container::{Profile, ProfileSource};
use crate::pod::{Annotation, AnnotationSource, Pod};

/// `container.apparmor.security.beta.kubernetes.io/<container>`
pub(crate) const APP_ARMOR_PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
/// The seccomp profile of the whole pod.
pub(crate) const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
/// `container.seccomp.security.alpha.kubernetes.io/<container>`
pub(crate) const SECCOMP_PREFIX: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// What both kinds of annotations call no profile at all.
const UNCONFINED: &str = "unconfined";
/// What both kinds of fields call it.
const UNCONFINED_TYPE: &str = "Unconfined";

/// The releases that copy AppArmor annotations to fields start here.
const APP_ARMOR_TO_FIELD: u16 = 30;
/// The releases that copy AppArmor fields to annotations, for older nodes.
const APP_ARMOR_TO_ANNOTATION: RangeInclusive<u16> = 30..=33;
/// The last release that copies seccomp annotations to fields.
const SECCOMP_TO_FIELD_LAST: u16 = 26;
/// The last release that copies seccomp fields to annotations.
const SECCOMP_TO_ANNOTATION_LAST: u16 = 24;

/// The annotations that set profiles.
pub(crate) fn annotations(metadata: Value<'_>) -> Vec<Annotation<'_>> {
    let Some(annotations) = metadata.field("annotations") else {
        return Vec::new();
    };
    let sets_profile = |key: &str| {
        key.starts_with(APP_ARMOR_PREFIX) || key.starts_with(SECCOMP_PREFIX) || key == SECCOMP_POD
    };
    annotations
        .entries()
        .filter_map(|(key, value)| Some((key.as_str().filter(|key| sets_profile(key))?, value)))
        .map(|(key, value)| Annotation {
            key: Cow::Borrowed(key),
            text: value.as_str().unwrap_or_default(),
            value: Some(value),
            source: AnnotationSource::Metadata,
        })
        .collect()
}

/// Does what the API server does on creating the Pod.
pub(crate) fn sync(pod: &mut Pod<'_>) {
    let server = pod.server.0;
    if server >= APP_ARMOR_TO_FIELD && !pod.windows {
        sync_app_armor(pod);
    }
    if server <= SECCOMP_TO_FIELD_LAST {
        sync_seccomp(pod);
    }
}

/// The position of the annotation that starts with `prefix` and ends with `name`.
fn find(pod: &Pod<'_>, prefix: &str, name: &str) -> Option<usize> {
    pod.annotations.iter().position(|annotation| annotation.key.strip_prefix(prefix) == Some(name))
}

fn sync_app_armor(pod: &mut Pod<'_>) {
    let to_annotation = APP_ARMOR_TO_ANNOTATION.contains(&pod.server.0);
    let pod_profile = pod.security.app_armor;
    let of_pod = pod_profile.filter(|profile| profile.kind == UNCONFINED_TYPE);
    for position in 0..pod.containers.len() {
        let container = &pod.containers[position];
        let own = container.security.app_armor;
        match (find(pod, APP_ARMOR_PREFIX, container.name), own) {
            (None, own) if to_annotation => {
                let (profile, source) = match own {
                    Some(own) => (Some(own), AnnotationSource::ContainerField(position)),
                    None => (pod_profile, AnnotationSource::PodField),
                };
                if let Some(profile) = profile.filter(|profile| profile.kind == UNCONFINED_TYPE) {
                    pod.annotations.push(Annotation {
                        key: Cow::Owned(format!("{APP_ARMOR_PREFIX}{}", container.name)),
                        text: UNCONFINED,
                        value: profile.kind_value(),
                        source,
                    });
                    pod.altered = true;
                }
            }
            // The server leaves the field alone if the pod says exactly the same.
            (Some(index), None)
                if pod.annotations[index].text == UNCONFINED
                    && of_pod.is_none_or(|profile| profile.localhost.is_some()) =>
            {
                pod.containers[position].security.app_armor = copied(pod, index, UNCONFINED_TYPE);
                pod.altered = true;
            }
            _ => {}
        }
    }
}

/// The profile that an annotation stands for.
fn copied<'a>(pod: &Pod<'a>, index: usize, kind: &'static str) -> Option<Profile<'a>> {
    let value = pod.annotations[index].value?;
    Some(Profile { kind, localhost: None, value, source: ProfileSource::Annotation(index) })
}

/// The type of the field that a seccomp annotation turns into (`seccompFieldForAnnotation`).
fn seccomp_type(annotation: &str) -> Option<&'static str> {
    match annotation {
        UNCONFINED => Some(UNCONFINED_TYPE),
        "runtime/default" | "docker/default" => Some("RuntimeDefault"),
        _ => annotation
            .strip_prefix("localhost/")
            .filter(|name| !name.is_empty())
            .map(|_| "Localhost"),
    }
}

fn sync_seccomp(pod: &mut Pod<'_>) {
    let to_annotation = pod.server.0 <= SECCOMP_TO_ANNOTATION_LAST;
    let keys = std::iter::once((None, SECCOMP_POD.to_owned()));
    let of_containers = pod.containers.iter().enumerate();
    let of_containers = of_containers.map(|(position, container)| {
        (Some(position), format!("{SECCOMP_PREFIX}{}", container.name))
    });
    for (position, key) in keys.chain(of_containers).collect::<Vec<_>>() {
        let field = match position {
            None => pod.security.seccomp,
            Some(position) => pod.containers[position].security.seccomp,
        };
        match (find(pod, &key, ""), field) {
            (None, Some(profile)) if to_annotation && profile.kind == UNCONFINED_TYPE => {
                let source =
                    position.map_or(AnnotationSource::PodField, AnnotationSource::ContainerField);
                let value = profile.kind_value();
                pod.annotations.push(Annotation {
                    key: Cow::Owned(key),
                    text: UNCONFINED,
                    value,
                    source,
                });
                pod.altered = true;
            }
            (Some(index), None) => {
                let Some(kind) = seccomp_type(pod.annotations[index].text) else { continue };
                let profile = copied(pod, index, kind);
                match position {
                    None => pod.security.seccomp = profile,
                    Some(position) => pod.containers[position].security.seccomp = profile,
                }
                pod.altered = true;
            }
            _ => {}
        }
    }
}
