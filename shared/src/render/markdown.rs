//! `-o markdown`: a comment for a pull request. A line with the verdicts, a table of what is
//! wrong, and behind it the findings to unfold, never more than a comment may have.
//!
//! Nothing untrusted is Markdown: it stands in code spans, where neither GitHub nor GitLab look
//! for links, names of people, or numbers of issues.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write;

use super::gfm::{cell, code, html};
use super::groups::{self, Group};
use super::human::plural;
use super::{location, sentence, settled};
use crate::finding::check::Severity;
use crate::finding::report::{Finding, ObjectReport, Report};
use crate::finding::suppression::{Idle, Suppressed};
use crate::model::error::Result;
use crate::model::gap::Gap;

/// How much each part may have, in bytes: together less than the 65,536 characters of a comment
/// on GitHub.
const MOST: Room = Room { table: 18_000, details: 24_000, gaps: 8_000, rest: 4_000 };

/// How many findings of one object are shown.
const FINDINGS: usize = 20;

/// The most of a text, and of a name or a path, in bytes.
const TEXT: usize = 600;
const NAME: usize = 300;

struct Room {
    table: usize,
    details: usize,
    gaps: usize,
    rest: usize,
}

/// Writes the report.
pub fn write<D>(report: &Report<D>, out: &mut impl Write) -> Result<()> {
    let mut objects = groups::of(report);
    objects.retain(|group| !group.object.settled && weight(group).is_some());
    objects.sort_by_key(|group| Reverse(weight(group)));
    let mut text = heading(report);
    if !objects.is_empty() {
        text.push_str("\n| Verdict | Object | Place | Checks |\n| --- | --- | --- | --- |\n");
        let rows = objects.iter().map(|group| row(group));
        part(&mut text, rows, MOST.table, "more object");
        let details = objects.iter().map(|group| details(report, group));
        part(&mut text, details, MOST.details, "more object");
    }
    let gaps = report.gaps.iter().map(gap_line);
    section(&mut text, "Not judged", gaps, MOST.gaps, "more gap");
    let idle = report.suppressions.iter().map(idle_line);
    section(&mut text, "Suppressions that do nothing", idle, MOST.rest, "more suppression");
    let suppressed = report.suppressed.iter().map(|own| suppressed_line(report, own));
    section(&mut text, "Suppressed", suppressed, MOST.rest, "more finding");
    out.write_all(text.as_bytes())?;
    Ok(())
}

/// Adds blocks as long as there is room, and says how many there was none for.
fn part(text: &mut String, blocks: impl ExactSizeIterator<Item = String>, room: usize, noun: &str) {
    let end = text.len() + room;
    let total = blocks.len();
    for (shown, block) in blocks.enumerate() {
        if text.len() + block.len() > end {
            let _infallible = writeln!(text, "\n… and {}", plural(total - shown, noun));
            return;
        }
        text.push_str(&block);
    }
}

/// A list below a title of its own, if there is anything in it.
fn section(
    text: &mut String,
    title: &str,
    lines: impl ExactSizeIterator<Item = String>,
    room: usize,
    noun: &str,
) {
    if lines.len() > 0 {
        let _infallible = write!(text, "\n#### {title}\n\n");
        part(text, lines, room, noun);
    }
}

/// How much an object weighs: its verdict or its gravest finding; nothing when all is well.
fn weight<D>(group: &Group<'_, D>) -> Option<Severity> {
    let findings = group.findings.iter().map(|finding| finding.severity).max();
    group.object.severity.max(findings)
}

/// The verdicts and their numbers.
fn heading<D>(report: &Report<D>) -> String {
    let mut verdicts: BTreeMap<(Reverse<Option<Severity>>, &str), usize> = BTreeMap::new();
    for object in &report.objects {
        *verdicts.entry((Reverse(object.severity), object.verdict)).or_default() += 1;
    }
    let mut parts: Vec<String> =
        verdicts.iter().map(|((_, verdict), count)| format!("{count} {verdict}")).collect();
    parts.extend(settled::summary(report));
    if !report.gaps.is_empty() {
        parts.push(plural(report.gaps.len(), "gap"));
    }
    let objects = plural(report.objects.len(), "object");
    let detail = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    format!("### {} {}: {objects}{detail}\n", code(&report.tool.name, NAME), report.tool.verb)
}

fn row<D>(group: &Group<'_, D>) -> String {
    let object = group.object;
    let place = location::of_object(object).label();
    let place = place.map(|place| cell(&place, NAME)).unwrap_or_default();
    let checks: BTreeSet<&str> = group.findings.iter().map(|finding| finding.check).collect();
    let checks: Vec<String> = checks.into_iter().map(|check| cell(check, NAME)).collect();
    let checks = checks.join(", ");
    let verdict = object.verdict;
    format!("| {verdict} | {} | {place} | {checks} |\n", named(object, group, cell))
}

