//! `-o policyreport` and `-o openreports`: manifests to apply, a report for each namespace and one
//! for what is in none. Tools of the cluster show them beside the reports of others.
//!
//! Fields as in `wgpolicyk8s.io/v1alpha2` and `openreports.io/v1alpha1`, which are alike. No
//! timestamps: the same input gives the same manifests.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;
use serde_json::json;

use super::judged;
use super::location;
use super::yaml;
use crate::finding::catalog::Catalog;
use crate::finding::check::Severity;
use crate::finding::report::{Finding, Report};
use crate::finding::suppression::{Idle, Suppressed};
use crate::model::error::Result;
use crate::model::gap::Gap;
use crate::model::object::ObjectRef;

/// The most that the results of one manifest take, as `kubectl apply` counts them: it keeps the
/// manifest in an annotation, and annotations may take 256 KiB together
/// (`TotalAnnotationSizeLimitB` in apimachinery's `pkg/api/validation`).
const MOST: usize = 240 << 10;

/// The most of a message, and of any other text, in bytes.
const LONGEST: [usize; 2] = [4 << 10, 1 << 10];

/// Which of the two kinds of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// `wgpolicyk8s.io/v1alpha2`
    Policy,
    /// `openreports.io/v1alpha1`
    Open,
}

impl Api {
    fn version(self) -> &'static str {
        match self {
            Self::Policy => "wgpolicyk8s.io/v1alpha2",
            Self::Open => "openreports.io/v1alpha1",
        }
    }

    fn kind(self, is_namespaced: bool) -> &'static str {
        match (self, is_namespaced) {
            (Self::Policy, true) => "PolicyReport",
            (Self::Policy, false) => "ClusterPolicyReport",
            (Self::Open, true) => "Report",
            (Self::Open, false) => "ClusterReport",
        }
    }
}

/// Writes the manifests.
pub fn write<D>(
    report: &Report<D>,
    catalog: &Catalog,
    api: Api,
    out: &mut impl Write,
) -> Result<()> {
    let name = legal(&format!("{}-{}", report.tool.name, report.tool.verb));
    let tool = legal(&report.tool.name);
    let results = Results::of(report, catalog);
    for (namespace, results) in &results.namespaces {
        for (part, results) in parts(results).into_iter().enumerate() {
            let name = if part == 0 { name.clone() } else { format!("{name}-{}", part + 1) };
            let mut metadata = json!({
                "name": name,
                "labels": { "app.kubernetes.io/managed-by": tool },
            });
            if let Some(namespace) = namespace {
                metadata["namespace"] = json!(namespace);
            }
            let count = |result| results.iter().filter(|own| own.result == result).count();
            let mut manifest = json!({
                "apiVersion": api.version(),
                "kind": api.kind(namespace.is_some()),
                "metadata": metadata,
                "results": results,
                "summary": {
                    "pass": count("pass"),
                    "fail": count("fail"),
                    "warn": count("warn"),
                    "error": count("error"),
                    "skip": count("skip"),
                },
            });
            if api == Api::Open {
                manifest["source"] = json!(report.tool.name);
            }
            write!(out, "---\n{}", yaml::block(&manifest))?;
        }
    }
    Ok(())
}

/// Splits results so that each manifest can be applied.
fn parts<'r>(results: &'r [Outcome<'r>]) -> Vec<&'r [Outcome<'r>]> {
    let mut parts = Vec::new();
    let (mut start, mut size) = (0, 0);
    for (position, result) in results.iter().enumerate() {
        let own = size_of(result);
        if size + own > MOST && position > start {
            parts.extend(results.get(start..position));
            (start, size) = (position, 0);
        }
        size += own;
    }
    parts.extend(results.get(start..));
    parts
}

/// How much a result takes in JSON as Go writes it, with its comma.
fn size_of(result: &Outcome<'_>) -> usize {
    let json = json!(result).to_string();
    // Go writes what could stand for something else in HTML as six bytes.
    let html = json.bytes().filter(|byte| b"<>&".contains(byte)).count() * 5;
    let separators = json.matches(['\u{2028}', '\u{2029}']).count() * 3;
    json.len() + html + separators + 1
}

/// Results by the namespace of the report that they belong into.
struct Results<'r> {
    source: &'r str,
    catalog: &'r Catalog,
    namespaces: BTreeMap<Option<&'r str>, Vec<Outcome<'r>>>,
}

/// One result, as both kinds of manifests write it.
#[derive(Serialize)]
struct Outcome<'r> {
    source: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'r str>,
    policy: &'r str,
    rule: &'r str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<Resource>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    api_version: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    name: String,
}

