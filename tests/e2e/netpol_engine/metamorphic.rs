//! What must not change a verdict: the order of policies, names, labels that no selector mentions,
//! and one policy for each rule in the place of one for all.

use kubectl_netpol::dialect::Dialect;
use kubectl_netpol::engine::Engine;
use posture_generators::cluster::Cluster;
use posture_generators::cluster::points::{Limits, Question};
use posture_harness::{score, seed};
use serde_json::{Value, json};

use crate::ours;

/// How many clusters; in a normal and a long run.
const CLUSTERS: [usize; 2] = [300, 10_000];

const LIMITS: Limits = Limits { pairs: 60, ports: 36 };

/// A change of the objects that changes no verdict.
type Change = (&'static str, fn(&[&Value]) -> Vec<Value>);

const CHANGES: [Change; 6] = [
    ("the order of objects", |objects| objects.iter().rev().copied().cloned().collect()),
    ("labels that nobody mentions", |objects| {
        objects.iter().map(|object| with_label(object)).collect()
    }),
    ("names of policies", |objects| objects.iter().map(|object| renamed(object)).collect()),
    ("names of namespaces", |objects| objects.iter().map(|object| moved(object)).collect()),
    ("one policy for each rule", |objects| {
        objects.iter().flat_map(|object| split(object)).collect()
    }),
    ("policies twice", |objects| objects.iter().flat_map(|object| twice(object)).collect()),
];

#[test]
fn what_must_not_matter_does_not() {
    let seed = seed::seed();
    let clusters = CLUSTERS[usize::from(seed::long())];
    let (mut compared, mut differences) = (0, 0);
    for number in 0..clusters {
        let seed = seed.wrapping_add(u64::try_from(number).expect("small"));
        let cluster = Cluster::any(seed);
        let question = cluster.question(seed, LIMITS);
        let before = answers(&question.objects, &question);
        for (what, change) in CHANGES {
            let objects = change(&question.objects);
            let mut changed = question.clone();
            if what == "names of namespaces" {
                for end in &mut changed.ends {
                    end.pod = end.pod.replacen("team-", "squad-", 1);
                }
            }
            let after = answers(&objects.iter().collect::<Vec<_>>(), &changed);
            compared += before.iter().map(String::len).sum::<usize>();
            if before != after {
                differences += 1;
                println!("cluster {seed}: {what} make a difference");
            }
        }
    }
    score::record(
        "netpol_metamorphic",
        "netpol: changes that must not matter",
        &format!("{clusters} clusters, {compared} connections"),
        differences,
    );
    assert_eq!(differences, 0, "see above; seed {seed}");
}

fn answers(objects: &[&Value], question: &Question<'_>) -> Vec<String> {
    let world = ours::world(objects);
    ours::answers(&Engine::new(&world, &Dialect::spec()), question)
}

fn with_label(object: &Value) -> Value {
    let mut object = object.clone();
    if object["metadata"].get("labels").is_some() {
        object["metadata"]["labels"]["pod-template-hash"] = object["metadata"]["name"].clone();
    }
    object
}

fn is_policy(object: &Value) -> bool {
    object["kind"].as_str().is_some_and(|kind| kind.ends_with("NetworkPolicy"))
}

fn renamed(object: &Value) -> Value {
    let mut object = object.clone();
    // There is only one BaselineAdminNetworkPolicy, and it is called default.
    if is_policy(&object) && object["metadata"]["name"] != "default" {
        // The last becomes the first.
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let last = name.chars().last().and_then(|digit| digit.to_digit(10)).unwrap_or_default();
        object["metadata"]["name"] = format!("{}-{name}", 9 - last).into();
    }
    object
}

/// The same in namespaces of other names.
fn moved(object: &Value) -> Value {
    let text = object.to_string().replace("\"team-", "\"squad-");
    serde_json::from_str(&text).expect("it is still JSON")
}

fn split(object: &Value) -> Vec<Value> {
    if object["kind"] != "NetworkPolicy" {
        return vec![object.clone()];
    }
    let spec = &object["spec"];
    let rules = |field: &str| spec[field].as_array().cloned().unwrap_or_default();
    let written: Vec<&str> =
        spec["policyTypes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let has = |name: &str| {
        if written.is_empty() {
            name == "Ingress" || !rules("egress").is_empty()
        } else {
            written.contains(&name)
        }
    };
    let mut parts = Vec::new();
    for (name, field) in [("Ingress", "ingress"), ("Egress", "egress")] {
        if !has(name) {
            continue;
        }
        let mut each: Vec<Value> = rules(field).into_iter().map(|rule| json!([rule])).collect();
        if each.is_empty() {
            each.push(json!([]));
        }
        for rules in each {
            let mut part = object.clone();
            let name_of_part = format!("part-{}-{}", parts.len(), object["metadata"]["name"]);
            part["metadata"]["name"] = name_of_part.replace('"', "").into();
            part["spec"] = json!({ "podSelector": spec["podSelector"], "policyTypes": [name] });
            part["spec"][field] = rules;
            parts.push(part);
        }
    }
    parts
}

/// A `NetworkPolicy`, and once more under another name.
fn twice(object: &Value) -> Vec<Value> {
    let mut objects = vec![object.clone()];
    if object["kind"] == "NetworkPolicy" {
        let mut again = object.clone();
        again["metadata"]["name"] =
            format!("{}-again", object["metadata"]["name"]).replace('"', "").into();
        objects.push(again);
    }
    objects
}
