//! A real API server as the judge of what mutating admission adds: of injected pods, of patches that
//! it applies itself before Pod Security, of JSON Patch, and of the pod that webhooks are sent.
#![cfg(test)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use kubectl_pss::assume::{Assumed, Assumptions, Change, Injection, PatchFile, Scene, Unknown};
use posture::input::yaml::json as reader;
use posture::model::json_patch::{self, Patch};
use posture::model::source::Source;
use posture::model::version::NEWEST;
use posture_e2e::object;
use posture_e2e::pss::server::{self, Labelled, Request, Tally};
use posture_generators::pod::{Pods, Values};
use posture_generators::random::Random;
use posture_harness::binary::Run;
use posture_harness::cluster::{ADMIN, Answer, Cluster, ClusterOptions, Namespace};
use posture_harness::{score, seed};
use serde_json::{Value, json};

/// Pods for each mesh, normally and in the long run; and how many of all must get as far as Pod
/// Security.
const PODS: [usize; 2] = [150, 2_000];
const REACHED: [usize; 2] = [300, 4_000];

/// Pods for each patch that the server applies, and how many must get as far as Pod Security.
const PATCHED: [usize; 2] = [40, 400];

/// JSON Patches on a document, and how many of them must apply and must not.
const PATCHES: [usize; 2] = [400, 5_000];
const LEAST_OF_PATCHES: usize = 60;

/// Pods whose defaults are compared.
const DEFAULTS: [usize; 2] = [200, 2_000];

/// Each of the ways in which a request may end must turn up this often.
const LEAST: usize = 20;

/// How many namespaces the pods are spread over.
const NAMESPACES: usize = 40;

/// How the server says that a patch does not apply.
const FAILED: &str = "JSON Patch: ";

/// How long a policy may take until the server knows it.
const DEADLINE: Duration = Duration::from_secs(60);

const MESHES: [&str; 4] = ["istio", "istio,cni", "linkerd", "linkerd,cni"];

fn pods(count: usize) -> impl Iterator<Item = Value> {
    Pods::new(seed::seed(), Values::Valid).take(count)
}

fn namespaces(cluster: &Cluster, prefix: &str) -> Vec<Labelled> {
    let mut random = Random::new(seed::seed());
    let labelled = server::namespaces(&mut random, prefix, NAMESPACES);
    let made: Vec<Namespace> = labelled
        .iter()
        .map(|own| {
            let labels = own.labels.iter();
            labels.fold(Namespace::new(&own.name), |made, (key, value)| made.label(key, value))
        })
        .collect();
    cluster.seed(&made);
    labelled
}

/// What our engine makes of a pod in a namespace.
fn assume(assumptions: &Assumptions, pod: &Value, namespace: &str) -> Result<Assumed, Unknown> {
    let object = object::from_json(pod);
    let scene = Scene { namespace, known: None, server: NEWEST };
    assumptions.apply(&object::template(&object), &scene, false)
}

/// The request for a pod as it is sent, of which another one is judged.
fn request(sent: &Value, judged: &Value, number: usize, namespace: (usize, &str)) -> Request {
    let (position, name) = namespace;
    Request {
        method: "POST",
        target: format!(
            "/api/v1/namespaces/{name}/pods?dryRun=All&fieldValidation=Ignore&fieldManager=o{number}"
        ),
        content_type: "application/json",
        body: sent.clone(),
        namespace: position,
        object: judged.clone(),
        old: None,
    }
}

fn record(what: &str, tally: &Tally) {
    tally.print(what);
    assert_eq!(tally.differences, 0, "see above");
    for (ending, count) in
        [("refused", tally.refused), ("warned", tally.warned), ("admitted", tally.admitted)]
    {
        assert!(count >= LEAST, "{what}: only {count} {ending}");
    }
}

#[test]
fn injected_pods_are_judged_as_the_server_judges_them() {
    let run = usize::from(seed::long());
    let cluster = server::audited(&ClusterOptions::default());
    let labelled = namespaces(&cluster, "n");
    let mut requests = Vec::new();
    let mut untouched = 0;
    for mesh in MESHES {
        let injection: Injection = mesh.parse().expect("a mesh");
        let assumptions = Assumptions { injections: vec![injection], patches: Vec::new() };
        for mut pod in pods(PODS[run]) {
            let number = requests.len();
            let position = number % labelled.len();
            let namespace = labelled[position].name.as_str();
            pod["metadata"]["name"] = json!(format!("o{number}"));
            pod["metadata"]["namespace"] = json!(namespace);
            let Ok(assumed) = assume(&assumptions, &pod, namespace) else {
                assert_eq!(pod["spec"]["os"]["name"], "windows", "{pod}");
                continue;
            };
            untouched += usize::from(assumed.by.is_empty());
            let after = &assumed.pod;
            requests.push(request(after, after, number, (position, namespace)));
        }
    }
    let said = server::ask(&cluster, &requests);
    let tally = server::compare(&requests, &said, &labelled, cluster.minor());
    println!("{untouched} of {} pods are left alone by their mesh", requests.len());
    record("injected", &tally);
    assert!(tally.reached() >= REACHED[run], "too few get as far as Pod Security");
    assert!(untouched >= LEAST && untouched * 2 < requests.len(), "{untouched} are left alone");
    let what = "a real API server's refusals, warnings and audit annotations on pods with the sidecars that we inject";
    score::record(
        "9_assume_injected",
        what,
        &format!("{} pods", tally.reached()),
        tally.differences,
    );
}

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

