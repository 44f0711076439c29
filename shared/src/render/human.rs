//! The view for people: grouped by object, the source line with a caret, what to write instead,
//! the next command, a summary. Quiet about what is well.

use std::collections::BTreeMap;
use std::io::Write;

use unicode_width::UnicodeWidthStr as _;

use super::document::wrap;
use super::escape::escape;
use super::excerpt::excerpt;
use super::style::{Role, Style};
use super::{groups, settled};
use crate::finding::check::Severity;
use crate::finding::report::{Finding, ObjectReport, Report};
use crate::model::error::Result;
use crate::model::gap::Gap;
use crate::model::source::Mark;

/// The widest column of prose that reads well.
const PROSE_WIDTH: usize = 110;

/// The most that is shown of a line of a source.
const SOURCE_WIDTH: usize = 160;

/// What is said at the end of a report.
#[derive(Clone, Debug, Default)]
pub struct Closing {
    /// Commands worth running next.
    pub next: Vec<String>,
}

/// Writes the report.
pub fn write<D>(
    report: &Report<D>,
    closing: &Closing,
    style: Style,
    out: &mut impl Write,
) -> Result<()> {
    let mut writer = Writer { style, width: style.width().min(PROSE_WIDTH), out };
    for group in groups::of(report) {
        writer.object(group.object, &group.same, &group.findings)?;
    }
    settled::write(report, style, writer.out)?;
    writer.notes(&report.notes)?;
    for gap in &report.gaps {
        writer.gap(gap)?;
    }
    writer.summary(report)?;
    for command in &closing.next {
        let line =
            format!("{} {}", style.paint(Role::Dim, "next:"), style.paint(Role::Command, command));
        writeln!(writer.out, "{line}")?;
    }
    Ok(())
}

/// Writes only what could not be judged and what suppresses nothing, for the formats whose rows
/// have no room for it.
pub fn write_rest<D>(report: &Report<D>, style: Style, out: &mut impl Write) -> Result<()> {
    settled::write(report, style, out)?;
    write_gaps(&report.gaps, style, out)
}

/// Writes only what could not be judged.
pub fn write_gaps(gaps: &[Gap], style: Style, out: &mut impl Write) -> Result<()> {
    let mut writer = Writer { style, width: style.width().min(PROSE_WIDTH), out };
    gaps.iter().try_for_each(|gap| writer.gap(gap))
}

/// Writes only the line at the end: how many objects there are, and with which verdicts.
pub(super) fn write_summary<D>(
    report: &Report<D>,
    style: Style,
    out: &mut impl Write,
) -> Result<()> {
    Writer { style, width: style.width(), out }.summary(report)
}

struct Writer<'a, W> {
    style: Style,
    width: usize,
    out: &'a mut W,
}

