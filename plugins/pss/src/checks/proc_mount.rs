//! `procMount`: /proc keeps its masks; from 1.35 on not in user namespaces.
//!
//! Source: `policy/check_procMount_baseline.go`.

use serde_json::json;

use super::{PssCheck, Revision, Rules};
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::{Prose, container_list, containers, join_quote, values};
use crate::violation::Violation;

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!("procMount", "the masks over /proc are taken away", "proc_mount.md"),
    level: Level::Baseline,
    revisions: &[
        Revision::of(0, find),
        Revision::of(35, |pod, rules, violations| {
            if !pod.has_user_namespace() {
                find(pod, rules, violations);
            }
        }),
    ],
    prose,
};

pub(super) fn find(pod: &Pod<'_>, _rules: Rules, violations: &mut Vec<Violation>) {
    for container in pod.containers() {
        let Some(value) = container.security.proc_mount else { continue };
        let Some(text) = value.as_str().filter(|text| *text != "Default") else { continue };
        violations.push(
            Violation::forbidden(container.subject(), container.security_path("procMount"), text)
                .at(Some(value))
                .allow(json!(["Default"]))
                .advise("set it to Default or remove the line"),
        );
    }
}

pub(super) fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    let containers = container_list(&containers(violations));
    let values = join_quote(&values(violations));
    Prose::new(
        "procMount",
        format!("{containers} must not set securityContext.procMount to {values}"),
    )
}
