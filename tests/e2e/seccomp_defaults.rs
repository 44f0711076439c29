//! The default profiles that we carry, against the code of the runtimes: containerd's, moby's and
//! containers-common's own functions answer for a container on a machine, and so do we; what
//! becomes of every call under both profiles must be the same.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

use kubectl_seccomp::defaults::{Release, Runtime};
use kubectl_seccomp::evaluate::{self, Abi, Answer, Arguments, Machine, Resolved, Target, numbers};
use kubectl_seccomp::profile::{Dialect, Kernel, Profile};
use posture_generators::random::Random;
use posture_harness::judge::LineJudge;
use posture_harness::{score, seed};
use serde::Deserialize;
use serde_json::json;

/// What a profile of any release asks for, and some that none asks for.
const CAPS: [&str; 20] = [
    "CAP_AUDIT_WRITE",
    "CAP_BPF",
    "CAP_CHOWN",
    "CAP_DAC_READ_SEARCH",
    "CAP_KILL",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_PERFMON",
    "CAP_SETUID",
    "CAP_SYSLOG",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_CHROOT",
    "CAP_SYS_MODULE",
    "CAP_SYS_NICE",
    "CAP_SYS_PACCT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
];

const KERNELS: [Kernel; 4] = [Kernel(3, 10), Kernel(4, 7), Kernel(4, 8), Kernel(6, 18)];

/// The flags of `clone` that make namespaces, and one that does not.
const CLONE: [u64; 9] =
    [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000, 0x11, 0];

const PERSONALITIES: [u64; 7] = [0, 1, 8, 0x2_0000, 0x2_0008, 0xffff_ffff, u64::MAX];

/// One more than the largest address family.
const FAMILIES: u64 = 47;

/// The protocol `NETLINK_AUDIT`, which some profiles look at.
const NETLINK_AUDIT: u64 = 9;

#[derive(Deserialize)]
struct Sources {
    sources: Vec<Source>,
}

#[derive(Deserialize)]
struct Source {
    name: String,
}

#[derive(Deserialize)]
struct Numbered {
    resolved: u64,
}

#[derive(Deserialize)]
struct Document {
    profile: serde_json::Value,
}

/// The release in our data that a source of the judge is.
fn ours(source: &str) -> (Runtime, &'static Release) {
    let (runtime, version) = source.split_once('@').expect("a version");
    let (runtime, name) = match runtime {
        "moby-profiles" if version == "0.1.0" => (Runtime::Docker, "28.5.2".to_owned()),
        "moby-profiles" => (Runtime::Docker, format!("moby/profiles@{version}")),
        other => (other.parse().expect("a runtime"), version.to_owned()),
    };
    let release = runtime.releases().iter().find(|release| release.name == name);
    (runtime, release.unwrap_or_else(|| panic!("{source} is not in the data")))
}

/// The arguments that a call is tried with.
fn arguments(name: &str) -> Vec<Arguments> {
    let with = |values: [u64; 3]| {
        let [first, second, third] = values.map(Some);
        [first, second, third, Some(0), Some(0), Some(0)]
    };
    match name {
        "socket" => (0..FAMILIES)
            .flat_map(|family| [with([family, 1, 0]), with([family, 3, NETLINK_AUDIT])])
            .collect(),
        "clone" => CLONE
            .into_iter()
            .flat_map(|flag| [with([flag, 0, 0]), with([0, flag, 0]), with([flag, flag, 0])])
            .collect(),
        "personality" => PERSONALITIES.into_iter().map(|value| with([value, 0, 0])).collect(),
        _ => vec![with([0, 0, 0])],
    }
}

/// What becomes of a call, without whose decision it is: several where libseccomp decides by an
/// order of its own, as for `socket(AF_VSOCK)` under containers-common since 0.67.
fn decision(of: &Resolved, abi: Abi, name: &str, args: &Arguments) -> BTreeSet<String> {
    match of.verdict(abi, name, args) {
        Answer::Decided(outcome) => BTreeSet::from([format!("{:?}", outcome.decision)]),
        Answer::Ambiguous(outcomes) => {
            outcomes.iter().map(|outcome| format!("{:?}", outcome.decision)).collect()
        }
        other => panic!("{name} {args:?}: {other:?}"),
    }
}

#[test]
fn every_call_fares_as_under_the_profile_of_the_runtime() {
    let mut random = Random::new(seed::seed());
    let mut judge = LineJudge::start("seccomp-defaults");
    let answered: Sources = judge.ask(&json!({}));
    assert!(answered.sources.len() > 30, "{} releases", answered.sources.len());
    let mut documents: BTreeMap<u64, Profile> = BTreeMap::new();
    let (mut calls, mut denied) = (0, 0);
    let mut ambiguous = BTreeSet::new();
    for Source { name: source } in &answered.sources {
        let (runtime, release) = ours(source);
        let reader = runtime.dialect();
        for machine in Machine::all() {
            for round in 0..seed::scaled(2, 20) {
                let chosen = 5 * random.below(21);
                let caps: BTreeSet<String> = CAPS
                    .into_iter()
                    .filter(|_| round > 0 && random.percent(chosen))
                    .map(str::to_owned)
                    .collect();
                let kernel = KERNELS[random.below(KERNELS.len())];
                let of: Numbered = judge.ask(&json!({
                    "source": source, "arch": machine.goarch(), "caps": caps,
                    "kernel": [kernel.0, kernel.1],
                }));
                let theirs = documents.entry(of.resolved).or_insert_with(|| {
                    let document: Document = judge.ask(&json!({"number": of.resolved}));
                    Profile::from_json(&document.profile).expect("a profile")
                });
                let target = |reader| Target {
                    machine,
                    kernel,
                    caps: caps.clone(),
                    reader,
                    runtime: evaluate::Runtime::Runc,
                };
                let ours = evaluate::resolve(&release.profile, &target(reader));
                let theirs = evaluate::resolve(theirs, &target(Dialect::Oci));
                let (ours, theirs) = match (ours, theirs) {
                    (Ok(ours), Ok(theirs)) => (ours, theirs),
                    // A profile that contradicts itself does so in both forms.
                    (Err(_), Err(_)) => {
                        ambiguous.insert(source.as_str());
                        continue;
                    }
                    (ours, theirs) => panic!("{source} on {machine}: {ours:?}, {theirs:?}"),
                };
                for &abi in machine.abis() {
                    for name in numbers::names(abi) {
                        for args in arguments(name) {
                            let (mine, judged) = (
                                decision(&ours, abi, name, &args),
                                decision(&theirs, abi, name, &args),
                            );
                            assert_eq!(
                                mine, judged,
                                "{source} on {machine}, {abi}, {kernel}, {caps:?}: {name} {args:?}"
                            );
                            calls += 1;
                            denied += usize::from(!judged.contains("Allow"));
                            if judged.len() > 1 {
                                ambiguous.insert(source.as_str());
                            }
                        }
                    }
                }
            }
        }
    }
    // The runtime's own rules contradict each other there.
    assert!(
        ambiguous.iter().all(|source| source.starts_with("containers-common@0.6")),
        "{ambiguous:?}"
    );
    assert!(denied > calls / 100 && denied < calls - calls / 100, "{denied} of {calls}");
    score::record(
        "seccomp_defaults",
        "default profiles of containerd, Docker and containers-common",
        &format!("{calls} calls under {} releases", answered.sources.len()),
        0,
    );
}
