//! `-o github`: annotations of a run of GitHub Actions, by workflow commands, and in plain lines
//! what there is no room for among them.

use std::collections::BTreeMap;
use std::io::Write;

use super::escape::escape;
use super::groups::{self, Group};
use super::location::{self, Location, Region};
use super::style::Style;
use super::{human, sentence};
use crate::finding::check::Severity;
use crate::finding::report::{Finding, Report};
use crate::finding::suppression::{Idle, Idleness};
use crate::model::error::Result;
use crate::model::gap::Gap;
use crate::model::object::ObjectRef;

/// How many annotations of a kind GitHub shows of one step; the others it drops silently.
const SHOWN: usize = 10;

/// The longest title that GitHub takes, in characters.
const LONGEST_TITLE: usize = 255;

/// What a command says about how grave it is: the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Error,
    Warning,
    Notice,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Notice];

    fn of(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Info => Self::Notice,
        }
    }

    /// The command.
    fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// What one command says.
struct Annotation {
    kind: Kind,
    /// Nothing for what is in no file of the repository.
    place: Option<Location>,
    title: String,
    /// Lines.
    message: Vec<String>,
    /// How much it has to give way to others of its kind.
    rank: usize,
    /// What it counts for when there is no room for it: check and number.
    counts: Vec<(String, usize)>,
}

/// Writes the annotations, the most useful ten of each kind; then how many others there are of
/// each check, and the summary.
pub(super) fn write<D>(report: &Report<D>, out: &mut impl Write) -> Result<()> {
    let mut annotations: Vec<Annotation> = report.gaps.iter().map(of_gap).collect();
    for group in groups::of(report) {
        of_group(report, &group, &mut annotations);
    }
    annotations.extend(report.suppressions.iter().map(of_idle));
    annotations.sort_by_key(|own| (own.kind, own.rank));
    let mut rest: BTreeMap<(Kind, String), usize> = BTreeMap::new();
    for kind in Kind::ALL {
        let of_kind = annotations.iter().filter(|own| own.kind == kind);
        for (position, annotation) in of_kind.enumerate() {
            if position < SHOWN {
                writeln!(out, "{}", command(annotation))?;
                continue;
            }
            for (check, count) in &annotation.counts {
                *rest.entry((kind, check.clone())).or_default() += count;
            }
        }
    }
    if !rest.is_empty() {
        writeln!(out, "GitHub shows {SHOWN} annotations of a kind; without one are:")?;
    }
    for ((kind, check), count) in rest {
        writeln!(out, "{}", escape(&format!("  {count} of {check} ({})", kind.as_str())))?;
    }
    let mut summary = Vec::new();
    human::write_summary(report, Style::plain(usize::MAX), &mut summary)?;
    writeln!(out, "{}", escape(String::from_utf8_lossy(&summary).trim_end()))?;
    Ok(())
}

/// One annotation for everything of one severity that is to say about one line of an object: ten
/// are soon used up. The first of each object come before the second of any, and what is on a
/// line of a file before what is not.
fn of_group<D>(report: &Report<D>, group: &Group<'_, D>, annotations: &mut Vec<Annotation>) {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for finding in &group.findings {
        let (kind, found) = (Kind::of(finding.severity), location::of_finding(report, finding));
        let object = &finding.object;
        let known = lines.iter_mut().find(|own| {
            own.kind == kind && own.object == object && own.found.is_on_line_of(&found)
        });
        match known {
            Some(line) => line.findings.push(finding),
            None => lines.push(Line { kind, object, found, findings: vec![finding] }),
        }
    }
    let mut ranks = BTreeMap::new();
    let objects = 1 + group.same.len();
    for Line { kind, object, found, findings } in lines {
        let rank = ranks.entry(kind).or_insert(if found.is_file { 1 } else { usize::MAX / 2 });
        let namespace = object.namespace.as_ref().map(|name| format!(" in {name}"));
        let checks: Vec<&str> = findings.iter().map(|finding| finding.check).collect();
        let mut titles: Vec<&str> = Vec::new();
        for check in &checks {
            if !titles.contains(check) {
                titles.push(check);
            }
        }
        let mut message: Vec<String> =
            findings.iter().map(|finding| sentence::of_field(finding)).collect();
        if !group.same.is_empty() {
            message.push(groups::also(&group.same));
        }
        annotations.push(Annotation {
            kind,
            place: found.is_file.then_some(found),
            title: format!("{object}{}: {}", namespace.unwrap_or_default(), titles.join(", ")),
            message,
            rank: *rank,
            counts: checks.iter().map(|check| ((*check).to_owned(), objects)).collect(),
        });
        *rank += 1;
    }
}

