//! Profile → filter: what a runtime makes of a document for one container on one node.
//!
//! Sources: `SetupSeccomp` and `matchCall` of runc's libcontainer, `seccomp_rule_add` of
//! libseccomp and its documentation, `patchbpf` of runc for the largest number.

use std::collections::BTreeMap;

use posture::model::path::FieldPath;

use super::abi::Abi;
use super::condition::{Condition, witness};
use super::decision::{self, Decision};
use super::faults::{Fault, injected};
use super::gates::{self, Closed};
use super::target::{Runtime, Target};
use super::{multiplex, numbers, order};
use crate::profile::{Action, Dialect, Profile, Rule, Wrong};

/// A profile as it is loaded into the kernel.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Whether the document switches seccomp off: no default action, and no rules.
    pub off: bool,
    /// What happens to a call that no rule is about.
    pub default: Decision,
    /// The ABIs that the filter knows; a call through another one ends the thread.
    pub abis: Vec<Abi>,
    /// What became of each entry of `syscalls`.
    pub fates: Vec<Fate>,
    /// The flags that the filter is loaded with.
    pub flags: Vec<String>,
    /// The largest number that the document names on each ABI, where larger ones are unknown calls
    /// to the runtime.
    pub(super) largest: BTreeMap<Abi, u32>,
    pub(super) calls: BTreeMap<(Abi, String), Rules>,
    /// Rules that say different things about the same calls.
    pub contested: Vec<Contested>,
}

/// Two rules that say different things about the same calls, and libseccomp's order of them is not
/// certain: it decides by what else there is, or refuses the profile, also where a third one without conditions follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contested {
    /// Where.
    pub abi: Abi,
    /// Which call.
    pub name: String,
    /// The positions of the two entries of `syscalls`.
    pub rules: [usize; 2],
    /// Arguments that both are about; `None` where one of the rules is about no call at all, which
    /// libseccomp does not see.
    pub args: Option<[u64; 6]>,
}

/// What became of an entry of `syscalls`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It counts.
    Counts,
    /// It does not count here.
    Closed(Closed),
    /// It does what the default does, so it is dropped, and stands in nobody's way.
    EqualToDefault,
}

/// The rules about one call on one ABI.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    /// One without conditions, or any number with.
    pub clauses: Vec<Clause>,
    /// Entries that count for nothing because of the one without conditions.
    pub shadowed: Vec<usize>,
    /// Entries that count for nothing because another one is asked first.
    pub outranked: Vec<usize>,
}

/// One rule of the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// The position of its entry in `syscalls`.
    pub rule: usize,
    /// All must hold; none means that every call is meant. Values that another entry takes first
    /// are left out.
    pub conditions: Vec<Condition>,
    /// What happens to the call.
    pub decision: Decision,
    /// The socket or IPC call that it was written for, where this one carries it.
    pub carries: Option<String>,
}

/// What the runtime does, or why the container does not start with such a profile.
pub fn resolve(profile: &Profile, target: &Target) -> Result<Resolved, Wrong> {
    let mut resolved = Resolved {
        off: profile.default_action.is_none() && profile.syscalls.is_empty(),
        default: Decision::Allow,
        abis: Vec::new(),
        fates: Vec::new(),
        flags: Vec::new(),
        largest: BTreeMap::new(),
        calls: BTreeMap::new(),
        contested: Vec::new(),
    };
    if resolved.off {
        return Ok(resolved);
    }
    resolved.default = default(profile, target)?;
    resolved.abis = abis(profile, target)?;
    resolved.flags = flags(profile, target.runtime)?;
    let mut mentioned = Vec::new();
    for (index, rule) in profile.syscalls.iter().enumerate() {
        let fate = if let Some(closed) = gates::closed(rule, target) {
            Fate::Closed(closed)
        } else {
            let calls = names(rule, index, target)?;
            mentioned.extend(calls);
            resolved.add(index, rule, calls, target)?
        };
        resolved.fates.push(fate);
    }
    resolved.settle();
    resolved.stub(&mentioned, target.runtime);
    Ok(resolved)
}

fn wrong(path: FieldPath, message: impl Into<String>) -> Wrong {
    Wrong { path, message: message.into() }
}

fn entry(index: usize) -> FieldPath {
    FieldPath::of("syscalls").index(index)
}

