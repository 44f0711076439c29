//! What becomes of a call, for people.

use std::io::Write;

use posture::model::error::Result;

use super::page::{self, Page};
use crate::explain::{Answers, Group, NeedSaid, PlaceAnswer, PlaceSaid, Reading};

/// Writes the answers.
pub(super) fn write<W: Write>(answers: &Answers, page: &mut Page<'_, W>) -> Result<()> {
    page.heading(&answers.call)?;
    page.gap()?;
    if let [only] = &answers.answers[..] {
        alone(only, page)?;
    } else {
        for group in &answers.groups {
            together(group, answers, page)?;
        }
    }
    histories(answers, page)?;
    needs(&answers.needs, page)?;
    page.gap()?;
    notes(answers, page)
}

/// All about one place.
fn alone<W: Write>(answer: &PlaceAnswer, page: &mut Page<'_, W>) -> Result<()> {
    page.verdict(&answer.verdict(), 0)?;
    page.item("where", &page::labels(&[&answer.place]))?;
    let several = answer.readings.len() > 1;
    for reading in &answer.readings {
        if several {
            page.verdict(&format!("{} as {} has it", reading.verdict(), reading.profile), 2)?;
        }
        details(reading, page)?;
    }
    Ok(())
}

fn details<W: Write>(reading: &Reading, page: &mut Page<'_, W>) -> Result<()> {
    if let Some(refused) = &reading.refused {
        return page.item("why", refused);
    }
    let Some((native, others)) = reading.abis.split_first() else { return Ok(()) };
    page.item("why", &native.reason)?;
    for rule in &native.rules {
        let comment = rule.comment.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
        let place = format!("syscalls[{}]", rule.index);
        page.item("", &format!("{place} {}{comment}: {}", rule.text, rule.fate))?;
    }
    for case in &native.cases {
        page.item("case", &format!("{}: {}", case.conditions.join(" and "), case.verdict))?;
    }
    let alike: Vec<&str> = others
        .iter()
        .filter(|other| other.through.is_none() && other.text == native.text)
        .map(|other| other.abi.as_str())
        .collect();
    if !alike.is_empty() {
        page.item("same", &format!("through {}", alike.join(", ")))?;
    }
    for other in others {
        if other.through.is_none() && other.text == native.text {
            continue;
        }
        let through = other.through.as_ref().map(|name| format!(" through {name}"));
        let through = through.unwrap_or_default();
        page.item(&other.abi, &format!("{}{through}: {}", other.text, other.reason))?;
    }
    for change in &reading.changes {
        page.item("changes", &format!("{}: {}", change.turn, change.verdict))?;
    }
    if reading.changes.is_empty() {
        page.item("changes", "no capability and no kernel changes that")?;
    }
    Ok(())
}

/// Places where the same becomes of the call: those together for which it is so for the same
/// reason.
fn together<W: Write>(group: &Group, answers: &Answers, page: &mut Page<'_, W>) -> Result<()> {
    page.verdict(&group.verdict, 0)?;
    let members: Vec<&PlaceAnswer> =
        group.places.iter().map(|position| &answers.answers[*position]).collect();
    let mut reasons: Vec<(String, Vec<&PlaceSaid>)> = Vec::new();
    for answer in &members {
        let reason = reason(answer);
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, places)) => places.push(&answer.place),
            None => reasons.push((reason, vec![&answer.place])),
        }
    }
    for (reason, places) in reasons {
        page.text(&page::labels(&places), 4)?;
        page.text(&reason, 8)?;
    }
    let first = members.first().and_then(|answer| answer.readings.first());
    let others = first.map_or(&[][..], |reading| reading.abis.get(1..).unwrap_or_default());
    for other in others.iter().filter(|other| other.text != group.verdict) {
        let through = other.through.as_ref().map(|name| format!(" through {name}"));
        let through = through.unwrap_or_default();
        page.item(&other.abi, &format!("{}{through}: {}", other.text, other.reason))?;
    }
    page.gap()
}

/// Why it is so, and what would change it.
fn reason(answer: &PlaceAnswer) -> String {
    let mut parts = Vec::new();
    for reading in &answer.readings {
        let reason = reading.abis.first().map(|verdict| verdict.reason.clone());
        let reason = reason.or_else(|| reading.refused.clone()).unwrap_or_default();
        parts.push(if answer.readings.len() > 1 {
            format!("as {} has it, {}: {reason}", reading.profile, reading.verdict())
        } else {
            reason
        });
        let changes = reading.changes.iter();
        parts.extend(changes.map(|change| format!("{}: {}", change.turn, change.verdict)));
    }
    parts.join("; ")
}

/// Since when it is so, runtime by runtime.
fn histories<W: Write>(answers: &Answers, page: &mut Page<'_, W>) -> Result<()> {
    let mut done: Vec<(&str, &_)> = Vec::new();
    for answer in &answers.answers {
        let Some(history) = &answer.history else { continue };
        let said = (answer.place.runtime, history);
        if done.contains(&said) {
            continue;
        }
        done.push(said);
        for words in history.in_words() {
            page.item("releases", &format!("{}: {words}", said.0))?;
        }
    }
    Ok(())
}

fn needs<W: Write>(needs: &[NeedSaid], page: &mut Page<'_, W>) -> Result<()> {
    for need in needs {
        let when = need.when.map(|when| format!(" {when}")).unwrap_or_default();
        page.item("kernel", &format!("also requires {}{when} ({})", need.cap, need.source))?;
    }
    if needs.is_empty() {
        page.item("kernel", "no capability is known here that it requires besides")?;
    }
    Ok(())
}

fn notes<W: Write>(answers: &Answers, page: &mut Page<'_, W>) -> Result<()> {
    let mut done: Vec<String> = Vec::new();
    for answer in &answers.answers {
        let place = &answer.place;
        let mut notes = place.notes.clone();
        if answers.answers.len() == 1 {
            notes.push(format!("capabilities: {}", caps(&place.caps)));
        } else {
            // Where the profile comes from is said once for a runtime.
            if let Some(first) = notes.first_mut() {
                let origin = first.split_once(": ").map(|(_, origin)| origin.to_owned());
                let origin = origin.filter(|_| first.starts_with("upstream built-in"));
                *first = origin.map_or(first.clone(), |origin| {
                    format!("{}: upstream built-in of each release, {origin}", place.runtime)
                });
            }
        }
        for note in notes {
            if !done.contains(&note) {
                page.dim(&note)?;
                done.push(note);
            }
        }
    }
    Ok(())
}

/// Capabilities as people write them.
pub(super) fn caps(caps: &[String]) -> String {
    if caps.is_empty() {
        return "none".to_owned();
    }
    let short = caps.iter().map(|cap| cap.strip_prefix("CAP_").unwrap_or(cap));
    short.collect::<Vec<_>>().join(" ")
}
