//! The verdict on a call through one ABI: what becomes of it, by which rule, and what would change
//! that.

use serde::Serialize;

use super::call::Call;
use super::words;
use crate::defaults::rule;
use crate::evaluate::{
    Abi, Answer, Fate, Outcome, Resolved, Target, Why, changes, numbers, through,
};
use crate::profile::{Profile, Rule};

/// What is said of `socketcall` and `ipc`.
pub(super) const BEHIND_A_POINTER: &str =
    "the arguments are behind a pointer there, which no filter follows";

/// What is said where rules that disagree are about the same arguments.
const CONTESTED: &str =
    "some of them overlap and disagree, where libseccomp decides by an order of its own";

/// What becomes of a call through an ABI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verdict {
    /// The ABI: `x86_64`.
    pub abi: String,
    /// `socketcall` or `ipc`, where the call goes through that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// In a word: allowed, refused, depends, absent …
    pub verdict: &'static str,
    /// The name of the error, where it fails with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errno: Option<String>,
    /// The whole of it, in words.
    pub text: String,
    /// Why, in words.
    pub reason: String,
    /// The conditions that decide, with what becomes of the call under each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<CaseSaid>,
    /// The rules about the call: the one that decides, those that do not count here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleSaid>,
}

/// What becomes of a call under conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaseSaid {
    /// The conditions, all of which must hold.
    pub conditions: Vec<String>,
    /// What becomes of the call then.
    pub verdict: String,
}

/// A rule about the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RuleSaid {
    /// Its position in `syscalls`.
    pub index: usize,
    /// What it says, without its names.
    pub text: String,
    /// Its comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What becomes of it: it decides, it does not count here …
    pub fate: String,
}

/// A change after which something else becomes of the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangeSaid {
    /// What changes: `with CAP_BPF`.
    pub turn: String,
    /// What becomes of the call then.
    pub verdict: String,
}

/// The verdicts on a call through every ABI of a machine, its own first; where a call also goes
/// through another one, that too.
pub(super) fn verdicts(
    call: &Call,
    profile: &Profile,
    resolved: &Resolved,
    target: &Target,
) -> Vec<Verdict> {
    let mut found = Vec::new();
    for &abi in target.machine.abis() {
        let args = call.arguments(abi);
        let answer = resolved.verdict(abi, &call.name, &args);
        found.push(one(call, profile, resolved, (abi, None), &answer));
        let carrier = through(&call.name).filter(|(name, _)| {
            abi.multiplexes()
                && numbers::number(abi, name).is_some()
                && resolved.abis.contains(&abi)
        });
        if let Some((name, number)) = carrier {
            let mut args = [None; 6];
            args[0] = Some(number);
            let answer = resolved.verdict(abi, name, &args);
            found.push(one(call, profile, resolved, (abi, Some(name)), &answer));
        }
    }
    found
}

fn one(
    call: &Call,
    profile: &Profile,
    resolved: &Resolved,
    (abi, through): (Abi, Option<&str>),
    answer: &Answer,
) -> Verdict {
    let name = through.unwrap_or(&call.name);
    let args = call.arguments(abi);
    let text = words::verdict(name, &args, answer);
    let said = |case: &crate::evaluate::Case| CaseSaid {
        conditions: case.conditions.iter().map(|one| words::condition(name, &args, one)).collect(),
        verdict: case.outcome.decision.to_string(),
    };
    let cases = match answer {
        Answer::Depends(cases, _) => cases.iter().map(said).collect(),
        _ => Vec::new(),
    };
    let judged = !matches!(answer, Answer::Absent | Answer::Unknown);
    let rules =
        if judged { rules(profile, resolved, (abi, name), &call.name, answer) } else { Vec::new() };
    Verdict {
        abi: abi.to_string(),
        through: through.map(str::to_owned),
        verdict: words::verdict_word(answer),
        errno: words::error_of(answer),
        reason: {
            let reason = reason(answer, &rules);
            let depends = matches!(answer, Answer::Depends(..));
            let contested = resolved.contested.iter().any(|one| one.abi == abi && one.name == name);
            match through {
                Some(_) => format!("{reason}; {BEHIND_A_POINTER}"),
                None if depends && contested => format!("{reason}; {CONTESTED}"),
                None => reason,
            }
        },
        text,
        cases,
        rules,
    }
}

