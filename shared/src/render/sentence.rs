//! Findings and gaps as one line that stands for itself: lists of issues show nothing else.

use super::location;
use crate::finding::report::Finding;
use crate::finding::suppression::Idle;
use crate::model::gap::Gap;
use crate::model::source::Mark;

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
    let about = about(gap.object.as_deref(), gap.place.as_ref());
    let hint = if gap.hint.is_empty() { String::new() } else { format!("; hint: {}", gap.hint) };
    format!("{about}{}{hint}", gap.why)
}

/// `pod/web: the suppression of hostPorts is unused: …`
pub(super) fn of_idle(idle: &Idle) -> String {
    let about = about(idle.object.as_deref(), idle.place.as_ref());
    format!("{about}the suppression of {} is {}: {}", idle.check, idle.status.as_str(), idle.why)
}

/// The object; without one the place, where it is in no file that a location could name.
fn about(object: Option<&str>, place: Option<&Mark>) -> String {
    match (object, place) {
        (Some(object), _) => format!("{object}: "),
        (None, Some(mark)) if location::of_mark(mark).is_none() => {
            let place = mark.place();
            format!("{}:{}:{}: ", place.file, place.line, place.column)
        }
        _ => String::new(),
    }
}
