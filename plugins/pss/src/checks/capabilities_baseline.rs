//! `capabilities_baseline`: only capabilities of the default set are added.
//!
//! Source: `policy/check_capabilities_baseline.go`.

use serde_json::json;

use super::{PssCheck, Revision, Rules};
use crate::container::Container;
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::{Prose, container_list, containers, join_quote, values};
use crate::violation::Violation;

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!(
        "capabilities_baseline",
        "a capability outside the default set is added",
        "capabilities_baseline.md"
    ),
    level: Level::Baseline,
    revisions: &[Revision::of(0, find)],
    prose,
};

/// What may be added: exactly these, without the prefix `CAP_` and in capitals.
pub(crate) const ALLOWED: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn find(pod: &Pod<'_>, _rules: Rules, violations: &mut Vec<Violation>) {
    for container in pod.containers() {
        find_added(container, &ALLOWED, violations);
    }
}

/// Every element of `capabilities.add` that is not in the list.
pub(super) fn find_added(
    container: &Container<'_>,
    allowed: &[&str],
    violations: &mut Vec<Violation>,
) {
    for (index, (name, value)) in container.security.capabilities("add").enumerate() {
        if allowed.contains(&name) {
            continue;
        }
        let path = container.security_path("capabilities.add").named(index, name);
        violations.push(
            Violation::forbidden(container.subject(), path, name)
                .at(Some(value))
                .allow(json!(allowed))
                .advise(advice(name, allowed)),
        );
    }
}

/// What to write instead: a misspelt name of an allowed capability is the commonest mistake.
fn advice(name: &str, allowed: &[&str]) -> String {
    let upper = name.to_ascii_uppercase();
    let plain = upper.strip_prefix("CAP_").unwrap_or(&upper);
    if allowed.contains(&plain) {
        format!("write {plain}: the policy compares names exactly")
    } else {
        "remove it from add".to_owned()
    }
}

fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    Prose::new("non-default capabilities", added(violations))
}

/// `container "a" must not include "X" in securityContext.capabilities.add`
pub(super) fn added<'v>(violations: impl IntoIterator<Item = &'v Violation> + Clone) -> String {
    let containers = container_list(&containers(violations.clone()));
    let names = join_quote(&values(violations));
    format!("{containers} must not include {names} in securityContext.capabilities.add")
}
