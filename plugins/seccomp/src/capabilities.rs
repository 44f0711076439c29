//! The capabilities that a container may ever have: what its runtime gives, and what is added and
//! dropped. Rules of default profiles ask for them.

use std::collections::BTreeSet;

use posture::finding::nearest::nearest;
use posture::model::error::{Error, Result};
use posture::model::node::Value;

use crate::defaults::Runtime;
use crate::defaults::version::Version;

/// The word for every capability.
const EVERY: &str = "ALL";

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
    owned(given)
}

/// A container's bounding set, each with its `CAP_`: all where it is privileged, else what the
/// runtime gives and `securityContext.capabilities` adds and drops. A runtime that is not known is
/// taken for containerd.
pub fn bounding_set(container: Value<'_>, runtime: Option<Runtime>) -> BTreeSet<String> {
    if is_privileged(container) {
        return owned(&ALL);
    }
    // Only the library of Podman has changed what is given, and no node runs that.
    Changes::of(container).apply(runtime.unwrap_or(Runtime::Containerd), "")
}

/// Whether a container is told to be privileged.
pub(crate) fn is_privileged(container: Value<'_>) -> bool {
    let context = container.get("securityContext");
    let flag = context.and_then(|context| context.get("privileged"));
    flag.and_then(|flag| flag.as_bool()) == Some(true)
}

/// What a container adds and drops: `securityContext.capabilities`, in capitals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Added; `ALL` for all.
    add: Vec<String>,
    /// Dropped, in the same way.
    drop: Vec<String>,
}

impl Changes {
    /// What somebody asks for in words, with or without `CAP_`. Fails where a capability is none
    /// of Linux's.
    pub fn asked(add: &[String], drop: &[String]) -> Result<Self> {
        let read = |list: &[String]| list.iter().map(|cap| known(cap)).collect::<Result<_>>();
        Ok(Self { add: read(add)?, drop: read(drop)? })
    }

    /// What a container says.
    fn of(container: Value<'_>) -> Self {
        let context = container.get("securityContext");
        let lists = context.and_then(|context| context.get("capabilities"));
        let list = |key: &str| -> Vec<String> {
            let items = lists.and_then(|lists| lists.get(key)).into_iter();
            let items = items.flat_map(|list| list.items()).filter_map(|item| item.as_str());
            items.map(str::to_ascii_uppercase).collect()
        };
        Self { add: list("add"), drop: list("drop") }
    }

    /// The bounding set that becomes of a runtime's.
    ///
    /// Sources: `WithCapabilities` in `internal/cri/opts/spec_linux_opts.go` of
    /// github.com/containerd/containerd, `specSetupCapabilities` of CRI-O: `ALL` first, added,
    /// then dropped; then what is added; then what is dropped. `TweakCapabilities` of moby: what is
    /// added stays, and `ALL` added stands above `ALL` dropped.
    pub fn apply(&self, runtime: Runtime, version: &str) -> BTreeSet<String> {
        let has_all = |list: &[String]| list.iter().any(|cap| cap == EVERY);
        let (adds_all, drops_all) = (has_all(&self.add), has_all(&self.drop));
        // containerd puts CAP_ before whatever is written: what has it already names nothing then.
        let keeps_prefix = runtime == Runtime::Containerd;
        let full = |cap: &String| match cap.strip_prefix("CAP_") {
            Some(_) if keeps_prefix => None,
            Some(_) => Some(cap.clone()),
            None => Some(format!("CAP_{cap}")),
        };
        let added = self.add.iter().filter_map(full).filter(|cap| ALL.contains(&cap.as_str()));
        let dropped: BTreeSet<String> = self.drop.iter().filter_map(full).collect();
        if runtime == Runtime::Docker {
            let mut caps = match (adds_all, drops_all) {
                (true, _) => owned(&ALL),
                (false, true) => BTreeSet::new(),
                (false, false) => bounding(runtime, version),
            };
            caps.retain(|cap| !dropped.contains(cap));
            caps.extend(added.filter(|_| !adds_all));
            return caps;
        }
        let mut caps = match (adds_all, drops_all) {
            (_, true) => BTreeSet::new(),
            (true, false) => owned(&ALL),
            (false, false) => bounding(runtime, version),
        };
        caps.extend(added);
        caps.retain(|cap| !dropped.contains(cap));
        caps
    }
}

/// A capability without its `CAP_`.
fn known(cap: &str) -> Result<String> {
    let upper = cap.to_ascii_uppercase();
    let short = upper.strip_prefix("CAP_").unwrap_or(&upper);
    let full = format!("CAP_{short}");
    if upper == EVERY || ALL.contains(&full.as_str()) {
        return Ok(short.to_owned());
    }
    let error = Error::usage(format!("{cap:?} is no capability"));
    Err(match nearest(&full, ALL.into_iter()) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint("write it like SYS_ADMIN or CAP_SYS_ADMIN; ALL for all"),
    })
}

fn owned(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|cap| (*cap).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::object;

    fn after(add: &[&str], drop: &[&str]) -> Vec<String> {
        let list = |caps: &[&str]| caps.iter().map(|cap| (*cap).to_owned()).collect::<Vec<_>>();
        let changes = Changes::asked(&list(add), &list(drop)).unwrap();
        changes.apply(Runtime::CriO, "1.33").into_iter().collect()
    }

    /// The bounding set without `CAP_`, in one line.
    fn set(capabilities: &str, runtime: Option<Runtime>) -> String {
        let text = format!("kind: X\nsecurityContext: {{capabilities: {capabilities}}}\n");
        let all = bounding_set(object(&text).value(), runtime);
        let plain: Vec<_> = all.iter().map(|name| name.trim_start_matches("CAP_")).collect();
        plain.join(" ")
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
        let error = Changes::asked(&["SYS_ADMN".to_owned()], &[]).unwrap_err();
        assert_eq!(error.hints(), ["did you mean CAP_SYS_ADMIN?"]);
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
        let asked = Changes::asked(&["CAP_BPF".to_owned()], &["all".to_owned()]).unwrap();
        assert_eq!(asked.apply(Runtime::Containerd, "").into_iter().collect::<String>(), "CAP_BPF");
        let added = |runtime| set("{drop: [ALL], add: [CAP_BPF, SELF_MADE]}", Some(runtime));
        assert_eq!(added(Runtime::Containerd), "");
        assert_eq!(added(Runtime::CriO), "BPF");
        assert_eq!(added(Runtime::Docker), "BPF");
    }
}