/// The object, its namespace, and how many are the same.
fn named<D>(
    object: &ObjectReport<D>,
    group: &Group<'_, D>,
    mark_up: fn(&str, usize) -> String,
) -> String {
    let mut text = mark_up(&object.object.to_string(), NAME);
    if let Some(namespace) = &object.object.namespace {
        let _infallible = write!(text, " in {}", mark_up(namespace, NAME));
    }
    if !group.same.is_empty() {
        let _infallible = write!(text, " and {} more like it", group.same.len());
    }
    text
}

/// The findings of an object, to unfold.
fn details<D>(report: &Report<D>, group: &Group<'_, D>) -> String {
    let object = group.object;
    let name = named(object, group, html);
    let mut text = format!("\n<details><summary>{} {name}</summary>\n\n", object.verdict);
    if group.findings.is_empty() && !object.sentence.is_empty() {
        let _infallible = writeln!(text, "- {}", code(&object.sentence, TEXT));
    }
    for finding in group.findings.iter().take(FINDINGS) {
        text.push_str(&finding_line(report, object, finding));
    }
    if let Some(more) = group.findings.len().checked_sub(FINDINGS).filter(|more| *more > 0) {
        let _infallible = writeln!(text, "- … and {}", plural(more, "more finding"));
    }
    for note in &object.notes {
        let _infallible = writeln!(text, "- note: {}", code(note, TEXT));
    }
    text.push_str("\n</details>\n");
    text
}

fn finding_line<D>(report: &Report<D>, object: &ObjectReport<D>, finding: &Finding) -> String {
    let place = location::of_finding(report, finding).label();
    let at = place.map(|place| format!(" at {}", code(&place, NAME))).unwrap_or_default();
    let other = finding.object != object.object;
    let other =
        if other { format!(" {}", code(&finding.object.to_string(), NAME)) } else { String::new() };
    let (check, severity) = (code(finding.check, NAME), finding.severity.as_str());
    format!("- **{check}** ({severity}){other}{at}: {}\n", code(&sentence::of_field(finding), TEXT))
}

fn gap_line(gap: &Gap) -> String {
    let place = gap.place.as_ref().and_then(location::of_mark);
    let place = place.and_then(|place| place.label());
    let what = place.as_ref().or(gap.object.as_ref()).unwrap_or(&gap.what);
    let hint = match gap.hint.as_str() {
        "" => String::new(),
        hint => format!(" (hint: {})", code(hint, TEXT)),
    };
    format!("- {}: {}{hint}\n", code(what, NAME), code(&gap.why, TEXT))
}

fn idle_line(idle: &Idle) -> String {
    let place = idle.place.as_ref().and_then(location::of_mark);
    let place = place.and_then(|place| place.label());
    let at = place.as_ref().or(idle.object.as_ref());
    let at = at.map(|at| format!(" at {}", code(at, NAME))).unwrap_or_default();
    let (status, by) = (idle.status.as_str(), idle.by.as_str());
    format!("- {status}: {by} for {}{at}: {}\n", code(&idle.check, NAME), code(&idle.why, TEXT))
}

fn suppressed_line<D>(report: &Report<D>, suppressed: &Suppressed) -> String {
    let (finding, ground) = (&suppressed.finding, &suppressed.suppression);
    let place = location::of_finding(report, finding).label();
    let at = place.map(|place| format!(" at {}", code(&place, NAME))).unwrap_or_default();
    let (check, object) = (code(finding.check, NAME), code(&finding.object.to_string(), NAME));
    let by = ground.by.as_str();
    format!("- **{check}** {object}{at}: {by}: {}\n", code(&ground.reason, TEXT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn what_does_not_count_is_said_and_is_no_row() {
        let mut out = Vec::new();
        write(&sample::report(), &mut out).expect("written");
        let text = String::from_utf8(out).expect("text");
        let expected = "### `kubectl-pss` check: 3 objects: 2 rejected, 1 allowed, 2 findings suppressed, 1 gap

| Verdict | Object | Place | Checks |
| --- | --- | --- | --- |
| rejected | `pod/bad` in `team` |  | `privileged`, `unknownField` |

<details><summary>rejected <code>pod/bad</code> in <code>team</code></summary>

- **`privileged`** (error): `spec: privileged is wrong`
- **`unknownField`** (warning): `spec: unknownField is wrong`

</details>

#### Not judged

- `file`: `no such file`

#### Suppressions that do nothing

- unused: annotation for `sysctls` at `pod/good`: `nothing is found that it means`

#### Suppressed

- **`hostPorts`** `pod/bad`: comment: `needed @ops`
- **`privileged`** `pod/settled`: comment: `old`
";
        assert_eq!(text, expected);
    }
}
