//! `MutatingAdmissionPolicy`: the server applies those that we say it applies.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use kubectl_seccomp::setters::{Setters, Verdict};
use posture_e2e::object;
use posture_generators::random::Random;
use posture_harness::cluster::Cluster;
use posture_harness::{score, seed};
use serde_json::{Value, json};

use super::matching::{Place, add_selectors, pod, rule};

const GROUP: &str = "admissionregistration.k8s.io/v1";

/// Policies; pods normally and in the long run.
const POLICIES: usize = 60;
const PODS: [usize; 2] = [300, 5_000];

/// How often a policy must have been applied, and not, of a hundred verdicts.
const EACH: usize = 10;

/// How long the server may take until it knows of the policies.
const DEADLINE: Duration = Duration::from_mins(1);

/// The policy that is made last and for all pods.
const LAST: &str = "last";

/// What a policy writes to pods. Its expression mentions the field that makes it a setter.
fn mutation(name: &str) -> Value {
    let expression = format!(
        "Object{{metadata: Object.metadata{{annotations: {{\"{name}\": \"yes\"}}}}, \
         spec: Object.spec{{securityContext: Object.spec.securityContext{{\
         seccompProfile: Object.spec.securityContext.seccompProfile{{type: \"RuntimeDefault\"}}}}}}}}"
    );
    json!({ "patchType": "ApplyConfiguration", "applyConfiguration": { "expression": expression } })
}

fn policy(name: &str, constraints: &Value) -> Value {
    json!({
        "apiVersion": GROUP, "kind": "MutatingAdmissionPolicy", "metadata": { "name": name },
        "spec": {
            "matchConstraints": constraints, "mutations": [mutation(name)],
            "failurePolicy": "Fail", "reinvocationPolicy": "Never",
        },
    })
}

fn binding(name: &str, policy: &str, resources: Option<Value>) -> Value {
    let mut spec = json!({ "policyName": policy });
    if let Some(resources) = resources {
        spec["matchResources"] = resources;
    }
    json!({
        "apiVersion": GROUP, "kind": "MutatingAdmissionPolicyBinding",
        "metadata": { "name": name }, "spec": spec,
    })
}

fn constraints(random: &mut Random, least: usize) -> Value {
    let count = least + random.below(2);
    let rules: Vec<Value> = (0..count).map(|_| rule(random, true)).collect();
    let mut constraints = json!({});
    if !rules.is_empty() {
        constraints["resourceRules"] = json!(rules);
    }
    if random.percent(20) {
        constraints["excludeResourceRules"] = json!([rule(random, true)]);
    }
    add_selectors(random, &mut constraints, 30);
    constraints
}

/// Policies, then what binds them: some not at all, some twice.
fn generate(random: &mut Random) -> (Vec<Value>, Vec<Value>) {
    let (mut policies, mut bindings) = (Vec::new(), Vec::new());
    for number in 0..POLICIES {
        let name = format!("policy-{number}");
        policies.push(policy(&name, &constraints(random, 1)));
        let times = if random.percent(10) { 0 } else { 1 + random.below(2) };
        for time in 0..times {
            let resources = random.percent(50).then(|| constraints(random, 0));
            bindings.push(binding(&format!("{name}-{time}"), &name, resources));
        }
    }
    (policies, bindings)
}

/// The annotations that the server's policies have written to a pod.
fn applied(cluster: &Cluster, place: &Place, pod: &Value) -> BTreeMap<String, Value> {
    let path = format!("/api/v1/namespaces/{}/pods", place.name);
    let answer = cluster.create(&path, pod, "dryRun=All");
    assert!(answer.is_success(), "{}\n{pod}", answer.message());
    let made = answer.json();
    let annotations = made["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    let is_set = made["spec"]["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault";
    assert_eq!(is_set, !annotations.is_empty(), "{made}");
    annotations.into_iter().collect()
}

pub(crate) fn judge(cluster: &Cluster, random: &mut Random, places: &[Place]) {
    let (policies, bindings) = generate(random);
    cluster.create_all(&policies);
    cluster.create_all(&bindings);
    let everything = json!({ "resourceRules": [{
        "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"],
    }], "objectSelector": { "matchLabels": { "wait": "for-it" } } });
    cluster.create_all(&[policy(LAST, &everything)]);
    cluster.create_all(&[binding(LAST, LAST, None)]);
    let mut sentinel = pod(random);
    sentinel["metadata"]["labels"] = json!({ "wait": "for-it" });
    let started = Instant::now();
    while !applied(cluster, &places[0], &sentinel).contains_key(LAST) {
        assert!(started.elapsed() < DEADLINE, "the policies are not applied");
        thread::sleep(Duration::from_millis(200));
    }
    let objects: Vec<_> = policies.iter().chain(&bindings).map(object::from_json).collect();
    let (setters, gaps) = Setters::read(&objects);
    assert!(gaps.is_empty(), "{gaps:?}");
    let (mut yes, mut no, mut uncertain, mut differences) = (0, 0, 0, 0);
    for _ in 0..PODS[usize::from(seed::long())] {
        let (pod, place) = (pod(random), &places[random.below(places.len())]);
        let theirs = applied(cluster, place, &pod);
        let sent = object::from_json(&pod);
        let known = setters.expected(sent.value(), &place.name, Some(&place.labels));
        let unknown = setters.expected(sent.value(), &place.name, None);
        for policy in &policies {
            let name = policy["metadata"]["name"].as_str().expect("a name");
            let may = |expected: &[kubectl_seccomp::setters::Expectation<'_>]| {
                let mut own = expected.iter().filter(|one| one.setter.object.name == name);
                own.any(|one| !matches!(one.verdict, Verdict::Not(_)))
            };
            let is_applied = theirs.contains_key(name);
            yes += usize::from(is_applied);
            no += usize::from(!is_applied);
            // Without the labels of the namespace no policy that is applied may be left out.
            let silent = is_applied && !may(&unknown);
            uncertain += usize::from(may(&unknown) && !is_applied);
            if may(&known) != is_applied || silent {
                differences += 1;
                println!("{policy}\n{pod}\nin {}: the server applies it: {is_applied}", place.name);
            }
        }
    }
    let all = yes + no;
    println!("{all} verdicts: {yes} applied, {no} not, {uncertain} uncertain without labels");
    assert_eq!(differences, 0, "see above");
    assert!(yes * 100 >= all * EACH && no * 100 >= all * EACH && uncertain > 0);
    score::record(
        "seccomp_setters_policies",
        "mutating policies and their bindings: the pods that a real API server applies them to",
        &format!("{all} verdicts"),
        differences,
    );
}
