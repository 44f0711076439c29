//! `kubectl seccomp check -f` as a user runs it: every finding in every format, how it ends, what is
//! assumed, which findings count, and what stands around pods in manifests.
#![cfg(test)]

mod annotations;
mod counting;
mod ends;
mod hostile;
mod kinds;
mod metamorphic;
mod reports;
mod surroundings;

use std::collections::BTreeSet;

use posture_harness::binary::{Finished, Run};
use serde_json::Value;

/// Every format of a report.
const FORMATS: [&str; 12] = [
    "human",
    "wide",
    "json",
    "yaml",
    "name",
    "sarif",
    "github",
    "gitlab",
    "junit",
    "markdown",
    "policyreport",
    "openreports",
];

/// Prepares `kubectl seccomp check`.
fn run(arguments: &[&str]) -> Run {
    Run::new("kubectl-seccomp").args(["check"]).args(arguments.iter().copied())
}

/// Checks a text.
fn check(text: &str, arguments: &[&str]) -> Finished {
    run(&["-f", "-"]).args(arguments.iter().copied()).input(text).finish()
}

/// The report on a text, and how it ended.
fn report(text: &str, arguments: &[&str]) -> (Value, i32) {
    let finished = check(text, &[arguments, &["-o", "json"]].concat());
    (finished.json(), finished.code)
}

/// A pod whose spec is this text of YAML in one line.
fn pod(name: &str, spec: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
}

/// One container without a profile.
const PLAIN: &str = "containers: [{name: a, image: x}]";

/// The checks of the findings.
fn checks(report: &Value) -> BTreeSet<String> {
    let findings = report["findings"].as_array().expect("findings");
    findings.iter().map(|one| one["check"].as_str().expect("a check").to_owned()).collect()
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// The reasons of the gaps.
fn gaps(report: &Value) -> Vec<String> {
    let gaps = report["gaps"].as_array().expect("gaps").iter();
    gaps.map(|gap| format!("{}: {}", gap["object"], gap["why"])).collect()
}

/// The effective profile of the first container of the only object.
fn effective(report: &Value) -> String {
    let objects = report["objects"].as_array().expect("objects");
    assert_eq!(objects.len(), 1, "{report:#}");
    let of = &objects[0]["containers"][0]["effective"];
    of["type"].as_str().unwrap_or_else(|| panic!("{report:#}")).to_owned()
}
