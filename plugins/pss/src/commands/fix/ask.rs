//! What only people know is asked, for one object after the other.

use posture::render::audience::{Terminal, Value};

use super::fixer::Came;
use crate::fixes::answers::{Answers, Kind, Wanted};

/// Asks what the fixes of an object need to know. Returns what is known then, if somebody has
/// answered anything, and whether more may be asked.
pub(super) fn about(
    terminal: &mut Terminal,
    came: &Came,
    known: &Answers,
) -> (Option<Answers>, bool) {
    let mut answers = None;
    let mut asked: Vec<&Wanted> = Vec::new();
    for left in &came.left {
        for wanted in &left.wanted {
            if asked.iter().any(|known| known.name == wanted.name) {
                continue;
            }
            asked.push(wanted);
            let why = format!(
                "{} in {}: {} ({}). {}",
                came.object,
                came.object.namespace.as_deref().unwrap_or_default(),
                left.title,
                left.evidence,
                wanted.question
            );
            let answer = |value: &str| match wanted.kind {
                Kind::Confirm if matches!(value, "y" | "yes") => Ok(Some(wanted.answer(""))),
                Kind::Confirm if matches!(value, "n" | "no") => Ok(None),
                Kind::Confirm => Err("y or n".to_owned()),
                Kind::Uid | Kind::Profile => Ok(Some(wanted.answer(value))),
            };
            let validate = |value: &str| match answer(value)? {
                Some(text) => Answers::default().set(&text),
                None => Ok(()),
            };
            match terminal.ask_value(&name(wanted), &why, validate) {
                Value::Given(value) => {
                    if let Ok(Some(text)) = answer(&value) {
                        let answers = answers.get_or_insert_with(|| known.clone());
                        // It was validated when it was given.
                        drop(answers.set(&text));
                    }
                }
                Value::Skipped => {}
                Value::Quit => return (answers, false),
            }
        }
    }
    (answers, true)
}

fn name(wanted: &Wanted) -> String {
    match wanted.kind {
        Kind::Confirm => format!("{} (y, n)", wanted.name),
        Kind::Uid | Kind::Profile => wanted.name.clone().into_owned(),
    }
}
