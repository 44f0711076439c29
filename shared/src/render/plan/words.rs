//! What people must know of a plan: object by object what is done and how safe that is, what is
//! refused, left or not known, how to take it back.

use std::io::Write;

use super::LastWords;
use crate::model::error::Result;
use crate::model::object::ObjectRef;
use crate::model::source::Mark;
use crate::patch::partial;
use crate::patch::plan::Left;
use crate::patch::report::{ChangeReport, Fate, PlanReport, RefusedReport, StepReport};
use crate::render::document::wrap;
use crate::render::escape::escape;
use crate::render::human::{plural, write_gaps};
use crate::render::style::{Role, Style};
use crate::render::yaml;

/// The widest column of prose that reads well.
const PROSE_WIDTH: usize = 110;

/// Writes it all.
pub(super) fn write<D: LastWords>(
    report: &PlanReport<D>,
    style: Style,
    out: &mut impl Write,
) -> Result<()> {
    let mut writer = Writer { style, width: style.width().min(PROSE_WIDTH), out };
    let is_live = report.changes.iter().any(|change| change.place.is_none());
    for change in &report.changes {
        writer.change(change, is_live, report.is_shown)?;
    }
    for refused in &report.refused {
        writer.refused(refused)?;
    }
    for left in &report.left {
        writer.left(left)?;
    }
    write_gaps(&report.gaps, style, writer.out)?;
    writer.summary(report, is_live)?;
    for line in report.detail.last_words() {
        let text = line.trim_start();
        writer.lines(text, &line[..line.len() - text.len()], None)?;
    }
    if let Some(undo) = &report.undo {
        writer.command("to take it back:", &undo.command)?;
    }
    for command in &report.next {
        writer.command("next:", command)?;
    }
    Ok(())
}

struct Writer<'a, W> {
    style: Style,
    width: usize,
    out: &'a mut W,
}