/// A pod that one of the policies changes, and that no admission plugin of the test's cluster lacks.
fn labelled_pod(mut pod: Value, name: &str, policy: &str, namespace: &str) -> Value {
    pod["metadata"]["name"] = json!(name);
    pod["metadata"]["namespace"] = json!(namespace);
    pod["metadata"]["labels"] = json!({ "patch": policy });
    pod["metadata"]["annotations"]["patched"] = json!("no");
    // That plugin is switched off there.
    pod["spec"]["automountServiceAccountToken"] = json!(false);
    pod
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
    names.iter().for_each(|name| wait_for(&cluster, name));
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
                    failing.push((request(&pod, &pod, number, (position, namespace)), unknown))
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

/// A patch as our reader has it.
fn read(patch: &Value) -> Patch {
    let source = Arc::new(Source::new("patch.json", patch.to_string().into_bytes()));
    let (tree, _) = reader::read(&source, 0).expect("JSON");
    Patch::read(tree.root()).expect("a patch")
}

/// What random patches are applied to.
fn document() -> Value {
    json!({
        "a": { "b": [1, 2, { "c": "d" }], "e": {}, "f": "g" },
        "h/i": { "j~k": [true] }, "l": [], "m": [[1], [2, 3]], "n": 5, "o": "", "": { "": 1 },
    })
}

/// A path below `spec` that exists, or nearly.
fn pointer(random: &mut Random) -> String {
    const STEPS: [&str; 21] = [
        "a", "b", "c", "e", "f", "h~1i", "j~0k", "l", "m", "n", "o", "", "0", "1", "2", "3", "-1",
        "-2", "-", "x", "~01",
    ];
    let known = [
        "/spec/a",
        "/spec/a/b",
        "/spec/a/b/0",
        "/spec/a/b/2",
        "/spec/a/b/2/c",
        "/spec/a/e",
        "/spec/h~1i",
        "/spec/h~1i/j~0k",
        "/spec/l",
        "/spec/m/1",
        "/spec/m/1/-1",
        "/spec/n",
        "/spec/",
    ];
    let mut path =
        if random.percent(70) { random.pick(&known).to_owned() } else { "/spec".to_owned() };
    for _ in 0..random.below(3) {
        path.push('/');
        path.push_str(random.pick(&STEPS));
    }
    if path == "/spec" { "/spec/a".to_owned() } else { path }
}

fn random_patch(random: &mut Random) -> Value {
    let values = [
        json!(1),
        json!("d"),
        json!(true),
        json!({}),
        json!([]),
        json!({ "c": "d" }),
        json!([1, 2]),
        json!("g"),
    ];
    let operation = |random: &mut Random| {
        let path = pointer(random);
        let value = values[random.below(values.len())].clone();
        match random.below(6) {
            0 => json!({ "op": "add", "path": path, "value": value }),
            1 => json!({ "op": "remove", "path": path }),
            2 => json!({ "op": "replace", "path": path, "value": value }),
            3 => json!({ "op": "move", "from": pointer(random), "path": path }),
            4 => json!({ "op": "copy", "from": pointer(random), "path": path }),
            _ => {
                // Half of them compare with what is there.
                let there = json!({ "spec": document() }).pointer(&path).cloned();
                let value = if random.percent(10) { Value::Null } else { value };
                let value = there.filter(|_| random.percent(70)).unwrap_or(value);
                json!({ "op": "test", "path": path, "value": value })
            }
        }
    };
    (0..=random.below(3)).map(|_| operation(random)).collect()
}

fn random_merge(random: &mut Random) -> Value {
    let mut patch = json!({});
    for _ in 0..=random.below(3) {
        let key = random.pick(&["a", "h/i", "l", "n", "x"]).to_owned();
        patch[key] = match random.below(5) {
            0 => Value::Null,
            1 => json!({ "b": null, "f": { "y": null, "z": 1 } }),
            2 => json!([1, { "c": null }]),
            3 => json!({ "e": { "deep": {} } }),
            _ => json!("text"),
        };
    }
    json!({ "spec": patch })
}

#[test]
fn patches_change_what_the_server_says_they_change() {
    let cluster = Cluster::shared();
    let group = "patches.example.com";
    let schema = json!({ "type": "object", "properties": {
        "spec": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
    } });
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("things.{group}") },
        "spec": {
            "group": group, "scope": "Cluster",
            "names": { "kind": "Thing", "plural": "things", "singular": "thing", "listKind": "ThingList" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": schema } }],
        },
    });
    cluster.create_all(&[definition]);
    let collection = format!("/apis/{group}/v1/things");
    let thing = json!({
        "apiVersion": format!("{group}/v1"), "kind": "Thing",
        "metadata": { "name": "t" }, "spec": document(),
    });
    let started = Instant::now();
    while !cluster.create(&collection, &thing, "").is_success() {
        assert!(started.elapsed() < DEADLINE, "the kind is not served");
        thread::sleep(Duration::from_millis(200));
    }
    let mut random = Random::new(seed::seed());
    let (mut applied, mut failed, mut differ) = (0, 0, 0);
    for number in 0..PATCHES[usize::from(seed::long())] {
        let is_merge = number % 4 == 3;
        let patch = if is_merge { random_merge(&mut random) } else { random_patch(&mut random) };
        let kind = if is_merge { "merge-patch" } else { "json-patch" };
        let target = format!("{collection}/t?dryRun=All");
        let body = patch.to_string();
        let content_type = format!("application/{kind}+json");
        let theirs = cluster
            .admin()
            .request("PATCH", &target, &content_type, Some(body.as_bytes()))
            .expect("an answer");
        let mut ours = json!({ "spec": document() });
        let result = if is_merge {
            json_patch::merge(&mut ours, &patch);
            Ok(())
        } else {
            read(&patch).apply(&mut ours)
        };
        let same = match (&result, theirs.is_success()) {
            (Ok(()), true) => {
                applied += 1;
                theirs.json()["spec"] == ours["spec"]
            }
            (Err(_), false) => {
                failed += 1;
                true
            }
            _ => false,
        };
        if !same {
            differ += 1;
            println!(
                "{patch}\n  server: {} {}\n  ours: {result:?} {ours}",
                theirs.status,
                theirs.text()
            );
        }
    }
    println!("{applied} patches apply, {failed} do not, {differ} differ");
    assert_eq!(differ, 0, "see above");
    assert!(applied >= LEAST_OF_PATCHES && failed >= LEAST_OF_PATCHES, "too few of a kind");
    let what = "a real API server's JSON Patch and merge patch of a custom resource";
    score::record(
        "9_assume_json_patch",
        what,
        &format!("{applied} results, {failed} failures"),
        differ,
    );
}

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