impl<'r> Results<'r> {
    fn of<D>(report: &'r Report<D>, catalog: &'r Catalog) -> Self {
        let mut results = Self { source: &report.tool.name, catalog, namespaces: BTreeMap::new() };
        for judged in judged::of(report) {
            let object = &judged.object.object;
            for finding in &judged.findings {
                let result = if finding.severity >= report.fail_on { "fail" } else { "warn" };
                results.finding(report, finding, result);
            }
            for suppressed in &judged.suppressed {
                results.suppressed(report, suppressed);
            }
            if judged.findings.is_empty() && judged.suppressed.is_empty() {
                let (result, message) = if judged.object.settled {
                    ("skip", "none of its findings counts")
                } else {
                    ("pass", judged.object.verdict)
                };
                let mut outcome = results.outcome(&report.tool.verb, result, message);
                outcome.resources = vec![resource(object)];
                outcome.properties = place(&location::of_object(judged.object));
                results.put(object, outcome);
            }
        }
        let cluster: Vec<_> = (report.gaps.iter().map(|gap| results.gap(gap)))
            .chain(report.suppressions.iter().map(|idle| results.idle(idle)))
            .collect();
        if !cluster.is_empty() {
            results.namespaces.entry(None).or_default().extend(cluster);
        }
        results
    }

    /// A result of no check.
    fn outcome(&self, rule: &'r str, result: &'static str, message: &str) -> Outcome<'r> {
        Outcome {
            source: self.source,
            category: None,
            policy: self.source,
            rule,
            result,
            severity: None,
            message: clamped(message, LONGEST[0]),
            resources: Vec::new(),
            properties: BTreeMap::new(),
        }
    }

    fn put(&mut self, object: &'r ObjectRef, outcome: Outcome<'r>) {
        // Where no namespace can be called so, no report can be in it.
        let namespace = object.namespace.as_deref().filter(|name| is_label(name));
        self.namespaces.entry(namespace).or_default().push(outcome);
    }

    fn finding<D>(&mut self, report: &Report<D>, finding: &'r Finding, result: &'static str) {
        let outcome = self.of_finding(report, finding, result);
        self.put(&finding.object, outcome);
    }

    fn suppressed<D>(&mut self, report: &Report<D>, suppressed: &'r Suppressed) {
        let ground = &suppressed.suppression;
        let mut outcome = self.of_finding(report, &suppressed.finding, "skip");
        let by = format!("{}: {}", ground.by.as_str(), ground.reason);
        outcome.properties.insert("suppression", clamped(&by, LONGEST[1]));
        self.put(&suppressed.finding.object, outcome);
    }

    fn of_finding<D>(
        &self,
        report: &Report<D>,
        finding: &'r Finding,
        result: &'static str,
    ) -> Outcome<'r> {
        let mut outcome = self.outcome(finding.check, result, &finding.message);
        if let Some(entry) = self.catalog.find(finding.check) {
            outcome.policy = entry.group;
            outcome.category = Some(entry.group);
        }
        outcome.severity = Some(match finding.severity {
            Severity::Error => "high",
            Severity::Warning => "medium",
            Severity::Info => "info",
        });
        outcome.resources = vec![resource(&finding.object)];
        outcome.properties = place(&location::of_finding(report, finding));
        outcome.properties.insert("path", clamped(&finding.path, LONGEST[1]));
        outcome.properties.insert("fingerprint", finding.fingerprint.clone());
        if let Some(container) = &finding.container {
            outcome.properties.insert("container", clamped(container, LONGEST[1]));
        }
        outcome
    }

    fn gap(&self, gap: &Gap) -> Outcome<'r> {
        let mut outcome = self.outcome("gap", "error", &gap.why);
        if let Some(location) = gap.place.as_ref().and_then(location::of_mark) {
            outcome.properties = place(&location);
        }
        let texts =
            [("what", Some(&gap.what)), ("object", gap.object.as_ref()), ("hint", Some(&gap.hint))];
        let texts = texts.into_iter().filter_map(|(key, text)| Some((key, text?)));
        let said = texts.filter(|(_, text)| !text.is_empty());
        outcome.properties.extend(said.map(|(key, text)| (key, clamped(text, LONGEST[1]))));
        outcome
    }

    fn idle(&self, idle: &Idle) -> Outcome<'r> {
        let message = format!("{}: {}", idle.status.as_str(), idle.why);
        let mut outcome = self.outcome("suppression", "warn", &message);
        outcome.severity = Some("info");
        if let Some(location) = idle.place.as_ref().and_then(location::of_mark) {
            outcome.properties = place(&location);
        }
        let texts = [("check", Some(&idle.check)), ("object", idle.object.as_ref())];
        let said = texts.into_iter().filter_map(|(key, text)| Some((key, text?)));
        outcome.properties.extend(said.map(|(key, text)| (key, clamped(text, LONGEST[1]))));
        outcome
    }
}

