//! `-o markdown`: a comment for a pull request, never more than a comment may have. Nothing
//! untrusted is Markdown: it stands in code spans.

use std::fmt::Write as _;
use std::io::Write;

use posture::model::error::Result;
use posture::render::gfm::{cell, code};
use posture::render::human::plural;

use super::human::{causes_of, reason};
use crate::engine::verdict::Verdict;
use crate::picture::report::{Connection, MapReport};

/// How much the table and the gaps may have, in bytes: together less than the 65,536 characters of
/// a comment on GitHub.
const TABLE: usize = 44_000;
const GAPS: usize = 8_000;

/// The most of a name or a text, in bytes.
const TEXT: usize = 600;

/// How many names there are in a cell.
const NAMED: usize = 12;

/// Writes the map.
pub(super) fn write(report: &MapReport, out: &mut impl Write) -> Result<()> {
    let summary = &report.summary;
    let mut parts = vec![plural(summary.connections, "connection")];
    let uncertain = summary.depends + summary.unknown;
    let counts = [(uncertain, "not certain"), (summary.open, "open to everything")].into_iter();
    parts.extend(
        counts.filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")),
    );
    if summary.gaps > 0 {
        parts.push(plural(summary.gaps, "gap"));
    }
    writeln!(
        out,
        "### {} {}: {} in {}: {}\n\n{}\n",
        code(&report.tool.name, TEXT),
        report.tool.verb,
        plural(summary.workloads, "workload"),
        plural(summary.namespaces, "namespace"),
        parts.join(", "),
        code(&report.enforcer, TEXT),
    )?;
    table(report, out)?;
    open(report, out)?;
    if !report.gaps.is_empty() {
        writeln!(out, "\n#### Not judged\n")?;
        let lines = report.gaps.iter().map(|gap| {
            let what = gap.object.as_ref().unwrap_or(&gap.what);
            format!("- {}: {}\n", code(what, TEXT), code(&gap.why, TEXT))
        });
        pieces(lines, GAPS, "more gap", out)?;
    }
    Ok(())
}

fn table(report: &MapReport, out: &mut impl Write) -> Result<()> {
    if report.connections.is_empty() {
        return Ok(());
    }
    let has_why = report.connections.iter().any(|connection| connection.why.is_some());
    let (head, rule) = if has_why { (" Decided by |", " --- |") } else { ("", "") };
    writeln!(out, "| To | Ports | From | Verdict |{head}\n| --- | --- | --- | --- |{rule}")?;
    let rows = report.connections.iter().map(|connection| {
        let why = connection.why.iter().flatten().map(|why| cell(&reason(why), TEXT));
        let why = if has_why { format!(" {} |", joined(why)) } else { String::new() };
        format!(
            "| {} | {} | {} | {} |{why}\n",
            names(report, &connection.to),
            connection.port_set,
            names(report, &connection.from),
            verdict(connection),
        )
    });
    pieces(rows, TABLE, "more connection", out)
}

fn verdict(connection: &Connection) -> String {
    match connection.certainty {
        Verdict::Allowed => connection.verdict.to_owned(),
        _ => format!("⚠️ {}", causes_of(connection)),
    }
}

fn open(report: &MapReport, out: &mut impl Write) -> Result<()> {
    let [both, ingress, egress] = &report.open.words;
    let said = [
        ("Open to everything, in and out", both),
        ("Open for ingress", ingress),
        ("Open for egress", egress),
        ("Reached by nobody", &report.closed.words),
    ];
    for (title, words) in said.into_iter().filter(|(_, words)| !words.is_empty()) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        writeln!(out, "\n{title}: {}", few(&words, code))?;
    }
    Ok(())
}

fn names(report: &MapReport, groups: &[usize]) -> String {
    let groups = groups.iter().filter_map(|&group| report.groups.get(group));
    few(&groups.map(|group| group.words.as_str()).collect::<Vec<_>>(), cell)
}

/// The first few names, and how many more there are.
fn few(words: &[&str], mark_up: fn(&str, usize) -> String) -> String {
    let mut text = joined(words.iter().take(NAMED).map(|word| mark_up(word, TEXT)));
    if words.len() > NAMED {
        let _infallible = write!(text, " and {} more", words.len() - NAMED);
    }
    text
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// Writes pieces as long as there is room, and says how many there was none for.
fn pieces(
    pieces: impl ExactSizeIterator<Item = String>,
    room: usize,
    noun: &str,
    out: &mut impl Write,
) -> Result<()> {
    let total = pieces.len();
    let mut written = 0;
    for (shown, piece) in pieces.enumerate() {
        written += piece.len();
        if written > room {
            writeln!(out, "\n… and {}", plural(total - shown, noun))?;
            return Ok(());
        }
        out.write_all(piece.as_bytes())?;
    }
    Ok(())
}