fn default(profile: &Profile, target: &Target) -> Result<Decision, Wrong> {
    let at = |field| FieldPath::of(field);
    let action = profile
        .default_action
        .as_ref()
        .ok_or_else(|| wrong(at("defaultAction"), "is missing: the container does not start"))?;
    let text = profile.default_errno.as_deref();
    let errno = errno(text, profile.default_errno_ret, target.reader, || at("defaultErrno"))?;
    if *action == Action::Notify && target.runtime == Runtime::Runc {
        return Err(wrong(at("defaultAction"), "runc takes no SCMP_ACT_NOTIFY as default"));
    }
    decision(action, errno).map_err(|message| wrong(at("defaultAction"), message))
}

fn decision(action: &Action, errno: Option<u32>) -> Result<Decision, String> {
    let errno = errno.filter(|_| !injected(Fault::NoErrno));
    Decision::of(action, errno).ok_or_else(|| match action {
        Action::Other(name) => format!("no runtime knows {name:?}: the container does not start"),
        _ => format!(
            "libseccomp takes no error above {}: the container does not start",
            decision::LARGEST_ERRNO
        ),
    })
}

/// The error that a reader takes from its two fields, if it is given one. Fails where it knows no
/// such error.
fn errno(
    text: Option<&str>,
    number: Option<u32>,
    reader: Dialect,
    path: impl FnOnce() -> FieldPath,
) -> Result<Option<u32>, Wrong> {
    match text.filter(|_| reader == Dialect::ContainersCommon) {
        Some(text) => decision::errno_number(text)
            .map(Some)
            .ok_or_else(|| wrong(path(), "is no error that containers-common knows")),
        None => Ok(number),
    }
}

fn abis(profile: &Profile, target: &Target) -> Result<Vec<Abi>, Wrong> {
    let reads_map = target.reader != Dialect::Oci;
    if reads_map && !profile.architectures.is_empty() && !profile.arch_map.is_empty() {
        let message = "has no place beside architectures: the container does not start";
        return Err(wrong(FieldPath::of("archMap"), message));
    }
    let native = target.machine.native();
    let mut names: Vec<(&str, FieldPath)> = Vec::new();
    for (index, name) in profile.architectures.iter().enumerate() {
        names.push((name, FieldPath::of("architectures").index(index)));
    }
    let own = |name: &str| {
        target.machine.finds_arch_map(target.reader) && Abi::named(name) == Some(native)
    };
    let mapped = profile.arch_map.iter().position(|entry| own(&entry.architecture));
    if let Some(position) = mapped {
        let path = FieldPath::of("archMap").index(position).field("subArchitectures");
        for (index, name) in profile.arch_map[position].sub_architectures.iter().enumerate() {
            names.push((name, path.clone().index(index)));
        }
    }
    // The filter always has the machine's own.
    let mut abis = vec![native];
    for (name, path) in names {
        if name == "SCMP_ARCH_NATIVE" && target.runtime == Runtime::Crun {
            continue;
        }
        let abi = Abi::named(name).filter(|abi| target.runtime.knows(*abi)).ok_or_else(|| {
            wrong(path.clone(), format!("the runtime does not know {name:?}: no container starts"))
        })?;
        if !abi.same_endian(native) {
            let message = format!("no filter can hold {abi} beside {native}: no container starts");
            return Err(wrong(path, message));
        }
        if !abis.contains(&abi) {
            abis.push(abi);
        }
    }
    Ok(abis)
}

impl Runtime {
    /// Source: `archs` in libcontainer/seccomp/config.go of runc; crun asks libseccomp.
    fn knows(self, abi: Abi) -> bool {
        let unknown = [Abi::M68k, Abi::Parisc, Abi::Parisc64, Abi::Sh, Abi::Sheb];
        self == Self::Crun || !unknown.contains(&abi)
    }
}

fn flags(profile: &Profile, runtime: Runtime) -> Result<Vec<String>, Wrong> {
    const SPEC_ALLOW: &str = "SECCOMP_FILTER_FLAG_SPEC_ALLOW";
    const KNOWN: [&str; 3] = ["SECCOMP_FILTER_FLAG_TSYNC", SPEC_ALLOW, "SECCOMP_FILTER_FLAG_LOG"];
    const KILLABLE: &str = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV";
    let Some(flags) = &profile.flags else {
        let default = (runtime == Runtime::Runc).then(|| SPEC_ALLOW.to_owned());
        return Ok(default.into_iter().collect());
    };
    for (index, flag) in flags.iter().enumerate() {
        let known =
            KNOWN.contains(&flag.as_str()) || (runtime == Runtime::Crun && flag == KILLABLE);
        if !known {
            let message = format!("the runtime does not know {flag:?}: no container starts");
            return Err(wrong(FieldPath::of("flags").index(index), message));
        }
    }
    Ok(flags.clone())
}

