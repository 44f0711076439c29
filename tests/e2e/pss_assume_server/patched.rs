//! Pods that the server itself changes on admission, by policies with our patches.

use std::thread;
use std::time::{Duration, Instant};

use kubectl_pss::assume::{Assumptions, Change, PatchFile};
use posture_e2e::pss::server::{self, Request};
use posture_harness::cluster::{Answer, Cluster, ClusterOptions};
use posture_harness::{score, seed};
use serde_json::{Value, json};

use super::{DEADLINE, LEAST, assume, labelled_pod, namespaces, pods, read, record, request};

/// Pods for each patch, normally and in the long run.
const PATCHED: [usize; 2] = [40, 400];

/// How the server says that a patch does not apply.
const FAILED: &str = "JSON Patch: ";

/// The patches that the server applies: what people have webhooks do, and what fails on some pods.
fn patches() -> Vec<Value> {
    let profile = json!({ "type": "RuntimeDefault" });
    let sidecar = json!({ "name": "sidecar", "image": "x", "ports": [{ "containerPort": 99 }] });
    let root = json!({
        "name": "setup", "image": "x",
        "securityContext": { "runAsUser": 0, "capabilities": { "add": ["NET_ADMIN"] } },
    });
    let add = |path: &str, value: &Value| json!({ "op": "add", "path": path, "value": value });
    vec![
        json!([add("/spec/securityContext/seccompProfile", &profile)]),
        json!([add("/spec/containers/-", &sidecar), add("/spec/initContainers", &json!([root]))]),
        json!([add("/spec/initContainers/0", &root)]),
        json!([
            add("/spec/volumes", &json!([])),
            add("/spec/volumes/-", &json!({ "name": "bare" }))
        ]),
        json!([add("/spec/volumes/-", &json!({ "name": "node", "hostPath": { "path": "/" } }))]),
        json!([{ "op": "replace", "path": "/spec/hostNetwork", "value": true }]),
        json!([{ "op": "remove", "path": "/spec/hostNetwork" }]),
        json!([
            add("/spec/hostIPC", &json!(true)),
            add("/spec/tolerations/-", &json!({ "operator": "Exists" }))
        ]),
        json!([add("/spec/containers/0/securityContext", &json!({ "privileged": true }))]),
        json!([{ "op": "remove", "path": "/spec/containers/0/securityContext/capabilities" }]),
        json!([{ "op": "copy", "from": "/spec/containers/0", "path": "/spec/containers/-" },
               { "op": "replace", "path": "/spec/containers/-1/name", "value": "copied" }]),
        json!([{ "op": "test", "path": "/spec/schedulerName", "value": "default-scheduler" },
               add("/spec/securityContext/sysctls", &json!([{ "name": "kernel.msgmax", "value": "1" }]))]),
        json!([add(
            "/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1c0",
            &json!("unconfined")
        )]),
    ]
}

/// A value in CEL, whose lists and maps must be of one type.
fn cel(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> =
                items.iter().map(|item| format!("dyn({})", cel(item))).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let field =
                |(key, value): (&String, &Value)| format!("{}: dyn({})", json!(key), cel(value));
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        _ => value.to_string(),
    }
}

/// The patch as a policy by which the server itself applies it to pods with a label.
fn policy(name: &str, patch: &Value) -> [Value; 2] {
    let operation = |operation: &Value| {
        let fields = operation.as_object().expect("an operation").iter();
        let field = |(key, value): (&String, &Value)| format!("{key}: {}", cel(value));
        format!("JSONPatch{{{}}}", fields.map(field).collect::<Vec<_>>().join(", "))
    };
    let operations = patch.as_array().expect("operations").iter().map(operation);
    let expression = format!("[{}]", operations.collect::<Vec<_>>().join(", "));
    let version = "admissionregistration.k8s.io/v1";
    let policy = json!({
        "apiVersion": version,
        "kind": "MutatingAdmissionPolicy",
        "metadata": { "name": name },
        "spec": {
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "matchConstraints": {
                "objectSelector": { "matchLabels": { "patch": name } },
                "resourceRules": [{
                    "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"],
                }],
            },
            "mutations": [{ "patchType": "JSONPatch", "jsonPatch": { "expression": expression } }],
        },
    });
    let binding = json!({
        "apiVersion": version,
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": { "name": name },
        "spec": { "policyName": name },
    });
    [policy, binding]
}

