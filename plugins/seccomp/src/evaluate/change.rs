//! What would change the answer: a capability more or less, another kernel.

use std::collections::BTreeSet;
use std::fmt;

use super::abi::Abi;
use super::resolve::resolve;
use super::target::Target;
use super::verdict::{Answer, Arguments};
use crate::profile::{Dialect, Kernel, Profile, Rule};

/// One change to a container or its node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The container gets this capability.
    AddCap(String),
    /// It loses it.
    DropCap(String),
    /// The node's kernel is this one or newer.
    KernelFrom(Kernel),
    /// It is older than this one.
    KernelBefore(Kernel),
}

/// A change, and the answer after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What changes.
    pub turn: Turn,
    /// What becomes of the call then.
    pub answer: Answer,
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddCap(cap) => write!(f, "with {cap}"),
            Self::DropCap(cap) => write!(f, "without {cap}"),
            Self::KernelFrom(kernel) => write!(f, "on Linux {kernel} or newer"),
            Self::KernelBefore(kernel) => write!(f, "before Linux {kernel}"),
        }
    }
}

impl Turn {
    fn apply(&self, target: &Target) -> Target {
        let mut target = target.clone();
        match self {
            Self::AddCap(cap) => drop(target.caps.insert(cap.clone())),
            Self::DropCap(cap) => drop(target.caps.remove(cap)),
            Self::KernelFrom(kernel) => target.kernel = *kernel,
            Self::KernelBefore(Kernel(major, 0)) => {
                target.kernel = Kernel(major.saturating_sub(1), u32::MAX);
            }
            Self::KernelBefore(Kernel(major, minor)) => target.kernel = Kernel(*major, minor - 1),
        }
        target
    }
}

/// The single changes after which something else becomes of a call. Only what the rules about the
/// call ask for is tried; nothing else can change it.
pub fn changes(
    profile: &Profile,
    target: &Target,
    abi: Abi,
    name: &str,
    args: &Arguments,
) -> Vec<Change> {
    let answer = |target: &Target| {
        let resolved = resolve(profile, target).ok()?;
        Some(resolved.verdict(abi, name, args))
    };
    let Some(now) = answer(target) else { return Vec::new() };
    let mut found = Vec::new();
    for turn in turns(profile, target, name) {
        let then = answer(&turn.apply(target));
        if let Some(answer) = then.filter(|then| !same(&now, then)) {
            found.push(Change { turn, answer });
        }
    }
    found
}

/// Whether two answers come to the same, whoever gives them.
fn same(one: &Answer, other: &Answer) -> bool {
    match (one, other) {
        (Answer::Decided(one), Answer::Decided(other)) => one.decision == other.decision,
        (one, other) => one == other,
    }
}

fn turns(profile: &Profile, target: &Target, name: &str) -> Vec<Turn> {
    if target.reader == Dialect::Oci {
        return Vec::new();
    }
    let mentions = |rule: &&Rule| rule.names.iter().chain(&rule.name).any(|known| known == name);
    let rules = || profile.syscalls.iter().filter(mentions);
    let gates = || rules().flat_map(|rule| [&rule.includes, &rule.excludes]);
    let caps: BTreeSet<&String> = gates().flat_map(|gate| &gate.caps).collect();
    let kernels: BTreeSet<Kernel> = gates().filter_map(|gate| gate.min_kernel).collect();
    let caps = caps.into_iter().map(|cap| {
        let turn = if target.caps.contains(cap) { Turn::DropCap } else { Turn::AddCap };
        turn(cap.clone())
    });
    let kernels = kernels.into_iter().map(|kernel| {
        let turn = if target.kernel < kernel { Turn::KernelFrom } else { Turn::KernelBefore };
        turn(kernel)
    });
    caps.chain(kernels).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{profile, target};
    use super::*;

    #[test]
    fn capabilities_and_kernels_that_matter_are_named() {
        let profile = profile(&json!([
            {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
            {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW",
                "includes": {"caps": ["CAP_SYS_PTRACE"]}},
            {"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_BPF"]}},
            {"names": ["bpf"], "action": "SCMP_ACT_ALLOW",
                "includes": {"caps": ["CAP_SYS_ADMIN"], "minKernel": "9.0"}},
        ]));
        let turns = |name: &str, target: &Target| -> Vec<String> {
            let found = changes(&profile, target, Abi::X86_64, name, &[None; 6]);
            found.iter().map(|change| change.turn.to_string()).collect()
        };
        assert_eq!(turns("ptrace", &target()), ["before Linux 4.8"]);
        let old = Target { kernel: Kernel(4, 4), ..target() };
        assert_eq!(turns("ptrace", &old), ["with CAP_SYS_PTRACE", "on Linux 4.8 or newer"]);
        assert_eq!(turns("bpf", &target()), ["with CAP_BPF"]);
        assert!(turns("read", &target()).is_empty());
    }
}
