//! Verdicts in words: `allowed where the family is all but AF_ALG (38), AF_VSOCK (40)`.

use super::constants::{Kind, Number, kind};
use crate::evaluate::{
    Answer, Arguments, ByArgument, Case, Compare, Condition, Decision, Outcome, covers_all,
    errno_name,
};

/// What becomes of a call, in words; two answers that come to the same are worded alike.
pub(super) fn verdict(call: &str, args: &Arguments, answer: &Answer) -> String {
    match answer {
        Answer::Absent => "no such call".to_owned(),
        Answer::Unknown => "not known: nothing is known here of the calls of this ABI".to_owned(),
        Answer::Decided(outcome) => outcome.decision.to_string(),
        Answer::Ambiguous(outcomes) => {
            let decisions: Vec<String> = outcomes.iter().map(decision).collect();
            format!("not certain: rules that overlap say {}", decisions.join(" and "))
        }
        Answer::Depends(cases, rest) => depends(call, args, cases, rest),
    }
}

fn decision(outcome: &Outcome) -> String {
    outcome.decision.to_string()
}

fn depends(call: &str, args: &Arguments, cases: &[Case], rest: &Outcome) -> String {
    if let Some(table) = ByArgument::of(cases, rest) {
        let kind = kind(call, usize::from(table.arg), args[0]);
        let label = label(kind, table.arg);
        let word = |value| word(kind, value);
        let said = table.parts.iter().map(|(decision, values)| {
            (decision.to_string(), format!("{label} is {}", values.in_words(word)))
        });
        let mut said: Vec<(String, String)> = said.collect();
        let last = said.pop().map(|(decision, _)| decision).unwrap_or_default();
        if said.is_empty() {
            return last;
        }
        let said: Vec<String> =
            said.into_iter().map(|(decision, when)| format!("{decision} where {when}")).collect();
        return format!("{}; else {last}", said.join("; "));
    }
    let mut said: Vec<(Decision, Vec<String>)> = Vec::new();
    for case in cases {
        let conditions: Vec<String> =
            case.conditions.iter().map(|one| condition(call, args, one)).collect();
        let words = conditions.join(" and ");
        match said.iter_mut().find(|(decision, _)| *decision == case.outcome.decision) {
            Some((_, all)) if all.contains(&words) => {}
            Some((_, all)) => all.push(words),
            None => said.push((case.outcome.decision, vec![words])),
        }
    }
    if let [(decision, _)] = said[..]
        && covers_all(cases)
    {
        return decision.to_string();
    }
    // The order of rules is nobody's business where it does not matter.
    said.sort();
    let said = said.iter_mut().map(|(decision, all)| {
        all.sort();
        format!("{decision} where {}", all.join(", or "))
    });
    let said = said.collect::<Vec<_>>().join("; ");
    if covers_all(cases) {
        return said;
    }
    format!("{said}; else {}", rest.decision)
}

fn label(kind: Option<Kind>, arg: u8) -> String {
    kind.map_or_else(|| format!("argument {}", arg + 1), |kind| kind.label.to_owned())
}

fn word(kind: Option<Kind>, value: u64) -> String {
    kind.map_or_else(|| Number(value).to_string(), |kind| kind.word(value))
}

/// A condition on an argument of a call.
pub(super) fn condition(call: &str, args: &Arguments, one: &Condition) -> String {
    let family = args[0];
    // On S/390, clone has its flags second.
    let place = if (call, one.arg) == ("clone", 1) { 0 } else { one.arg };
    let kind = kind(call, usize::from(place), family);
    let label = label(kind, one.arg);
    let value = || word(kind, one.datum);
    match one.compare {
        Compare::Eq => format!("{label} is {}", value()),
        Compare::Ne => format!("{label} is not {}", value()),
        Compare::Lt => format!("{label} is below {}", value()),
        Compare::Le => format!("{label} is at most {}", value()),
        Compare::Ge => format!("{label} is at least {}", value()),
        Compare::Gt => format!("{label} is above {}", value()),
        Compare::Masked => {
            let flags = kind.and_then(|kind| kind.flags(one.mask));
            match flags {
                Some(flags) if one.datum == 0 => format!("none of {} is set", flags.join(", ")),
                Some(flags) if one.datum == one.mask => match flags[..] {
                    [flag] => format!("{flag} is set"),
                    _ => format!("all of {} are set", flags.join(", ")),
                },
                _ => format!("{label} & {:#x} is {:#x}", one.mask, one.datum),
            }
        }
    }
}

/// The word for rules that disagree, where libseccomp's order is not certain.
pub(super) const AMBIGUOUS: &str = "ambiguous";

/// One word for a program to look at.
pub(super) fn verdict_word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Absent => "absent",
        Answer::Unknown => "unknown",
        Answer::Depends(..) => "depends",
        Answer::Ambiguous(_) => AMBIGUOUS,
        Answer::Decided(outcome) => decision_word(outcome.decision),
    }
}

/// One word for a decision.
pub(super) fn decision_word(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allowed",
        Decision::Log => "logged",
        Decision::Trace(_) => "traced",
        Decision::Notify => "notified",
        Decision::Errno(_) => "refused",
        Decision::Trap => "trapped",
        Decision::KillThread | Decision::KillProcess => "killed",
    }
}

/// The name of the error with which a call fails, if it does.
pub(super) fn error_of(answer: &Answer) -> Option<String> {
    let Answer::Decided(Outcome { decision: Decision::Errno(code), .. }) = answer else {
        return None;
    };
    Some(errno_name(*code).map_or_else(|| code.to_string(), str::to_owned))
}
