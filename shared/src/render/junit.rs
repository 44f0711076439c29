//! `-o junit`: a test case for every object, the good ones too, in a suite for every namespace.
//! Jenkins and GitLab show them beside other tests: only what fails the command fails there.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use super::judged::{self, Judged};
use super::location::{self, Location};
use super::sentence;
use super::xml::Xml;
use crate::finding::report::{Finding, Report};
use crate::finding::suppression::Idle;
use crate::model::error::Result;
use crate::model::gap::Gap;

/// The suite of objects that are in no namespace; no namespace can be called so.
const CLUSTER: &str = "_cluster";

/// Nobody has measured a single object.
const TIME: (&str, &str) = ("time", "0");

/// Writes the report.
pub fn write<D>(report: &Report<D>, out: &mut impl Write) -> Result<()> {
    let suites = suites(report);
    let name = format!("{} {}", report.tool.name, report.tool.verb);
    let count = |of: fn(&Outcome) -> bool| suites.iter().map(|suite| suite.count(of)).sum();
    let mut xml = Xml::start(out)?;
    let totals = Totals::new(count);
    // The schema of Jenkins' own plugin knows no number of skipped ones here.
    let [name, tests, failures, errors, _, time] = totals.attributes(&name);
    xml.open("testsuites", &[name, tests, failures, errors, time])?;
    for suite in &suites {
        suite.write(&report.tool.name, &mut xml)?;
    }
    xml.close()
}

fn suites<D>(report: &Report<D>) -> Vec<Suite> {
    let mut namespaces: BTreeMap<&str, Vec<Case>> = BTreeMap::new();
    for judged in judged::of(report) {
        let namespace = judged.object.object.namespace.as_deref().unwrap_or(CLUSTER);
        namespaces.entry(namespace).or_default().push(case_of(report, &judged));
    }
    let suite = |(name, cases): (&str, _)| Suite { name: name.to_owned(), cases };
    let mut suites: Vec<_> = namespaces.into_iter().map(suite).collect();
    let rest = [
        ("gaps", report.gaps.iter().map(case_of_gap).collect::<Vec<_>>()),
        ("suppressions", report.suppressions.iter().map(case_of_idle).collect()),
    ];
    suites.extend(rest.into_iter().filter(|(_, cases)| !cases.is_empty()).map(suite));
    suites
}

fn case_of<D>(report: &Report<D>, judged: &Judged<'_, D>) -> Case {
    let object = judged.object;
    let line = |finding: &Finding| line_of(report, judged, finding);
    let (failing, others): (Vec<&Finding>, Vec<&Finding>) =
        judged.findings.iter().partition(|finding| finding.severity >= report.fail_on);
    let mut log = object.notes.clone();
    log.extend(others.iter().map(|finding| line(finding)));
    log.extend(judged.suppressed.iter().map(|suppressed| {
        let ground = &suppressed.suppression;
        let by = ground.by.as_str();
        format!("suppressed ({by}: {}): {}", ground.reason, line(&suppressed.finding))
    }));
    let outcome = if !failing.is_empty() {
        let checks: BTreeSet<&str> = failing.iter().map(|finding| finding.check).collect();
        let checks: Vec<&str> = checks.into_iter().collect();
        Outcome::Failed {
            kind: object.verdict.to_owned(),
            message: format!("{}: {}", object.verdict, checks.join(", ")),
            lines: failing.iter().map(|finding| line(finding)).collect(),
        }
    } else if object.settled {
        Outcome::Skipped { message: grounds(judged) }
    } else {
        Outcome::Passed
    };
    let location = Some(location::of_object(object));
    Case { name: object.object.to_string(), location, outcome, log }
}

/// Why nothing that was found counts.
fn grounds<D>(judged: &Judged<'_, D>) -> String {
    let reasons = judged.suppressed.iter().map(|suppressed| suppressed.suppression.reason.as_str());
    let reasons: BTreeSet<&str> = reasons.collect();
    if reasons.is_empty() {
        return "none of its findings counts".to_owned();
    }
    reasons.into_iter().collect::<Vec<_>>().join("; ")
}

/// A finding on a line, as compilers write.
fn line_of<D>(report: &Report<D>, judged: &Judged<'_, D>, finding: &Finding) -> String {
    let place = location::of_finding(report, finding).label();
    let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
    let other = finding.object != judged.object.object;
    let other = if other { format!("{}: ", finding.object) } else { String::new() };
    let sentence = sentence::of_field(finding);
    let (severity, check) = (finding.severity.as_str(), finding.check);
    format!("{place}{severity}: {check}: {other}{sentence}")
}

fn case_of_gap(gap: &Gap) -> Case {
    let location = gap.place.as_ref().and_then(location::of_mark);
    let place = gap.place.as_ref().map(|mark| {
        let place = mark.place();
        format!("{}:{}:{}", place.file, place.line, place.column)
    });
    let hint = if gap.hint.is_empty() { None } else { Some(format!("hint: {}", gap.hint)) };
    Case {
        name: place.or_else(|| gap.object.clone()).unwrap_or_else(|| gap.what.clone()),
        location,
        outcome: Outcome::Unknown {
            kind: gap.what.clone(),
            message: gap.why.clone(),
            lines: std::iter::once(gap.why.clone()).chain(hint).collect(),
        },
        log: Vec::new(),
    }
}

