//! The rules of a profile with their conditions: the answers for every architecture, kernel and
//! capability are compared. containerd has nothing else; what moby and containers-common write down
//! is not always what they do (an architecture that the runtime does not know by that name).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kubectl_seccomp::defaults::rule;
use kubectl_seccomp::profile::{ArchMap, Gate, Kernel as Version, Profile};

use super::ask::{ARCHES, CAPS, Container, Kernel, Oracle, native};
use super::effective::calls;
use crate::Result;

/// A rule for one system call, as a line of the data, without conditions on the machine.
type Atom = (String, String);

/// When an atom is there, on one machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum When {
    /// Unless the container has one of these capabilities.
    Unless(Vec<&'static str>),
    /// If the container has all of these capabilities.
    With(Vec<&'static str>),
}

/// The profile of a release.
pub(super) fn profile(oracle: &mut Oracle, source: &str) -> Result<Profile> {
    let kernels = oracle.kernels(source)?;
    let mut machines: BTreeMap<(Atom, When), BTreeSet<(&'static str, Kernel)>> = BTreeMap::new();
    let mut default = None;
    let mut known: BTreeMap<usize, Arc<BTreeSet<Atom>>> = BTreeMap::new();
    let mut atoms = |profile: &Arc<Profile>| -> Result<Arc<BTreeSet<Atom>>> {
        // Many containers have the same profile, one in memory.
        let place = Arc::as_ptr(profile).addr();
        Ok(match known.entry(place) {
            Entry::Occupied(atoms) => atoms.into_mut().clone(),
            Entry::Vacant(free) => free.insert(Arc::new(atoms_of(profile)?)).clone(),
        })
    };
    let caps = matter(oracle, source)?;
    let pairs = pairs(oracle, source, &caps)?;
    for arch in ARCHES {
        for &kernel in &kernels {
            let mut asked = vec![Container { arch, kernel, caps: Vec::new() }];
            asked.extend(caps.iter().map(|cap| Container { arch, kernel, caps: vec![cap] }));
            let answers = oracle.resolved(source, &asked)?;
            let (bare, others) = answers.split_first().ok_or("no answer")?;
            let of = (bare.default_action.clone(), bare.default_errno_ret);
            if default.get_or_insert_with(|| of.clone()) != &of {
                return Err(format!("{source}: the default action depends on the machine"));
            }
            let bare = atoms(bare)?;
            let mut lost: BTreeMap<Atom, Vec<&'static str>> = BTreeMap::new();
            for (cap, other) in caps.iter().copied().zip(others) {
                let other = atoms(other)?;
                if Arc::ptr_eq(&other, &bare) {
                    continue;
                }
                for atom in other.difference(&bare) {
                    let key = (atom.clone(), When::With(vec![cap]));
                    machines.entry(key).or_default().insert((arch, kernel));
                }
                for atom in bare.difference(&other) {
                    lost.entry(atom.clone()).or_default().push(cap);
                }
            }
            for &(first, second) in &pairs {
                for atom in together(oracle, source, (arch, kernel), (first, second))? {
                    let key = (atom, When::With(vec![first, second]));
                    machines.entry(key).or_default().insert((arch, kernel));
                }
            }
            for atom in bare.iter() {
                let unless = lost.remove(atom).unwrap_or_default();
                let key = (atom.clone(), When::Unless(unless));
                machines.entry(key).or_default().insert((arch, kernel));
            }
        }
    }
    let (action, errno) = default.ok_or("no machine")?;
    let mut profile = Profile {
        default_action: action,
        default_errno_ret: errno,
        arch_map: arch_map(oracle, source)?,
        ..Profile::default()
    };
    for (((line, name), when), mut on) in machines.clone() {
        if matches!(when, When::With(_)) {
            // Where everybody has it, it does no harm to say that the capability gives it.
            let all = ((line.clone(), name.clone()), When::Unless(Vec::new()));
            on.extend(machines.get(&all).into_iter().flatten());
        }
        let mut one = rule::read(&line).ok_or_else(|| format!("{source}: {line}"))?;
        let gates = (&mut one.includes, &mut one.excludes);
        place(&on, &kernels, gates).ok_or_else(|| {
            format!("{source}: {name} {line} {when:?} depends on architecture and kernel together")
        })?;
        match when {
            When::Unless(caps) => one.excludes.caps = caps.iter().map(|&c| c.to_owned()).collect(),
            When::With(caps) => one.includes.caps = caps.iter().map(|&c| c.to_owned()).collect(),
        }
        one.names = vec![name];
        profile.syscalls.push(one);
    }
    Ok(profile)
}

/// A kernel that is later than every gate.
const LATE: Kernel = (99, 0);

/// The capabilities that change anything, alone, on machines that differ much. That no other does
/// is proven afterwards.
fn matter(oracle: &mut Oracle, source: &str) -> Result<Vec<&'static str>> {
    let mut caps = BTreeSet::new();
    for (arch, kernel) in [("amd64", LATE), ("amd64", (1, 0)), ("s390x", LATE), ("arm64", LATE)] {
        let mut asked = vec![Container { arch, kernel, caps: Vec::new() }];
        asked.extend(CAPS.map(|cap| Container { arch, kernel, caps: vec![cap] }));
        let answers = oracle.resolved(source, &asked)?;
        let (bare, others) = answers.split_first().ok_or("no answer")?;
        let changing = CAPS.into_iter().zip(others).filter(|(_, other)| !Arc::ptr_eq(bare, other));
        caps.extend(changing.map(|(cap, _)| cap));
    }
    Ok(caps.into_iter().collect())
}

/// The pairs of capabilities that together give what neither gives.
fn pairs(
    oracle: &mut Oracle,
    source: &str,
    caps: &[&'static str],
) -> Result<Vec<(&'static str, &'static str)>> {
    let mut found = Vec::new();
    for (position, first) in caps.iter().enumerate() {
        for second in &caps[..position] {
            if !together(oracle, source, ("amd64", LATE), (second, first))?.is_empty() {
                found.push((*second, *first));
            }
        }
    }
    Ok(found)
}

/// What two capabilities give together and neither gives.
fn together(
    oracle: &mut Oracle,
    source: &str,
    (arch, kernel): (&'static str, Kernel),
    (first, second): (&'static str, &'static str),
) -> Result<Vec<Atom>> {
    let asked = [vec![first, second], vec![first], vec![second], Vec::new()];
    let asked = asked.map(|caps| Container { arch, kernel, caps });
    let mut atoms = Vec::new();
    for profile in oracle.resolved(source, &asked)? {
        atoms.push(atoms_of(&profile)?);
    }
    let (both, fewer) = atoms.split_first().ok_or("no answer")?;
    let new = both.iter().filter(|atom| !fewer.iter().any(|known| known.contains(*atom)));
    Ok(new.cloned().collect())
}

/// Turns the machines that a rule is for into conditions: architectures times kernels from one on.
/// `None` where it is no such set.
fn place(
    machines: &BTreeSet<(&'static str, Kernel)>,
    kernels: &[Kernel],
    (includes, excludes): (&mut Gate, &mut Gate),
) -> Option<()> {
    let arches: BTreeSet<&str> = machines.iter().map(|(arch, _)| *arch).collect();
    let least = machines.iter().map(|(_, kernel)| *kernel).min()?;
    let from: Vec<Kernel> = kernels.iter().copied().filter(|kernel| *kernel >= least).collect();
    let product = arches.len().checked_mul(from.len())?;
    if product != machines.len() || !machines.iter().all(|(_, kernel)| from.contains(kernel)) {
        return None;
    }
    if Some(&least) != kernels.first() {
        includes.min_kernel = Some(Version(least.0, least.1));
    }
    let missing: Vec<&str> = ARCHES.into_iter().filter(|arch| !arches.contains(arch)).collect();
    let list = |arches: &mut dyn Iterator<Item = &'static str>| {
        arches.map(|arch| native(arch).to_owned()).collect()
    };
    if missing.is_empty() {
    } else if missing.len() < arches.len() {
        excludes.arches = list(&mut ARCHES.into_iter().filter(|arch| !arches.contains(arch)));
    } else {
        includes.arches = list(&mut ARCHES.into_iter().filter(|arch| arches.contains(arch)));
    }
    Some(())
}

/// The atoms of a profile.
fn atoms_of(profile: &Profile) -> Result<BTreeSet<Atom>> {
    let calls = calls(profile, profile.syscalls.iter())?;
    let each = calls
        .into_iter()
        .flat_map(|(name, lines)| lines.into_iter().map(move |line| (line, name.clone())));
    Ok(each.collect())
}

/// What a release adds on each architecture.
fn arch_map(oracle: &mut Oracle, source: &str) -> Result<Vec<ArchMap>> {
    let machines = ARCHES.map(|arch| Container { arch, kernel: (1, 0), caps: Vec::new() });
    let mut map = Vec::new();
    for (arch, profile) in ARCHES.into_iter().zip(oracle.resolved(source, &machines)?) {
        if profile.architectures.is_empty() {
            continue;
        }
        let own = seccomp(arch);
        if !profile.architectures.iter().any(|name| name == own) {
            return Err(format!("{source}: on {arch} there is no {own}"));
        }
        let others = profile.architectures.iter().filter(|name| *name != own).cloned();
        map.push(ArchMap { architecture: own.to_owned(), sub_architectures: others.collect() });
    }
    Ok(map)
}

/// What profiles call an architecture of Go's.
pub(super) fn seccomp(arch: &str) -> &'static str {
    match arch {
        "386" => "SCMP_ARCH_X86",
        "amd64" => "SCMP_ARCH_X86_64",
        "arm" => "SCMP_ARCH_ARM",
        "arm64" => "SCMP_ARCH_AARCH64",
        "loong64" => "SCMP_ARCH_LOONGARCH64",
        "mips" => "SCMP_ARCH_MIPS",
        "mips64" => "SCMP_ARCH_MIPS64",
        "mips64le" => "SCMP_ARCH_MIPSEL64",
        "mipsle" => "SCMP_ARCH_MIPSEL",
        "ppc64" => "SCMP_ARCH_PPC64",
        "ppc64le" => "SCMP_ARCH_PPC64LE",
        "riscv64" => "SCMP_ARCH_RISCV64",
        "s390x" => "SCMP_ARCH_S390X",
        _ => "",
    }
}
