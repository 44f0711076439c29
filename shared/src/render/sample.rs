//! A report with everything that formats must tell apart: for their tests.

use crate::finding::check::Severity;
use crate::finding::report::{Finding, ObjectReport, Report, Target, Tool};
use crate::finding::suppression::{By, Ground, Idle, Idleness, Suppressed};
use crate::model::gap::Gap;
use crate::model::object::ObjectRef;

/// A rejected pod with an error, a warning and a finding that is suppressed; a settled one; a good
/// one; a gap, and a suppression that does nothing.
pub(super) fn report() -> Report<()> {
    let objects = vec![
        object("bad", "rejected", Some(Severity::Error)),
        ObjectReport { settled: true, ..object("settled", "rejected", Some(Severity::Error)) },
        object("good", "allowed", None),
    ];
    let findings = vec![
        finding("privileged", Severity::Error, 0),
        finding("unknownField", Severity::Warning, 0),
    ];
    let tool = Tool {
        name: "kubectl-pss".to_owned(),
        version: "1.2.3".to_owned(),
        verb: "check".to_owned(),
    };
    let gap = Gap {
        what: "file".to_owned(),
        place: None,
        object: None,
        why: "no such file".to_owned(),
        hint: String::new(),
    };
    let mut report = Report::new(tool, Target::default(), objects, findings, vec![gap]);
    report.suppressed =
        vec![suppressed("hostPorts", 0, "needed @ops"), suppressed("privileged", 1, "old")];
    report.summary.suppressed = 2;
    report.suppressions = vec![Idle {
        status: Idleness::Unused,
        by: By::Annotation,
        check: "sysctls".to_owned(),
        place: None,
        object: Some("pod/good".to_owned()),
        why: "nothing is found that it means".to_owned(),
    }];
    report
}

fn reference(name: &str) -> ObjectRef {
    ObjectRef {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        namespace: Some("team".to_owned()),
        name: name.to_owned(),
    }
}

fn object(name: &str, verdict: &'static str, severity: Option<Severity>) -> ObjectReport<()> {
    ObjectReport {
        object: reference(name),
        place: None,
        chart_file: None,
        owner: None,
        verdict,
        severity,
        settled: false,
        message: String::new(),
        sentence: String::new(),
        notes: Vec::new(),
        detail: (),
    }
}

fn finding(check: &'static str, severity: Severity, position: usize) -> Finding {
    let names = ["bad", "settled"];
    Finding {
        check,
        severity,
        object: reference(names.get(position).copied().unwrap_or("good")),
        position,
        container: None,
        path: "spec".to_owned(),
        place: None,
        value: None,
        allowed: None,
        message: format!("{check} is wrong"),
        advice: None,
        fix: None,
        fingerprint: format!("{check}{position}"),
    }
}

fn suppressed(check: &'static str, position: usize, reason: &str) -> Suppressed {
    let suppression =
        Ground { by: By::Comment, place: None, until: None, reason: reason.to_owned() };
    Suppressed { finding: finding(check, Severity::Error, position), suppression }
}
