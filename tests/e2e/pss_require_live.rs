//! `--require` on a real cluster: what it depends on is read, recorded and replayed; what may not
//! be read is a gap.
#![cfg(test)]

use posture_harness::binary::{Finished, Run};
use posture_harness::cluster::{ADMIN, Cluster, Namespace};
use serde_json::{Value, json};
use tempfile::TempDir;

fn pss(cluster: &Cluster, user: &str, arguments: &[&str], input: &str) -> Finished {
    Run::new("kubectl-pss")
        .env("KUBECONFIG", cluster.kubeconfig(user).to_str().expect("a path in UTF-8"))
        .args(arguments.iter().copied())
        .input(input)
        .finish()
}

fn deployment(cpu: &str) -> Value {
    json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "replicas": 3, "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": { "app": "web" } },
                "spec": { "serviceAccountName": "robot", "containers": [{ "name": "c",
                    "image": "x", "resources": { "requests": { "cpu": cpu } } }] } } } })
}

/// The checks that found something, with what the server would say.
fn found(report: &Value) -> Vec<(String, String)> {
    let findings = report["findings"].as_array().expect("findings").iter();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    findings.map(|finding| (text(&finding["check"]), text(&finding["message"]))).collect()
}

#[test]
fn what_requirements_depend_on_is_read_recorded_and_replayed() {
    let cluster = Cluster::shared();
    let core = |kind: &str, name: &str, more: Value| {
        let mut object = json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": name } });
        for (key, value) in more.as_object().expect("fields") {
            object[key] = value.clone();
        }
        object
    };
    let hard = json!({ "requests.cpu": "1" });
    cluster.seed(&[Namespace::new("shop")
        .pod_security("enforce", "privileged")
        .object(deployment("400m"))
        .object(core("ResourceQuota", "q", json!({ "spec": { "hard": hard } })))
        .object(core(
            "ServiceAccount",
            "robot",
            json!({ "automountServiceAccountToken": false }),
        ))]);
    // All is taken: of what runs here already.
    let status = json!({ "status": { "hard": hard, "used": { "requests.cpu": "1" } } });
    let path = "/api/v1/namespaces/shop/resourcequotas/q/status";
    assert!(cluster.admin().merge(path, &status).is_success());

    let folder = TempDir::new().expect("a temporary folder");
    let dir = folder.path().join("state");
    let dir = dir.to_str().expect("a path in UTF-8");
    let live =
        ["check", "-n", "shop", "--require", "quota,automountServiceAccountToken", "-o", "json"];
    let finished = pss(cluster, ADMIN, &[&live[..], &["--snapshot", dir]].concat(), "");
    let report = finished.json();
    let refused = vec![(
        "quota".to_owned(),
        "a LimitRange or ResourceQuota refuses the pod: 2 of 3 pods fit: exceeded quota: q, requested: requests.cpu=400m, used: requests.cpu=800m, limited: requests.cpu=1: ask for what ResourceQuota q admits, or have it changed".to_owned(),
    )];
    assert_eq!((finished.code, found(&report)), (1, refused.clone()), "{report:#}");
    let replayed =
        ["check", "-f", dir, "--require", "quota,automountServiceAccountToken", "-o", "json"];
    let again = pss(cluster, ADMIN, &replayed, "");
    assert_eq!((again.code, found(&again.json())), (1, refused.clone()), "{}", again.stdout);

    // Files that go there: a workload may be the one that runs already, a Pod is one more.
    let beside = |object: &Value| {
        let arguments = [
            "check",
            "-f",
            "-",
            "--with-cluster",
            "--require",
            "quota,automountServiceAccountToken",
            "-o",
            "json",
        ];
        pss(cluster, ADMIN, &arguments, &object.to_string()).json()
    };
    assert_eq!(found(&beside(&deployment("400m"))), refused);
    assert_eq!(found(&beside(&deployment("300m"))), []);
    let mut pod = json!({ "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "p", "namespace": "shop" } });
    pod["spec"] = deployment("10m")["spec"]["template"]["spec"].clone();
    let more = found(&beside(&pod));
    assert_eq!(more.len(), 1, "{more:?}");
    let said = "exceeded quota: q, requested: requests.cpu=10m, used: requests.cpu=1, limited: requests.cpu=1";
    assert!(more[0].1.contains(said), "{more:?}");

    // What was not recorded is not known.
    let without = folder.path().join("less");
    let without = without.to_str().expect("a path in UTF-8");
    let recorded = ["check", "-n", "shop", "--snapshot", without];
    assert_eq!(pss(cluster, ADMIN, &recorded, "").code, 0);
    let asked = ["check", "-f", without, "--require", "all", "-o", "json"];
    let report = pss(cluster, ADMIN, &asked, "").json();
    let gaps = report["gaps"].as_array().expect("gaps");
    for kind in ["limitranges", "resourcequotas", "serviceaccounts"] {
        let is_of = |gap: &&Value| gap["object"].as_str().is_some_and(|of| of.starts_with(kind));
        assert!(gaps.iter().any(|gap| is_of(&gap)), "{kind}: {gaps:#?}");
    }
    // A token that the ServiceAccount may withhold is not called given.
    let is_token = |(check, _): &(String, String)| check == "automountServiceAccountToken";
    assert!(!found(&report).iter().any(is_token), "{report:#}");
}