/// The names of an entry that counts.
fn names<'a>(rule: &'a Rule, index: usize, target: &Target) -> Result<&'a [String], Wrong> {
    match &rule.name {
        Some(_) if target.reader == Dialect::Oci => Ok(&rule.names),
        Some(_) if !rule.names.is_empty() => {
            let message = "has no place beside names: the container does not start";
            Err(wrong(entry(index).field("name"), message))
        }
        Some(name) => Ok(std::slice::from_ref(name)),
        None => Ok(&rule.names),
    }
}

impl Resolved {
    /// Adds the rules of an entry that counts.
    fn add(
        &mut self,
        index: usize,
        rule: &Rule,
        names: &[String],
        target: &Target,
    ) -> Result<Fate, Wrong> {
        let at = |field: &'static str| entry(index).field(field);
        let action = rule
            .action
            .as_ref()
            .ok_or_else(|| wrong(at("action"), "is missing: the container does not start"))?;
        let errno = errno(rule.errno.as_deref(), rule.errno_ret, target.reader, || at("errno"))?;
        let decision = decision(action, errno).map_err(|message| wrong(at("action"), message))?;
        if let Some(position) = names.iter().position(String::is_empty) {
            let message = "a call needs a name: the container does not start";
            return Err(wrong(at("names").index(position), message));
        }
        let writes = names.iter().any(|name| name == "write");
        if decision == Decision::Notify && writes && target.runtime == Runtime::Runc {
            return Err(wrong(at("action"), "runc takes no SCMP_ACT_NOTIFY for write"));
        }
        if decision == self.default && !injected(Fault::EqualToDefaultKept) {
            return Ok(Fate::EqualToDefault);
        }
        for abi in self.abis.clone() {
            let alternatives = alternatives(index, rule, abi, target.runtime)?;
            for name in names {
                for conditions in &alternatives {
                    self.write(index, name, conditions, decision, abi)?;
                }
            }
        }
        Ok(Fate::Counts)
    }

    /// Writes one rule for a call of an ABI, and for the call that carries it.
    fn write(
        &mut self,
        rule: usize,
        name: &str,
        conditions: &[Condition],
        decision: Decision,
        abi: Abi,
    ) -> Result<(), Wrong> {
        let carrier = multiplex::through(name)
            .filter(|_| abi.multiplexes() && !injected(Fault::NoMultiplexing));
        if let Some((through, number)) = carrier {
            let first = Condition::equals(0, number, abi);
            let rest = conditions.iter().copied().filter(|condition| condition.arg > 0);
            let conditions = std::iter::once(first).chain(rest).collect();
            let clause = Clause { rule, conditions, decision, carries: Some(name.to_owned()) };
            self.insert(abi, through, clause)?;
        }
        if numbers::number(abi, name).is_some() {
            let conditions = conditions.to_vec();
            self.insert(abi, name, Clause { rule, conditions, decision, carries: None })?;
        }
        Ok(())
    }

    /// The first rule without conditions takes all; conditional ones live beside each other.
    fn insert(&mut self, abi: Abi, name: &str, clause: Clause) -> Result<(), Wrong> {
        let rules = self.calls.entry((abi, name.to_owned())).or_default();
        let contrary = rules
            .clauses
            .iter()
            .filter(|known| known.decision != clause.decision && !known.conditions.is_empty());
        for known in contrary {
            // One without conditions is no rival: it takes all.
            if meet(known, &clause) && !clause.conditions.is_empty() {
                let args = both(known, &clause);
                let rules = [known.rule, clause.rule];
                self.contested.push(Contested { abi, name: name.to_owned(), rules, args });
            }
        }
        let decided = rules.clauses.first().is_some_and(|first| first.conditions.is_empty());
        if decided && injected(Fault::LastUnconditionalWins) && clause.conditions.is_empty() {
            rules.clauses = vec![clause];
            return Ok(());
        }
        if decided {
            rules.shadowed.push(clause.rule);
            return Ok(());
        }
        if clause.conditions.is_empty() && !injected(Fault::ConditionalNotAbsorbed) {
            let absorbed = std::mem::replace(&mut rules.clauses, vec![clause]);
            rules.shadowed.extend(absorbed.iter().map(|clause| clause.rule));
            return Ok(());
        }
        let same = rules.clauses.iter().find(|known| known.conditions == clause.conditions);
        match same {
            Some(known) if known.decision == clause.decision => {}
            Some(known) if !injected(Fault::FirstOverlapWins) => {
                return Err(wrong(
                    entry(clause.rule),
                    format!(
                        "says something else than syscalls[{}] about {name} on {abi} under the \
                         same conditions: libseccomp refuses that, and no container starts",
                        known.rule
                    ),
                ));
            }
            _ => rules.clauses.push(clause),
        }
        Ok(())
    }

