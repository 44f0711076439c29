//! The formats that say where findings are, `-o sarif`, `github` and `gitlab`: judged by the
//! schema of SARIF and a reader of others, by what GitHub's runner reads, and by GitLab's
//! documentation.
#![cfg(test)]

mod input;
mod runner;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Instant;

use posture_harness::binary::{Finished, Run};
use posture_harness::cluster::{ADMIN, Cluster, Namespace};
use posture_harness::judge::LineJudge;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::runner::{Command, command};

const GITLAB: &str = include_str!("../../schema/gitlab-code-quality.json");

/// How many annotations of a kind GitHub shows.
const SHOWN: usize = 10;

fn check(folder: &Path, arguments: &[&str], input: &str, format: &str) -> Finished {
    Run::new("kubectl-pss")
        .args(arguments.iter().copied())
        .args(["-o", format])
        .in_folder(folder)
        .input(input)
        .finish()
}

/// What validators say against a text.
fn wrong(kind: &str, text: &str) -> Vec<String> {
    let request = json!({ "kind": kind, "schema": GITLAB, "text": text });
    let answer: Value = LineJudge::start("formats").ask(&request);
    serde_json::from_value(answer["errors"].clone()).unwrap_or_else(|_| panic!("{answer}"))
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// The results of a valid SARIF file.
fn sarif(run: &Finished) -> Value {
    assert_eq!(wrong("sarif", &run.stdout), [""; 0]);
    let log = run.json();
    let run = &log["runs"][0];
    let rules = array(&run["tool"]["driver"]["rules"]);
    let ids: Vec<&str> = rules.iter().map(|rule| text(&rule["id"])).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    for rule in rules {
        let severity: f64 = text(&rule["properties"]["security-severity"]).parse().unwrap();
        assert!((0.1..=10.0).contains(&severity), "{rule}");
    }
    let artifacts = array(&run["artifacts"]);
    let mut alerts = BTreeSet::new();
    for result in array(&run["results"]) {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let index = place["artifactLocation"]["index"].as_u64().unwrap();
        let artifact = &artifacts[usize::try_from(index).unwrap()];
        assert_eq!(artifact["location"]["uri"], place["artifactLocation"]["uri"]);
        // GitHub knows alerts by the hash, or computes one of the line.
        let prints = &result["partialFingerprints"];
        let line = || format!("{}", place["region"]["startLine"]);
        let own = prints["primaryLocationLineHash"].as_str().map_or_else(line, str::to_owned);
        let uri = text(&place["artifactLocation"]["uri"]);
        let alert = (text(&result["ruleId"]).to_owned(), uri.to_owned(), own);
        assert!(alerts.insert(alert), "GitHub would show it as another's alert: {result:#}");
    }
    log
}

/// The issues of a valid Code Quality report.
fn gitlab(run: &Finished) -> Vec<Value> {
    assert_eq!(wrong("schema", &run.stdout), [""; 0]);
    let issues = array(&run.json()).to_vec();
    let prints: BTreeSet<&str> = issues.iter().map(|issue| text(&issue["fingerprint"])).collect();
    assert_eq!(prints.len(), issues.len(), "GitLab shows one issue of a fingerprint");
    issues
}

/// The commands in what GitHub's runner reads, and the other lines.
fn github(run: &Finished) -> (Vec<Command>, Vec<String>) {
    let (mut commands, mut plain) = (Vec::new(), Vec::new());
    for line in run.stdout.split(['\n', '\r']) {
        match command(line) {
            Some(command) => commands.push(command),
            None => plain.push(line.to_owned()),
        }
    }
    for kind in ["error", "warning", "notice"] {
        let of_kind = commands.iter().filter(|command| command.name == kind).count();
        assert!(of_kind <= SHOWN, "{of_kind} {kind}s");
    }
    let known: BTreeSet<&str> =
        BTreeSet::from(["file", "line", "endLine", "col", "endColumn", "title"]);
    for command in &commands {
        assert!(["error", "warning", "notice"].contains(&command.name.as_str()), "{command:?}");
        let names: BTreeSet<&str> = command.properties.keys().map(String::as_str).collect();
        assert!(names.is_subset(&known), "{command:?}");
        assert!(!command.message.is_empty() && names.contains("title"), "{command:?}");
    }
    (commands, plain)
}

/// How many things the annotations and the lines behind them speak of, by kind: each on a line
/// of its own.
fn spoken_of(commands: &[Command], plain: &[String]) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for command in commands {
        *counts.entry(command.name.clone()).or_default() += command.message.lines().count();
    }
    for line in plain {
        let Some(line) = line.strip_prefix("  ") else { continue };
        let (count, rest) = line.split_once(" of ").unwrap_or_else(|| panic!("{line}"));
        let kind = rest.rsplit_once('(').unwrap().1.trim_end_matches(')');
        *counts.entry(kind.to_owned()).or_default() += count.parse::<usize>().unwrap();
    }
    counts
}

