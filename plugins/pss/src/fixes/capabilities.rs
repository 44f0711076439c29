//! Capabilities, and `allowPrivilegeEscalation`, which depends on them.

use std::borrow::Cow;

use posture::model::edit::Edit;
use serde_json::json;

use super::answers::{Answers, Wanted};
use super::table::{self, Row};
use super::users::User;
use super::{Proposal, Scene, host};
use crate::checks::{DEFAULT_CAPABILITIES, PssCheck};
use crate::container::Container;
use crate::violation::{Fault, Violation};

/// What the level restricted lets a container add.
const RESTRICTED: [&str; 1] = ["NET_BIND_SERVICE"];

/// Ports that only privileged processes may listen on.
const PRIVILEGED_PORTS: std::ops::Range<i64> = 1..1024;

/// `capabilities_baseline` and `capabilities_restricted`.
pub(super) fn fix(
    scene: &Scene<'_, '_>,
    check: &'static PssCheck,
    violation: &Violation,
) -> Proposal {
    let Some(container) = scene.container(violation) else {
        return Proposal::by(&table::UNREADABLE);
    };
    match &violation.fault {
        Fault::Forbidden(name) => {
            let allowed: &[&str] = if check.id() == "capabilities_restricted" {
                &RESTRICTED
            } else {
                &DEFAULT_CAPABILITIES
            };
            added(scene, container, violation, name, allowed)
        }
        _ => dropped(scene, container),
    }
}

/// `drop` lacks `ALL`.
fn dropped(scene: &Scene<'_, '_>, container: &Container<'_>) -> Proposal {
    if scene.pod.is_windows() {
        return Proposal::by(&table::WINDOWS);
    }
    let edits = || vec![Edit::set(container.security_path("capabilities.drop"), json!(["ALL"]))];
    let mut names = container.security.capabilities("drop");
    if names.any(|(name, _)| name.eq_ignore_ascii_case("all")) {
        return scene.patch(&table::DROP_CASE, edits);
    }
    let is_root = match scene.user(container) {
        User::Root => true,
        User::Image => scene.facts.users.get(container.name) == Some(&0),
        User::Other => false,
    };
    let proposal = if is_root {
        let decided = || if scene.answers.drop_all { edits() } else { Vec::new() };
        scene.patch(&table::DROP_ROOT, decided).want(scene, || {
            Wanted::confirm("drop=ALL", "drop all capabilities, though it runs as root?")
        })
    } else {
        scene.patch(&table::DROP, edits)
    };
    proposal.hint(scene, || low_port(container))
}

