//! The objects of one application: its Deployment, the `ReplicaSets` of its last rollouts, and
//! pods as a cluster stores them, about 4 kB of JSON each.

use serde_json::{Value, json};

use crate::random::Random;

const NAMES: [&str; 8] =
    ["checkout", "catalog", "payments", "search", "gateway", "mailer", "ledger", "profile"];

/// How many `ReplicaSets` earlier rollouts have left behind.
const LEFT_BEHIND: usize = 2;

/// What a pod of an application meets, in hundredths of all applications: restricted, baseline,
/// the rest neither.
const RESTRICTED: usize = 50;
const BASELINE: usize = 35;

/// An application.
#[derive(Debug)]
pub(super) struct App {
    index: usize,
    name: String,
    replicas: usize,
    template: Value,
    /// For what differs from pod to pod.
    seed: u64,
}

impl App {
    /// The application with this number.
    pub(super) fn new(seed: u64, index: usize, replicas: usize) -> Self {
        let number = u64::try_from(index).unwrap_or_default();
        let mut random = Random::new(seed ^ (number + 1).wrapping_mul(0x2545_f491_4f6c_dd1d));
        let base = random.pick(&NAMES);
        let name = format!("{base}-{index}");
        let template = template(&mut random, base, &name);
        Self { index, name, replicas, template, seed: random.number() }
    }

    /// Its number.
    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// Its Deployment.
    pub(super) fn deployment(&self, namespace: &str) -> Value {
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": self.name,
                "namespace": namespace,
                "labels": self.template["metadata"]["labels"],
                "annotations": { "deployment.kubernetes.io/revision": "3" },
            },
            "spec": {
                "replicas": self.replicas,
                "revisionHistoryLimit": LEFT_BEHIND,
                "selector": { "matchLabels": { "app.kubernetes.io/instance": self.name } },
                "template": self.template,
            },
        })
    }

    /// The `ReplicaSets` of its Deployment, as the server has that; the newest comes last.
    pub(super) fn replica_sets(&self, deployment: &Value) -> Vec<Value> {
        (0..=LEFT_BEHIND)
            .map(|revision| {
                let is_newest = revision == LEFT_BEHIND;
                let hash = format!("{:08x}", (self.seed >> revision) & 0xffff_ffff);
                let mut template = self.template.clone();
                template["metadata"]["labels"]["pod-template-hash"] = json!(hash);
                json!({
                    "apiVersion": "apps/v1",
                    "kind": "ReplicaSet",
                    "metadata": {
                        "name": format!("{}-{hash}", self.name),
                        "namespace": deployment["metadata"]["namespace"],
                        "labels": template["metadata"]["labels"],
                        "ownerReferences": [controlled_by(deployment)],
                    },
                    "spec": {
                        "replicas": if is_newest { self.replicas } else { 0 },
                        "selector": { "matchLabels": {
                            "app.kubernetes.io/instance": self.name,
                            "pod-template-hash": hash,
                        } },
                        "template": template,
                    },
                })
            })
            .collect()
    }

    /// A pod of a `ReplicaSet`, as the server has that, and what its status becomes.
    pub(super) fn pod(&self, replica_set: &Value, number: usize) -> (Value, Value) {
        let number = u64::try_from(number).unwrap_or_default();
        let mut random = Random::new(self.seed ^ (number + 1));
        let metadata = &replica_set["metadata"];
        let suffix = format!("{:05x}", (random.number() << 8 | number) & 0xf_ffff);
        let name = format!("{}-{suffix}", metadata["name"].as_str().unwrap_or_default());
        let template = &replica_set["spec"]["template"];
        let mut spec = template["spec"].clone();
        let access = format!("kube-api-access-{suffix}");
        push(&mut spec["volumes"], service_account_volume(&access));
        push(
            &mut spec["containers"][0]["volumeMounts"],
            json!({
                "name": access,
                "readOnly": true,
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
            }),
        );
        spec["nodeName"] = json!(format!("node-{}", random.below(100)));
        let status = status(&mut random, &spec);
        let pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": metadata["namespace"],
                "labels": template["metadata"]["labels"],
                "annotations": template["metadata"]["annotations"],
                "ownerReferences": [controlled_by(replica_set)],
            },
            "spec": spec,
        });
        (pod, status)
    }
}

fn push(list: &mut Value, item: Value) {
    if let Some(list) = list.as_array_mut() {
        list.push(item);
    }
}

