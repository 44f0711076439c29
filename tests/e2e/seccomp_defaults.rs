//! The default profiles that we carry, against the code of the runtimes: containerd's, moby's and
//! containers-common's own functions answer for a container on a machine, and so do we; what
//! becomes of every call under both profiles must be the same.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kubectl_seccomp::defaults::{Release, Runtime};
use kubectl_seccomp::evaluate::{
    self, Abi, Answer, Arguments, Decision, Machine, Resolved, Target, numbers,
};
use kubectl_seccomp::profile::{Dialect, Kernel, Profile};
#[cfg(target_os = "linux")]
use posture_e2e::seccomp::reference::{compile, token};
#[cfg(target_os = "linux")]
use posture_e2e::seccomp::setting::Setting;
use posture_generators::random::Random;
use posture_harness::judge::LineJudge;
use posture_harness::{score, seed};
#[cfg(target_os = "linux")]
use posture_kernel::libseccomp::Library;
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

/// What becomes of a call, without whose decision it is.
fn decision(of: &Resolved, abi: Abi, name: &str, args: &Arguments) -> Decision {
    match of.verdict(abi, name, args) {
        Answer::Decided(outcome) => outcome.decision,
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
    let mut refused = BTreeSet::new();
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
                        refused.insert(source.as_str());
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
                            denied += usize::from(judged != Decision::Allow);
                        }
                    }
                }
            }
        }
    }
    // The runtime's own rules contradict each other there, about socketcall.
    assert!(
        refused.iter().all(|source| source.starts_with("containers-common@0.6")),
        "{refused:?}"
    );
    assert!(denied > calls / 100 && denied < calls - calls / 100, "{denied} of {calls}");
    score::record(
        "seccomp_defaults",
        "default profiles of containerd, Docker and containers-common",
        &format!("{calls} calls under {} releases", answered.sources.len()),
        0,
    );
}

/// Values on both sides of each constant that the rules about a call have, and none, as far as an
/// argument is not known.
fn around_constants(profile: &Profile, name: &str) -> Vec<Arguments> {
    let mut values: BTreeMap<usize, BTreeSet<Option<u64>>> = BTreeMap::new();
    let about = profile.syscalls.iter().filter(|rule| rule.names.iter().any(|own| own == name));
    for arg in about.flat_map(|rule| &rule.args) {
        let index = usize::try_from(arg.index).expect("a small index");
        let near = values.entry(index).or_insert_with(|| BTreeSet::from([None]));
        for constant in [arg.value, arg.value_two] {
            near.extend([constant.wrapping_sub(1), constant, constant.wrapping_add(1)].map(Some));
        }
    }
    let mut found = vec![[None; 6]];
    for (index, near) in values {
        let with = |args: &Arguments| {
            let args = *args;
            near.iter().map(move |value| {
                let mut args = args;
                args[index] = *value;
                args
            })
        };
        found = found.iter().flat_map(with).collect::<Vec<_>>();
    }
    found
}

/// No capability, all that a profile asks about, and each alone, held and missing.
fn sets_of_caps(profile: &Profile) -> BTreeSet<BTreeSet<String>> {
    let gates = profile.syscalls.iter().flat_map(|rule| [&rule.includes, &rule.excludes]);
    let all: BTreeSet<String> = gates.flat_map(|gate| gate.caps.iter().cloned()).collect();
    let mut sets = BTreeSet::from([BTreeSet::new(), all.clone()]);
    for cap in &all {
        sets.insert(BTreeSet::from([cap.clone()]));
        sets.insert(all.iter().filter(|other| *other != cap).cloned().collect());
    }
    sets
}

