//! Proof that the data says what the runtime does: for every architecture, kernel and capability,
//! both give the same rules to every system call, and where their order counts, the same first.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kubectl_seccomp::defaults::table;
use kubectl_seccomp::profile::{Gate, Profile, Rule};

use super::ask::{ARCHES, CAPS, Container, Kernel, Oracle, native};
use super::effective::{Calls, calls};
use super::{derive, names};
use crate::Result;

/// What runtimes give a container that asks for no more.
const USUAL: [&[&str]; 2] = [
    &[
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_FSETID",
        "CAP_FOWNER",
        "CAP_MKNOD",
        "CAP_NET_RAW",
        "CAP_SETGID",
        "CAP_SETUID",
        "CAP_SETFCAP",
        "CAP_SETPCAP",
        "CAP_NET_BIND_SERVICE",
        "CAP_SYS_CHROOT",
        "CAP_KILL",
        "CAP_AUDIT_WRITE",
    ],
    &["CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_BPF", "CAP_SYSLOG"],
];

/// Where each capability, all but each, and pairs are tried: the flags of clone stand elsewhere on
/// the second.
const THOROUGH: [&str; 2] = ["amd64", "s390x"];

/// Compares a profile, written as data and read again, with what a release answers.
pub(super) fn check(oracle: &mut Oracle, source: &str, profile: &Profile) -> Result<()> {
    let ours = table::parts(profile).as_ref().and_then(table::profile);
    let ours = ours.ok_or_else(|| format!("{source}: the data cannot say it"))?;
    let named = |cap: &&str| {
        let mut all =
            ours.syscalls.iter().flat_map(|r| r.includes.caps.iter().chain(&r.excludes.caps));
        all.any(|name| name == cap)
    };
    let gates: Vec<&'static str> = CAPS.into_iter().filter(named).collect();
    let mut containers = Vec::new();
    for arch in ARCHES {
        for kernel in oracle.kernels(source)? {
            let mut sets = vec![Vec::new(), CAPS.to_vec()];
            sets.extend(USUAL.map(<[_]>::to_vec));
            if THOROUGH.contains(&arch) {
                let all_but = |cap| CAPS.into_iter().filter(|other| *other != cap).collect();
                sets.extend(CAPS.map(|cap| vec![cap]));
                sets.extend(CAPS.map(all_but));
                for (position, first) in gates.iter().enumerate() {
                    sets.extend(gates[..position].iter().map(|second| vec![*first, *second]));
                }
            }
            containers.extend(sets.into_iter().map(|caps| Container { arch, kernel, caps }));
        }
    }
    let answers = oracle.resolved(source, &containers)?;
    let mut theirs = BTreeMap::new();
    let mut compared = BTreeSet::new();
    for (container, answer) in containers.iter().zip(&answers) {
        let place = Arc::as_ptr(answer).addr();
        let calls = match theirs.entry(place) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => free.insert(calls(answer, answer.syscalls.iter())?),
        };
        // Many containers have the same rules, and the same answer: once is enough.
        let rules: Vec<bool> = ours.syscalls.iter().map(|rule| counts(rule, container)).collect();
        if !compared.insert((container.arch, rules, place)) {
            continue;
        }
        compare(&ours, answer, calls, container)
            .map_err(|error| format!("{source} {container:?}: {error}"))?;
    }
    Ok(())
}

fn compare(ours: &Profile, theirs: &Profile, rules: &Calls, on: &Container) -> Result<()> {
    let action = |profile: &Profile| (profile.default_action.clone(), profile.default_errno_ret);
    if action(ours) != action(theirs) {
        return Err("the default action differs".to_owned());
    }
    let arches = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
    let mapped = ours.arch_map.iter().find(|entry| entry.architecture == derive::seccomp(on.arch));
    let mapped = mapped.map_or_else(BTreeSet::new, |entry| {
        let mut all = arches(&entry.sub_architectures);
        all.insert(entry.architecture.clone());
        all
    });
    if mapped != arches(&theirs.architectures) {
        return Err("the architectures differ".to_owned());
    }
    let counts = |rule: &&Rule| counts(rule, on);
    let ours = calls(ours, ours.syscalls.iter().filter(counts))?;
    let differing =
        ours.keys().chain(rules.keys()).filter(|name| ours.get(*name) != rules.get(*name));
    let differing = names(differing.map(String::as_str));
    if differing.is_empty() { Ok(()) } else { Err(format!("rules differ for {differing}")) }
}

/// Whether a rule counts for a container, as `setupSeccomp` of moby and containers-common decides.
fn counts(rule: &Rule, on: &Container) -> bool {
    let arch = native(on.arch);
    let has = |cap: &String| on.caps.contains(&cap.as_str());
    let named = |gate: &Gate| gate.arches.iter().any(|name| name == arch);
    let reached =
        |gate: &Gate| gate.min_kernel.is_none_or(|least| kernel(least.0, least.1) <= on.kernel);
    let (with, without) = (&rule.includes, &rule.excludes);
    with.caps.iter().all(has)
        && (with.arches.is_empty() || named(with))
        && reached(with)
        && !without.caps.iter().any(has)
        && !named(without)
        && (without.min_kernel.is_none() || !reached(without))
}

fn kernel(version: u32, major: u32) -> Kernel {
    (version, major)
}
