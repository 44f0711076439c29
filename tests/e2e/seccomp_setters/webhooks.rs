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

/// By a label a pod has the turn of some webhooks: else the first ones would hide all others.
const TURNS: usize = 32;
const TURN: &str = "turn";

const PODS: [usize; 2] = [1_000, 10_000];

/// How often none must have been called; and how many webhooks at least must have been.
const LEAST_OF_NONE: usize = 100;
const LEAST_OF_WEBHOOKS: usize = 12;

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
            let rules: Vec<Value> = (0..=random.below(2)).map(|_| rule(random, false)).collect();
            let mut webhook = webhook(&format!("w{position}.c{number}.example.com"), &rules);
            add_selectors(random, &mut webhook, 40);
            let turn = (number * IN_EACH + position) % TURNS;
            webhook["objectSelector"]["matchLabels"][TURN] = json!(turn.to_string());
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
        let (mut pod, place) = (pod(random), &places[random.below(places.len())]);
        pod["metadata"]["labels"][TURN] = json!(random.below(TURNS).to_string());
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
    assert!(none >= LEAST_OF_NONE && seen.len() >= LEAST_OF_WEBHOOKS, "too few of a kind");
    score::record(
        "seccomp_setters_webhooks",
        "rules and selectors of webhooks: the first one that a real API server calls",
        &format!("{count} pods"),
        differences,
    );
}
