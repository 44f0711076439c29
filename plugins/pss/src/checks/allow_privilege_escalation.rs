//! `allowPrivilegeEscalation`: every container forbids it.
//!
//! Source: `policy/check_allowPrivilegeEscalation.go`; since policy version 1.25 not for Windows.

use serde_json::json;

use super::{PssCheck, Revision, Rules};
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::{Prose, container_list, containers};
use crate::violation::Violation;

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!(
        "allowPrivilegeEscalation",
        "a process may gain more rights than its parent",
        "allow_privilege_escalation.md"
    ),
    level: Level::Restricted,
    revisions: &[
        Revision::of(8, find),
        Revision::of(25, |pod, rules, violations| {
            if !pod.is_windows() {
                find(pod, rules, violations);
            }
        }),
    ],
    prose,
};

fn find(pod: &Pod<'_>, _rules: Rules, violations: &mut Vec<Violation>) {
    for container in pod.containers() {
        let value = container.security.allow_privilege_escalation;
        let allowed = value.and_then(|value| value.as_bool());
        if allowed == Some(false) {
            continue;
        }
        let (subject, path) =
            (container.subject(), container.security_path("allowPrivilegeEscalation"));
        let found = match allowed {
            Some(true) => Violation::forbidden(subject, path, "true").at(value),
            _ => Violation::missing(subject, path),
        };
        violations.push(found.allow(json!([false])).advise("set it to false"));
    }
}

fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    let containers = container_list(&containers(violations));
    Prose::new(
        "allowPrivilegeEscalation != false",
        format!("{containers} must set securityContext.allowPrivilegeEscalation=false"),
    )
}