fn case_of_idle(idle: &Idle) -> Case {
    let object = idle.object.as_ref().map(|object| format!(" of {object}")).unwrap_or_default();
    Case {
        name: format!("{} {}{object}", idle.by.as_str(), idle.check),
        location: idle.place.as_ref().and_then(location::of_mark),
        outcome: Outcome::Skipped { message: format!("{}: {}", idle.status.as_str(), idle.why) },
        log: Vec::new(),
    }
}

struct Suite {
    name: String,
    cases: Vec<Case>,
}

struct Case {
    name: String,
    location: Option<Location>,
    outcome: Outcome,
    log: Vec<String>,
}

enum Outcome {
    Passed,
    Failed { kind: String, message: String, lines: Vec<String> },
    Unknown { kind: String, message: String, lines: Vec<String> },
    Skipped { message: String },
}

impl Suite {
    fn count(&self, of: fn(&Outcome) -> bool) -> usize {
        self.cases.iter().filter(|case| of(&case.outcome)).count()
    }

    fn write(&self, tool: &str, xml: &mut Xml<impl Write>) -> Result<()> {
        let totals = Totals::new(|of| self.count(of));
        xml.open("testsuite", &totals.attributes(&self.name))?;
        // What stands before the last dot is a package to Jenkins: one for each plugin.
        let class = format!("{tool}.{}", self.name);
        for case in &self.cases {
            case.write(&class, xml)?;
        }
        xml.close()
    }
}

impl Case {
    fn write(&self, class: &str, xml: &mut Xml<impl Write>) -> Result<()> {
        let mut attributes = vec![("name", self.name.as_str()), ("classname", class), TIME];
        let place = self.location.as_ref().filter(|location| location.is_file);
        let line = place.and_then(|place| place.region.as_ref());
        let line = line.map(|region| region.start.line.to_string());
        attributes.extend(place.map(|place| ("file", place.file.as_str())));
        attributes.extend(line.as_ref().map(|line| ("line", line.as_str())));
        if matches!(self.outcome, Outcome::Passed) && self.log.is_empty() {
            return xml.empty("testcase", &attributes);
        }
        xml.open("testcase", &attributes)?;
        match &self.outcome {
            Outcome::Passed => {}
            Outcome::Failed { kind, message, lines } => {
                xml.lines("failure", &[("message", message), ("type", kind)], lines)?;
            }
            Outcome::Unknown { kind, message, lines } => {
                xml.lines("error", &[("message", message), ("type", kind)], lines)?;
            }
            Outcome::Skipped { message } => xml.empty("skipped", &[("message", message)])?,
        }
        if !self.log.is_empty() {
            xml.lines("system-out", &[], &self.log)?;
        }
        xml.close()
    }
}

/// The numbers of a suite, as attributes.
struct Totals {
    tests: String,
    failures: String,
    errors: String,
    skipped: String,
}

impl Totals {
    fn new(count: impl Fn(fn(&Outcome) -> bool) -> usize) -> Self {
        Self {
            tests: count(|_| true).to_string(),
            failures: count(|outcome| matches!(outcome, Outcome::Failed { .. })).to_string(),
            errors: count(|outcome| matches!(outcome, Outcome::Unknown { .. })).to_string(),
            skipped: count(|outcome| matches!(outcome, Outcome::Skipped { .. })).to_string(),
        }
    }

    fn attributes<'a>(&'a self, name: &'a str) -> [(&'static str, &'a str); 6] {
        [
            ("name", name),
            ("tests", &self.tests),
            ("failures", &self.failures),
            ("errors", &self.errors),
            ("skipped", &self.skipped),
            TIME,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::check::Severity;
    use crate::render::sample;

    fn text(report: &Report<()>) -> String {
        let mut out = Vec::new();
        write(report, &mut out).expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn only_what_fails_the_command_fails() {
        let mut report = sample::report();
        let written = text(&report);
        let bad = "<failure message=\"rejected: privileged\" type=\"rejected\">error: privileged: spec: privileged is wrong</failure>\n      <system-out>warning: unknownField: spec: unknownField is wrong\nsuppressed (comment: needed @ops): error: hostPorts: spec: hostPorts is wrong</system-out>";
        assert!(written.contains(bad), "{written}");
        assert!(written.contains("<testcase name=\"pod/settled\" classname=\"kubectl-pss.team\" time=\"0\">\n      <skipped message=\"old\"/>"), "{written}");
        assert!(
            written.contains(
                "<testcase name=\"pod/good\" classname=\"kubectl-pss.team\" time=\"0\"/>"
            ),
            "{written}"
        );
        assert!(
            written.contains("tests=\"5\" failures=\"1\" errors=\"1\" time=\"0\""),
            "{written}"
        );
        assert!(
            written.contains("<skipped message=\"unused: nothing is found that it means\"/>"),
            "{written}"
        );
        report.fail_on = Severity::Warning;
        let written = text(&report);
        assert!(written.contains("\"rejected: privileged, unknownField\""), "{written}");
        report.findings.remove(0);
        report.fail_on = Severity::Error;
        report.suppressed.clear();
        let written = text(&report);
        assert!(!written.contains("<failure"), "{written}");
        assert!(
            written.contains("<skipped message=\"none of its findings counts\"/>"),
            "{written}"
        );
    }
}
