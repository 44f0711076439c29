//! A cluster with nodes of several runtimes, with what sets profiles, and with pods from before and
//! after it; nobody changes it once it is there.

use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use posture_harness::binary::{Finished, Run};
use posture_harness::cluster::{ADMIN, Cluster, ClusterOptions, Namespace};
use posture_harness::proxy::{Proxy, Rule};
use serde_json::{Value, json};

/// How long the server may take until it serves a kind, or acts on a policy.
const DEADLINE: Duration = Duration::from_mins(1);

const REGISTRATION: &str = "admissionregistration.k8s.io/v1";

/// The nodes: name, kubelet, runtime, system.
const NODES: [(&str, &str, &str, &str); 6] = [
    ("yes", "v1.33.1", "containerd://1.7.27", "linux"),
    ("no", "v1.33.1", "cri-o://1.33.0", "linux"),
    ("shut", "v1.33.1", "containerd://2.1.0", "linux"),
    ("page", "v1.33.1", "gvisor://2025.1", "linux"),
    ("old", "v1.21.9", "docker://20.10.7", "linux"),
    ("win", "v1.33.1", "containerd://1.7.27", "windows"),
];

/// The kind of Gatekeeper that sets fields.
const CRD: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: assign.mutations.gatekeeper.sh}
spec:
  group: mutations.gatekeeper.sh
  scope: Cluster
  names: {plural: assign, singular: assign, kind: Assign, listKind: AssignList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

/// A pod's spec with one container and no profile.
pub(crate) fn plain(node: &str) -> Value {
    json!({ "nodeName": node, "containers": [{ "name": "c", "image": "x" }] })
}

fn with_profile(node: &str, profile: &Value) -> Value {
    let mut spec = plain(node);
    spec["securityContext"] = json!({ "seccompProfile": profile });
    spec
}

fn pod(name: &str, spec: &Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "labels": { "app": name } }, "spec": spec })
}

fn workload(kind: &str, name: &str) -> Value {
    let mut template = plain("");
    template.as_object_mut().expect("a spec").remove("nodeName");
    json!({ "apiVersion": "apps/v1", "kind": kind,
        "metadata": { "name": name, "labels": { "app": "web" } },
        "spec": { "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": { "app": "web" } }, "spec": template } } })
}

/// Makes an object the controller's.
fn owned(mut object: Value, owner: &Value) -> Value {
    object["metadata"]["ownerReferences"] = json!([{
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": true,
    }]);
    object
}

fn create(cluster: &Cluster, namespace: &str, mut object: Value) -> Value {
    object["metadata"]["namespace"] = namespace.into();
    let answer = cluster.create(&cluster.collection(&object), &object, "");
    assert!(answer.is_success(), "{}\n{object:#}", answer.message());
    answer.json()
}

/// A policy that gives pods of tenants a default where they have none.
fn policy() -> Value {
    let expression = "Object{spec: Object.spec{securityContext: Object.spec.securityContext{seccompProfile: Object.spec.securityContext.seccompProfile{type: \"RuntimeDefault\"}}}}";
    json!({
        "apiVersion": REGISTRATION, "kind": "MutatingAdmissionPolicy",
        "metadata": { "name": "tenants" },
        "spec": {
            "matchConstraints": {
                "namespaceSelector": { "matchLabels": { "tier": "tenant" } },
                "resourceRules": [{ "apiGroups": [""], "apiVersions": ["v1"],
                    "operations": ["CREATE"], "resources": ["pods"] }],
            },
            "matchConditions": [{ "name": "unset",
                "expression": "!has(object.spec.securityContext.seccompProfile)" }],
            "mutations": [{ "patchType": "ApplyConfiguration",
                "applyConfiguration": { "expression": expression } }],
            "failurePolicy": "Fail", "reinvocationPolicy": "Never",
        },
    })
}

