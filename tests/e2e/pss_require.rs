//! `--require` on manifests: nothing unless it is asked for, and then with places and exit codes.
#![cfg(test)]

use std::fs;
use std::path::Path;

use posture_e2e::folder::with as folder;
use posture_harness::binary::{Finished, Run};
use serde_json::Value;

/// A Deployment that meets restricted, and nothing that may be required.
const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      securityContext:
        runAsNonRoot: true
        seccompProfile: {type: RuntimeDefault}
      containers:
      - name: app
        image: x
        resources:
          requests: {cpu: 300m}
        securityContext:
          allowPrivilegeEscalation: false
          capabilities: {drop: [ALL]}
";

const QUOTA: &str = "apiVersion: v1
kind: ResourceQuota
metadata: {name: compute, namespace: shop}
spec:
  hard: {requests.cpu: '1', pods: '10'}
";

const ACCOUNT: &str = "apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: shop}
automountServiceAccountToken: false
";

fn check(folder: &Path, arguments: &str) -> Finished {
    Run::new("kubectl-pss")
        .args(["check"].into_iter().chain(arguments.split_whitespace()))
        .in_folder(folder)
        .env("COLUMNS", "100")
        .finish()
}

fn report(folder: &Path, arguments: &str) -> (u8, Value) {
    let finished = check(folder, &format!("{arguments} -o json"));
    (u8::try_from(finished.code).expect("an exit code"), finished.json())
}

/// The checks with the paths and lines of their findings.
fn found(report: &Value) -> Vec<(&str, &str, u64)> {
    let findings = report["findings"].as_array().expect("findings").iter();
    findings
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().expect("text");
            let line = finding["place"]["line"].as_u64().expect("a line");
            (text("check"), text("path"), line)
        })
        .collect()
}

#[test]
fn nothing_is_required_unless_it_is_asked_for() {
    let folder = folder(&[("a.yaml", WEB), ("q.yaml", QUOTA), ("s.yaml", ACCOUNT)]);
    let (code, before) = report(folder.path(), "-f .");
    assert_eq!((code, found(&before).len()), (0, 0));
    let (code, after) = report(folder.path(), "-f . --require all");
    assert_eq!(code, 1);
    let container = "spec.template.spec.containers[app]";
    let at = |rest: &str| format!("{container}{rest}");
    let paths = [
        ("quota", "spec.template.spec.containers".to_owned(), 16),
        ("probes", at(".livenessProbe"), 17),
        ("probes", at(".readinessProbe"), 17),
        ("resourceLimits", at(".resources.limits.cpu"), 19),
        ("resourceLimits", at(".resources.limits.memory"), 19),
        ("resourceRequests", at(".resources.requests.memory"), 20),
        ("readOnlyRootFilesystem", at(".securityContext.readOnlyRootFilesystem"), 21),
    ];
    let mut expected: Vec<_> =
        paths.iter().map(|(check, path, line)| (*check, path.as_str(), *line)).collect();
    let mut found = found(&after);
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
    // The verdict is Pod Security's.
    for key in ["verdict", "message", "modes", "pod", "meets"] {
        assert_eq!(before["objects"][0][key], after["objects"][0][key], "{key}");
    }
    let name = check(folder.path(), "-f . --require probes -o name");
    assert_eq!((name.code, name.stdout.as_str()), (1, "deployment.apps/web\n"));
}

#[test]
fn a_finding_says_what_the_server_would() {
    let folder = folder(&[("a.yaml", WEB), ("q.yaml", QUOTA)]);
    let (_, report) = report(folder.path(), "deploy/web -f . --require quota");
    let finding = &report["findings"][0];
    assert_eq!(finding["severity"], "error");
    let message = finding["message"].as_str().expect("a message");
    let said = "3 of 4 pods fit: exceeded quota: compute, requested: requests.cpu=300m, used: requests.cpu=900m, limited: requests.cpu=1";
    assert!(message.contains(said), "{message}");
    assert_eq!(finding["value"], serde_json::json!({ "requests.cpu": "300m" }));
    assert_eq!(finding["allowed"], serde_json::json!({ "requests.cpu": "1" }));
    assert_eq!(finding["fingerprint"].as_str().map(str::len), Some(16));
}

#[test]
fn unknown_words_and_ns_are_refused() {
    let folder = folder(&[("a.yaml", WEB)]);
    let finished = check(folder.path(), "-f a.yaml --require probe,all");
    assert_eq!(finished.code, 2);
    for word in ["probes", "quota", "resources", "resourceLimits", "all", "did you mean probes?"] {
        assert!(finished.stderr.contains(word), "{word}: {}", finished.stderr);
    }
    assert_eq!(check(folder.path(), "ns -f a.yaml --require all").code, 2);
    let twice = "-f a.yaml --require probes --require resources";
    let (code, report) = report(folder.path(), twice);
    assert_eq!((code, found(&report).len()), (1, 5));
}

#[test]
fn a_quota_that_nobody_has_shown_is_a_gap() {
    let folder = folder(&[("a.yaml", WEB)]);
    let (code, report) = report(folder.path(), "-f a.yaml --require quota");
    assert_eq!((code, found(&report).len()), (4, 0));
    assert_eq!(report["gaps"][0]["what"], "quota");
    assert_eq!(report["gaps"][0]["object"], "namespace/shop");
    let broken = QUOTA.replace("'1'", "lots");
    fs::write(folder.path().join("q.yaml"), broken).expect("written");
    let finished = check(folder.path(), "-f . --require quota");
    assert!(
        finished.stdout.contains("spec.hard[\"requests.cpu\"]: quantities must match"),
        "{}",
        finished.stdout
    );
    assert_eq!(finished.code, 4);
}

#[test]
fn suppressions_of_requirements_wait_until_they_are_asked_for() {
    let annotated = WEB.replace(
        "  name: web\n",
        "  name: web\n  annotations:\n    kubectl-posture/ignore: probes has no port\n",
    );
    let folder = folder(&[("a.yaml", &annotated)]);
    let (code, asked) = report(folder.path(), "-f a.yaml --require probes");
    assert_eq!((code, &asked["summary"]["suppressed"]), (0, &Value::from(2)));
    let other = report(folder.path(), "-f a.yaml --require readOnlyRootFilesystem").1;
    let nothing = report(folder.path(), "-f a.yaml").1;
    for report in [&asked, &other, &nothing] {
        let idle = report["suppressions"].as_array().map_or(0, Vec::len);
        assert_eq!(idle, 0, "{}", report["suppressions"]);
    }
    let (code, selected) =
        report(folder.path(), "-f a.yaml --require all --select require --ignore quota,probes");
    assert_eq!(code, 1, "{selected:#}");
    let checks: Vec<&str> = found(&selected).into_iter().map(|(check, ..)| check).collect();
    assert!(!checks.is_empty() && !checks.contains(&"probes"), "{checks:?}");
}
