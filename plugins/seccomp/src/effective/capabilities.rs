//! The capabilities that a container may ever have: rules of default profiles ask for them.

use std::collections::BTreeSet;

use posture::model::node::Value;

use crate::defaults::Runtime;

/// What containerd and Docker give a container for which nothing is said.
///
/// Source: `defaultUnixCaps` in `pkg/oci/spec.go` of containerd, `DefaultCapabilities` in
/// `oci/caps/defaults.go` of moby.
const CONTAINERD: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// What CRI-O gives.
///
/// Source: `DefaultCapabilities` in `internal/config/capabilities` of CRI-O.
const CRI_O: [&str; 9] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "NET_BIND_SERVICE",
    "SETGID",
    "SETPCAP",
    "SETUID",
];

/// What Podman gives.
///
/// Source: `default_capabilities` of containers.conf.
const CONTAINERS_COMMON: [&str; 11] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// All that the kernel has.
///
/// Source: `include/uapi/linux/capability.h`.
const ALL: [&str; 41] = [
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

/// A container's bounding set, each with its `CAP_`: what the runtime gives, and what
/// `securityContext.capabilities` adds and drops. A runtime that is not known is taken for
/// containerd.
///
/// Sources: `WithCapabilities` in the CRI plugin of containerd, `specSetupCapabilities` of CRI-O:
/// `ALL` first, added, then dropped; then what is added; then what is dropped. `TweakCapabilities`
/// of moby: what is added stays, and `ALL` added stands above `ALL` dropped.
pub fn bounding_set(container: Value<'_>, runtime: Option<Runtime>) -> BTreeSet<String> {
    let context = container.get("securityContext");
    let privileged = context.and_then(|context| context.get("privileged"));
    if privileged.and_then(|flag| flag.as_bool()) == Some(true) {
        return named(&ALL);
    }
    let lists = context.and_then(|context| context.get("capabilities"));
    let list = |key: &str| -> Vec<String> {
        let items = lists.and_then(|lists| lists.get(key)).into_iter();
        let items = items.flat_map(|list| list.items()).filter_map(|item| item.as_str());
        items.map(str::to_ascii_uppercase).collect()
    };
    let (add, drop) = (list("add"), list("drop"));
    let is_all = |name: &String| name == "ALL";
    let (adds_all, drops_all) = (add.iter().any(is_all), drop.iter().any(is_all));
    let runtime = runtime.unwrap_or(Runtime::Containerd);
    // containerd puts CAP_ before whatever is written: what has it already names nothing then.
    let keeps_prefix = runtime == Runtime::Containerd;
    let full = |name: &String| match name.strip_prefix("CAP_") {
        Some(_) if keeps_prefix => None,
        Some(rest) => Some(format!("CAP_{rest}")),
        None => Some(format!("CAP_{name}")),
    };
    let given = || match runtime {
        Runtime::Containerd | Runtime::Docker => named(&CONTAINERD),
        Runtime::CriO => named(&CRI_O),
        Runtime::ContainersCommon => named(&CONTAINERS_COMMON),
    };
    let known = named(&ALL);
    let added = add.iter().filter_map(full).filter(|name| known.contains(name));
    let dropped: BTreeSet<String> = drop.iter().filter_map(full).collect();
    if runtime == Runtime::Docker {
        let mut caps = match (adds_all, drops_all) {
            (true, _) => known.difference(&dropped).cloned().collect(),
            (false, true) => BTreeSet::new(),
            (false, false) => given().difference(&dropped).cloned().collect(),
        };
        caps.extend(added.filter(|_| !adds_all));
        return caps;
    }
    let mut caps = match (adds_all, drops_all) {
        (_, true) => BTreeSet::new(),
        (true, false) => known.clone(),
        (false, false) => given(),
    };
    caps.extend(added);
    caps.difference(&dropped).cloned().collect()
}

fn named(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| format!("CAP_{name}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::object;

    /// The bounding set without `CAP_`, in one line.
    fn set(capabilities: &str, runtime: Option<Runtime>) -> String {
        let text = format!("kind: X\nsecurityContext: {{capabilities: {capabilities}}}\n");
        let all = bounding_set(object(&text).value(), runtime);
        let plain: Vec<_> = all.iter().map(|name| name.trim_start_matches("CAP_")).collect();
        plain.join(" ")
    }

    #[test]
    fn what_runtimes_give() {
        let count = |runtime| set("{}", runtime).split(' ').count();
        assert_eq!(count(None), 14);
        assert_eq!(count(Some(Runtime::Containerd)), 14);
        assert_eq!(count(Some(Runtime::Docker)), 14);
        assert_eq!(count(Some(Runtime::CriO)), 9);
        assert!(!set("{}", Some(Runtime::CriO)).contains("SYS_CHROOT"));
        assert_eq!(set("{add: [all]}", None).split(' ').count(), 41);
        let text = "kind: X\nsecurityContext: {privileged: true, capabilities: {drop: [ALL]}}\n";
        assert_eq!(bounding_set(object(text).value(), None).len(), 41);
    }

    #[test]
    fn all_comes_first_and_what_is_dropped_last() {
        let containerd = Some(Runtime::Containerd);
        assert_eq!(set("{drop: [ALL], add: [sys_time]}", containerd), "SYS_TIME");
        assert_eq!(set("{drop: [all], add: [ALL, BPF]}", containerd), "BPF");
        assert_eq!(set("{drop: [BPF, ALL], add: [BPF]}", containerd), "");
        assert!(!set("{add: [ALL], drop: [CHOWN]}", containerd).contains("CHOWN"));
        assert!(!set("{drop: [KILL]}", Some(Runtime::CriO)).contains("KILL"));
    }

    #[test]
    fn docker_keeps_what_is_added() {
        let docker = Some(Runtime::Docker);
        assert_eq!(set("{drop: [BPF, ALL], add: [BPF]}", docker), "BPF");
        assert_eq!(set("{drop: [ALL], add: [ALL]}", docker).split(' ').count(), 41);
        assert_eq!(set("{drop: [KILL], add: [ALL]}", docker).split(' ').count(), 40);
        assert!(set("{drop: [KILL], add: [KILL]}", docker).contains("KILL"));
    }

    #[test]
    fn the_prefix_is_read_by_some() {
        let added = |runtime| set("{drop: [ALL], add: [CAP_BPF, SELF_MADE]}", Some(runtime));
        assert_eq!(added(Runtime::Containerd), "");
        assert_eq!(added(Runtime::CriO), "BPF");
        assert_eq!(added(Runtime::Docker), "BPF");
    }
}