#[test]
fn no_call_is_ambiguous_under_a_default_profile() {
    let mut profiles: Vec<(Runtime, &Release)> = Vec::new();
    for runtime in Runtime::ALL {
        for release in runtime.releases() {
            let same =
                |known: &(Runtime, &Release)| Arc::ptr_eq(&known.1.profile, &release.profile);
            if !profiles.iter().any(same) {
                profiles.push((runtime, release));
            }
        }
    }
    let (mut answers, mut ambiguous, mut contested, mut refused) = (0_usize, 0_usize, 0, 0);
    for (runtime, release) in &profiles {
        let profile = &release.profile;
        let mut arguments: BTreeMap<&str, Vec<Arguments>> = BTreeMap::new();
        for caps in sets_of_caps(profile) {
            for machine in Machine::all() {
                for kernel in [Kernel(3, 10), Kernel(6, 18)] {
                    let target = Target {
                        machine,
                        kernel,
                        caps: caps.clone(),
                        reader: runtime.dialect(),
                        runtime: evaluate::Runtime::Runc,
                    };
                    let Ok(resolved) = evaluate::resolve(profile, &target) else {
                        refused += 1;
                        continue;
                    };
                    contested += resolved.contested.len();
                    for &abi in machine.abis() {
                        for name in numbers::names(abi) {
                            let all = arguments
                                .entry(name)
                                .or_insert_with(|| around_constants(profile, name));
                            for args in all.iter() {
                                answers += 1;
                                let answer = resolved.verdict(abi, name, args);
                                if matches!(answer, Answer::Ambiguous(_)) {
                                    ambiguous += 1;
                                    println!(
                                        "{runtime} {} on {machine}, {abi}, {caps:?}: {name} \
                                         {args:?}: {answer:?}",
                                        release.name
                                    );
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    println!(
        "{} profiles, {answers} answers, {ambiguous} of them ambiguous; {contested} pairs \
         of rules that disagree, none of which decides; {refused} times no container starts",
        profiles.len()
    );
    score::record(
        "seccomp_defaults_ambiguous",
        "ambiguous answers under the default profiles",
        &format!("{answers} answers under {} profiles", profiles.len()),
        ambiguous,
    );
    assert_eq!(ambiguous, 0);
    assert!(profiles.len() > 30 && answers > 1_000_000, "{answers} answers");
}

/// The newest call that every libseccomp of today knows: `io_uring_register`.
#[cfg(target_os = "linux")]
const NEWEST: u32 = 427;

/// Machines of which libseccomp has all ABIs, in the byte order of this one.
#[cfg(target_os = "linux")]
const COMPILED: [&str; 5] = ["amd64", "arm64", "arm", "ppc64le", "riscv64"];

#[cfg(target_os = "linux")]
#[test]
fn libseccomp_makes_the_same_of_the_profiles_of_the_runtimes() {
    let library = Library::load();
    let mut judge = LineJudge::start("seccomp-defaults");
    let answered: Sources = judge.ask(&json!({}));
    let (mut calls, mut refused) = (0, 0);
    for Source { name: source } in &answered.sources {
        for goarch in COMPILED {
            for caps in [vec![], vec!["CAP_AUDIT_WRITE"], CAPS.to_vec()] {
                let of: Numbered = judge.ask(&json!({
                    "source": source, "arch": goarch, "caps": caps, "kernel": [6, 18],
                }));
                let document: Document = judge.ask(&json!({"number": of.resolved}));
                let setting = Setting {
                    goarch,
                    kernel: (6, 18),
                    caps: caps.clone(),
                    reader: Dialect::Oci,
                    runc: true,
                };
                let (runtime, release) = ours(source);
                let target = Target { reader: runtime.dialect(), ..setting.target() };
                let compiled = compile(&library, &document.profile, &setting);
                let resolved = evaluate::resolve(&release.profile, &target);
                let (compiled, resolved) = match (compiled, resolved) {
                    (Ok(compiled), Ok(resolved)) => (compiled, resolved),
                    (Err(_), Err(_)) => {
                        refused += 1;
                        continue;
                    }
                    (compiled, resolved) => {
                        panic!("{source} on {goarch}: {compiled:?}, {resolved:?}")
                    }
                };
                for abi in setting.abis().iter().filter(|abi| resolved.abis.contains(abi)) {
                    for name in numbers::names(*abi) {
                        let Some(number) = numbers::number(*abi, name) else { continue };
                        let token = token(abi.scmp());
                        let known = library.number_on(token, name);
                        // The library may be older than a call, and than the names of the profile.
                        if number & !evaluate::X32_BIT > NEWEST
                            || known.and_then(|known| u32::try_from(known).ok()) != Some(number)
                        {
                            continue;
                        }
                        for args in arguments(name) {
                            let ours = decision(&resolved, *abi, name, &args);
                            let args = args.map(Option::unwrap_or_default);
                            let theirs = compiled.verdict(token, number, args);
                            calls += 1;
                            assert_eq!(
                                ours.filter_value(),
                                theirs.value,
                                "{source} on {goarch}, {abi}, {caps:?}: {name} {args:?}"
                            );
                        }
                    }
                }
            }
        }
    }
    println!("{calls} calls; {refused} times no container starts");
    score::record(
        "seccomp_defaults_libseccomp",
        "libseccomp's filters of the default profiles",
        &format!("{calls} calls"),
        0,
    );
    assert!(calls > 50_000, "{calls} calls");
}