/// What makes an object belong to its controller.
fn controlled_by(owner: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

fn template(random: &mut Random, base: &str, name: &str) -> Value {
    let version = format!("{}.{}.{}", random.below(4), random.below(20), random.below(10));
    let aim = random.below(100);
    let mut spec = json!({
        "serviceAccountName": base,
        "containers": [container(random, base, &version)],
        "volumes": [
            { "name": "config", "configMap": { "name": name } },
            { "name": "tmp", "emptyDir": {} },
        ],
    });
    if aim < RESTRICTED {
        spec["securityContext"] = json!({
            "runAsNonRoot": true,
            "runAsUser": 1000,
            "fsGroup": 1000,
            "seccompProfile": { "type": "RuntimeDefault" },
        });
        spec["containers"][0]["securityContext"] = json!({
            "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] },
        });
    } else if aim >= RESTRICTED + BASELINE {
        match random.below(3) {
            0 => spec["hostNetwork"] = json!(true),
            1 => spec["containers"][0]["securityContext"] = json!({ "privileged": true }),
            _ => push(
                &mut spec["volumes"],
                json!({ "name": "logs", "hostPath": { "path": "/var/log" } }),
            ),
        }
    }
    let labels = json!({
        "app.kubernetes.io/name": base,
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/version": version,
        "app.kubernetes.io/managed-by": "Helm",
    });
    let checksum = format!("{:016x}{:016x}", random.number(), random.number());
    let annotations = json!({ "checksum/config": checksum });
    json!({ "metadata": { "labels": labels, "annotations": annotations }, "spec": spec })
}

fn container(random: &mut Random, base: &str, version: &str) -> Value {
    let mut environment: Vec<Value> = (0..2 + random.below(3))
        .map(|index| {
            let name = format!("{}_SETTING_{index}", base.to_uppercase());
            json!({ "name": name, "value": format!("{:x}", random.number()) })
        })
        .collect();
    let password = json!({ "secretKeyRef": { "name": "database", "key": "password" } });
    environment.push(json!({ "name": "DATABASE_PASSWORD", "valueFrom": password }));
    let memory = 64 * (1 + random.below(8));
    json!({
        "name": base,
        "image": format!("registry.example.com/{base}/{base}:{version}"),
        "ports": [{ "name": "http", "containerPort": 8080 }],
        "env": environment,
        "readinessProbe": { "httpGet": { "path": "/healthz", "port": "http" } },
        "resources": {
            "requests": {
                "cpu": format!("{}m", 50 * (1 + random.below(8))),
                "memory": format!("{memory}Mi"),
            },
            "limits": { "memory": format!("{}Mi", 2 * memory) },
        },
        "volumeMounts": [
            { "name": "config", "mountPath": format!("/etc/{base}"), "readOnly": true },
            { "name": "tmp", "mountPath": "/tmp" },
        ],
    })
}

/// The volume that the server itself gives to pods with a service account's token.
fn service_account_volume(name: &str) -> Value {
    json!({
        "name": name,
        "projected": { "sources": [
            { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
            { "configMap": {
                "name": "kube-root-ca.crt",
                "items": [{ "key": "ca.crt", "path": "ca.crt" }],
            } },
        ] },
    })
}

/// What a kubelet writes of a running pod.
fn status(random: &mut Random, spec: &Value) -> Value {
    let since = "2026-11-02T08:15:00Z";
    let conditions: Vec<Value> = ["Initialized", "Ready", "ContainersReady", "PodScheduled"]
        .into_iter()
        .map(|kind| json!({ "type": kind, "status": "True", "lastTransitionTime": since }))
        .collect();
    let address = format!("10.{}.{}.{}", random.below(256), random.below(256), random.below(256));
    let digest = format!("{:016x}{:016x}", random.number(), random.number());
    let container = &spec["containers"][0];
    json!({
        "phase": "Running",
        "conditions": conditions,
        "podIP": address,
        "podIPs": [{ "ip": address }],
        "startTime": since,
        "containerStatuses": [{
            "name": container["name"],
            "state": { "running": { "startedAt": since } },
            "ready": true,
            "restartCount": random.below(3),
            "image": container["image"],
            "imageID": format!("{}@sha256:{digest}{digest}", container["name"].as_str().unwrap_or_default()),
            "containerID": format!("containerd://{digest}{digest}"),
            "started": true,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_again() {
        let app = |seed| App::new(seed, 7, 10).deployment("team-007");
        assert_eq!(app(1), app(1));
        assert_ne!(app(1), app(2));
    }

    #[test]
    fn pods_belong_to_their_replica_set_and_differ() {
        let app = App::new(1, 7, 10);
        let deployment = app.deployment("team-007");
        let newest = app.replica_sets(&deployment).pop().unwrap_or_default();
        let names: std::collections::BTreeSet<String> = (0..50)
            .map(|number| app.pod(&newest, number).0["metadata"]["name"].to_string())
            .collect();
        assert_eq!(names.len(), 50);
        let (pod, _) = app.pod(&newest, 0);
        assert_eq!(pod["metadata"]["ownerReferences"][0]["name"], newest["metadata"]["name"]);
    }
}