    /// Puts rules that disagree into libseccomp's order, where that is certain.
    fn settle(&mut self) {
        for ((abi, name), rules) in &mut self.calls {
            let clauses = &rules.clauses;
            let of = |rule: usize| clauses.iter().filter(move |clause| clause.rule == rule);
            self.contested.retain(|contested| {
                let here = contested.abi == *abi && contested.name == *name;
                let [one, other] = contested.rules;
                let settled = |one: &Clause, other: &Clause| {
                    order::settles(clauses, one, other) || !meet(one, other)
                };
                // Where another rule took them all, libseccomp has seen them nevertheless.
                let both = here && of(one).next().is_some() && of(other).next().is_some();
                !both || !of(one).all(|one| of(other).all(|other| settled(one, other)))
            });
            rules.outranked = order::settle(&mut rules.clauses);
        }
    }

    /// Notes the largest number of each ABI, where runc answers larger ones with ENOSYS.
    fn stub(&mut self, mentioned: &[&String], runtime: Runtime) {
        let permissive =
            matches!(self.default, Decision::Allow | Decision::Log | Decision::Trace(_));
        if permissive || runtime != Runtime::Runc || injected(Fault::NoStub) {
            return;
        }
        for abi in &self.abis {
            // A call that another one carries has no number of its own to runc.
            let counts = |name: &&&String| !abi.multiplexes() || multiplex::through(name).is_none();
            let numbers = mentioned.iter().filter(counts);
            let largest = numbers.filter_map(|name| numbers::number(*abi, name)).max();
            self.largest.extend(largest.filter(|number| *number > 0).map(|number| (*abi, number)));
        }
    }
}

/// Arguments that two rules are about.
fn both(one: &Clause, other: &Clause) -> Option<[u64; 6]> {
    witness(&[&one.conditions[..], &other.conditions].concat())
}

/// Whether two rules are about the same arguments, or one is about none, which libseccomp does not
/// see.
fn meet(one: &Clause, other: &Clause) -> bool {
    let never = |clause: &Clause| witness(&clause.conditions).is_none();
    both(one, other).is_some() || never(one) || never(other)
}

/// The conditions of an entry: all of a list must hold, and one list is enough. There is one list,
/// unless two conditions are about the same argument: then each is a list of its own.
fn alternatives(
    index: usize,
    rule: &Rule,
    abi: Abi,
    runtime: Runtime,
) -> Result<Vec<Vec<Condition>>, Wrong> {
    // crun reads no more than a call has arguments.
    let count = if runtime == Runtime::Crun { 6 } else { usize::MAX };
    let mut conditions = Vec::new();
    for (position, arg) in rule.args.iter().take(count).enumerate() {
        conditions.push(Condition::of(arg, abi).ok_or_else(|| {
            let message = "is no condition that a runtime reads: the container does not start";
            wrong(entry(index).field("args").index(position), message)
        })?);
    }
    conditions.sort_by_key(|condition| condition.arg);
    let repeats = conditions.windows(2).any(|pair| pair[0].arg == pair[1].arg);
    let mut lists: Vec<Vec<Condition>> = if repeats && !injected(Fault::RepeatedArgumentIsAnd) {
        conditions.into_iter().map(|condition| vec![condition]).collect()
    } else {
        vec![conditions]
    };
    // Where no bit counts, nothing is asked for.
    for list in &mut lists {
        list.retain(|condition| !condition.is_empty());
    }
    Ok(lists)
}
