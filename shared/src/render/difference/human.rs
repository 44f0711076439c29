//! The view for people: the objects that change, what was and is said of each, and by which
//! checks.

use std::io::Write;

use super::{told, words};
use crate::finding::check::Severity;
use crate::finding::difference::{Change, Control, Difference, Direction, Turn};
use crate::model::error::Result;
use crate::render::document::wrap;
use crate::render::escape::escape;
use crate::render::human::{plural, write_gaps};
use crate::render::style::{Role, Style};

/// The widest column of prose that reads well.
const PROSE_WIDTH: usize = 110;

/// Writes the difference.
pub(super) fn write(difference: &Difference, style: Style, out: &mut impl Write) -> Result<()> {
    let mut writer = Writer { style, width: style.width().min(PROSE_WIDTH), out };
    for change in &difference.changes {
        writer.change(change)?;
    }
    if let Some(outlook) = &difference.outlook {
        let count = plural(outlook.changes.len(), "object");
        let head = format!("{count} would change {}:", outlook.step);
        writer.lines(&head, "", Some(Role::Name))?;
        writeln!(writer.out)?;
        for change in &outlook.changes {
            writer.change(change)?;
        }
    }
    write_gaps(&told(&difference.gaps), style, writer.out)?;
    for note in &difference.notes {
        writer.lines(&format!("note: {note}"), "", Some(Role::Dim))?;
    }
    writer.summary(difference)
}

struct Writer<'a, W> {
    style: Style,
    width: usize,
    out: &'a mut W,
}

impl<W: Write> Writer<'_, W> {
    fn change(&mut self, change: &Change) -> Result<()> {
        let (from, to) = words::verdicts(change);
        let namespace =
            change.object.namespace.as_ref().map(|name| format!(" in {}", escape(name)));
        let place = change.place().map(words::place);
        let place = place.map(|place| format!("  {}", escape(&place))).unwrap_or_default();
        let mut standings = [&change.to, &change.from].into_iter().flatten();
        let chart = standings.find_map(|standing| standing.chart_file.as_ref());
        let chart = chart.map(|file| format!("  (chart: {})", escape(file))).unwrap_or_default();
        writeln!(
            self.out,
            "{}  {}{}  {from} → {to}{}",
            self.style.paint(role_of(change), &change.direction.as_str().to_uppercase()),
            self.style.paint(Role::Name, &escape(&change.object.to_string())),
            namespace.unwrap_or_default(),
            self.style.paint(Role::Dim, &format!("{place}{chart}")),
        )?;
        for standing in [&change.from, &change.to].into_iter().flatten() {
            if let Some(by) = &standing.by {
                let text = format!("{} by {by}", standing.verdict);
                self.lines(&text, "  ", Some(Role::Dim))?;
            }
        }
        for control in &change.controls {
            self.control(control)?;
        }
        for note in &change.notes {
            self.lines(note, "  ", Some(Role::Dim))?;
        }
        writeln!(self.out)?;
        Ok(())
    }

    fn control(&mut self, control: &Control) -> Result<()> {
        let role = match control.change {
            Turn::Stopped | Turn::Lowered => Role::Good,
            Turn::Started | Turn::Raised => role_of_severity(control.severity),
        };
        let head = format!("{} {}", control.change.sign(), control.check);
        let place = control.place.as_ref().map(words::place);
        let place = place.map(|place| format!("  {}", escape(&place))).unwrap_or_default();
        writeln!(
            self.out,
            "  {} ({}){}",
            self.style.paint(role, &escape(&head)),
            words::weight(control),
            self.style.paint(Role::Dim, &place)
        )?;
        // What no longer fires needs no remedy.
        let said = match control.change {
            Turn::Stopped => control.path.clone(),
            _ => words::remedy(control),
        };
        self.lines(&said, "    ", None)
    }

    fn lines(&mut self, text: &str, indent: &str, role: Option<Role>) -> Result<()> {
        for line in wrap(&escape(text), self.width.saturating_sub(indent.len()), "  ") {
            let line = role.map_or(line.clone(), |role| self.style.paint(role, &line));
            writeln!(self.out, "{indent}{line}")?;
        }
        Ok(())
    }

    fn summary(&mut self, difference: &Difference) -> Result<()> {
        let mut parts: Vec<String> = words::counts(difference)
            .into_iter()
            .map(|(direction, count)| match direction {
                Direction::Worse => self.style.paint(Role::Error, &count),
                Direction::Better => self.style.paint(Role::Good, &count),
                _ => count,
            })
            .collect();
        if parts.is_empty() {
            parts.push("no differences".to_owned());
        }
        if !difference.gaps.is_empty() {
            let gaps = plural(difference.gaps.len(), "gap");
            parts.push(self.style.paint(Role::Warning, &gaps));
        }
        let objects = plural(difference.summary.objects, "object");
        let (from, to) = (escape(&difference.from.state), escape(&difference.to.state));
        let rest = format!("; {}; from {from} to {to}", words::rest(difference));
        let rest = self.style.paint(Role::Dim, &rest);
        writeln!(self.out, "{objects}: {}{rest}", parts.join(", "))?;
        Ok(())
    }
}

/// How bad a change is.
fn role_of(change: &Change) -> Role {
    match change.direction {
        Direction::Worse => Role::Error,
        Direction::Better => Role::Good,
        Direction::Changed | Direction::Removed => Role::Info,
        Direction::Added => {
            let severity = change.to.as_ref().and_then(|standing| standing.severity);
            severity.map_or(Role::Good, role_of_severity)
        }
    }
}

fn role_of_severity(severity: Severity) -> Role {
    match severity {
        Severity::Error => Role::Error,
        Severity::Warning => Role::Warning,
        Severity::Info => Role::Info,
    }
}

/// The rows of `-o wide`; none where nothing changes.
pub(super) fn rows(difference: &Difference) -> Vec<Vec<String>> {
    if difference.changes.is_empty() {
        return Vec::new();
    }
    let headings = ["CHANGE", "NAMESPACE", "NAME", "FROM", "TO", "CONTROLS", "PLACE"];
    let mut rows = vec![headings.iter().map(|&heading| heading.to_owned()).collect()];
    rows.extend(difference.changes.iter().map(|change| {
        let (from, to) = words::verdicts(change);
        let cells = [
            change.direction.as_str().to_uppercase(),
            change.object.namespace.clone().unwrap_or_default(),
            change.object.to_string(),
            from,
            to,
            words::checks(&change.controls).join(","),
            change.place().map(words::place).unwrap_or_default(),
        ];
        cells.iter().map(|cell| escape(cell).into_owned()).collect::<Vec<_>>()
    }));
    rows
}
