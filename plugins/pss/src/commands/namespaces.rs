//! A Namespace's Pod Security labels: invalid ones are refused, mistyped ones mean nothing.

use posture::finding::check::Severity;
use posture::finding::report::{Finding, ObjectReport};
use posture::model::decode;
use posture::model::node::Value;
use posture::model::object::{Object, ObjectRef};
use posture::model::path::FieldPath;

use super::judge::Judged;
use super::policies::Policies;
use super::verdict::{PssDetail, Verdict};
use crate::namespace::{Mode, NamespacePolicy};
use crate::prose::go_quote;
use posture::finding::acceptance::{INVALID, Refused, UNKNOWN_FIELD};

/// What all labels of Pod Security Admission start with.
const LABEL_PREFIX: &str = "pod-security.kubernetes.io/";

/// A Namespace with Pod Security labels: the server refuses invalid ones.
pub(super) fn judge(object: &Object, policies: &Policies) -> Option<Judged> {
    let policy = policies.labels_of(object.name())?;
    let labels = object.value().get("metadata")?.get("labels")?;
    let ours = labels
        .entries()
        .any(|(key, _)| key.as_str().is_some_and(|key| key.starts_with(LABEL_PREFIX)));
    if !ours {
        return None;
    }
    let reference = object.reference(None);
    let decoded = decode::decode(object);
    if let Some(refusal) = decoded.refusal {
        let refused = Refused::to_decode(object, refusal);
        return Some(refused.judged(object, reference, Vec::new()));
    }
    let mut findings: Vec<Finding> = policy
        .errors
        .iter()
        .map(|error| {
            let path = FieldPath::of("metadata.labels").field(error.label);
            let mark = labels.get(error.label).and_then(|value| value.mark().to_show());
            Finding {
                value: Some(error.value.clone().into()),
                ..Finding::new(INVALID, Severity::Error, &reference, &path, mark, error.to_string())
            }
        })
        .collect();
    let verdict = if findings.is_empty() { Verdict::Allowed } else { Verdict::Invalid };
    findings.extend(mistyped_labels(labels, &reference));
    let errors: Vec<String> = policy.errors.iter().map(ToString::to_string).collect();
    let message = match &errors[..] {
        [] => String::new(),
        [error] => format!("Namespace {} is invalid: {error}", go_quote(object.name())),
        _ => {
            format!("Namespace {} is invalid: [{}]", go_quote(object.name()), errors.join(", "))
        }
    };
    let sentence = if message.is_empty() {
        String::new()
    } else {
        format!("the API server refuses it: {message}")
    };
    let report = ObjectReport {
        object: reference,
        place: object.mark(),
        chart_file: object.chart_file().map(str::to_owned),
        owner: None,
        verdict: verdict.as_str(),
        severity: verdict.severity(),
        settled: false,
        message,
        sentence,
        notes: label_notes(policy),
        detail: PssDetail::default(),
    };
    Some(Judged { object: Some(report), findings, gaps: Vec::new() })
}

/// Labels that look like Pod Security's and mean nothing to it: the server takes them silently.
fn mistyped_labels(labels: Value<'_>, reference: &ObjectRef) -> Vec<Finding> {
    let known = |key: &str| {
        Mode::ALL.iter().any(|mode| key == mode.level_label() || key == mode.version_label())
    };
    let keys = labels.entries().filter_map(|(key, _)| Some((key, key.as_str()?)));
    keys.filter(|(_, text)| text.starts_with(LABEL_PREFIX) && !known(text))
        .map(|(key, text)| {
            let path = FieldPath::of("metadata.labels").field(text.to_owned());
            let message = format!("{text} is no label of Pod Security Admission: it has no effect");
            Finding::new(
                UNKNOWN_FIELD,
                Severity::Warning,
                reference,
                &path,
                key.mark().to_show(),
                message,
            )
        })
        .collect()
}

fn label_notes(policy: &NamespacePolicy) -> Vec<String> {
    if policy.errors.is_empty() {
        return Vec::new();
    }
    vec!["on a Namespace that has them already, an invalid enforce level means restricted, an invalid warn or audit level privileged, an invalid version latest".to_owned()]
}