/// What does not work without capabilities.
fn low_port(container: &Container<'_>) -> Option<Cow<'static, str>> {
    let mut ports = container.ports().filter_map(|port| port.container?.as_i64());
    let port = ports.find(|port| PRIVILEGED_PORTS.contains(port))?;
    Some(Cow::Owned(format!(
        "it has port {port}, below 1024: if it cannot open it any more, take a higher one or the sysctl net.ipv4.ip_unprivileged_port_start; an added NET_BIND_SERVICE does not reach a process that is not root"
    )))
}

/// A name in `add` that is not allowed.
fn added(
    scene: &Scene<'_, '_>,
    container: &Container<'_>,
    violation: &Violation,
    name: &str,
    allowed: &[&'static str],
) -> Proposal {
    if let Some((row, plain)) = meant(name, allowed) {
        return scene.patch(row, || {
            // The element, by its name: another one may have gone before.
            let path = violation.path.clone();
            let twice = container.security.capabilities("add").any(|(own, _)| own == plain);
            vec![if twice { Edit::remove(path) } else { Edit::set(path, plain) }]
        });
    }
    let decided = || {
        let kept: Vec<&str> = container
            .security
            .capabilities("add")
            .map(|(own, _)| own)
            .filter(|own| allowed.contains(own) || !goes(scene, own))
            .collect();
        let path = container.security_path("capabilities.add");
        if !goes(scene, name) {
            return Vec::new();
        }
        vec![if kept.is_empty() { Edit::remove(path) } else { Edit::set(path, json!(kept)) }]
    };
    let wanted = || {
        let plain = plain(name);
        let by_name = Answers::default().set(&format!("remove={plain}")).is_ok();
        let what = if by_name { &plain } else { "capabilities" };
        Wanted::confirm(format!("remove={what}"), "remove the capability?")
    };
    let proposal = scene.patch(&table::ADD_FORBIDDEN, decided).want(scene, wanted);
    proposal
        .titled(scene, || Cow::Owned(removal(scene, container, name, allowed)))
        .hint(scene, || instead(name).map(Cow::Borrowed))
}

/// What is removed: all that goes from the container at once, or the one, if nothing is decided.
fn removal(
    scene: &Scene<'_, '_>,
    container: &Container<'_>,
    name: &str,
    allowed: &[&'static str],
) -> String {
    let added = container.security.capabilities("add").map(|(own, _)| own);
    let all: Vec<&str> = added.filter(|own| !allowed.contains(own) && goes(scene, own)).collect();
    if all.len() < 2 || !goes(scene, name) {
        return format!("remove the capability {name}");
    }
    format!("remove the capabilities {}", all.join(", "))
}

/// Whether a capability is to be removed.
fn goes(scene: &Scene<'_, '_>, name: &str) -> bool {
    let answers = scene.answers;
    answers.removes("capabilities") || answers.removes(name) || answers.removes(&plain(name))
}

/// A capability as Kubernetes writes it: in capitals, without its prefix.
fn plain(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    upper.strip_prefix("CAP_").map_or_else(|| upper.clone(), str::to_owned)
}

/// The allowed capability that a name is another spelling of.
fn meant(name: &str, allowed: &[&'static str]) -> Option<(&'static Row, &'static str)> {
    let upper = name.to_ascii_uppercase();
    let known = |name: &str| allowed.iter().copied().find(|known| *known == name);
    if let Some(plain) = known(&upper) {
        return Some((&table::ADD_CASE, plain));
    }
    Some((&table::ADD_PREFIX, known(upper.strip_prefix("CAP_")?)?))
}

/// What often does in the place of a capability.
fn instead(name: &str) -> Option<&'static str> {
    let upper = name.to_ascii_uppercase();
    Some(match upper.strip_prefix("CAP_").unwrap_or(&upper) {
        "NET_RAW" => {
            "ping needs no capability where the sysctl net.ipv4.ping_group_range has its group"
        }
        "NET_ADMIN" => {
            "a CNI plugin can set up what an init container does with iptables; some settings are sysctls that the policy allows"
        }
        "SYS_PTRACE" => {
            "a debugger can come as an ephemeral container, in a namespace that allows it"
        }
        "SYS_ADMIN" => "mounts can be made by a CSI driver",
        "SYS_TIME" => "time is set on the node",
        "IPC_LOCK" => "memory can be locked up to the limit that the node's runtime sets",
        "SYS_RESOURCE" => "limits can be raised in the node's runtime",
        "ALL" => "name the few that are needed",
        _ => return None,
    })
}

/// `allowPrivilegeEscalation`.
pub(super) fn escalation(scene: &Scene<'_, '_>, violation: &Violation) -> Proposal {
    if scene.pod.is_windows() {
        return Proposal::by(&table::WINDOWS);
    }
    let Some(container) = scene.container(violation) else {
        return Proposal::by(&table::UNREADABLE);
    };
    if host::is_privileged(container) {
        if let Some(proposal) = scene.beyond_repair(container) {
            return proposal;
        }
        return Proposal::by(&table::ESCALATION_BLOCKED).want(scene, || {
            Wanted::confirm("remove=privileged", "run the container without privileged?")
        });
    }
    if container.security.capabilities("add").any(|(name, _)| plain(name) == "SYS_ADMIN") {
        return Proposal::by(&table::ESCALATION_BLOCKED).want(scene, || {
            Wanted::confirm("remove=SYS_ADMIN", "run the container without SYS_ADMIN?")
        });
    }
    scene.patch(&table::ESCALATION, || vec![Edit::set(violation.path.clone(), false)])
}
