//! What `kubectl seccomp` writes for programs is what its schemas say.
#![cfg(test)]

use std::path::Path;

use posture_e2e::folder;
use posture_e2e::schema::violations;
use posture_harness::binary::Run;
use serde_json::{Value, json};

/// Nodes that differ, and a pod that may run on each.
const CLUSTER: &str = "\
apiVersion: v1
kind: Node
metadata: {name: old, labels: {kubernetes.io/os: linux}}
status:
  nodeInfo:
    {architecture: amd64, kernelVersion: 6.8.0, kubeletVersion: v1.33.1, containerRuntimeVersion: containerd://1.7.27}
---
apiVersion: v1
kind: Node
metadata: {name: new, labels: {kubernetes.io/os: linux}}
status:
  nodeInfo:
    {architecture: arm64, kernelVersion: 6.12.0, kubeletVersion: v1.35.0, containerRuntimeVersion: cri-o://1.35.1}
---
apiVersion: v1
kind: Node
metadata: {name: odd, labels: {kubernetes.io/os: linux}}
status:
  nodeInfo:
    {architecture: amd64, kernelVersion: 6.12.0, kubeletVersion: v1.35.0, containerRuntimeVersion: odd://1.0}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  securityContext: {seccompProfile: {type: RuntimeDefault}}
  initContainers:
    - {name: first, image: x, restartPolicy: Always}
  containers:
    - {name: a, image: x, securityContext: {capabilities: {add: [BPF]}}}
    - {name: b, image: x, securityContext: {privileged: true}}
";

fn written(folder: &Path, arguments: &[&str]) -> Value {
    let run = Run::new("kubectl-seccomp").args(arguments.iter().copied()).in_folder(folder);
    run.args(["-o", "json"]).finish().json()
}

fn schema(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn reports_of_check() {
    let schema = schema(include_str!("../schema/seccomp-report-v1.json"));
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/seccomp/examples");
    let own = folder::with(&[("cluster.yaml", CLUSTER)]);
    for (folder, file) in [(examples.as_path(), "shop.yaml"), (own.path(), "cluster.yaml")] {
        let report = written(folder, &["check", "-f", file]);
        assert!(!report["objects"][0]["containers"].as_array().unwrap().is_empty(), "{report}");
        let found = violations(&schema, &report);
        assert!(found.is_empty(), "{file}: {found:#?}");
    }
    let found = violations(&schema, &json!({ "kind": 1 }));
    assert!(found.len() > 3, "a report that is none must not pass: {found:?}");
}

#[test]
fn explanations() {
    let schema = schema(include_str!("../schema/seccomp-explanation-v1.json"));
    let folder = folder::with(&[("cluster.yaml", CLUSTER)]);
    for (arguments, field) in [
        (&["socket(AF_ALG)"][..], "answers"),
        (&["clone", "--runtime", "cri-o@1.33", "--arch", "s390x"], "answers"),
        (&["ptrace", "--all-nodes", "-f", "cluster.yaml"], "gaps"),
        (&["RuntimeDefault", "--runtime", "containerd@1.7.27"], "readings"),
        (&["RuntimeDefault"], "differs"),
        (&["pod/web", "-f", "cluster.yaml"], "profiles"),
    ] {
        let explained = written(folder.path(), &[&["explain"], arguments].concat());
        assert!(!explained[field].as_array().unwrap().is_empty(), "{arguments:?}: {explained}");
        let found = violations(&schema, &explained);
        assert!(found.is_empty(), "{arguments:?}: {found:#?}");
    }
    let found = violations(&schema, &json!({ "kind": "Explanation", "answers": [] }));
    assert!(!found.is_empty(), "an explanation that is none must not pass");
}