/// What a report must make GitHub's annotations speak of.
fn to_speak_of(report: &Value) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for finding in array(&report["findings"]) {
        let kind = match text(&finding["severity"]) {
            "info" => "notice",
            other => other,
        };
        *counts.entry(kind.to_owned()).or_default() += 1;
    }
    if let gaps @ 1.. = array(&report["gaps"]).len() {
        *counts.entry("warning".to_owned()).or_default() += gaps;
    }
    for idle in report["suppressions"].as_array().into_iter().flatten() {
        let kind = if idle["status"] == "unused" { "notice" } else { "warning" };
        *counts.entry(kind.to_owned()).or_default() += 1;
    }
    counts
}

fn fingerprints<'v>(findings: impl Iterator<Item = &'v Value>) -> Vec<String> {
    // What stands behind a dash tells findings with the same fingerprint apart.
    let own = |print: &Value| text(print).split('-').next().unwrap_or_default().to_owned();
    let mut prints: Vec<String> = findings.map(own).collect();
    prints.sort();
    prints
}

/// Every format of the same input is valid, ends alike, and says the same.
fn agree(folder: &Path, arguments: &[&str], input: &str) -> Value {
    let json = check(folder, arguments, input, "json");
    let report = json.json();
    let findings = fingerprints(array(&report["findings"]).iter().map(|own| &own["fingerprint"]));
    let gaps = array(&report["gaps"]).len();

    let run = check(folder, arguments, input, "sarif");
    assert_eq!(run.code, json.code, "{arguments:?}");
    let log = sarif(&run);
    let results = array(&log["runs"][0]["results"]);
    let counts = |result: &&Value| result["suppressions"].as_array().is_none_or(Vec::is_empty);
    let own = results.iter().filter(counts);
    let own = own.map(|result| &result["partialFingerprints"]["posture/v1"]);
    assert_eq!(fingerprints(own), findings, "{arguments:?}");
    let invocation = &log["runs"][0]["invocations"][0];
    let length = |value: &Value| value.as_array().map_or(0, Vec::len);
    assert_eq!(length(&invocation["toolExecutionNotifications"]), gaps, "{arguments:?}");
    let idle = length(&report["suppressions"]);
    assert_eq!(length(&invocation["toolConfigurationNotifications"]), idle, "{arguments:?}");

    let run = check(folder, arguments, input, "gitlab");
    assert_eq!(run.code, json.code, "{arguments:?}");
    let issues = gitlab(&run);
    let of = |what: &str| {
        issues.iter().filter(|issue| text(&issue["check_name"]).starts_with(what)).count()
    };
    assert_eq!((of("gap/"), of("suppression/")), (gaps, idle), "{arguments:?}");
    let own = issues.iter().filter(|issue| !text(&issue["check_name"]).contains('/'));
    assert_eq!(fingerprints(own.map(|issue| &issue["fingerprint"])), findings, "{arguments:?}");

    let run = check(folder, arguments, input, "github");
    assert_eq!(run.code, json.code, "{arguments:?}");
    let (commands, plain) = github(&run);
    assert_eq!(spoken_of(&commands, &plain), to_speak_of(&report), "{}", run.stdout);
    report
}

