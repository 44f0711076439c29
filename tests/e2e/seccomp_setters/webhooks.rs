//! Webhooks: the first one that the server calls is the one that we say is called.
//!
//! Nobody listens where they point to: a call fails at once, and the server names the webhook.

use std::thread;
use std::time::{Duration, Instant};

use posture::model::admission::{
    InNamespace, Labels, Matches, Request, Webhook, labels_of, webhooks,
};
use posture_e2e::object;
use posture_generators::random::Random;
use posture_harness::cluster::Cluster;
use posture_harness::{score, seed};
use serde_json::{Value, json};

use super::matching::{Place, add_selectors, pod, rule};

/// Configurations and the webhooks in each; pods normally and in the long run.
const CONFIGURATIONS: usize = 12;
const IN_EACH: usize = 4;
const PODS: [usize; 2] = [800, 10_000];

/// How often none must have been called; and how many webhooks at least must have been.
const LEAST: usize = 20;

/// How long the server may take until it knows of the webhooks.
const DEADLINE: Duration = Duration::from_mins(1);

/// The port that is never listened at.
const NOBODY: &str = "https://127.0.0.1:1/";

fn webhook(name: &str, rules: &[Value]) -> Value {
    json!({
        "name": name, "clientConfig": { "url": NOBODY }, "failurePolicy": "Fail",
        "sideEffects": "None", "admissionReviewVersions": ["v1"], "rules": rules,
    })
}

fn configuration(name: &str, webhooks: &[Value]) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": { "name": name }, "webhooks": webhooks,
    })
}

fn generate(random: &mut Random) -> Vec<Value> {
    let mut made = Vec::new();
    for number in 0..CONFIGURATIONS {
        let mut webhooks = Vec::new();
        for position in 0..IN_EACH {
            let rules: Vec<Value> = (0..random.below(3)).map(|_| narrow(random)).collect();
            let mut webhook = webhook(&format!("w{position}.c{number}.example.com"), &rules);
            add_selectors(random, &mut webhook, 85);
            if random.percent(15) {
                webhook["matchPolicy"] = json!("Exact");
            }
            webhooks.push(webhook);
        }
        // The server calls them by the names of their configurations, whatever came first.
        made.push(configuration(&format!("c{number}"), &webhooks));
    }
    made
}

/// A rule for no cluster-scoped resource and no ConfigMap: the test itself goes on working.
fn narrow(random: &mut Random) -> Value {
    let mut rule = rule(random, false);
    rule["resources"] = json!(
        rule["resources"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|resource| if resource == "*" { "pods".into() } else { resource.clone() })
            .collect::<Vec<Value>>()
    );
    rule
}

/// The webhook that the server called first; `None` if it called none.
fn called(cluster: &Cluster, place: &Place, pod: &Value) -> Option<String> {
    let path = format!("/api/v1/namespaces/{}/pods", place.name);
    let answer = cluster.create(&path, pod, "dryRun=All");
    if answer.is_success() {
        return None;
    }
    let message = answer.message();
    let (_, rest) = message
        .split_once("failed calling webhook \"")
        .unwrap_or_else(|| panic!("{message}\n{pod}"));
    rest.split_once('"').map(|(name, _)| name.to_owned())
}

pub(crate) fn judge(cluster: &Cluster, random: &mut Random, places: &[Place]) {
    let configurations = generate(random);
    cluster.create_all(&configurations);
    let rule = json!({
        "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"],
    });
    let mut last = webhook("last.example.com", &[rule]);
    last["objectSelector"] = json!({ "matchLabels": { "wait": "for-it" } });
    // The first in the order, so that no other one hides it.
    cluster.create_all(&[configuration("a", &[last])]);
    let mut sentinel = pod(random);
    sentinel["metadata"]["labels"] = json!({ "wait": "for-it" });
    let started = Instant::now();
    while called(cluster, &places[0], &sentinel).as_deref() != Some("last.example.com") {
        assert!(started.elapsed() < DEADLINE, "the webhooks are not called");
        thread::sleep(Duration::from_millis(200));
    }
    let mut read: Vec<Webhook> = configurations
        .iter()
        .flat_map(|one| webhooks(&object::from_json(one)))
        .collect::<Result<_, _>>()
        .expect("the server has taken them");
    read.sort_by(|one, other| one.configuration.cmp(&other.configuration));
    let (mut none, mut differences) = (0, 0);
    let mut seen: Vec<String> = Vec::new();
    let count = PODS[usize::from(seed::long())];
    for _ in 0..count {
        let (pod, place) = (pod(random), &places[random.below(places.len())]);
        let theirs = called(cluster, place, &pod);
        let sent = object::from_json(&pod);
        let own = labels_of(sent.value());
        let ours = |labels: Option<&Labels>| {
            let request = Request {
                operation: "CREATE",
                group: "",
                version: "v1",
                resource: "pods",
                subresource: "",
                name: pod["metadata"]["name"].as_str().unwrap_or_default(),
                namespace: Some(InNamespace { name: &place.name, labels }),
                labels: &own,
            };
            let matched = |one: &&Webhook| !matches!(one.matches(&request), Matches::No(_));
            read.iter().filter(matched).map(|one| one.name.clone()).collect::<Vec<_>>()
        };
        let known = ours(Some(&place.labels));
        let without = ours(None);
        let silent = known.iter().any(|name| !without.contains(name));
        if known.first() != theirs.as_ref() || silent {
            differences += 1;
            println!("{pod}\nin {}: server {theirs:?}, ours {known:?}", place.name);
        }
        match theirs {
            None => none += 1,
            Some(name) if seen.contains(&name) => {}
            Some(name) => seen.push(name),
        }
    }
    println!("{count} pods: none called for {none}, {} webhooks called first", seen.len());
    assert_eq!(differences, 0, "see above");
    assert!(none >= LEAST && seen.len() >= LEAST, "too few of a kind");
    score::record(
        "seccomp_setters_webhooks",
        "rules and selectors of webhooks: the first one that a real API server calls",
        &format!("{count} pods"),
        differences,
    );
}
