//! Words that the views for people share.

use crate::finding::difference::{Change, Control, Difference, Direction, Side, Standing};
use crate::render::human::plural;

/// What an object's verdict was and is, or that it is not there.
pub(super) fn verdicts(change: &Change) -> (String, String) {
    let word = |standing: &Option<Standing>| match standing {
        None => "not there".to_owned(),
        Some(standing) if standing.suppressed => format!("{}, suppressed", standing.verdict),
        Some(standing) => standing.verdict.to_owned(),
    };
    (word(&change.from), word(&change.to))
}

/// `2 worse, 1 added`; empty where nothing changes.
pub(super) fn counts(difference: &Difference) -> Vec<(Direction, String)> {
    Direction::ALL
        .into_iter()
        .map(|direction| (direction, difference.summary.of(direction)))
        .filter(|(_, count)| *count > 0)
        .map(|(direction, count)| (direction, format!("{count} {}", direction.as_str())))
        .collect()
}

/// The checks that make the difference, each once with its sign: `+hostPorts`.
pub(super) fn checks(controls: &[Control]) -> Vec<String> {
    let mut checks: Vec<String> = Vec::new();
    for control in controls {
        let check = format!("{}{}", control.change.sign(), control.check);
        if !checks.contains(&check) {
            checks.push(check);
        }
    }
    checks
}

/// What a check weighs, and weighed before: `error, was warning`.
pub(super) fn weight(control: &Control) -> String {
    let before = control.before.map(|before| format!(", was {}", before.as_str()));
    format!("{}{}", control.severity.as_str(), before.unwrap_or_default())
}

/// What is wrong, and where: the field and what to write instead.
pub(super) fn remedy(control: &Control) -> String {
    let said = control.advice.as_deref().unwrap_or(&control.message);
    format!("{}: {said}", control.path)
}

/// `web.yaml:12`
pub(super) fn place(mark: &crate::model::source::Mark) -> String {
    let place = mark.place();
    format!("{}:{}", place.file, place.line)
}

/// `3 objects the same`, and what was left aside.
pub(super) fn rest(difference: &Difference) -> String {
    let summary = &difference.summary;
    let skipped = match summary.skipped {
        0 => String::new(),
        count => format!("; {} left aside", plural(count, "other")),
    };
    format!("{} the same{skipped}", summary.unchanged)
}

/// Which state alone has a gap; nothing where both have it.
pub(super) fn only(side: Side) -> Option<&'static str> {
    match side {
        Side::From => Some("in the first state"),
        Side::To => Some("in the second state"),
        Side::Both => None,
    }
}