/// The run as a snapshot shows it.
fn shown(run: &Finished) -> String {
    let text = format!("exit {}\n--- stdout\n{}--- stderr\n{}", run.code, run.stdout, run.stderr);
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn what_they_look_like() {
    let folder = TempDir::new().unwrap();
    input::write_files(folder.path());
    for format in ["sarif", "github", "gitlab"] {
        let run = check(folder.path(), &["check", "-Rf", "deploy"], "", format);
        insta::assert_snapshot!(format!("files_{format}"), shown(&run));
        let run = check(folder.path(), &["check", "-f", "-"], &input::rendered(), format);
        insta::assert_snapshot!(format!("helm_{format}"), shown(&run));
    }
}

#[test]
fn they_say_what_json_says() {
    let folder = TempDir::new().unwrap();
    input::write_files(folder.path());
    let report = agree(folder.path(), &["check", "-Rf", "deploy"], "");
    assert!(report["summary"]["complete"] == false, "{report}");
    agree(folder.path(), &["check", "-Rf", "deploy", "--level", "restricted"], "");
    agree(folder.path(), &["check", "-Rf", "deploy", "--level", "privileged"], "");
    agree(folder.path(), &["check", "ns", "-Rf", "deploy"], "");
    agree(folder.path(), &["check", "-f", "-"], &input::rendered());
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/pss");
    agree(&fixtures, &["check", "-f", "mixed.yaml"], "");
}

#[test]
fn what_is_suppressed_is_said() {
    let folder = TempDir::new().unwrap();
    let annotations = "  annotations:\n    kubectl-posture/ignore: |\n      hostPorts until=2020-01-01 the old [proxy](https://evil.example)\n      hostNamespaces until=2999-12-31 reads /proc\n";
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n{annotations}spec:\n  hostPID: true\n  containers:\n  - name: a\n    image: x\n    # posture:ignore privileged builds images\n    securityContext: {{privileged: true}}\n    ports: [{{containerPort: 80, hostPort: 80}}]\n  - name: b\n    image: x # posture:ignore sysctls nothing to ignore\n"
    );
    fs::write(folder.path().join("web.yaml"), pod).unwrap();
    let arguments = ["check", "-f", "web.yaml", "--level", "baseline"];
    agree(folder.path(), &arguments, "");
    let arguments = [&arguments[..], &["--show-suppressed"]].concat();
    let report = agree(folder.path(), &arguments, "");
    assert_eq!(array(&report["suppressed"]).len(), 2, "{report:#}");
    let run = check(folder.path(), &arguments, "", "sarif");
    insta::assert_snapshot!("suppressed_sarif", shown(&run));
    let log = sarif(&run);
    let results = array(&log["runs"][0]["results"]);
    let grounds: Vec<&str> = results
        .iter()
        .flat_map(|result| array(&result["suppressions"]))
        .map(|ground| text(&ground["justification"]))
        .collect();
    assert_eq!(grounds, ["reads /proc", "builds images"]);
    for format in ["github", "gitlab"] {
        let run = check(folder.path(), &arguments, "", format);
        insta::assert_snapshot!(format!("suppressed_{format}"), shown(&run));
    }
}

#[test]
fn nothing_one_and_ten_thousand() {
    for findings in [0, 1, 10_000] {
        let folder = TempDir::new().unwrap();
        input::write_many(folder.path(), findings);
        let start = Instant::now();
        let report = agree(folder.path(), &["check", "-f", "."], "");
        assert_eq!(array(&report["findings"]).len(), findings);
        println!("{findings} findings in four formats, judged: {:?}", start.elapsed());
    }
}