impl<W: Write> Writer<'_, W> {
    fn object<D>(
        &mut self,
        object: &ObjectReport<D>,
        same: &[&ObjectReport<D>],
        findings: &[&Finding],
    ) -> Result<()> {
        let role = object.severity.map_or(Role::Good, role_of);
        let verdict = object.verdict.to_uppercase();
        let name = escape(&object.object.to_string()).into_owned();
        let namespace =
            object.object.namespace.as_ref().map(|name| format!(" in {}", escape(name)));
        let place = object.place.as_ref().map(Mark::place);
        let place = place
            .map(|place| format!("  {}:{}", escape(&place.file), place.line))
            .unwrap_or_default();
        let owner = object.owner.as_ref().map(|owner| {
            format!("  ({}/{})", escape(&owner.kind.to_lowercase()), escape(&owner.name))
        });
        let place = format!("{place}{}", owner.unwrap_or_default());
        let chart = object.chart_file.as_ref().map(|file| format!("  (chart: {})", escape(file)));
        writeln!(
            self.out,
            "{}  {}{}{}{}",
            self.style.paint(role, &verdict),
            self.style.paint(Role::Name, &name),
            namespace.unwrap_or_default(),
            self.style.paint(Role::Dim, &place),
            self.style.paint(Role::Dim, &chart.unwrap_or_default()),
        )?;
        if !same.is_empty() {
            self.indented(&groups::also(same), Some(Role::Dim))?;
        }
        if !object.sentence.is_empty() {
            self.indented(&object.sentence, None)?;
        }
        for note in object.notes.iter().filter(|note| **note != object.sentence) {
            self.indented(note, Some(Role::Dim))?;
        }
        self.findings(findings)?;
        writeln!(self.out)?;
        Ok(())
    }

    /// What holds for all objects.
    fn notes(&mut self, notes: &[String]) -> Result<()> {
        if notes.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "{}", self.style.paint(Role::Name, "NOTE"))?;
        for note in notes {
            self.indented(note, None)?;
        }
        writeln!(self.out)?;
        Ok(())
    }

    /// How wide a line of a source may be: a minified file has one line of megabytes.
    fn source_width(&self) -> usize {
        self.style.width().min(SOURCE_WIDTH)
    }

    fn indented(&mut self, text: &str, role: Option<Role>) -> Result<()> {
        for line in wrap(&escape(text), self.width.saturating_sub(2), "  ") {
            let line = role.map_or(line.clone(), |role| self.style.paint(role, &line));
            writeln!(self.out, "  {line}")?;
        }
        Ok(())
    }

    /// Findings that point at the same place share one excerpt.
    fn findings(&mut self, findings: &[&Finding]) -> Result<()> {
        let mut groups: BTreeMap<(usize, usize), Vec<&Finding>> = BTreeMap::new();
        let mut without_place = Vec::new();
        for finding in findings {
            match &finding.place {
                Some(mark) => {
                    let span = mark.span();
                    groups.entry((span.start, span.end)).or_default().push(finding);
                }
                None => without_place.push(*finding),
            }
        }
        let last = findings
            .iter()
            .filter_map(|finding| finding.place.as_ref())
            .map(|mark| mark.place().line)
            .max();
        let gutter = last.map_or(1, |line| line.to_string().len());
        let mut previous = None;
        for group in groups.values() {
            previous = self.group(group, gutter, previous)?;
        }
        for finding in without_place {
            self.indented(&format!("{}: {}", finding.path, remedy(finding)), None)?;
        }
        Ok(())
    }

    /// Writes one excerpt and what is said about it; returns what was shown of the line.
    fn group(
        &mut self,
        group: &[&Finding],
        gutter: usize,
        previous: Option<String>,
    ) -> Result<Option<String>> {
        let Some(shown) = group
            .first()
            .and_then(|finding| finding.place.as_ref())
            .and_then(|mark| excerpt(mark, self.source_width().saturating_sub(gutter + 5)))
        else {
            return Ok(previous);
        };
        let bar = |style: &Style, number: &str| {
            style.paint(Role::Dim, &format!("  {number:>gutter$} | "))
        };
        // Two values on one line: the line is not repeated, unless another part of it is shown.
        let numbered = format!("{}{}", bar(&self.style, &shown.line.to_string()), shown.text);
        if previous.as_ref() != Some(&numbered) {
            writeln!(self.out, "{numbered}")?;
        }
        let worst = group.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info);
        let caret = format!("{}{}", " ".repeat(shown.indent), "^".repeat(shown.length));
        let caret = self.style.paint(role_of(worst), &caret);
        let said = |finding: &Finding| format!("{}: {}", finding.check, remedy(finding));
        let texts: Vec<_> = group
            .iter()
            .map(|finding| {
                let text = said(finding);
                // The same words twice: the fields tell them apart.
                let is_alone = group.iter().filter(|other| said(other) == text).count() == 1;
                (finding, if is_alone { text } else { format!("{text} ({})", finding.path) })
            })
            .collect();
        // A single remark that fits stands beside the caret.
        if let [(finding, text)] = &texts[..]
            && gutter + 6 + shown.indent + shown.length + text.width() <= self.width
        {
            let text = self.remark(finding, &escape(text));
            writeln!(self.out, "{}{caret} {text}", bar(&self.style, ""))?;
            return Ok(Some(numbered));
        }
        writeln!(self.out, "{}{caret}", bar(&self.style, ""))?;
        let indent = shown.indent.min(self.width / 4);
        for (finding, text) in texts {
            let room = self.width.saturating_sub(gutter + 5 + indent).max(24);
            for line in wrap(&escape(&text), room, "  ") {
                let line = self.remark(finding, &line);
                writeln!(self.out, "{}{}{line}", bar(&self.style, ""), " ".repeat(indent))?;
            }
        }
        Ok(Some(numbered))
    }

    /// A line with the check's name, if it starts with it, in the colour of the finding.
    fn remark(&self, finding: &Finding, line: &str) -> String {
        match line.strip_prefix(finding.check) {
            Some(rest) => {
                format!("{}{rest}", self.style.paint(role_of(finding.severity), finding.check))
            }
            None => line.to_owned(),
        }
    }

    fn gap(&mut self, gap: &Gap) -> Result<()> {
        let place = gap.place.as_ref().map(|mark| {
            let place = mark.place();
            format!("{}:{}:{}", place.file, place.line, place.column)
        });
        let what = place.or_else(|| gap.object.clone()).unwrap_or_else(|| gap.what.clone());
        let head = match gap.what.as_str() {
            // Judged by an assumption.
            "policy" | "kubelet" => "NOT KNOWN",
            "change" => "NOT DONE",
            _ => "NOT JUDGED",
        };
        let head = self.style.paint(Role::Warning, head);
        writeln!(self.out, "{head}  {}", escape(&what))?;
        self.indented(&gap.why, None)?;
        if let Some(mark) = &gap.place
            && let Some(shown) = excerpt(mark, self.source_width().saturating_sub(8))
            && !shown.text.trim().is_empty()
        {
            let number = shown.line.to_string();
            let blank = " ".repeat(number.len());
            writeln!(
                self.out,
                "{}{}",
                self.style.paint(Role::Dim, &format!("  {number} | ")),
                shown.text
            )?;
            let caret = format!("{}{}", " ".repeat(shown.indent), "^");
            writeln!(self.out, "{}{caret}", self.style.paint(Role::Dim, &format!("  {blank} | ")))?;
        }
        if !gap.hint.is_empty() {
            self.indented(&format!("hint: {}", gap.hint), Some(Role::Info))?;
        }
        writeln!(self.out)?;
        Ok(())
    }

    fn summary<D>(&mut self, report: &Report<D>) -> Result<()> {
        let mut verdicts: BTreeMap<(std::cmp::Reverse<Option<Severity>>, &str), usize> =
            BTreeMap::new();
        for object in &report.objects {
            *verdicts.entry((std::cmp::Reverse(object.severity), object.verdict)).or_default() += 1;
        }
        let mut parts: Vec<String> = verdicts
            .iter()
            .map(|((severity, verdict), count)| {
                let role = severity.0.map_or(Role::Good, role_of);
                self.style.paint(role, &format!("{count} {verdict}"))
            })
            .collect();
        if !report.gaps.is_empty() {
            parts.push(self.style.paint(Role::Warning, &plural(report.gaps.len(), "gap")));
        }
        let objects = plural(report.objects.len(), "object");
        let detail =
            if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
        let skipped = match report.summary.skipped {
            0 => String::new(),
            count => format!("; {} left aside", plural(count, "other")),
        };
        // Files are judged as a release that the user has named, or the newest.
        let server = report.target.server.as_ref().filter(|_| report.target.files.is_empty());
        let server = server.map(|server| format!("; judged as server {server}"));
        let suppressed = settled::summary(report).into_iter().chain(report.remarks.clone());
        let suppressed: Vec<String> = suppressed.collect();
        let suppressed = match suppressed.join("; ") {
            text if text.is_empty() => text,
            text => format!("; {}", escape(&text)),
        };
        let rest = format!("{skipped}{}{}", suppressed, server.unwrap_or_default());
        writeln!(self.out, "{objects}{detail}{}", self.style.paint(Role::Dim, &rest))?;
        Ok(())
    }
}

/// What to write instead, and how safe that is: `set it to false [fix B]`.
fn remedy(finding: &Finding) -> String {
    let said = finding.advice.as_deref().unwrap_or(&finding.message);
    match &finding.fix {
        Some(fix) => format!("{said} [fix {}]", fix.grade),
        None => said.to_owned(),
    }
}

fn role_of(severity: Severity) -> Role {
    match severity {
        Severity::Error => Role::Error,
        Severity::Warning => Role::Warning,
        Severity::Info => Role::Info,
    }
}

/// `1 object`, `2 objects`.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("{count} {noun}") } else { format!("{count} {noun}s") }
}
