//! `privileged`: no container runs privileged.
//!
//! Source: `policy/check_privileged.go`.

use serde_json::json;

use super::{PssCheck, Revision, Rules};
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::{Prose, container_list, containers};
use crate::violation::Violation;

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!("privileged", "a container runs privileged", "privileged.md"),
    level: Level::Baseline,
    revisions: &[Revision::of(0, find)],
    prose,
};

fn find(pod: &Pod<'_>, _rules: Rules, violations: &mut Vec<Violation>) {
    for container in pod.containers() {
        let Some(value) =
            container.security.privileged.filter(|value| value.as_bool() == Some(true))
        else {
            continue;
        };
        violations.push(
            Violation::forbidden(
                container.subject(),
                container.security_path("privileged"),
                "true",
            )
            .at(Some(value))
            .allow(json!([false]))
            .advise("set it to false or remove the line"),
        );
    }
}

fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    let containers = container_list(&containers(violations));
    Prose::new("privileged", format!("{containers} must not set securityContext.privileged=true"))
}