#[test]
fn more_than_github_takes_is_cut_and_said() {
    let folder = TempDir::new().unwrap();
    input::write_many(folder.path(), 25_050);
    // One that is light, in front of all, must give way.
    let light = input::GOOD.replace("name: good", "name: light").replace("drop: [ALL]", "drop: []");
    fs::write(folder.path().join("a.yaml"), light.replace("namespace: shop", "namespace: warned"))
        .unwrap();
    let label = "{pod-security.kubernetes.io/enforce: privileged, pod-security.kubernetes.io/warn: restricted}";
    let namespace =
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: warned, labels: {label}}}\n");
    fs::write(folder.path().join("b.yaml"), namespace).unwrap();
    let run = check(folder.path(), &["check", "-f", "."], "", "sarif");
    assert_eq!(run.code, 1);
    let log = sarif(&run);
    let results = array(&log["runs"][0]["results"]);
    assert_eq!(results.len(), 25_000);
    assert!(results.iter().all(|result| result["level"] == "error"), "errors come first");
    let notifications = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    let said = array(notifications).iter().map(|own| text(&own["message"]["text"]));
    assert!(
        said.into_iter().any(|text| text.starts_with("51 of 25051 results")),
        "{notifications}"
    );
}

#[test]
fn places_are_those_of_the_files() {
    let folder = TempDir::new().unwrap();
    input::write_files(folder.path());
    let report = agree(folder.path(), &["check", "-Rf", "deploy"], "");
    let lines = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap().lines().count();
    let (commands, _) = github(&check(folder.path(), &["check", "-Rf", "deploy"], "", "github"));
    for command in &commands {
        let line = command.number("line").unwrap();
        let end = command.number("endLine").unwrap();
        assert!((1..=lines(&command.properties["file"])).contains(&line), "{command:?}");
        assert!(end >= line && end <= lines(&command.properties["file"]), "{command:?}");
        // GitHub takes columns only within a line.
        assert_eq!(command.number("col").is_some(), line == end, "{command:?}");
        assert!(command.number("endColumn") >= command.number("col"), "{command:?}");
    }
    let place = |own: &Value| {
        let place = &own["place"];
        (text(&place["file"]).to_owned(), place["line"].as_u64().unwrap())
    };
    let expected: Vec<_> = array(&report["findings"]).iter().map(place).collect();
    let issues = gitlab(&check(folder.path(), &["check", "-Rf", "deploy"], "", "gitlab"));
    let issues = issues.iter().filter(|own| !text(&own["check_name"]).starts_with("gap/"));
    let at = |own: &Value| {
        let place = &own["location"];
        (text(&place["path"]).to_owned(), place["lines"]["begin"].as_u64().unwrap())
    };
    assert_eq!(issues.map(at).collect::<Vec<_>>(), expected);
}

#[test]
fn paths_start_at_the_root_of_the_repository() {
    let folder = TempDir::new().unwrap();
    input::write_files(folder.path());
    fs::create_dir(folder.path().join(".git")).unwrap();
    let deploy = folder.path().join("deploy");
    agree(&deploy, &["check", "-f", "web.yaml"], "");
    let log = sarif(&check(&deploy, &["check", "-f", "web.yaml"], "", "sarif"));
    assert_eq!(log["runs"][0]["artifacts"][0]["location"]["uri"], "deploy/web.yaml");
    let (commands, _) = github(&check(&deploy, &["check", "-f", "../deploy/"], "", "github"));
    assert!(commands.iter().all(|own| own.properties["file"].starts_with("deploy/")));
    // A chart is named by Helm, and its folder by whoever made it.
    let chart = folder.path().join("helm");
    fs::create_dir_all(chart.join("templates")).unwrap();
    fs::write(chart.join("Chart.yaml"), "name: shop").unwrap();
    fs::write(chart.join("templates/web.yaml"), "{{ .Values }}").unwrap();
    let (commands, _) = github(&check(&chart, &["check", "-f", "-"], &input::rendered(), "github"));
    let files: BTreeSet<&str> = commands
        .iter()
        .filter_map(|command| command.properties.get("file").map(String::as_str))
        .collect();
    assert_eq!(files, BTreeSet::from(["helm/templates/web.yaml"]));
}