/// Why, in words.
fn reason(answer: &Answer, rules: &[RuleSaid]) -> String {
    match answer {
        Answer::Absent => "the ABI has no such call".to_owned(),
        Answer::Unknown => "the calls of the ABI are not known here".to_owned(),
        Answer::Ambiguous(_) => {
            "rules overlap: libseccomp decides by an order of its own".to_owned()
        }
        Answer::Depends(..) => "rules look at arguments that are not given".to_owned(),
        Answer::Decided(Outcome { why, .. }) => match why {
            Why::Off => "the profile switches seccomp off".to_owned(),
            Why::UnknownAbi => "the profile does not name the ABI".to_owned(),
            Why::NewerThanProfile(largest) => format!(
                "its number is above {largest}, the largest that the profile names: runc answers \
                 ENOSYS"
            ),
            Why::Default if rules.is_empty() => {
                "no rule names it: the default of the profile".to_owned()
            }
            Why::Default => "no rule about it applies: the default of the profile".to_owned(),
            Why::Rule { rule, carries, .. } => {
                let text = rules.iter().find(|one| one.index == *rule);
                let text = text.map_or_else(String::new, |one| format!(": {}", one.text));
                match carries {
                    Some(carried) => format!("a rule written for {carried}{text}"),
                    None => format!("a rule{text}"),
                }
            }
        },
    }
}

/// The rules that name a call, with what becomes of each.
fn rules(
    profile: &Profile,
    resolved: &Resolved,
    (abi, name): (Abi, &str),
    carried: &str,
    answer: &Answer,
) -> Vec<RuleSaid> {
    let decides = |index: usize| match answer {
        Answer::Decided(Outcome { why: Why::Rule { rule, .. }, .. }) => *rule == index,
        Answer::Depends(cases, rest) => cases
            .iter()
            .map(|case| &case.outcome)
            .chain([rest])
            .any(|outcome| matches!(&outcome.why, Why::Rule { rule, .. } if *rule == index)),
        _ => false,
    };
    let overlaps = |index: usize| match answer {
        Answer::Ambiguous(outcomes) => outcomes
            .iter()
            .any(|outcome| matches!(&outcome.why, Why::Rule { rule, .. } if *rule == index)),
        _ => false,
    };
    let mentions = |rule: &Rule| {
        rule.names.iter().chain(&rule.name).any(|known| known == name || known == carried)
    };
    let shadowed = resolved.shadowed(abi, name);
    let outranked = resolved.outranked(abi, name);
    let named = profile.syscalls.iter().enumerate().filter(|(_, rule)| mentions(rule));
    let said = named.map(|(index, rule)| {
        let fate = match resolved.fates.get(index) {
            _ if decides(index) => "decides".to_owned(),
            _ if overlaps(index) => "overlaps with another that disagrees".to_owned(),
            Some(Fate::Closed(closed)) => format!("does not count: {closed}"),
            Some(Fate::EqualToDefault) => "is dropped: it does what the default does".to_owned(),
            _ if shadowed.contains(&index) => {
                "counts for nothing: a rule without conditions takes all".to_owned()
            }
            _ if outranked.contains(&index) => {
                "counts for nothing: libseccomp asks about a larger value first".to_owned()
            }
            _ => "does not apply to these arguments".to_owned(),
        };
        let text = rule::line(rule).unwrap_or_else(|| "written as no runtime reads it".to_owned());
        RuleSaid { index, text, comment: rule.comment.clone(), fate }
    });
    said.collect()
}

/// What would change the verdict through the machine's own ABI: a capability, another kernel.
pub(super) fn turns(call: &Call, profile: &Profile, target: &Target) -> Vec<ChangeSaid> {
    let abi = target.machine.native();
    let args = call.arguments(abi);
    let found = changes(profile, target, abi, &call.name, &args).into_iter();
    let said = found.map(|change| ChangeSaid {
        turn: change.turn.to_string(),
        verdict: words::verdict(&call.name, &args, &change.answer),
    });
    said.collect()
}
