//! The answer for one call, its arguments known or not.

use std::collections::BTreeMap;

use super::abi::Abi;
use super::condition::Condition;
use super::decision::{Decision, ENOSYS};
use super::faults::{Fault, injected};
use super::numbers;
use super::resolve::{Clause, Resolved};

/// The arguments of a call, as far as they are known.
pub type Arguments = [Option<u64>; 6];

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The ABI has no such call.
    Absent,
    /// It is not known here which calls the ABI has.
    Unknown,
    /// It is certain.
    Decided(Outcome),
    /// It depends on arguments that are not known: the cases, and what happens in no case.
    Depends(Vec<Case>, Outcome),
    /// Rules that say different things are about the very same call, and libseccomp's order of them
    /// is not certain, or it refuses the profile.
    Ambiguous(Vec<Outcome>),
}

/// What happens under conditions that are not known to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// What happens then.
    pub outcome: Outcome,
}

/// A decision, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What becomes of the call.
    pub decision: Decision,
    /// Why.
    pub why: Why,
}

/// Whose decision it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The profile switches seccomp off.
    Off,
    /// The filter does not know the ABI.
    UnknownAbi,
    /// The number is larger than the largest one that the profile names on this ABI: runc takes
    /// the call for newer than the profile.
    NewerThanProfile(u32),
    /// No rule is about the call.
    Default,
    /// An entry of `syscalls`.
    Rule {
        /// Its position.
        rule: usize,
        /// The conditions that the arguments fulfil.
        held: Vec<Condition>,
        /// The socket or IPC call that it was written for, where this one carries it.
        carries: Option<String>,
    },
}

impl Outcome {
    fn by(decision: Decision, why: Why) -> Self {
        Self { decision, why }
    }

    fn of(clause: &Clause) -> Self {
        let why = Why::Rule {
            rule: clause.rule,
            held: clause.conditions.clone(),
            carries: clause.carries.clone(),
        };
        Self::by(clause.decision, why)
    }
}

/// What the kernel does with a call through an ABI that a filter of libseccomp does not know.
const BAD_ARCH: Decision = Decision::KillThread;

impl Resolved {
    /// What becomes of a call, by name.
    pub fn verdict(&self, abi: Abi, name: &str, args: &Arguments) -> Answer {
        match numbers::number(abi, name) {
            Some(number) => self.judge(abi, number, Some(name), args),
            None if numbers::is_known(abi) => Answer::Absent,
            None => Answer::Unknown,
        }
    }

    /// What becomes of a call, by number, also where nobody has such a call.
    pub fn verdict_of_number(&self, abi: Abi, number: u32, args: &Arguments) -> Answer {
        self.judge(abi, number, numbers::name(abi, number), args)
    }

    fn judge(&self, abi: Abi, number: u32, name: Option<&str>, args: &Arguments) -> Answer {
        let decided = |decision, why| Answer::Decided(Outcome::by(decision, why));
        if self.off {
            return decided(Decision::Allow, Why::Off);
        }
        if !self.abis.contains(&abi) && !injected(Fault::NoBadArch) {
            return decided(BAD_ARCH, Why::UnknownAbi);
        }
        if let Some(largest) = self.largest.get(&abi) {
            let old = matches!(abi, Abi::S390 | Abi::S390x) && number == 0;
            if number > *largest || old {
                return decided(Decision::Errno(ENOSYS), Why::NewerThanProfile(*largest));
            }
        }
        let clauses = name.map_or(&[][..], |name| self.clauses(abi, name));
        self.match_clauses(clauses, args)
    }

    /// The rules about a call, as the filter holds them.
    pub fn clauses(&self, abi: Abi, name: &str) -> &[Clause] {
        let rules = self.calls.get(&(abi, name.to_owned()));
        rules.map_or(&[], |rules| &rules.clauses)
    }

    /// The entries of `syscalls` that name the call and count for nothing, because another one
    /// without conditions came first or swallowed them.
    pub fn shadowed(&self, abi: Abi, name: &str) -> &[usize] {
        let rules = self.calls.get(&(abi, name.to_owned()));
        rules.map_or(&[], |rules| &rules.shadowed)
    }

    /// The entries of `syscalls` that name the call and count for nothing, because libseccomp asks
    /// about a larger value first.
    pub fn outranked(&self, abi: Abi, name: &str) -> &[usize] {
        let rules = self.calls.get(&(abi, name.to_owned()));
        rules.map_or(&[], |rules| &rules.outranked)
    }

    fn match_clauses(&self, clauses: &[Clause], args: &Arguments) -> Answer {
        let value = |condition: &Condition| args[usize::from(condition.arg)];
        let fails =
            |condition: &Condition| value(condition).is_some_and(|value| !condition.holds(value));
        let possible: Vec<&Clause> =
            clauses.iter().filter(|clause| !clause.conditions.iter().any(fails)).collect();
        let is_open = |clause: &Clause| clause.conditions.iter().any(|one| value(one).is_none());
        let (open, certain): (Vec<&Clause>, Vec<&Clause>) =
            possible.iter().copied().partition(|clause| is_open(clause));
        let rest = match agreed(&certain) {
            None => Outcome::by(self.default, Why::Default),
            Some(Ok(outcome)) => outcome,
            Some(Err(outcomes)) => return Answer::Ambiguous(outcomes),
        };
        let contrary = || open.iter().filter(|clause| clause.decision != rest.decision);
        if certain.is_empty() && !open.is_empty() {
            let unknown = |clause: &Clause| {
                clause.conditions.iter().copied().filter(|one| value(one).is_none()).collect()
            };
            let cases = open
                .iter()
                .map(|clause| Case { conditions: unknown(clause), outcome: Outcome::of(clause) });
            return Answer::Depends(cases.collect(), rest);
        }
        if contrary().count() > 0 {
            let outcomes = contrary().map(|clause| Outcome::of(clause));
            return Answer::Ambiguous(std::iter::once(rest.clone()).chain(outcomes).collect());
        }
        Answer::Decided(rest)
    }
}

/// What clauses that all apply say: nothing, one thing, or several.
fn agreed(clauses: &[&Clause]) -> Option<Result<Outcome, Vec<Outcome>>> {
    let mut outcomes: BTreeMap<Decision, Outcome> = BTreeMap::new();
    for clause in clauses {
        outcomes.entry(clause.decision).or_insert_with(|| Outcome::of(clause));
    }
    let first = clauses.first().map(|clause| Outcome::of(clause))?;
    if outcomes.len() == 1 || injected(Fault::FirstOverlapWins) {
        return Some(Ok(first));
    }
    Some(Err(outcomes.into_values().collect()))
}
