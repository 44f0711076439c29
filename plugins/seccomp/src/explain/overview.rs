//! All that a profile does with the calls of an architecture.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::answer::PlaceSaid;
use super::filters::Filters;
use super::groups;
use super::place::{Filter, Place};
use super::verdict::BEHIND_A_POINTER;
use super::words;
use crate::evaluate::{Abi, Answer, Resolved, Target, numbers};
use crate::profile::{Profile, Wrong};

/// What a place does with all calls: one reading, or two where its release lies between two that
/// differ.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Overview {
    /// The place.
    pub place: PlaceSaid,
    /// What each profile does that it may be.
    pub readings: Vec<Sight>,
    /// Whether the profile is known.
    pub certain: bool,
}

/// What one profile does.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sight {
    /// The release, or the file, that the profile is of.
    pub profile: String,
    /// Why no container starts with it; then nothing else is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// What becomes of a call that no rule names.
    pub default: String,
    /// How many calls of the machine's own ABI are allowed whatever their arguments.
    pub allowed: usize,
    /// The calls that are not, by kind.
    pub blocked: Vec<Blocked>,
    /// Calls that are allowed for some arguments.
    pub partly: Vec<Partly>,
    /// How many calls there are of each verdict other than allowed.
    pub verdicts: BTreeMap<String, Vec<String>>,
    /// What each capability opens that the profile asks about.
    pub capabilities: Vec<Opened>,
    /// What is different through the other ABIs of the machine.
    pub abis: Vec<OtherAbi>,
}

/// Calls of a kind that are not allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Blocked {
    /// The kind.
    pub group: &'static str,
    /// What it protects to refuse them.
    pub why: &'static str,
    /// The calls.
    pub calls: Vec<String>,
}

/// A call that is allowed for some arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Partly {
    /// The call.
    pub call: String,
    /// For which, in words.
    pub text: String,
}

/// What a capability opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Opened {
    /// The capability.
    pub cap: String,
    /// Whether the container has it.
    pub held: bool,
    /// The calls that are allowed with it, or for more arguments, and are not without.
    pub opens: Vec<String>,
}

/// What is different through another ABI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OtherAbi {
    /// The ABI.
    pub abi: String,
    /// What becomes of every call, where the profile does not name the ABI, or nothing is known of
    /// its calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<String>,
    /// Calls of both with another verdict than through the machine's own, by that verdict.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub differs: BTreeMap<String, Vec<String>>,
    /// Calls of this one alone that are not allowed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<String>,
    /// What rules cannot see there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<String>,
}

/// What becomes of each call of an ABI, in words, with whether it is allowed whatever it is given.
type Verdicts = BTreeMap<&'static str, (Answer, String)>;

const UNKNOWN: [Option<u64>; 6] = [None; 6];

fn all(resolved: &Resolved, abi: Abi) -> Verdicts {
    let judge = |name: &'static str| {
        let answer = resolved.verdict(abi, name, &UNKNOWN);
        let text = words::verdict(name, &UNKNOWN, &answer);
        (name, (answer, text))
    };
    numbers::names(abi).map(judge).collect()
}

fn passes(answer: &Answer) -> bool {
    matches!(answer, Answer::Decided(outcome) if outcome.decision.passes())
}

/// Says all that a place does.
pub fn overview(place: &Place, filters: &mut Filters) -> Overview {
    let target = place.target();
    let profiles = place.profiles().into_iter();
    let readings = profiles.map(|(name, profile)| {
        let loaded = filters.get(profile, &target);
        let sight = loaded.and_then(|resolved| {
            sight(profile, &resolved, &target, |target| {
                filters.get(profile, target).map(|resolved| all(&resolved, target.machine.native()))
            })
        });
        let sight = sight.unwrap_or_else(|wrong| Sight::refused(&wrong));
        Sight { profile: name.to_owned(), ..sight }
    });
    let readings = readings.collect();
    let certain = match &place.filter {
        Filter::Default(found) => found.certainty.is_certain(),
        Filter::Document(_) => true,
    };
    Overview { place: PlaceSaid::of(place), readings, certain }
}

impl Sight {
    fn refused(wrong: &Wrong) -> Self {
        Self {
            profile: String::new(),
            refused: Some(wrong.to_string()),
            default: String::new(),
            allowed: 0,
            blocked: Vec::new(),
            partly: Vec::new(),
            verdicts: BTreeMap::new(),
            capabilities: Vec::new(),
            abis: Vec::new(),
        }
    }
}

