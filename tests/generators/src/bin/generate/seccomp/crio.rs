//! CRI-O's profile: that of containers-common with changes that CRI-O makes in its own code.
//!
//! CRI-O's module is served nowhere, so its changes and the version of containers-common that each
//! line carries are data of ours. Source: `DefaultProfile` in `internal/config/seccomp/seccomp.go`
//! of github.com/cri-o/cri-o: before cri-o#8514 it gave `unshare` to holders of `CAP_SYS_ADMIN`
//! alone; since then also `clone3`, and `clone` with a flag that makes a namespace. The position of
//! `unshare` in the list of containers-common, which that code checks, tells which version it
//! carries: 363 up to 0.57, 358 up to 0.62, 359 up to 0.67.

use kubectl_seccomp::defaults::table::Parts;

use super::Release;
use crate::Result;

/// What must be said with releases.
pub(super) const NOTES: [(&str, &str); 2] = [("1.28.0", BACKPORTED), ("1.29.0", BACKPORTED)];

const BACKPORTED: &str = "a later release of this line denies clone3, and clone with flags that make namespaces (cri-o#8514)";

/// Releases with the version of containers-common that they carry, and whether `clone` is looked at.
const CARRIED: [(&str, &str, bool); 8] = [
    ("1.28.0", "0.55.0", false),
    ("1.29.0", "0.57.0", false),
    ("1.31.x", "0.60.4", true),
    ("1.32.x", "0.61.0", true),
    ("1.33.x", "0.63.0", true),
    ("1.34.x", "0.64.2", true),
    ("1.35.x", "0.66.0", true),
    ("1.36.x", "0.67.0", true),
];

/// What CRI-O gives with `CAP_SYS_ADMIN` alone.
const NAMESPACES: [&str; 3] = ["clone", "clone3", "unshare"];

/// `CLONE_NEWNS`, `CLONE_NEWUTS`, `CLONE_NEWIPC`, `CLONE_NEWUSER`, `CLONE_NEWPID`, `CLONE_NEWNET`,
/// `CLONE_NEWCGROUP`, in the order of CRI-O.
const FLAGS: [u64; 7] =
    [0x2_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000, 0x200_0000];

/// The releases that are known.
pub(super) fn releases(common: &[Release]) -> Result<Vec<Release>> {
    let carried = CARRIED.into_iter().map(|(name, version, looks_at_clone)| {
        let of = common.iter().find(|release| release.name == version);
        let of = of.ok_or_else(|| format!("containers-common {version} was not read"))?;
        let parts = changed(&of.parts, looks_at_clone);
        let parts =
            parts.ok_or_else(|| format!("containers-common {version}: nothing to change"))?;
        Ok(Release { name: name.to_owned(), parts })
    });
    carried.collect()
}

/// The changes. `None` where containers-common does not allow what they take away.
fn changed(parts: &Parts, looks_at_clone: bool) -> Option<Parts> {
    let mut parts = parts.clone();
    let taken = if looks_at_clone { &NAMESPACES[..] } else { &["unshare"] };
    let allowed = parts.get_mut("ALLOW")?;
    if !taken.iter().all(|name| allowed.remove(*name)) {
        return None;
    }
    let mut add = |line: String, name: &str| parts.entry(line).or_default().insert(name.to_owned());
    for name in taken {
        add("ALLOW with CAP_SYS_ADMIN".to_owned(), name);
    }
    if !looks_at_clone {
        return Some(parts);
    }
    add("ERRNO 38 without CAP_SYS_ADMIN".to_owned(), "clone3");
    let all: u64 = FLAGS.iter().sum();
    // The flags are the second argument of clone on s390.
    for (arch, index) in [("not-on s390x", 0), ("on s390x", 1)] {
        let flags = FLAGS.map(|flag| format!("arg{index}&{flag:#x}={flag:#x}")).join(" ");
        // In the order of a line: with, on, since, without, not-on, before.
        let without = match index {
            0 => format!("without CAP_SYS_ADMIN {arch}"),
            _ => format!("{arch} without CAP_SYS_ADMIN"),
        };
        add(format!("ALLOW {arch} arg{index}&{all:#x}=0"), "clone");
        add(format!("ERRNO 1 {without} {flags}"), "clone");
    }
    Some(parts)
}
