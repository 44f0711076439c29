//! What we say and what the server says, in the same words.

use std::collections::BTreeSet;

use kubectl_seccomp::effective::{Confinement, Effective, Field, Own, Pod, Refusal, Said, Source};
use kubectl_seccomp::named::Profile;
use posture::model::path::{FieldPath, Segment};
use posture::model::workload::PodTemplate;
use posture_harness::cluster::Answer;
use serde_json::Value;

/// What a server refuses for its profiles: the pod, containers or annotations, each by the way to it
/// from the template.
pub(super) fn refused(answer: &Answer) -> BTreeSet<String> {
    if answer.is_success() {
        return BTreeSet::new();
    }
    let status = answer.json();
    let causes = status["details"]["causes"].as_array().cloned().unwrap_or_default();
    let fields = causes.iter().filter_map(|cause| cause["field"].as_str());
    let all: BTreeSet<String> = fields.map(subject).collect();
    assert!(!all.is_empty(), "{status:#}");
    all
}

/// `spec.template.spec.containers[0].securityContext.seccompProfile.type` is about
/// `spec.containers[0]`, `spec.template.annotations.KEY` about `annotations.KEY`.
fn subject(field: &str) -> String {
    assert!(field.contains("seccomp"), "nothing else is wrong: {field}");
    if let Some(at) = field.find("annotations.") {
        return field[at..].to_owned();
    }
    let field = ["spec.jobTemplate.spec.template.", "spec.template.", "template."]
        .into_iter()
        .find_map(|prefix| field.strip_prefix(prefix))
        .unwrap_or(field);
    let end = field.find(".securityContext").unwrap_or(field.len());
    field[..end].to_owned()
}

/// The same of what we say.
pub(super) fn foretold(pod: &Pod<'_>, template: &PodTemplate<'_>) -> BTreeSet<String> {
    let steps = template.path.segments().len();
    let written = |path: FieldPath| subject(&written(&path.segments()[steps..]));
    // An annotation that contradicts a field is refused too; there the server names the field.
    let is_own = |refusal: &&Refusal| {
        let value = refusal.value.as_str().unwrap_or_default();
        let is_annotation =
            matches!(refusal.source, Source::PodAnnotation | Source::ContainerAnnotation);
        let is_good = Profile::of_annotation(value).is_some() || value == "localhost/";
        let contradicts = is_annotation && is_good;
        assert!(!contradicts || refusal.why.contains("the two must match"), "{refusal:?}");
        !contradicts
    };
    let mut all: BTreeSet<String> =
        pod.refusals.iter().filter(is_own).map(|refusal| written(refusal.path.clone())).collect();
    let contradicts =
        |position: Option<usize>| position.is_some_and(|position| pod.contradicts(position));
    if contradicts(pod.annotation) {
        all.insert(written(pod.field_path()));
    }
    let containers = pod.containers.iter().filter(|own| contradicts(own.annotation));
    all.extend(containers.map(|own| written(pod.own_field_path(own))));
    all
}

/// A path as the server writes it.
fn written(segments: &[Segment]) -> String {
    let mut text = String::new();
    for segment in segments {
        match segment {
            Segment::Field(key) if text.is_empty() => text.push_str(key),
            Segment::Field(key) => text = format!("{text}.{key}"),
            Segment::Index(index) | Segment::Named { index, .. } => {
                text = format!("{text}[{index}]");
            }
        }
    }
    text
}

/// Which profiles are written, whatever comes of them.
#[derive(Debug)]
pub(super) struct Explicit {
    is_windows: bool,
    /// Some field says Unconfined.
    frees: bool,
    /// Every container has one of the other two, by itself or by the pod.
    covers: bool,
}

impl Explicit {
    pub(super) fn of(pod: &Pod<'_>) -> Self {
        let is_free = |field: &&Field<'_>| field.said == Said::Profile(Profile::Unconfined);
        let fields = pod.containers.iter().filter_map(|own| own.field.as_ref());
        let frees = fields.chain(&pod.field).any(|field| is_free(&field));
        let own = |own: &Own<'_>| {
            own.field.as_ref().or(pod.field.as_ref()).map(|field| field.said.clone())
        };
        let covers = pod.containers.iter().all(|one| {
            let said = own(one);
            matches!(
                said,
                Some(
                    Said::EmptyPath
                        | Said::Profile(Profile::RuntimeDefault | Profile::Localhost(_))
                )
            )
        });
        Self { is_windows: pod.is_windows, frees, covers }
    }

    pub(super) fn baseline(&self) -> bool {
        !self.frees
    }

    pub(super) fn restricted(&self) -> bool {
        self.is_windows || self.covers && !self.frees
    }

    /// What confines the containers must not say otherwise.
    pub(super) fn holds_in(&self, confinements: &[Confinement], sent: &Value) {
        let runs_free = confinements.iter().any(|one| {
            let by = one.places[0].by;
            one.effective == Effective::Unconfined
                && matches!(by, Source::ContainerField | Source::PodField)
        });
        assert!(!runs_free || self.frees, "{sent}");
        let is_left = confinements.iter().any(|one| one.places[0].by == Source::Kubelet);
        assert!(!is_left || !self.covers, "{sent}");
    }
}