fn sight(
    profile: &Profile,
    resolved: &Resolved,
    target: &Target,
    mut verdicts_of: impl FnMut(&Target) -> Result<Verdicts, Wrong>,
) -> Result<Sight, Wrong> {
    let native = target.machine.native();
    let now = all(resolved, native);
    let mut blocked: BTreeMap<usize, Blocked> = BTreeMap::new();
    let mut partly = Vec::new();
    let mut verdicts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, (answer, text)) in &now {
        if passes(answer) {
            continue;
        }
        let call = (*name).to_owned();
        if let Answer::Decided(_) = answer {
            let (place, kind) = groups::of(name);
            let empty = || Blocked { group: kind.title, why: kind.why, calls: Vec::new() };
            blocked.entry(place).or_insert_with(empty).calls.push(call.clone());
            verdicts.entry(text.clone()).or_default().push(call);
        } else {
            partly.push(Partly { call, text: text.clone() });
        }
    }
    let mut capabilities = Vec::new();
    for cap in caps(profile, target) {
        let held = target.caps.contains(&cap);
        let mut other = target.clone();
        let _was_there =
            if held { other.caps.remove(&cap) } else { other.caps.insert(cap.clone()) };
        let then = verdicts_of(&other)?;
        let (with, without) = if held { (&now, &then) } else { (&then, &now) };
        let opens: Vec<String> = with
            .iter()
            .filter(|(name, (_, text))| without.get(*name).is_none_or(|(_, other)| other != text))
            .filter(|(name, (answer, _))| {
                passes(answer) || without.get(*name).is_some_and(|(other, _)| !passes(other))
            })
            .filter(|(_, (answer, _))| opens_something(answer))
            .map(|(name, _)| (*name).to_owned())
            .collect();
        if !opens.is_empty() {
            capabilities.push(Opened { cap, held, opens });
        }
    }
    let others = target.machine.abis().iter().filter(|abi| **abi != native);
    let abis = others.map(|abi| other_abi(resolved, *abi, &now)).collect();
    Ok(Sight {
        profile: String::new(),
        refused: None,
        default: resolved.default.to_string(),
        allowed: now.values().filter(|(answer, _)| passes(answer)).count(),
        blocked: blocked.into_values().collect(),
        partly,
        verdicts,
        capabilities,
        abis,
    })
}

/// Whether an answer allows anything at all.
fn opens_something(answer: &Answer) -> bool {
    match answer {
        Answer::Decided(outcome) => outcome.decision.passes(),
        Answer::Depends(cases, rest) => {
            let outcomes = cases.iter().map(|case| &case.outcome).chain([rest]);
            outcomes.into_iter().any(|outcome| outcome.decision.passes())
        }
        _ => false,
    }
}

/// The capabilities that a profile asks about.
fn caps(profile: &Profile, target: &Target) -> BTreeSet<String> {
    if target.reader == crate::profile::Dialect::Oci {
        return BTreeSet::new();
    }
    let gates = profile.syscalls.iter().flat_map(|rule| [&rule.includes, &rule.excludes]);
    gates.flat_map(|gate| gate.caps.iter().cloned()).collect()
}

fn other_abi(resolved: &Resolved, abi: Abi, native: &Verdicts) -> OtherAbi {
    let mut other = OtherAbi {
        abi: abi.to_string(),
        all: None,
        differs: BTreeMap::new(),
        blocked: Vec::new(),
        unseen: Vec::new(),
    };
    if resolved.off {
        return other;
    }
    if !resolved.abis.contains(&abi) {
        other.all =
            Some("the profile does not name it: a call is the end of the thread".to_owned());
        return other;
    }
    if !numbers::is_known(abi) {
        other.all = Some("nothing is known here of its calls".to_owned());
        return other;
    }
    for (name, (answer, text)) in all(resolved, abi) {
        match native.get(name) {
            Some((_, same)) if same == &text => {}
            Some(_) => other.differs.entry(text).or_default().push(name.to_owned()),
            None if !passes(&answer) => other.blocked.push(name.to_owned()),
            None => {}
        }
    }
    if abi.multiplexes() {
        let seen = |name: &&&str| {
            let depends = matches!(native[**name].0, Answer::Depends(..));
            depends && crate::evaluate::through(name).is_some()
        };
        for name in native.keys().filter(seen) {
            let Some((carrier, number)) = crate::evaluate::through(name) else { continue };
            let mut args = UNKNOWN;
            args[0] = Some(number);
            let answer = resolved.verdict(abi, carrier, &args);
            let text = words::verdict(carrier, &args, &answer);
            other.unseen.push(format!("{name} through {carrier}: {text}; {BEHIND_A_POINTER}"));
        }
    }
    other
}
