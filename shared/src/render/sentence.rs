//! Findings and gaps as one line that stands for itself: lists of issues show nothing else.

use crate::finding::report::Finding;
use crate::finding::suppression::Idle;
use crate::model::gap::Gap;

/// `deployment.apps/web in shop: spec.template: a container may run as root: …`
pub(super) fn of_finding(finding: &Finding) -> String {
    let object = &finding.object;
    let namespace = object.namespace.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
    format!("{object}{namespace}: {}", of_field(finding))
}

/// `spec.template: a container may run as root: …`, for where the object is named already.
pub(super) fn of_field(finding: &Finding) -> String {
    let Finding { path, message, .. } = finding;
    // The server's own messages name the field.
    if path.is_empty() || message.contains(path.as_str()) {
        return message.clone();
    }
    format!("{path}: {message}")
}

/// `namespace/team: its labels are not known; hint: …`
pub(super) fn of_gap(gap: &Gap) -> String {
    let about = gap.object.as_ref().map(|object| format!("{object}: ")).unwrap_or_default();
    let hint = if gap.hint.is_empty() { String::new() } else { format!("; hint: {}", gap.hint) };
    format!("{about}{}{hint}", gap.why)
}

/// `pod/web: the suppression of hostPorts is unused: …`
pub(super) fn of_idle(idle: &Idle) -> String {
    let about = idle.object.as_ref().map(|object| format!("{object}: ")).unwrap_or_default();
    format!("{about}the suppression of {} is {}: {}", idle.check, idle.status.as_str(), idle.why)
}
