//! `capabilities_restricted`: all capabilities are dropped, and one at most is added.
//!
//! Source: `policy/check_capabilities_restricted.go`; since policy version 1.25 not for Windows.

use serde_json::json;

use super::capabilities_baseline::{added, find_added};
use super::{PssCheck, Revision, Rules};
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::{Prose, container_list, containers};
use crate::violation::{Fault, Violation};

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!(
        "capabilities_restricted",
        "not all capabilities are dropped, or one is added",
        "capabilities_restricted.md"
    ),
    level: Level::Restricted,
    revisions: &[
        Revision::overriding(22, &["capabilities_baseline"], find),
        Revision::overriding(25, &["capabilities_baseline"], |pod, rules, violations| {
            if !pod.is_windows() {
                find(pod, rules, violations);
            }
        }),
    ],
    prose,
};

fn find(pod: &Pod<'_>, _rules: Rules, violations: &mut Vec<Violation>) {
    for container in pod.containers() {
        if !container.security.capabilities("drop").any(|(name, _)| name == "ALL") {
            let drop =
                container.security.capabilities.and_then(|capabilities| capabilities.field("drop"));
            let path = container.security_path("capabilities.drop");
            let lower = container
                .security
                .capabilities("drop")
                .any(|(name, _)| name.eq_ignore_ascii_case("all"));
            let advice = if lower {
                "write ALL in capitals: the policy compares names exactly"
            } else {
                "drop ALL, and add back NET_BIND_SERVICE alone where it is needed"
            };
            violations.push(
                Violation::missing(container.subject(), path)
                    .at(drop)
                    .allow(json!([["ALL"]]))
                    .advise(advice),
            );
        }
        find_added(container, &["NET_BIND_SERVICE"], violations);
    }
}

fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    let missing = violations.iter().filter(|violation| violation.fault == Fault::Missing);
    let others = violations.iter().filter(|violation| violation.fault != Fault::Missing);
    let mut details = Vec::new();
    if missing.clone().next().is_some() {
        let containers = container_list(&containers(missing));
        details.push(format!(r#"{containers} must set securityContext.capabilities.drop=["ALL"]"#));
    }
    if others.clone().next().is_some() {
        details.push(added(others));
    }
    Prose::new("unrestricted capabilities", details.join("; "))
}
