//! The capabilities of a container: what its runtime gives, and what is added and dropped.

use std::collections::BTreeSet;

use posture::finding::nearest::nearest;
use posture::model::error::{Error, Result};

use crate::defaults::Runtime;
use crate::defaults::version::Version;

/// Every capability, in the order of its number.
///
/// Source: `linux/capability.h` of Linux.
const ALL: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// What containerd, Docker, and containers-common before 0.50 give.
///
/// Sources: `defaultUnixCaps` in pkg/oci/spec.go of github.com/containerd/containerd;
/// `DefaultCapabilities` in oci/caps/defaults.go of github.com/moby/moby.
const FOURTEEN: [&str; 14] = [
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// Source: `DefaultCapabilities` in pkg/config/default.go of github.com/containers/common.
const PODMAN: [&str; 11] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_NET_BIND_SERVICE",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// Source: `DefaultCapabilities` in internal/config/capabilities of github.com/cri-o/cri-o.
const CRI_O: [&str; 9] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_NET_BIND_SERVICE",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
];

/// The bounding set that a runtime gives a container that asks for nothing, each with its `CAP_`.
/// A runtime's configuration can say otherwise.
pub fn bounding(runtime: Runtime, version: &str) -> BTreeSet<String> {
    let line = Version::read(version).map(Version::line);
    let before = |other: (u32, u32)| line.is_some_and(|line| line < other);
    let given: &[&str] = match runtime {
        Runtime::Containerd | Runtime::Docker => &FOURTEEN,
        Runtime::CriO => &CRI_O,
        Runtime::ContainersCommon if before((0, 50)) => &FOURTEEN,
        // The last one, SYS_CHROOT, was missing for a while.
        Runtime::ContainersCommon if before((0, 52)) => &PODMAN[..10],
        Runtime::ContainersCommon => &PODMAN,
    };
    given.iter().map(|cap| (*cap).to_owned()).collect()
}

/// What a container adds and drops: `securityContext.capabilities`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Added, with or without `CAP_`; `ALL` for all.
    pub add: Vec<String>,
    /// Dropped, in the same way.
    pub drop: Vec<String>,
}

impl Changes {
    /// The bounding set that becomes of a runtime's. What is dropped by name is dropped whatever
    /// is added; `ALL` comes before what is named.
    ///
    /// Source: `WithCapabilities` in `internal/cri/opts/spec_linux_opts.go` of
    /// github.com/containerd/containerd.
    pub fn apply(&self, mut caps: BTreeSet<String>) -> BTreeSet<String> {
        let has_all = |list: &[String]| list.iter().any(|cap| is_all(cap));
        if has_all(&self.add) {
            caps = ALL.iter().map(|cap| (*cap).to_owned()).collect();
        }
        if has_all(&self.drop) {
            caps.clear();
        }
        let named = |list: &[String]| {
            let named = list.iter().filter(|cap| !is_all(cap));
            named.map(|cap| full(cap)).collect::<BTreeSet<_>>()
        };
        caps.extend(named(&self.add));
        let dropped = named(&self.drop);
        caps.retain(|cap| !dropped.contains(cap));
        caps
    }

    /// Fails where a capability is none of Linux's.
    pub fn check(&self) -> Result<()> {
        for cap in self.add.iter().chain(&self.drop).filter(|cap| !is_all(cap)) {
            let name = full(cap);
            if !ALL.contains(&name.as_str()) {
                let error = Error::usage(format!("{cap:?} is no capability"));
                return Err(match nearest(&name, ALL.into_iter()) {
                    Some(near) => error.hint(format!("did you mean {near}?")),
                    None => error.hint("write it like SYS_ADMIN or CAP_SYS_ADMIN; ALL for all"),
                });
            }
        }
        Ok(())
    }
}

fn is_all(cap: &str) -> bool {
    cap.eq_ignore_ascii_case("ALL")
}

/// A capability with its `CAP_`.
fn full(cap: &str) -> String {
    let upper = cap.to_ascii_uppercase();
    if upper.starts_with("CAP_") { upper } else { format!("CAP_{upper}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(add: &[&str], drop: &[&str]) -> Vec<String> {
        let list = |caps: &[&str]| caps.iter().map(|cap| (*cap).to_owned()).collect();
        let changes = Changes { add: list(add), drop: list(drop) };
        changes.check().unwrap();
        changes.apply(bounding(Runtime::CriO, "1.33")).into_iter().collect()
    }

    #[test]
    fn capabilities_are_added_and_dropped_as_the_runtime_does() {
        assert_eq!(after(&[], &["ALL"]), [""; 0]);
        assert_eq!(after(&["net_admin"], &["ALL"]), ["CAP_NET_ADMIN"]);
        assert_eq!(after(&["ALL"], &[]).len(), ALL.len());
        assert_eq!(after(&["ALL"], &["CAP_SYS_ADMIN"]).len(), ALL.len() - 1);
        assert_eq!(after(&["KILL"], &["KILL"]).len(), CRI_O.len() - 1);
        assert_eq!(after(&["CAP_BPF"], &[]).len(), CRI_O.len() + 1);
    }

    #[test]
    fn runtimes_give_different_ones() {
        let count = |runtime, version| bounding(runtime, version).len();
        assert_eq!(count(Runtime::Containerd, "1.7.27"), 14);
        assert_eq!(count(Runtime::ContainersCommon, "0.49.0"), 14);
        assert_eq!(count(Runtime::ContainersCommon, "0.60"), 11);
    }

    #[test]
    fn slips_are_named() {
        let changes = Changes { add: vec!["SYS_ADMN".to_owned()], drop: Vec::new() };
        let error = changes.check().unwrap_err();
        assert_eq!(error.hints(), ["did you mean CAP_SYS_ADMIN?"]);
    }
}
