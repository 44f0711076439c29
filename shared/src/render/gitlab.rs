//! `-o gitlab`: a Code Quality report, which GitLab shows beside a merge request.

use std::io::Write;

use serde::Serialize;

use super::location::Location;
use super::{distinct, location, machine, sentence};
use crate::finding::check::Severity;
use crate::finding::report::{Finding, Report};
use crate::finding::suppression::{Idle, Idleness};
use crate::model::error::Result;
use crate::model::gap::Gap;

/// The longest path that stands for something without a file.
const LONGEST_NAME: usize = 120;

/// One entry of the report.
#[derive(Debug, Serialize)]
struct Issue<'r> {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Place<'r>,
}

#[derive(Debug, Serialize)]
struct Place<'r> {
    path: std::borrow::Cow<'r, str>,
    lines: Lines,
}

#[derive(Debug, Serialize)]
struct Lines {
    begin: usize,
}

/// Writes the report: every finding is an issue. The format has no room beside issues, so what
/// could not be judged is one too, `gap/…`, as are suppressions that do nothing,
/// `suppression/…`: whoever looks at the merge request sees no other output.
pub(super) fn write<D>(report: &Report<D>, out: &mut impl Write) -> Result<()> {
    let findings: Vec<&Finding> = report.findings.iter().collect();
    let own =
        findings.iter().zip(distinct::fingerprints(&findings)).map(|(finding, fingerprint)| {
            Issue {
                description: sentence::of_finding(finding),
                check_name: finding.check.to_owned(),
                fingerprint,
                severity: severity(finding.severity),
                location: place(location::of_finding(report, finding)),
            }
        });
    let mut issues: Vec<Issue<'_>> = own.collect();
    let mut others: Vec<Issue<'_>> = report.gaps.iter().map(gap).collect();
    others.extend(report.suppressions.iter().map(idle));
    number(&mut others);
    issues.append(&mut others);
    machine::json(&issues, out)
}

/// GitLab's words from `info` to `blocker`: nothing here blocks by itself, and what is refused
/// or would be is `critical`.
fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "critical",
        Severity::Warning => "minor",
        Severity::Info => "info",
    }
}

fn gap(gap: &Gap) -> Issue<'static> {
    let found = gap.place.as_ref().and_then(location::of_mark);
    let found = found.unwrap_or_else(|| nameless(gap.object.as_deref().unwrap_or(&gap.what)));
    issue(format!("gap/{}", gap.what), "major", sentence::of_gap(gap), found)
}

fn idle(idle: &Idle) -> Issue<'static> {
    let found = idle.place.as_ref().and_then(location::of_mark);
    let found = found.unwrap_or_else(|| nameless(idle.object.as_deref().unwrap_or(&idle.check)));
    let severity = if idle.status == Idleness::Unused { "info" } else { "minor" };
    let check = format!("suppression/{}", idle.status.as_str());
    issue(check, severity, sentence::of_idle(idle), found)
}

/// An issue that is no finding. Lines move: its fingerprint is made of the file and the words.
fn issue(
    check_name: String,
    severity: &'static str,
    description: String,
    found: Location,
) -> Issue<'static> {
    let fingerprint = distinct::hex(&[&check_name, &found.file, &description], 8);
    Issue { description, check_name, fingerprint, severity, location: place(found) }
}

/// Two documents of a file may be broken alike.
fn number(issues: &mut [Issue<'_>]) {
    let mut known = std::collections::HashMap::new();
    for issue in issues {
        let count: &mut usize = known.entry(issue.fingerprint.clone()).or_default();
        *count += 1;
        if *count > 1 {
            issue.fingerprint = format!("{}-{count}", issue.fingerprint);
        }
    }
}

fn place(found: Location) -> Place<'static> {
    let begin = found.line();
    Place { path: found.file.into(), lines: Lines { begin } }
}

/// A path for what has no file: an issue without one is not shown.
fn nameless(name: &str) -> Location {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_/".contains(character);
    let name: String = name
        .chars()
        .take(LONGEST_NAME)
        .map(|character| if is_plain(character) { character } else { '_' })
        .collect();
    let file = format!("cluster/{}.yaml", name.trim_matches('/'));
    Location { file, region: None, is_file: false }
}
