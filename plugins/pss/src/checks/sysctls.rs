//! `sysctls`: only kernel parameters that are safe and namespaced are set.
//!
//! Source: `policy/check_sysctls.go`; the list grew with policy versions 1.27, 1.29, 1.32 and 1.37.

use posture::model::version::Minor;
use serde_json::json;

use super::{PssCheck, Revision, Rules};
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::Prose;
use crate::violation::{Fault, Subject, Violation};

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!("sysctls", "a kernel parameter outside the safe set is set", "sysctls.md"),
    level: Level::Baseline,
    revisions: &[
        Revision::of(0, |pod, _, violations| find(pod, Minor(0), violations)),
        Revision::of(27, |pod, _, violations| find(pod, Minor(27), violations)),
        Revision::of(29, |pod, _, violations| find(pod, Minor(29), violations)),
        Revision::of(32, |pod, _, violations| find(pod, Minor(32), violations)),
        Revision::of(37, |pod, _, violations| find(pod, Minor(37), violations)),
    ],
    prose,
};

/// The safe parameters, with the policy version that allowed each.
const ALLOWED: [(Minor, &str); 14] = [
    (Minor(0), "kernel.shm_rmid_forced"),
    (Minor(0), "net.ipv4.ip_local_port_range"),
    (Minor(0), "net.ipv4.tcp_syncookies"),
    (Minor(0), "net.ipv4.ping_group_range"),
    (Minor(0), "net.ipv4.ip_unprivileged_port_start"),
    (Minor(27), "net.ipv4.ip_local_reserved_ports"),
    (Minor(29), "net.ipv4.tcp_keepalive_time"),
    (Minor(29), "net.ipv4.tcp_fin_timeout"),
    (Minor(29), "net.ipv4.tcp_keepalive_intvl"),
    (Minor(29), "net.ipv4.tcp_keepalive_probes"),
    (Minor(32), "net.ipv4.tcp_rmem"),
    (Minor(32), "net.ipv4.tcp_wmem"),
    (Minor(37), "net.ipv4.tcp_slow_start_after_idle"),
    (Minor(37), "net.ipv4.tcp_notsent_lowat"),
];

/// The policy version from which on a parameter is allowed, if it ever is.
pub(crate) fn since(name: &str) -> Option<Minor> {
    ALLOWED.iter().find(|(_, allowed)| *allowed == name).map(|(since, _)| *since)
}

fn find(pod: &Pod<'_>, version: Minor, violations: &mut Vec<Violation>) {
    let Some(sysctls) = pod.security().sysctls else { return };
    for (index, sysctl) in sysctls.items().enumerate() {
        let value = sysctl.field("name");
        let name = value.and_then(|name| name.as_str()).unwrap_or_default();
        let known = since(name);
        if known.is_some_and(|since| since <= version) {
            continue;
        }
        let path = Pod::security_path("sysctls").named(index, name).field("name");
        let allowed: Vec<&str> =
            ALLOWED.iter().filter(|(since, _)| *since <= version).map(|(_, name)| *name).collect();
        let advice = match known {
            Some(since) => {
                format!("remove it, or pin the namespace to v{since} or later, which allows it")
            }
            None => "remove it, or set it on the node".to_owned(),
        };
        violations.push(
            Violation::forbidden(Subject::Pod, path, name)
                .at(value)
                .allow(json!(allowed))
                .advise(advice),
        );
    }
}

fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    // In the order of the spec, repeated where the spec repeats them.
    let names = violations.iter().filter_map(|violation| match &violation.fault {
        Fault::Forbidden(name) => Some(name.as_str()),
        _ => None,
    });
    Prose::new("forbidden sysctls", names.collect::<Vec<_>>().join(", "))
}
