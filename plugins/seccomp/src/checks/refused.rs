//! `refused`: a profile for which the API server takes no such pod.
//!
//! Source: `validateSeccompProfileField` and `validateWindows` of Kubernetes'
//! `pkg/apis/core/validation`.

use posture::finding::check::Severity;
use serde_json::json;

use super::SeccompCheck;
use crate::effective::Source;
use crate::facts::Facts;
use crate::violation::Violation;

pub(super) static CHECK: SeccompCheck = SeccompCheck {
    check: identity!("refused", "the API server refuses the profile", "refused.md"),
    find,
};

fn find(facts: Facts<'_, '_>, violations: &mut Vec<Violation>) {
    for refusal in &facts.pod.refusals {
        let whose = match (&refusal.container, refusal.source) {
            (None, Source::PodField) => "the pod".to_owned(),
            (Some(name), Source::ContainerField) => format!("container {name}"),
            // `annotationOnly` has the others.
            _ => continue,
        };
        let message = format!(
            "the API server refuses the seccompProfile of {whose}: {}",
            refusal.why
        );
        let advice = if facts.pod.is_windows {
            "remove it: there is no seccomp on Windows"
        } else {
            "write a type that there is, and localhostProfile beside Localhost alone"
        };
        violations.push(
            Violation::new(CHECK.check.id, Severity::Error, refusal.path.clone(), message)
                .of(refusal.container.as_deref())
                .at(refusal.value.clone())
                .allow(json!([{ "type": "RuntimeDefault" }, { "type": "Localhost" }, { "type": "Unconfined" }]))
                .advise(advice),
        );
    }
}