impl<W: Write> Writer<'_, W> {
    fn head(
        &mut self,
        (role, word): (Role, &str),
        object: &ObjectRef,
        place: Option<&Mark>,
        chart_file: Option<&String>,
    ) -> Result<()> {
        let namespace = object.namespace.as_ref().map(|name| format!(" in {}", escape(name)));
        let place = place.map(Mark::place);
        let place = place.map(|place| format!("  {}:{}", escape(&place.file), place.line));
        let chart = chart_file.map(|file| format!("  (chart: {})", escape(file)));
        let rest = format!("{}{}", place.unwrap_or_default(), chart.unwrap_or_default());
        writeln!(
            self.out,
            "{}  {}{}{}",
            self.style.paint(role, word),
            self.style.paint(Role::Name, &escape(&object.to_string())),
            namespace.unwrap_or_default(),
            self.style.paint(Role::Dim, &rest),
        )?;
        Ok(())
    }

    fn change(&mut self, change: &ChangeReport, is_live: bool, is_shown: bool) -> Result<()> {
        let word = match change.outcome {
            Fate::Shown if is_live => (Role::Info, "NOT CHANGED"),
            Fate::Shown => (Role::Info, "NOT WRITTEN"),
            Fate::Made if is_live => (Role::Good, "CHANGED"),
            Fate::Made => (Role::Good, "WRITTEN"),
            Fate::Declined => (Role::Warning, "DECLINED"),
            Fate::Failed => (Role::Error, "FAILED"),
        };
        self.head(word, &change.object, change.place.as_ref(), change.chart_file.as_ref())?;
        self.steps(change, is_shown)?;
        if let Some(command) = &change.command {
            let label = if change.outcome == Fate::Made { "  the same:" } else { "  or:" };
            self.command(label, command)?;
        }
        writeln!(self.out)?;
        Ok(())
    }

    /// What is done. Notes are left out where somebody has seen them with the diff.
    fn steps(&mut self, change: &ChangeReport, is_shown: bool) -> Result<()> {
        for StepReport { title, check, grade, evidence, .. } in &change.steps {
            let grade = grade.map(|grade| format!("{grade}: ")).unwrap_or_default();
            let check = check.map(|check| format!(" ({check})")).unwrap_or_default();
            self.lines(&format!("{grade}{title}{check}"), "  ", None)?;
            if !evidence.is_empty() {
                self.lines(evidence, "    ", Some(Role::Dim))?;
            }
        }
        for note in change.notes.iter().filter(|_| !is_shown) {
            self.lines(&format!("note: {note}"), "  ", Some(Role::Warning))?;
        }
        Ok(())
    }

    fn refused(&mut self, refused: &RefusedReport) -> Result<()> {
        let RefusedReport { change, why, obstacle } = refused;
        let word = (Role::Error, "REFUSED");
        self.head(word, &change.object, change.place.as_ref(), change.chart_file.as_ref())?;
        let place = obstacle.place();
        let at = format!("{}:{}:{}", place.file, place.line, place.column);
        self.lines(&format!("it cannot be changed in this file: {why} ({at})"), "  ", None)?;
        self.steps(change, false)?;
        self.lines("by hand:", "  ", None)?;
        for line in yaml::block(&partial::of(&change.change).object).lines() {
            writeln!(self.out, "    {line}")?;
        }
        writeln!(self.out)?;
        Ok(())
    }

    fn left(&mut self, left: &Left) -> Result<()> {
        self.head((Role::Warning, "LEFT ALONE"), &left.object, None, None)?;
        self.lines(&left.why, "  ", None)?;
        for instead in &left.instead {
            // It may be a command, to be copied as a whole.
            let text = escape(instead);
            writeln!(self.out, "  {} {text}", self.style.paint(Role::Dim, "instead:"))?;
        }
        writeln!(self.out)?;
        Ok(())
    }

    fn summary<D>(&mut self, report: &PlanReport<D>, is_live: bool) -> Result<()> {
        let summary = &report.summary;
        let shown = report.changes.iter().filter(|change| change.outcome == Fate::Shown).count();
        let failed = report.changes.iter().filter(|change| change.outcome == Fate::Failed).count();
        let (made, only_shown) =
            if is_live { ("changed", "to change") } else { ("written", "to change, not written") };
        let counts = [
            (Role::Good, summary.made, made),
            (Role::Info, shown, only_shown),
            (Role::Warning, summary.declined, "declined"),
            (Role::Error, failed, "failed"),
            (Role::Error, summary.refused, "refused"),
            (Role::Good, summary.already, "as it should be"),
            (Role::Warning, summary.left, "left alone"),
        ];
        let mut parts: Vec<String> = counts
            .iter()
            .filter(|(_, count, _)| *count > 0)
            .map(|(role, count, word)| self.style.paint(*role, &format!("{count} {word}")))
            .collect();
        if summary.gaps > 0 {
            parts.push(self.style.paint(Role::Warning, &plural(summary.gaps, "gap")));
        }
        if parts.is_empty() {
            parts.push("nothing to change".to_owned());
        }
        let skipped = match summary.skipped {
            0 => String::new(),
            count => format!("; {} left aside", plural(count, "other")),
        };
        let objects = plural(summary.objects, "object");
        let skipped = self.style.paint(Role::Dim, &skipped);
        writeln!(self.out, "{objects}: {}{skipped}", parts.join(", "))?;
        Ok(())
    }

    /// A command is never wrapped, so that it can be copied.
    fn command(&mut self, label: &str, command: &str) -> Result<()> {
        let label = self.style.paint(Role::Dim, label);
        writeln!(self.out, "{label} {}", self.style.paint(Role::Command, &escape(command)))?;
        Ok(())
    }

    fn lines(&mut self, text: &str, indent: &str, role: Option<Role>) -> Result<()> {
        for line in wrap(&escape(text), self.width.saturating_sub(indent.len()), "  ") {
            let line = role.map_or(line.clone(), |role| self.style.paint(role, &line));
            writeln!(self.out, "{indent}{line}")?;
        }
        Ok(())
    }
}