/// What there is to say about one line of an object.
struct Line<'r> {
    kind: Kind,
    object: &'r ObjectRef,
    found: Location,
    findings: Vec<&'r Finding>,
}

/// What could not be judged comes first: it may hide anything.
fn of_gap(gap: &Gap) -> Annotation {
    let what = gap.object.as_ref().unwrap_or(&gap.what);
    let judged = if gap.what == "policy" { "not known" } else { "not judged" };
    Annotation {
        kind: Kind::Warning,
        place: gap.place.as_ref().and_then(location::of_mark),
        title: format!("{judged}: {what}"),
        message: vec![sentence::of_gap(gap)],
        rank: 0,
        counts: vec![(format!("gap/{}", gap.what), 1)],
    }
}

fn of_idle(idle: &Idle) -> Annotation {
    let status = idle.status.as_str();
    Annotation {
        kind: if idle.status == Idleness::Unused { Kind::Notice } else { Kind::Warning },
        place: idle.place.as_ref().and_then(location::of_mark),
        title: format!("suppression {status}: {}", idle.check),
        message: vec![sentence::of_idle(idle)],
        rank: usize::MAX,
        counts: vec![(format!("suppression/{status}"), 1)],
    }
}

/// `::error file=…,line=…,title=…::message`
fn command(annotation: &Annotation) -> String {
    let mut properties = Vec::new();
    if let Some(place) = &annotation.place {
        properties.push(format!("file={}", property(&place.file)));
        properties.push(lines_of(place.region.as_ref()));
    }
    let title: String = annotation.title.chars().take(LONGEST_TITLE).collect();
    properties.push(format!("title={}", property(&title)));
    let message: Vec<_> = annotation.message.iter().map(|line| escape(line)).collect();
    format!(
        "::{} {}::{}",
        annotation.kind.as_str(),
        properties.join(","),
        data(&message.join("\n"))
    )
}

/// GitHub takes columns only where all is on one line, and its end is the last character.
fn lines_of(region: Option<&Region>) -> String {
    let Some(Region { start, end }) = region else {
        return "line=1".to_owned();
    };
    if start.line == end.line {
        let last = end.column.saturating_sub(1).max(start.column);
        return format!(
            "line={},endLine={},col={},endColumn={last}",
            start.line, end.line, start.column
        );
    }
    format!("line={},endLine={}", start.line, end.line)
}

/// A value of a property, as the runner reads it back.
fn property(text: &str) -> String {
    data(&escape(text)).replace(':', "%3A").replace(',', "%2C")
}

/// A message, as the runner reads it back.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_once() {
        assert_eq!(property("a:b,c%\nd"), "a%3Ab%2Cc%25\\nd");
        assert_eq!(data("a:b,c%\n::error::d"), "a:b,c%25%0A::error::d");
    }

    #[test]
    fn no_plain_line_is_a_command() {
        for text in ["::error::x", "  ::error::x", "a ##[add-mask]b", "a\n::error::x"] {
            let line = escape(text);
            assert!(!line.trim_start().starts_with("::") && !line.contains("##["), "{line}");
            assert!(!line.contains('\n'), "{line}");
        }
        assert_eq!(escape("1 object: 1 allowed"), "1 object: 1 allowed");
    }
}