/// Gatekeeper, as it is there while none of its pods runs.
fn gatekeeper() -> Value {
    json!({
        "apiVersion": REGISTRATION, "kind": "MutatingWebhookConfiguration",
        "metadata": { "name": "gatekeeper-mutating-webhook-configuration" },
        "webhooks": [{
            "name": "mutation.gatekeeper.sh",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Ignore",
            "timeoutSeconds": 1,
            "clientConfig": { "service": { "name": "gatekeeper", "namespace": "vault" } },
            "rules": [{ "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                "resources": ["pods"] }],
        }],
    })
}

fn assign() -> Value {
    json!({
        "apiVersion": "mutations.gatekeeper.sh/v1", "kind": "Assign",
        "metadata": { "name": "vaults" },
        "spec": {
            "applyTo": [{ "groups": [""], "kinds": ["Pod"], "versions": ["v1"] }],
            "match": { "scope": "Namespaced",
                "namespaceSelector": { "matchLabels": { "tier": "vault" } } },
            "location": "spec.securityContext.seccompProfile.type",
            "parameters": {
                "pathTests": [{ "subPath": "spec.securityContext.seccompProfile",
                    "condition": "MustNotExist" }],
                "assign": { "value": "RuntimeDefault" },
            },
        },
    })
}

/// Tries until it is so.
pub(crate) fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < DEADLINE, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn seed(cluster: &Cluster) {
    cluster.apply(CRD);
    cluster.seed(&[
        Namespace::new("shop").label("tier", "tenant"),
        Namespace::new("vault").label("tier", "vault"),
        Namespace::new("bank"),
    ]);
    for (name, kubelet, runtime, system) in NODES {
        let node = json!({ "apiVersion": "v1", "kind": "Node",
            "metadata": { "name": name, "labels": { "kubernetes.io/os": system } } });
        let created = cluster.create("/api/v1/nodes", &node, "");
        assert!(created.is_success(), "{}", created.message());
        let info = json!({ "kubeletVersion": kubelet, "containerRuntimeVersion": runtime,
            "operatingSystem": system, "architecture": "amd64", "kernelVersion": "6.8.0" });
        let status = json!({ "status": { "nodeInfo": info } });
        let told = cluster.admin().merge(&format!("/api/v1/nodes/{name}/status"), &status);
        assert!(told.is_success(), "{}", told.message());
    }
    let web = create(cluster, "shop", workload("Deployment", "web"));
    let set = create(cluster, "shop", owned(workload("ReplicaSet", "web-1"), &web));
    let early = create(cluster, "vault", pod("early", &plain("yes")));
    let bare = json!({ "type": "Unconfined" });
    let file = json!({ "type": "Localhost", "localhostProfile": "profiles/web.json" });
    create(cluster, "bank", pod("chosen", &with_profile("page", &bare)));
    create(cluster, "bank", pod("fixed", &with_profile("shut", &file)));
    create(cluster, "bank", pod("legacy", &plain("old")));
    create(cluster, "bank", pod("adrift", &plain("gone")));
    create(cluster, "bank", pod("glass", &plain("win")));

    cluster.create_all(&[policy()]);
    let binding = json!({ "apiVersion": REGISTRATION, "kind": "MutatingAdmissionPolicyBinding",
        "metadata": { "name": "tenants" }, "spec": { "policyName": "tenants" } });
    cluster.create_all(&[binding]);
    wait("the policy is not applied", || {
        let probe = pod("probe", &plain("yes"));
        let made = cluster.create("/api/v1/namespaces/shop/pods", &probe, "dryRun=All").json();
        made["spec"]["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    });
    create(cluster, "shop", owned(pod("web-1-a", &plain("no")), &set));

    cluster.create_all(&[gatekeeper()]);
    let time = |object: &Value| object["metadata"]["creationTimestamp"].clone().to_string();
    let path = "/apis/mutations.gatekeeper.sh/v1/assign";
    // The server's times are whole seconds: it must be a later one.
    wait("the kind is not served", || {
        let answer = cluster.create(path, &assign(), "");
        if !answer.is_success() {
            return false;
        }
        let is_later = time(&answer.json()) > time(&early);
        if !is_later {
            cluster.admin().delete(&format!("{path}/vaults"));
        }
        is_later
    });
    create(cluster, "vault", pod("young", &plain("no")));
}

/// The cluster.
pub(crate) static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
    let cluster = Cluster::start(&ClusterOptions::default());
    seed(&cluster);
    cluster
});

/// Prepares our binary with a kubeconfig.
pub(crate) fn with(kubeconfig: &Path, arguments: &[&str]) -> Run {
    Run::new("kubectl-seccomp")
        .env("KUBECONFIG", kubeconfig.to_str().expect("a path in UTF-8"))
        .args(arguments.iter().copied())
}

/// Runs it as a user.
pub(crate) fn run_as(user: &str, arguments: &[&str]) -> Finished {
    with(&CLUSTER.kubeconfig(user), arguments).finish()
}

/// The report of `check` as the one who may, and how it ended.
pub(crate) fn check(arguments: &[&str]) -> (Value, i32) {
    let finished = run_as(ADMIN, &[&["check"], arguments, &["-o", "json"]].concat());
    (finished.json(), finished.code)
}

/// The same before a proxy that does something to some of the requests.
pub(crate) fn check_before(rules: Vec<Rule>, arguments: &[&str]) -> (Value, i32, Proxy) {
    let proxy = Proxy::before(&CLUSTER, ADMIN, rules);
    let words = [&["check"], arguments, &["-o", "json"]].concat();
    let finished = with(&proxy.kubeconfig(), &words).finish();
    (finished.json(), finished.code, proxy)
}

/// The row of an object.
pub(crate) fn row<'a>(report: &'a Value, name: &str) -> &'a Value {
    let objects = report["objects"].as_array().expect("objects");
    let found = objects.iter().find(|one| one["name"] == name);
    found.unwrap_or_else(|| panic!("no {name}: {report:#}"))
}

/// The profile of an object's first container.
pub(crate) fn effective<'a>(report: &'a Value, name: &str) -> &'a str {
    row(report, name)["containers"][0]["effective"]["type"].as_str().expect("a type")
}

/// Where an object's first container runs or may run: `NODES RUNTIME PROFILE`.
pub(crate) fn places(report: &Value, name: &str) -> Vec<String> {
    let places = row(report, name)["containers"][0]["places"].as_array().expect("places");
    let text = |place: &Value| {
        let nodes = place["nodes"].as_array().map_or(&[][..], Vec::as_slice).iter();
        let nodes = nodes.filter_map(Value::as_str).collect::<Vec<_>>().join(",");
        let runtime = place["runtime"].as_str().unwrap_or("-");
        format!("{nodes} {runtime} {}", place["effective"]["type"].as_str().expect("a type"))
    };
    let mut places: Vec<String> = places.iter().map(text).collect();
    places.sort();
    places
}

/// The messages of a check's findings about an object.
pub(crate) fn said<'a>(report: &'a Value, check: &str, name: &str) -> Vec<&'a str> {
    let findings = report["findings"].as_array().expect("findings").iter();
    let of = findings.filter(|one| one["check"] == check && one["object"]["name"] == name);
    of.filter_map(|one| one["message"].as_str()).collect()
}

/// The gaps: `OBJECT: WHY`.
pub(crate) fn gaps(report: &Value) -> Vec<String> {
    let gaps = report["gaps"].as_array().expect("gaps").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    gaps.map(|gap| format!("{}: {}", text(&gap["object"]), text(&gap["why"]))).collect()
}