#[test]
fn what_runs_is_judged_as_it_would_be_if_it_were_created_again() {
    let cluster = Cluster::shared();
    cluster.seed(&[
        Namespace::new("assume-on").pod_security("enforce", "restricted"),
        Namespace::new("assume-off").label("istio-injection", "disabled"),
    ]);
    let container = |name: &str| {
        json!({ "name": name, "image": "x", "securityContext": {
            "allowPrivilegeEscalation": false,
            "runAsNonRoot": true,
            "capabilities": { "drop": ["ALL"] },
            "seccompProfile": { "type": "RuntimeDefault" },
        } })
    };
    let pod = |namespace: &str, name: &str, containers: Value, annotations: Value| {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": name, "namespace": namespace, "annotations": annotations },
            "spec": { "containers": containers },
        })
    };
    let status = json!({ "sidecar.istio.io/status": "{\"containers\":[\"istio-proxy\"]}" });
    let template = json!({ "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [container("a")] } });
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "namespace": "assume-on" },
        "spec": { "selector": { "matchLabels": { "app": "web" } }, "template": template },
    });
    cluster.create_all(&[
        pod("assume-on", "meshed", json!([container("a"), container("istio-proxy")]), status),
        pod("assume-on", "plain", json!([container("a")]), json!({})),
        pod("assume-off", "aside", json!([container("a")]), json!({})),
        deployment,
    ]);
    let report = |namespace: &str| {
        let arguments = ["check", "-n", namespace, "--assume-injection", "istio", "-o", "json"];
        Run::new("kubectl-pss")
            .env("KUBECONFIG", cluster.kubeconfig(ADMIN).to_str().expect("a path in UTF-8"))
            .args(arguments)
            .finish()
            .json()
    };
    let object = |report: &Value, name: &str| -> Value {
        let objects = report["objects"].as_array().expect("objects");
        objects.iter().find(|object| object["name"] == name).expect(name).clone()
    };
    let on = report("assume-on");
    for (name, verdict, by, untouched) in [
        ("meshed", "allowed", json!([]), json!(["istio: the sidecar is there already"])),
        ("plain", "rejected", json!(["istio"]), json!([])),
        ("web", "rejected", json!(["istio"]), json!([])),
    ] {
        let found = object(&on, name);
        assert_eq!(found["verdict"], verdict, "{found:#}");
        assert_eq!(found["assumed"]["by"], by, "{found:#}");
        assert_eq!(found["assumed"]["untouched"], untouched, "{found:#}");
    }
    let added = &object(&on, "plain")["assumed"]["added"];
    assert_eq!(added[0], "spec.initContainers[istio-init]");
    let aside = object(&report("assume-off"), "aside");
    let why = "istio: namespace assume-off is labelled istio-injection=disabled";
    assert_eq!(aside["assumed"]["untouched"], json!([why]));
}