fn resource(object: &ObjectRef) -> Resource {
    let text = |text: &str| clamped(text, LONGEST[1]);
    Resource {
        api_version: text(&object.api_version),
        kind: text(&object.kind),
        namespace: object.namespace.as_deref().map(text),
        name: text(&object.name),
    }
}

/// The properties that say where something stands.
fn place(location: &location::Location) -> BTreeMap<&'static str, String> {
    let mut properties = BTreeMap::new();
    if location.is_file {
        properties.insert("file", clamped(&location.file, LONGEST[1]));
        let region = location.region.as_ref();
        properties.extend(region.map(|region| ("line", region.start.line.to_string())));
    }
    properties
}

/// The beginning of a text that is too long.
fn clamped(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let start: &str = text.get(..text.floor_char_boundary(most)).unwrap_or_default();
    format!("{start}…")
}

/// A word as the name of an object, and as the value of a label.
fn legal(word: &str) -> String {
    const LONGEST_LABEL: usize = 56;
    let is_legal = |character: char| character.is_ascii_alphanumeric();
    let word: String = word
        .chars()
        .map(|own| if is_legal(own) { own.to_ascii_lowercase() } else { '-' })
        .take(LONGEST_LABEL)
        .collect();
    word.trim_matches('-').to_owned()
}

/// Whether a namespace can be called so (`IsDNS1123Label` in apimachinery).
fn is_label(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(is_inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::report::ObjectReport;
    use crate::render::sample;

    fn manifests(report: &Report<()>) -> Vec<serde_json::Value> {
        let mut out = Vec::new();
        write(report, &Catalog::default(), Api::Policy, &mut out).expect("written");
        let text = String::from_utf8(out).expect("text");
        let documents = text.split("---\n").skip(1);
        documents.map(|text| serde_yaml::from_str(text).expect("YAML")).collect()
    }

    #[test]
    fn every_outcome_has_its_result() {
        let mut report = sample::report();
        let of = |report: &Report<()>| {
            let all = manifests(report);
            let results = all.iter().flat_map(|own| own["results"].as_array().expect("a list"));
            let said = |own: &serde_json::Value| {
                let name = own["resources"][0]["name"].as_str().unwrap_or_default();
                let word = |key: &str| own[key].as_str().unwrap_or_default();
                format!("{} {} {name} {}", word("result"), word("rule"), word("severity"))
            };
            results.map(said).collect::<Vec<_>>()
        };
        let expected = [
            "error gap  ",
            "warn suppression  info",
            "fail privileged bad high",
            "warn unknownField bad medium",
            "skip hostPorts bad high",
            "skip privileged settled high",
            "pass check good ",
        ];
        assert_eq!(of(&report), expected);
        report.fail_on = Severity::Warning;
        assert_eq!(of(&report)[3], "fail unknownField bad medium");
        report.suppressed.clear();
        assert_eq!(of(&report)[4], "skip check settled ");
        assert_eq!(of(&report)[5], "pass check good ");
    }

    #[test]
    fn no_manifest_is_too_long_to_apply() {
        let mut report = sample::report();
        let pod = report.objects.pop().expect("an object");
        // The longest that a text can be, and each byte six in Go's JSON.
        let name = "<".repeat(10_000);
        report.objects = (0..400)
            .map(|_| {
                let mut object = ObjectReport { object: pod.object.clone(), ..pod.clone() };
                object.object.name.clone_from(&name);
                object
            })
            .collect();
        (report.findings, report.suppressed) = (Vec::new(), Vec::new());
        let all = manifests(&report);
        assert!(all.len() > 5, "{}", all.len());
        for (position, manifest) in all.iter().skip(1).enumerate() {
            let part = if position == 0 { String::new() } else { format!("-{}", position + 1) };
            assert_eq!(manifest["metadata"]["name"], format!("kubectl-pss-check{part}"));
            let length = manifest.to_string().replace('<', "123456").len();
            assert!(length < 256 << 10, "{length}");
        }
        let results = |own: &serde_json::Value| own["results"].as_array().map_or(0, Vec::len);
        assert_eq!(all.iter().skip(1).map(results).sum::<usize>(), 400);
    }

    #[test]
    fn names_are_legal() {
        assert_eq!(legal("kubectl-pss-check"), "kubectl-pss-check");
        assert_eq!(legal("Kubectl_PSS.exe "), "kubectl-pss-exe");
        assert!(is_label("a-1") && !is_label("A") && !is_label("a-") && !is_label(""));
        assert!(!is_label(&"a".repeat(64)) && !is_label("a.b"));
    }
}
