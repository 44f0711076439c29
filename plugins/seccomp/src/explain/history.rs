//! Since which release of a runtime something is as it is.

use serde::Serialize;

use super::call::Call;
use super::filters::Filters;
use super::words;
use crate::defaults::Runtime;
use crate::defaults::version::Version;
use crate::evaluate::Target;

/// What the releases of a runtime do with a call, line by line, for the same container and node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct History {
    /// The lines, the oldest first.
    pub lines: Vec<Line>,
}

/// A line of releases: `1.7`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its name.
    pub line: String,
    /// Releases in a row that do the same.
    pub spans: Vec<Span>,
}

/// Releases in a row that do the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// The first one that was read.
    pub first: String,
    /// The last one.
    pub last: String,
    /// What they do with the call.
    pub verdict: String,
}

/// Asks every release.
pub(super) fn history(
    call: &Call,
    runtime: Runtime,
    target: &Target,
    filters: &mut Filters,
) -> History {
    let abi = target.machine.native();
    let args = call.arguments(abi);
    let mut found = History::default();
    for release in runtime.releases() {
        let verdict = match filters.get(&release.profile, target) {
            Ok(resolved) => {
                words::verdict(&call.name, &args, &resolved.verdict(abi, &call.name, &args))
            }
            Err(wrong) => format!("no container starts: {wrong}"),
        };
        let line = match release.version {
            Some(version) => {
                let (major, minor) = version.line();
                format!("{major}.{minor}")
            }
            None => release.name.clone(),
        };
        if found.lines.last().is_none_or(|last| last.line != line) {
            found.lines.push(Line { line, spans: Vec::new() });
        }
        let Some(line) = found.lines.last_mut() else { continue };
        match line.spans.last_mut() {
            Some(span) if span.verdict == verdict => span.last.clone_from(&release.name),
            _ => line.spans.push(Span {
                first: release.name.clone(),
                last: release.name.clone(),
                verdict,
            }),
        }
    }
    found
}

impl History {
    /// Whether all releases do the same.
    pub fn is_even(&self) -> bool {
        let mut spans = self.lines.iter().flat_map(|line| &line.spans);
        let first = spans.next().map(|span| &span.verdict);
        spans.all(|span| Some(&span.verdict) == first)
    }

    /// The verdicts that there are, in the order in which they appear.
    pub fn verdicts(&self) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for span in self.lines.iter().flat_map(|line| &line.spans) {
            if !found.contains(&span.verdict.as_str()) {
                found.push(&span.verdict);
            }
        }
        found
    }

    /// In which releases there is a verdict: `since 1.7.32, 2.0.13 (not in 2.0.7; none between was
    /// read); not in 1.2 to 1.6, 2.1`. `None` where no release has it.
    pub fn in_words(&self, verdict: &str) -> Option<String> {
        let has = |span: &Span| span.verdict == verdict;
        let mut since: Vec<String> = Vec::new();
        let mut until: Vec<String> = Vec::new();
        let mut never: Vec<(usize, &str)> = Vec::new();
        let mut before: Option<&Span> = None;
        for (position, line) in self.lines.iter().enumerate() {
            if !line.spans.iter().any(has) {
                never.push((position, &line.line));
            }
            for (place, span) in line.spans.iter().enumerate() {
                let starts = place == 0;
                match before {
                    Some(last) if has(last) && !has(span) && !starts => {
                        until.push(last.last.clone());
                    }
                    Some(last) if !has(last) && has(span) => {
                        let gap = if starts { String::new() } else { unread(last, span) };
                        since.push(format!("{}{gap}", span.first));
                    }
                    None if has(span) => since.push(format!("{}, the oldest known", span.first)),
                    _ => {}
                }
                before = Some(span);
            }
        }
        let mut parts = Vec::new();
        if !since.is_empty() {
            parts.push(format!("since {}", since.join(", ")));
        }
        if !until.is_empty() {
            parts.push(format!("until {}", until.join(", ")));
        }
        if !never.is_empty() && !parts.is_empty() {
            parts.push(format!("not in {}", runs(&never)));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// What is said where releases between two were not read.
fn unread(last: &Span, first: &Span) -> String {
    let patch = |name: &str| {
        Version::read(name).and_then(|version| {
            version.to_string().rsplit('.').next().and_then(|patch| patch.parse::<u32>().ok())
        })
    };
    match (patch(&last.last), patch(&first.first)) {
        (Some(last), Some(first)) if first == last + 1 => String::new(),
        _ => format!(" (not in {}; none between them was read)", last.last),
    }
}

/// Lines by name; those in a row as a range.
fn runs(lines: &[(usize, &str)]) -> String {
    let mut ranges: Vec<(usize, usize, &str, &str)> = Vec::new();
    for (position, name) in lines {
        match ranges.last_mut() {
            Some((_, end, _, last)) if *end + 1 == *position => {
                *end = *position;
                *last = name;
            }
            _ => ranges.push((*position, *position, name, name)),
        }
    }
    let words = ranges.iter().map(|(start, end, first, last)| {
        if start == end { (*first).to_owned() } else { format!("{first} to {last}") }
    });
    words.collect::<Vec<_>>().join(", ")
}