#[test]
fn what_is_in_the_input_stays_text() {
    let folder = TempDir::new().unwrap();
    let input = input::hostile();
    agree(folder.path(), &["check", "-f", "-", "--level", "baseline"], &input);
    fs::create_dir_all(folder.path().join("::error::a/##[add-mask]b")).unwrap();
    let file = folder.path().join("::error::a/##[add-mask]b/%0A,line=7::c.yaml");
    fs::write(file, &input).unwrap();
    let arguments = ["check", "-Rf", ".", "--level", "baseline"];
    agree(folder.path(), &arguments, "");
    for format in ["sarif", "github", "gitlab"] {
        let run = check(folder.path(), &arguments, "", format);
        let steers = |character: char| character.is_control() && character != '\n';
        assert!(!run.stdout.contains(steers), "{format}");
        assert!(!run.stdout.contains('\u{202e}'), "{format}");
        let is_link = |line: &str| line.contains("\"text\":") && line.contains("](https");
        assert!(!run.stdout.lines().any(is_link), "{format}: a link that is not ours");
    }
}

#[test]
fn a_cluster_has_no_files() {
    let cluster = Cluster::shared();
    let pod = |name: &str| {
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": { "name": name },
            "spec": { "hostPID": true, "containers": [{ "name": "c", "image": "x" }] },
        })
    };
    cluster.seed(&[Namespace::new("formats-places").object(pod("a")).object(pod("b"))]);
    let arguments = ["check", "-n", "formats-places", "--level", "baseline"];
    let run = |format: &str| {
        Run::new("kubectl-pss")
            .env("KUBECONFIG", cluster.kubeconfig(ADMIN).to_str().unwrap())
            .args(arguments)
            .args(["-o", format])
            .finish()
    };
    let log = sarif(&run("sarif"));
    let file = |name: &str| format!("cluster/formats-places/pod/{name}.yaml");
    let uris: Vec<&str> = array(&log["runs"][0]["artifacts"])
        .iter()
        .map(|artifact| text(&artifact["location"]["uri"]))
        .collect();
    assert_eq!(uris, [file("a"), file("b")]);
    let issues = gitlab(&run("gitlab"));
    let paths: Vec<&str> = issues.iter().map(|issue| text(&issue["location"]["path"])).collect();
    assert_eq!(paths, [file("a"), file("b")]);
    let (commands, _) = github(&run("github"));
    assert_eq!(commands.len(), 2);
    for command in commands {
        assert!(!command.properties.contains_key("file"), "nothing to point at: {command:?}");
    }
}

#[test]
fn the_judges_are_awake() {
    let folder = TempDir::new().unwrap();
    input::write_files(folder.path());
    let good = check(folder.path(), &["check", "-Rf", "deploy"], "", "sarif").json();
    let spoil = |at: &str, value: Value| {
        let mut log = good.clone();
        *log.pointer_mut(at).unwrap_or_else(|| panic!("no {at}")) = value;
        assert!(!wrong("sarif", &log.to_string()).is_empty(), "{at}");
    };
    let result = "/runs/0/results/0";
    spoil(&format!("{result}/level"), json!("severe"));
    spoil(&format!("{result}/message"), json!({}));
    spoil(&format!("{result}/locations/0/physicalLocation/region/startLine"), json!(0));
    spoil("/runs/0/tool/driver", json!({ "version": "1" }));
    spoil("/runs/0/columnKind", json!("bytes"));
    spoil(result, json!({ "message": { "text": "a" }, "unknown": 1 }));
    let issue = json!({ "description": "a", "check_name": "b", "fingerprint": "c", "severity": "minor", "location": { "path": "d", "lines": { "begin": 1 } } });
    assert!(wrong("schema", &json!([issue]).to_string()).is_empty());
    for (at, value) in [
        ("/severity", json!("error")),
        ("/location", json!({ "path": "d" })),
        ("/location/path", json!("./d")),
        ("/location/lines/begin", json!(0)),
        ("/fingerprint", Value::Null),
    ] {
        let mut issue = issue.clone();
        *issue.pointer_mut(at).unwrap() = value;
        assert!(!wrong("schema", &json!([issue]).to_string()).is_empty(), "{at}");
    }
}
