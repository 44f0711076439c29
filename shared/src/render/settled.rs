//! What does not count, and suppressions that do nothing: the lines for people.

use std::io::Write;

use super::document::wrap;
use super::escape::escape;
use super::human::plural;
use super::style::{Role, Style};
use crate::finding::report::Report;
use crate::finding::suppression::{By, Idle, Suppressed};
use crate::model::error::Result;
use crate::model::source::Mark;

/// How many idle entries of a file are written out.
const SHOWN: usize = 10;

/// Writes what a report says about suppressions: the findings that do not count, where they are to
/// be shown, and the suppressions that do nothing.
pub(super) fn write<D>(report: &Report<D>, style: Style, out: &mut impl Write) -> Result<()> {
    suppressed(&report.suppressed, style, out)?;
    idle(&report.suppressions, style, out)
}

fn suppressed(suppressed: &[Suppressed], style: Style, out: &mut impl Write) -> Result<()> {
    if suppressed.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", style.paint(Role::Name, "DOES NOT COUNT"))?;
    for Suppressed { finding, suppression } in suppressed {
        let place = at(finding.place.as_ref());
        let namespace = finding.object.namespace.as_ref();
        let namespace = namespace.map(|name| format!(" in {name}")).unwrap_or_default();
        let until = suppression.until.as_ref().map(|until| format!(", until {until}"));
        let by = match suppression.by {
            By::Baseline => String::new(),
            by => format!(" ({}{})", by.as_str(), at(suppression.place.as_ref()).trim_end()),
        };
        let line = format!(
            "{}: {}{namespace}{place}  {}: {}{}{by}",
            finding.check,
            finding.object,
            finding.path,
            suppression.reason,
            until.unwrap_or_default(),
        );
        indented(&line, style, out)?;
    }
    writeln!(out)?;
    Ok(())
}

/// Writes the suppressions that do nothing; many of one file are counted.
fn idle(idle: &[Idle], style: Style, out: &mut impl Write) -> Result<()> {
    if idle.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", style.paint(Role::Warning, "SUPPRESSIONS THAT DO NOTHING"))?;
    for idle in idle.iter().take(SHOWN) {
        let object = idle.object.as_ref().map(|object| format!(" for {object}"));
        let line = format!(
            "{} {}{}{}: {} ({})",
            idle.by.as_str(),
            idle.check,
            object.unwrap_or_default(),
            at(idle.place.as_ref()),
            idle.why,
            idle.status.as_str(),
        );
        indented(&line, style, out)?;
    }
    if let Some(more) = idle.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        indented(&format!("and {more} more: -o json has them all"), style, out)?;
    }
    writeln!(out)?;
    Ok(())
}

/// ` shop.yaml:12`
fn at(mark: Option<&Mark>) -> String {
    let place = mark.map(Mark::place);
    place.map(|place| format!(" {}:{}", place.file, place.line)).unwrap_or_default()
}

fn indented(text: &str, style: Style, out: &mut impl Write) -> Result<()> {
    for line in wrap(&escape(text), style.width().saturating_sub(2), "  ") {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

/// `3 findings suppressed`, for the end of a summary; nothing if there are none.
pub(super) fn summary<D>(report: &Report<D>) -> Option<String> {
    let count = report.summary.suppressed;
    (count > 0).then(|| format!("{} suppressed", plural(count, "finding")))
}
