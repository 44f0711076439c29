//! A cluster, objects in it, and our binary beside.

use posture_harness::binary::{Finished, Run};
use posture_harness::cluster::{ADMIN, Cluster};
use serde_json::{Value, json};

/// Runs our binary as a user.
pub(crate) fn run(cluster: &Cluster, user: &str, arguments: &[&str]) -> Finished {
    Run::new("kubectl-seccomp")
        .env("KUBECONFIG", cluster.kubeconfig(user).to_str().expect("a path in UTF-8"))
        .args(arguments.iter().copied())
        .finish()
}

/// Runs `set` as the one who may.
pub(crate) fn set(arguments: &[&str]) -> Finished {
    run(Cluster::shared(), ADMIN, &[&["set"], arguments].concat())
}

/// A pod's spec with one container.
pub(crate) fn pod_spec() -> Value {
    json!({ "containers": [{ "name": "c", "image": "x" }] })
}

/// A workload with a selector and a template of this pod.
pub(crate) fn workload(kind: &str, name: &str, pod: &Value) -> Value {
    let mut spec = json!({
        "selector": { "matchLabels": { "app": name } },
        "template": { "metadata": { "labels": { "app": name } }, "spec": pod },
    });
    if kind == "StatefulSet" {
        spec["serviceName"] = name.into();
    }
    json!({ "apiVersion": "apps/v1", "kind": kind, "spec": spec,
        "metadata": { "name": name, "labels": { "app": name } } })
}

/// A bare pod.
pub(crate) fn pod(name: &str, spec: &Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name }, "spec": spec })
}

/// A Job.
pub(crate) fn job(name: &str) -> Value {
    let mut spec = pod_spec();
    spec["restartPolicy"] = "Never".into();
    json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": name },
        "spec": { "template": { "spec": spec } } })
}

/// A `CronJob`.
pub(crate) fn cron_job(name: &str) -> Value {
    json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": name },
        "spec": { "schedule": "0 0 * * *", "jobTemplate": { "spec": job("")["spec"] } } })
}

/// Creates an object and returns it as the server has stored it.
pub(crate) fn create(cluster: &Cluster, namespace: &str, mut object: Value) -> Value {
    object["metadata"]["namespace"] = namespace.into();
    let answer = cluster.create(&cluster.collection(&object), &object, "");
    assert!(answer.is_success(), "{}\n{object:#}", answer.message());
    answer.json()
}

/// Makes an object the controller's.
pub(crate) fn owned(mut object: Value, owner: &Value) -> Value {
    object["metadata"]["ownerReferences"] = json!([{
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": true,
    }]);
    object
}

/// An object as it is now.
pub(crate) fn read(cluster: &Cluster, object: &Value) -> Value {
    let name = object["metadata"]["name"].as_str().expect("a name");
    cluster.get_json(&format!("{}/{name}", cluster.collection(object)))
}

/// The profile of the pod in an object, by the way to it.
pub(crate) fn profile(object: &Value, pod: &str) -> Value {
    let field = format!("{pod}/securityContext/seccompProfile");
    object.pointer(&field).cloned().unwrap_or_default()
}
