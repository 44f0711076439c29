//! From pods and what is between to the objects above, and whoever manages those.

use posture_harness::cluster::{Cluster, Namespace};
use serde_json::{Value, json};

use super::world::{create, cron_job, job, owned, pod, pod_spec, profile, read, set, workload};

const TEMPLATE: &str = "/spec/template/spec";

#[test]
fn pods_lead_to_what_they_come_from() {
    let cluster = Cluster::shared();
    let namespace = "seccomp-climb";
    cluster.seed(&[Namespace::new(namespace)]);
    let web = create(cluster, namespace, workload("Deployment", "web", &pod_spec()));
    let rs = workload("ReplicaSet", "web-1", &pod_spec());
    let rs = create(cluster, namespace, owned(rs, &web));
    for name in ["web-1-a", "web-1-b"] {
        create(cluster, namespace, owned(pod(name, &pod_spec()), &rs));
    }
    let cron = create(cluster, namespace, cron_job("nightly"));
    create(cluster, namespace, owned(job("nightly-1"), &cron));
    let finished = set(&[
        "RuntimeDefault",
        "pod/web-1-a",
        "pod/web-1-b",
        "job/nightly-1",
        "-n",
        namespace,
        "--yes",
        "-o",
        "json",
    ]);
    assert_eq!(finished.code, 0, "{finished:?}");
    let report = finished.json();
    let names: Vec<&str> = changes(&report).filter_map(|change| change["name"].as_str()).collect();
    assert_eq!(names, ["web", "nightly"]);
    let notes = report["changes"].to_string();
    for way in [
        "pod/web-1-a → deployment.apps/web",
        "pod/web-1-b → deployment.apps/web",
        "job.batch/nightly-1 → cronjob.batch/nightly",
    ] {
        assert!(notes.contains(way), "{notes}");
    }
    assert_eq!(profile(&read(cluster, &web), TEMPLATE)["type"], "RuntimeDefault");
    assert_eq!(profile(&read(cluster, &rs), TEMPLATE), Value::Null);
    let now = profile(&read(cluster, &cron), "/spec/jobTemplate/spec/template/spec");
    assert_eq!(now["type"], "RuntimeDefault");
    // Everything of the namespace: what is owned stands for nothing of its own.
    let report = set(&["Unconfined", "-n", namespace, "--dry-run=client", "-o", "json"]).json();
    assert_eq!((changes(&report).count(), report["summary"]["left"].as_u64()), (2, Some(0)));
}

fn changes(report: &Value) -> impl Iterator<Item = &Value> {
    report["changes"].as_array().into_iter().flatten()
}

#[test]
fn an_owner_that_is_gone_is_a_gap() {
    let cluster = Cluster::shared();
    let namespace = "seccomp-gone";
    cluster.seed(&[Namespace::new(namespace)]);
    let gone = json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": { "name": "gone", "uid": "6a2e2a8e-0000-0000-0000-000000000000" } });
    create(cluster, namespace, owned(pod("orphan", &pod_spec()), &gone));
    let finished = set(&["RuntimeDefault", "pod/orphan", "-n", namespace, "--yes", "-o", "json"]);
    assert_eq!(finished.code, 4, "{finished:?}");
    assert_eq!(finished.json()["gaps"][0]["object"], "replicaset.apps/gone");
}

#[test]
fn what_somebody_manages_is_left_alone_unless_that_is_asked_for() {
    let cluster = Cluster::shared();
    let namespace = "seccomp-managed";
    cluster.seed(&[Namespace::new(namespace)]);
    let mut helm = workload("Deployment", "helm", &pod_spec());
    helm["metadata"]["annotations"] = json!({ "meta.helm.sh/release-name": "shop",
        "meta.helm.sh/release-namespace": namespace });
    let helm = create(cluster, namespace, helm);
    let mut argo = workload("StatefulSet", "argo", &pod_spec());
    argo["metadata"]["annotations"] = json!({
        "argocd.argoproj.io/tracking-id": format!("app:apps/StatefulSet:{namespace}/argo") });
    create(cluster, namespace, argo);
    let database = json!({ "apiVersion": "example.com/v1", "kind": "Database",
        "metadata": { "name": "main", "uid": "6a2e2a8e-0000-0000-0000-000000000001" } });
    let daemon = workload("DaemonSet", "owned", &pod_spec());
    create(cluster, namespace, owned(daemon, &database));
    let finished = set(&["RuntimeDefault", "-n", namespace, "--all", "--yes"]);
    assert_eq!((finished.code, finished.stdout.as_str()), (1, ""), "{finished:?}");
    for said in [
        "managed by the Helm release shop",
        "helm upgrade shop CHART",
        "Argo CD's Application app",
        "database.example.com/main",
        r#""seccompProfile":{"type":"RuntimeDefault"}"#,
        "--managed changes it all the same",
    ] {
        assert!(finished.stderr.contains(said), "{said}: {}", finished.stderr);
    }
    assert_eq!(profile(&read(cluster, &helm), TEMPLATE), Value::Null);
    let finished = set(&["RuntimeDefault", "deploy/helm", "-n", namespace, "--yes", "--managed"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stderr.contains("will undo it"), "{finished:?}");
    assert_eq!(profile(&read(cluster, &helm), TEMPLATE)["type"], "RuntimeDefault");
}
