//! `-o markdown`: a comment on a pull request. What does not fit is counted.

use std::fmt::Write as _;
use std::io::Write;

use super::words;
use crate::finding::difference::{Change, Difference, SidedGap, Turn};
use crate::model::error::Result;
use crate::render::gfm::{cell, code};
use crate::render::human::plural;

/// The most that is written, in characters: a comment may have 65,536.
const MOST: usize = 60_000;

/// Where what may be left out ends: the rest is for what must be said in any case.
const FULL: usize = MOST - 2_000;

/// How many checks of one object are written.
const CHECKS: usize = 20;

/// The most that is written of one text that is not ours, in characters.
const LONGEST: usize = 400;

/// Writes the difference.
pub(super) fn write(difference: &Difference, out: &mut impl Write) -> Result<()> {
    out.write_all(text(difference).as_bytes())?;
    Ok(())
}

fn text(difference: &Difference) -> String {
    let mut page = Page::default();
    let clipped = |text: &str| code(text, LONGEST);
    let program = clipped(&format!("{} {}", difference.tool.name, difference.tool.verb));
    let (from, to) = (clipped(&difference.from.state), clipped(&difference.to.state));
    page.always(&format!("### {program}: {from} → {to}\n\n"));
    let mut counts: Vec<String> =
        words::counts(difference).into_iter().map(|(_, count)| format!("**{count}**")).collect();
    if counts.is_empty() {
        counts.push("**no differences**".to_owned());
    }
    if !difference.gaps.is_empty() {
        counts.push(format!("**{}**", plural(difference.gaps.len(), "gap")));
    }
    let objects = plural(difference.summary.objects, "object");
    let rest = words::rest(difference);
    page.always(&format!("{objects}: {}; {rest}\n", counts.join(", ")));
    page.gaps(&difference.gaps);
    page.table(&difference.changes);
    page.details("By which checks", &difference.changes, MOST / 4 * 3);
    if let Some(outlook) = &difference.outlook {
        let count = plural(outlook.changes.len(), "object");
        let title = format!("{count} would change {}", outlook.step);
        page.details(&title, &outlook.changes, FULL);
    }
    for note in &difference.notes {
        page.add(&format!("\n{}\n", clipped(note)), FULL);
    }
    page.text
}

/// A text with an end.
#[derive(Default)]
struct Page {
    text: String,
    /// In characters.
    length: usize,
}

impl Page {
    fn always(&mut self, text: &str) {
        self.length += text.chars().count();
        self.text.push_str(text);
    }

    /// Adds what fits; says whether it did.
    fn add(&mut self, text: &str, most: usize) -> bool {
        let fits = self.length + text.chars().count() <= most;
        if fits {
            self.always(text);
        }
        fits
    }

    /// Adds pieces as long as they fit, and says how many are left out.
    fn pieces(&mut self, pieces: impl ExactSizeIterator<Item = String>, most: usize, more: &str) {
        let count = pieces.len();
        for (number, piece) in pieces.enumerate() {
            if !self.add(&piece, most) {
                self.always(&format!("\n…and {} {more}; `-o json` has them all\n", count - number));
                return;
            }
        }
    }

    fn gaps(&mut self, gaps: &[SidedGap]) {
        if gaps.is_empty() {
            return;
        }
        self.always("\n**Not judged:**\n\n");
        let line = |sided: &SidedGap| {
            let gap = &sided.gap;
            let place = gap.place.as_ref().map(words::place);
            let what = place.or_else(|| gap.object.clone()).unwrap_or_else(|| gap.what.clone());
            let side = words::only(sided.side).map(|side| format!(" ({side})"));
            let (what, why) = (code(&what, LONGEST), code(&gap.why, LONGEST));
            format!("- {what}{}: {why}\n", side.unwrap_or_default())
        };
        self.pieces(gaps.iter().map(line), MOST / 4, "more gaps");
    }

    fn table(&mut self, changes: &[Change]) {
        if changes.is_empty() {
            return;
        }
        self.always("\n| | object | from | to | checks |\n|---|---|---|---|---|\n");
        let row = |change: &Change| {
            let (from, to) = words::verdicts(change);
            let checks = words::checks(&change.controls);
            let checks: Vec<String> = checks.iter().map(|check| cell(check, LONGEST)).collect();
            let place = change.place().map(words::place).unwrap_or_default();
            format!(
                "| {} | {} {} | {from} | {to} | {} |\n",
                change.direction.as_str(),
                cell(&name(change), LONGEST),
                cell(&place, LONGEST),
                checks.join(" ")
            )
        };
        self.pieces(changes.iter().map(row), MOST / 2, "more objects");
    }

    /// What each change rests on, folded away.
    fn details(&mut self, title: &str, changes: &[Change], most: usize) {
        if changes.is_empty() {
            return;
        }
        self.always(&format!("\n<details><summary>{title}</summary>\n\n"));
        let item = |change: &Change| {
            let (from, to) = words::verdicts(change);
            let mut item = format!("- {}: {from} → {to}\n", code(&name(change), LONGEST));
            for control in change.controls.iter().take(CHECKS) {
                let said = match control.change {
                    Turn::Stopped => control.path.clone(),
                    _ => words::remedy(control),
                };
                let place = control.place.as_ref().map(words::place).unwrap_or_default();
                let _infallible = writeln!(
                    item,
                    "  - {} `{}` ({}): {} {}",
                    control.change.as_str(),
                    control.check,
                    words::weight(control),
                    code(&said, LONGEST),
                    code(&place, LONGEST),
                );
            }
            if let Some(more) = change.controls.len().checked_sub(CHECKS + 1) {
                let _infallible = writeln!(item, "  - …and {} more", more + 1);
            }
            for note in &change.notes {
                let _infallible = writeln!(item, "  - {}", code(note, LONGEST));
            }
            item
        };
        self.pieces(changes.iter().map(item), most, "more objects");
        self.always("\n</details>\n");
    }
}

/// `shop/deployment.apps/web`
fn name(change: &Change) -> String {
    let namespace = change.object.namespace.as_ref().map(|name| format!("{name}/"));
    format!("{}{}", namespace.unwrap_or_default(), change.object)
}
