//! Random pods that live in namespaces, and what becomes of them.

use posture::model::object::Object;
use posture_generators::pod::{Pods, Values};
use posture_generators::random::Random;
use posture_harness::cluster::Namespace;
use serde_json::{Value, json};

use crate::world::{EXEMPT_CLASS, JUDGED_CLASS, World};

/// How many random pods are drawn; the server takes some of them.
const DRAFTS: usize = 800;

/// Takes away what the server refuses in a pod that it is to keep.
pub(super) fn tamed(mut pod: Value) -> Value {
    let own_users = pod["spec"]["hostUsers"] == json!(false);
    let Some(spec) = pod["spec"].as_object_mut() else {
        return pod;
    };
    for field in ["ephemeralContainers", "runtimeClassName", "nodeName"] {
        spec.remove(field);
    }
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(fields) = container.as_object_mut() else {
                continue;
            };
            fields.entry("image").or_insert_with(|| json!("image"));
            if list == "initContainers" {
                for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                    fields.remove(field);
                }
            }
            if !own_users
                && let Some(context) =
                    fields.get_mut("securityContext").and_then(Value::as_object_mut)
            {
                context.remove("procMount");
            }
        }
    }
    pod
}

/// A UID as the server would make one.
pub(super) fn uid(random: &mut Random) -> String {
    format!("{:08x}-0000-4000-8000-{:012x}", random.below(1 << 32), random.below(1 << 48))
}

/// An owner, who controls the pod or does not.
pub(super) fn owner(uid: &str, controller: Value) -> Value {
    let mut owner =
        json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "owner", "uid": uid });
    if !controller.is_null() {
        owner["controller"] = controller;
    }
    owner
}

/// Random pods that the server takes.
pub(super) fn templates(world: &World, seed: u64) -> Vec<Value> {
    world.cluster.seed(&[Namespace::new("drafts").pod_security("enforce", "privileged")]);
    let drafts: Vec<Value> = Pods::new(seed, Values::Plausible)
        .map(tamed)
        .map(|pod| moved(pod, "drafts"))
        .take(DRAFTS)
        .collect();
    let query = "dryRun=All&fieldValidation=Ignore";
    let answers = world
        .cluster
        .each(&drafts, |pod| world.cluster.create(&world.cluster.collection(pod), pod, query));
    let taken = drafts.into_iter().zip(&answers).filter(|(_, answer)| answer.is_success());
    let taken: Vec<Value> = taken.map(|(pod, _)| pod).collect();
    println!("{} of {DRAFTS} random pods are taken", taken.len());
    assert!(taken.len() > DRAFTS / 4);
    taken
}

pub(super) fn moved(mut pod: Value, namespace: &str) -> Value {
    pod["metadata"]["namespace"] = json!(namespace);
    pod
}

/// Pods for one namespace: some alone, some replicas, some with a runtime class.
pub(super) fn inhabitants(random: &mut Random, templates: &[Value], namespace: &str) -> Vec<Value> {
    let mut made = Vec::new();
    for template in templates {
        let replicas = if random.percent(40) { 2 + random.below(4) } else { 1 };
        let controller = uid(random);
        for _ in 0..replicas {
            let mut pod = moved(template.clone(), namespace);
            // Names in no order, some the beginning of others.
            let number = made.len();
            pod["metadata"]["name"] = json!(match random.below(4) {
                0 => format!("p{number}"),
                1 => format!("p-{:x}-{number}", random.below(1 << 16)),
                2 => format!("{}.p{number}", random.pick(&["a", "web", "z9"])),
                _ => format!("{:x}{number}", random.below(1 << 12)),
            });
            let mut owners = Vec::new();
            if random.percent(20) {
                let flag = if random.percent(50) { Value::Null } else { json!(false) };
                owners.push(owner(&uid(random), flag));
            }
            if replicas > 1 || random.percent(20) {
                owners.push(owner(&controller, json!(true)));
            }
            pod["metadata"]["ownerReferences"] = json!(owners);
            if random.percent(15) {
                let class = random.pick(&[EXEMPT_CLASS, JUDGED_CLASS]);
                pod["spec"]["runtimeClassName"] = json!(class);
            }
            if random.percent(5) {
                pod["metadata"]["finalizers"] = json!(["example.com/stay"]);
            }
            made.push(pod);
        }
    }
    made
}

/// What becomes of some pods: they finish, they are deleted and stay, they get a debug container.
pub(super) fn fate(
    world: &World,
    random: &mut Random,
    namespace: &str,
    pods: &[Object],
) -> [usize; 3] {
    let client = world.cluster.admin();
    let mut done = [0; 3];
    for pod in pods {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{}", pod.name());
        if random.percent(20) {
            let phase = random.pick(&["Succeeded", "Failed", "Running"]);
            let status = json!({ "status": { "phase": phase } });
            done[0] += usize::from(client.merge(&format!("{path}/status"), &status).is_success());
        } else if random.percent(15) {
            let container = json!({
                "name": "debugger",
                "image": "image",
                "securityContext": { "capabilities": { "add": ["SYS_PTRACE"] } },
            });
            let spec = json!({ "spec": { "ephemeralContainers": [container] } });
            let answer = client.merge(&format!("{path}/ephemeralcontainers"), &spec);
            done[2] += usize::from(answer.is_success());
        }
        let metadata = pod.value().field("metadata");
        if metadata.and_then(|metadata| metadata.field("finalizers")).is_some() {
            done[1] += usize::from(client.delete(&path).is_success());
        }
    }
    done
}