/// Waits until the server applies a policy.
fn wait_for(cluster: &Cluster, policy: &str) {
    let plain = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {},
        "spec": { "containers": [{ "name": "c0", "image": "x" }] },
    });
    let pod = labelled_pod(plain, "canary", policy, "default");
    let started = Instant::now();
    loop {
        let answer = cluster.create("/api/v1/namespaces/default/pods", &pod, "dryRun=All");
        let is_patched =
            answer.is_success() && answer.json()["metadata"]["annotations"]["patched"] == "yes";
        if is_patched || !answer.is_success() {
            return;
        }
        assert!(started.elapsed() < DEADLINE, "{policy} is not applied: {}", answer.text());
        thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn patches_are_judged_as_the_server_judges_them() {
    let run = usize::from(seed::long());
    let cluster = server::audited(&ClusterOptions::default());
    let labelled = namespaces(&cluster, "n");
    let mark = json!({ "op": "replace", "path": "/metadata/annotations/patched", "value": "yes" });
    let patches: Vec<Value> = patches()
        .into_iter()
        .map(|mut patch| {
            patch.as_array_mut().expect("operations").push(mark.clone());
            patch
        })
        .collect();
    let names: Vec<String> = (0..patches.len()).map(|number| format!("p{number}")).collect();
    let policies: Vec<Value> =
        names.iter().zip(&patches).flat_map(|(name, patch)| policy(name, patch)).collect();
    cluster.create_all(&policies);
    for name in &names {
        wait_for(&cluster, name);
    }
    let (mut requests, mut failing) = (Vec::new(), Vec::new());
    for (name, patch) in names.iter().zip(&patches) {
        let change = Change::Operations(read(patch));
        let file = PatchFile { name: name.clone(), change };
        let assumptions = Assumptions { injections: Vec::new(), patches: vec![file] };
        for pod in pods(PATCHED[run]) {
            let number = requests.len() + failing.len();
            let position = number % labelled.len();
            let namespace = labelled[position].name.as_str();
            let pod = labelled_pod(pod, &format!("o{number}"), name, namespace);
            match assume(&assumptions, &pod, namespace) {
                Ok(assumed) => {
                    requests.push(request(&pod, &assumed.pod, number, (position, namespace)));
                }
                Err(unknown) => {
                    failing.push((request(&pod, &pod, number, (position, namespace)), unknown));
                }
            }
        }
    }
    let said = server::ask(&cluster, &requests);
    let tally = server::compare(&requests, &said, &labelled, cluster.minor());
    record("patched", &tally);
    assert!(tally.reached() * 2 >= requests.len(), "too few get as far as Pod Security");
    // What we say fails, fails there: by the policy, not by Pod Security.
    let mut differ = 0;
    for (request, unknown) in &failing {
        let answer = send(&cluster, request);
        let message = answer.message();
        if answer.is_success() || !message.contains(FAILED) {
            println!("we: {}\nserver: {} {message}", unknown.why, answer.status);
            differ += 1;
        }
    }
    println!("{} patches do not apply, with us and there; {differ} differ", failing.len());
    assert_eq!(differ, 0, "see above");
    assert!(failing.len() >= LEAST, "only {} fail", failing.len());
    let what = "a real API server that applies a JSON Patch to pods on admission: its refusals, warnings, audit annotations and failures";
    let compared = format!("{} pods, {} failures", tally.reached(), failing.len());
    score::record("9_assume_patched", what, &compared, tally.differences + differ);
}

fn send(cluster: &Cluster, request: &Request) -> Answer {
    let body = request.body.to_string();
    cluster
        .admin()
        .request(request.method, &request.target, request.content_type, Some(body.as_bytes()))
        .expect("an answer")
}
