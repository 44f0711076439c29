//! A finding in a file and the same one in a cluster have the same fingerprint, and a pod's are
//! those of the workload that it came from.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use posture_generators::pod::{Pods, Values};
use posture_generators::workload::{KINDS, wrap};
use posture_harness::binary::Run;
use posture_harness::cluster::{ADMIN, Cluster, Namespace};
use posture_harness::{score, seed};
use serde_json::{Value, json};
use tempfile::TempDir;

const NAMESPACE: &str = "fingerprints";

/// How many objects are stored.
const OBJECTS: usize = 300;

/// The fingerprints of each object.
type Prints = BTreeMap<(String, String), BTreeSet<String>>;

/// Runs `check` with these arguments.
fn check(cluster: &Cluster, arguments: &[&str]) -> Value {
    let run = Run::new("kubectl-pss")
        .env("KUBECONFIG", cluster.kubeconfig(ADMIN).to_str().expect("a path in UTF-8"))
        .args(["check", "-n", NAMESPACE, "--level", "restricted", "-o", "json"])
        .args(arguments.iter().copied())
        .finish();
    assert!(matches!(run.code, 0 | 1), "{}", run.stderr);
    run.json()
}

/// What was found, but for what one side alone has: fields that the server drops, and the fields
/// of pods into which it copies their AppArmor annotations.
fn prints(report: &Value) -> Prints {
    let findings = report["findings"].as_array().expect("findings");
    let annotated: Vec<&Value> = findings
        .iter()
        .filter(|finding| {
            let path = finding["path"].as_str().unwrap_or_default();
            finding["check"] == "appArmorProfile" && path.starts_with("metadata.")
        })
        .map(|finding| &finding["object"]["name"])
        .collect();
    let mut prints = Prints::new();
    for finding in findings {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let is_copy = finding["check"] == "appArmorProfile"
            && finding["object"]["kind"] == "Pod"
            && annotated.contains(&&finding["object"]["name"])
            && finding["path"].as_str().is_some_and(|path| path.starts_with("spec."));
        if finding["check"] != "unknownField" && !is_copy {
            let object = &finding["object"];
            let own = prints.entry((text(&object["kind"]), text(&object["name"]))).or_default();
            own.insert(text(&finding["fingerprint"]));
        }
    }
    prints
}

#[test]
fn a_file_and_a_cluster_agree() {
    let cluster = Cluster::shared();
    cluster.seed(&[Namespace::new(NAMESPACE)]);
    let pods = Pods::new(seed::seed(), Values::Valid);
    let folder = TempDir::new().expect("a temporary folder");
    let mut stored = 0;
    for (at, pod) in pods.take(OBJECTS).enumerate() {
        let mut object = wrap(KINDS[at % KINDS.len()], &pod);
        object["metadata"]["name"] = format!("o{at}").into();
        object["metadata"]["namespace"] = NAMESPACE.into();
        // What validation refuses is no concern here.
        if cluster.create(&cluster.collection(&object), &object, "").is_success() {
            stored += 1;
            let path = folder.path().join(format!("{at}.json"));
            fs::write(path, object.to_string()).expect("written");
        }
    }
    assert!(stored >= OBJECTS / 2, "only {stored} of {OBJECTS} are valid");
    let files = prints(&check(cluster, &["-f", folder.path().to_str().expect("UTF-8")]));
    let live = prints(&check(cluster, &[]));
    assert!(files.len() >= stored / 2, "{} of {stored} have findings", files.len());
    let all: BTreeSet<_> = files.keys().chain(live.keys()).collect();
    let differ: Vec<_> = all.iter().filter(|own| files.get(*own) != live.get(*own)).collect();
    score::record(
        "fingerprints",
        "fingerprints of the same object in a file and in a cluster",
        &format!("{stored} objects"),
        differ.len(),
    );
    assert!(
        differ.is_empty(),
        "{differ:?}\nfile {:?}\nlive {:?}",
        differ.first().and_then(|own| files.get(**own)),
        differ.first().and_then(|own| live.get(**own)),
    );
}

#[test]
fn a_pod_has_those_of_its_deployment() {
    let cluster = Cluster::shared();
    let namespace = "fingerprints-owned";
    let spec = json!({ "hostPID": true, "containers": [
        { "name": "a", "image": "x" },
        { "name": "b", "image": "x", "securityContext": { "privileged": true } },
    ] });
    let template = json!({ "metadata": { "labels": { "app": "web" } }, "spec": spec });
    let workload = |kind: &str, name: &str| {
        json!({
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": { "name": name, "namespace": namespace },
            "spec": {
                "selector": { "matchLabels": { "app": "web" } },
                "template": template,
            },
        })
    };
    let create = |object: &Value| {
        let answer = cluster.create(&cluster.collection(object), object, "");
        assert!(answer.is_success(), "{}", answer.message());
        answer.json()
    };
    let own = |mut object: Value, owner: &Value| {
        object["metadata"]["ownerReferences"] = json!([{
            "apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": true,
            "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
        }]);
        object
    };
    cluster.seed(&[Namespace::new(namespace)]);
    let deployment = create(&workload("Deployment", "web"));
    let set = create(&own(workload("ReplicaSet", "web-1"), &deployment));
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "web-1-x", "namespace": namespace, "labels": { "app": "web" } },
        "spec": spec,
    });
    create(&own(pod, &set));
    let run = Run::new("kubectl-pss")
        .env("KUBECONFIG", cluster.kubeconfig(ADMIN).to_str().expect("a path in UTF-8"))
        .args(["check", "-n", namespace, "--level", "restricted", "-o", "json"])
        .finish();
    let prints = prints(&run.json());
    let of = |kind: &str, name: &str| &prints[&(kind.to_owned(), name.to_owned())];
    assert!(of("Deployment", "web").len() > 5);
    assert_eq!(of("Pod", "web-1-x"), of("Deployment", "web"));
    assert_eq!(of("ReplicaSet", "web-1"), of("Deployment", "web"));
    // A baseline taken from the file knows the pods too.
    let folder = TempDir::new().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    fs::write(path("web.json"), workload("Deployment", "web").to_string()).expect("written");
    let (file, known) = (path("web.json"), path("known"));
    let run = |arguments: &[&str]| {
        Run::new("kubectl-pss")
            .env("KUBECONFIG", cluster.kubeconfig(ADMIN).to_str().expect("a path in UTF-8"))
            .args(["check", "-n", namespace, "--level", "restricted", "--baseline", &known])
            .args(arguments.iter().copied())
            .finish()
    };
    assert_eq!(run(&["-f", &file, "--update-baseline"]).code, 0);
    let live = run(&[]);
    assert_eq!(live.code, 0, "{}{}", live.stdout, live.stderr);
}
