//! A pod inside each of the nine kinds that Pod Security Admission looks at.

use serde_json::{Value, json};

/// The nine kinds, Pod first.
pub const KINDS: [&str; 9] = [
    "Pod",
    "PodTemplate",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
];

/// Gives a `StatefulSet` a claim: its controller puts it in the place of the volume of that name.
pub fn claim(stateful_set: &mut Value, volume: &str) {
    let resources = json!({ "requests": { "storage": "1Gi" } });
    stateful_set["spec"]["volumeClaimTemplates"] = json!([{
        "metadata": { "name": volume },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": resources },
    }]);
}

/// The pod inside an object of `kind`: its labels, annotations and spec become the template's.
///
/// # Panics
/// If the kind is none of [`KINDS`].
#[expect(clippy::panic, reason = "a test that asks for another kind is wrong")]
pub fn wrap(kind: &str, pod: &Value) -> Value {
    let mut template = json!({ "spec": pod["spec"] });
    let mut metadata = pod["metadata"].clone();
    if let Some(fields) = metadata.as_object_mut() {
        fields.remove("name");
        fields.remove("namespace");
        fields.remove("generateName");
        fields.insert("labels".into(), json!({ "app": "generated" }));
        template["metadata"] = metadata;
    }
    let selector = json!({ "matchLabels": { "app": "generated" } });
    let (api_version, body) = match kind {
        "Pod" => return pod.clone(),
        "PodTemplate" => ("v1", json!({ "template": template })),
        "ReplicationController" => {
            let spec = json!({ "selector": { "app": "generated" }, "template": template });
            ("v1", json!({ "spec": spec }))
        }
        "ReplicaSet" | "Deployment" | "DaemonSet" => {
            ("apps/v1", json!({ "spec": { "selector": selector, "template": template } }))
        }
        "StatefulSet" => {
            let spec = json!({ "serviceName": "s", "selector": selector, "template": template });
            ("apps/v1", json!({ "spec": spec }))
        }
        "Job" => ("batch/v1", json!({ "spec": { "template": template } })),
        "CronJob" => {
            let job = json!({ "spec": { "template": template } });
            ("batch/v1", json!({ "spec": { "schedule": "* * * * *", "jobTemplate": job } }))
        }
        other => panic!("{other} is none of the nine kinds"),
    };
    let mut object = body;
    object["apiVersion"] = json!(api_version);
    object["kind"] = json!(kind);
    object["metadata"] = json!({ "name": "generated", "namespace": "default" });
    object
}
