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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// The lines, the oldest first.
    pub lines: Vec<Line>,
}

/// A line of releases: `1.7`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Line {
    /// Its name.
    pub line: String,
    /// Releases in a row that do the same.
    pub spans: Vec<Span>,
}

/// Releases in a row that do the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

    /// What changed: of each verdict but the oldest, in which releases it is; of the only one, that
    /// it is in all.
    pub fn in_words(&self) -> Vec<String> {
        match self.verdicts()[..] {
            [] => Vec::new(),
            [only] => vec![format!("{only} in all that are known")],
            [_, ref later @ ..] => {
                let said = later.iter().map(|verdict| format!("{verdict} {}", self.since(verdict)));
                said.collect()
            }
        }
    }

    /// In which releases there is a verdict: `since 1.7.32, 2.2.4; not in 1.2 to 1.6, 2.1`. A line
    /// that begins with it where the line before it ends with it is not worth a word.
    fn since(&self, verdict: &str) -> String {
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
                        until.push(format!("{}{}", last.last, unread(false, last, span)));
                    }
                    Some(last) if !has(last) && has(span) => {
                        let gap = if starts { String::new() } else { unread(true, last, span) };
                        since.push(format!("{}{gap}", span.first));
                    }
                    _ => {}
                }
                before = Some(span);
            }
        }
        let mut parts = vec![format!("since {}", since.join(", "))];
        if !until.is_empty() {
            parts.push(format!("until {}", until.join(", ")));
        }
        if !never.is_empty() {
            parts.push(format!("not in {}", runs(&never)));
        }
        parts.join("; ")
    }
}

/// What is said where releases between two were not read.
fn unread(begins: bool, last: &Span, first: &Span) -> String {
    let patch = |name: &str| Version::read(name).map(Version::patch);
    match (patch(&last.last), patch(&first.first)) {
        (Some(last), Some(first)) if first == last + 1 => String::new(),
        _ => {
            let other = if begins { &last.last } else { &first.first };
            format!(" (not in {other}; none between them was read)")
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    type Spans<'a> = &'a [(&'a str, &'a str, &'a str)];

    fn history(lines: &[(&str, Spans<'_>)]) -> History {
        let span = |(first, last, verdict): &(&str, &str, &str)| Span {
            first: (*first).to_owned(),
            last: (*last).to_owned(),
            verdict: (*verdict).to_owned(),
        };
        let line = |(line, spans): &(&str, Spans<'_>)| Line {
            line: (*line).to_owned(),
            spans: spans.iter().map(span).collect(),
        };
        History { lines: lines.iter().map(line).collect() }
    }

    #[test]
    fn says_since_when_and_where_not() {
        let found = history(&[
            ("1.6", &[("1.6.0", "1.6.38", "open")]),
            ("1.7", &[("1.7.0", "1.7.31", "open"), ("1.7.32", "1.7.35", "shut")]),
            ("2.0", &[("2.0.0", "2.0.7", "open"), ("2.0.13", "2.0.14", "shut")]),
            ("2.1", &[("2.1.0", "2.1.9", "open")]),
            ("2.2", &[("2.2.0", "2.2.3", "open"), ("2.2.4", "2.2.9", "shut")]),
            ("2.4", &[("2.4.0", "2.4.2", "shut")]),
        ]);
        assert_eq!(
            found.in_words(),
            [
                "shut since 1.7.32, 2.0.13 (not in 2.0.7; none between them was read), 2.2.4; not in \
              1.6, 2.1"
            ]
        );
    }

    #[test]
    fn what_ends_has_an_end() {
        let found = history(&[
            ("1", &[("1.0.0", "1.0.3", "shut")]),
            ("2", &[("2.0.0", "2.0.5", "open"), ("2.0.6", "2.0.9", "shut")]),
            ("3", &[("3.0.0", "3.0.1", "shut")]),
        ]);
        assert_eq!(found.in_words(), ["open since 2.0.0; until 2.0.5; not in 1, 3"]);
        let same = history(&[("1", &[("1.0.0", "1.0.3", "shut")])]);
        assert_eq!(same.in_words(), ["shut in all that are known"]);
    }
}
