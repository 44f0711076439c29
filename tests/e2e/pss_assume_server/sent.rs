//! The pod that webhooks are sent.

use std::collections::BTreeMap;

use kubectl_pss::assume::{Assumptions, Change, PatchFile};
use posture::model::json_patch::Patch;
use posture_harness::cluster::Cluster;
use posture_harness::{score, seed};
use serde_json::Value;

use super::{LEAST, assume, labelled_pod, pods};

/// Pods whose fields are compared, normally and in the long run.
const DEFAULTS: [usize; 2] = [200, 2_000];

/// Where the pods differ, and are to: what comes behind webhooks, what is not set by a plugin that
/// the test's cluster lacks, what is no field of the API, what is there and empty, and the defaults
/// of volumes, on which no patch builds.
const APART: [&str; 11] = [
    "+spec.volumes.",
    ".appArmorProfile",
    ".hostPort",
    "-spec.serviceAccountName",
    "-spec.HostNetwork",
    "-spec.privileged",
    "-spec.volumes.hostpath",
    ".host",
    ".seLinuxOptions.",
    ".grpc.service",
    ": null is \"\"",
];

/// What the server has and we do not, or otherwise; as paths without positions.
fn missing(ours: &Value, theirs: &Value, path: &str, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (key, value) in theirs {
                let below = format!("{path}.{key}");
                match ours.get(key) {
                    Some(own) => missing(own, value, &below, found),
                    None => found.push(format!("+{below}")),
                }
            }
            for key in ours.keys().filter(|key| !theirs.contains_key(*key)) {
                found.push(format!("-{path}.{key}"));
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (own, their) in ours.iter().zip(theirs) {
                missing(own, their, path, found);
            }
        }
        _ if ours == theirs => {}
        _ => found.push(format!("{path}: {ours} is {theirs}")),
    }
}

#[test]
fn webhooks_are_sent_the_pod_that_we_build() {
    let cluster = Cluster::shared();
    let nothing = PatchFile { name: "p".to_owned(), change: Change::Operations(Patch::default()) };
    let assumptions = Assumptions { injections: Vec::new(), patches: vec![nothing] };
    let mut kinds = BTreeMap::new();
    let mut compared = 0;
    for pod in pods(DEFAULTS[usize::from(seed::long())]) {
        let pod = labelled_pod(pod, "sent", "none", "default");
        let assumed = assume(&assumptions, &pod, "default").expect("it applies");
        let answer = cluster.create(
            "/api/v1/namespaces/default/pods",
            &pod,
            "dryRun=All&fieldValidation=Ignore",
        );
        if !answer.is_success() {
            continue;
        }
        compared += 1;
        let mut found = Vec::new();
        missing(&assumed.pod["spec"], &answer.json()["spec"], "spec", &mut found);
        found.retain(|path| !APART.iter().any(|apart| path.contains(apart)));
        for path in found {
            *kinds.entry(path).or_insert(0) += 1;
        }
    }
    println!("{compared} pods");
    for (path, count) in &kinds {
        println!("{count:>6} {path}");
    }
    assert!(kinds.is_empty(), "see above");
    assert!(compared >= LEAST, "only {compared} pods are valid");
    let what = "the pods that a real API server makes of what it is sent, fields that webhooks see";
    score::record("9_assume_sent", what, &format!("{compared} pods"), kinds.len());
}
