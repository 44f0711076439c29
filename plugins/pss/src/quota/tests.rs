//! Decisions in the server's words; the real server judges many more in tests/e2e.

use std::sync::Arc;

use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::model::version::{Minor, NEWEST};
use posture::model::workload::Carrier;
use serde_json::{Value, json};

use super::{Arrival, Decision, Surroundings, decide, replicas};
use crate::testing::{template, tree};

fn object(value: &Value) -> Object {
    let tree = Arc::new(tree(&value.to_string()));
    let root = tree.root().id();
    Object::new(tree, root, FieldPath::root(), None)
}

/// A pod whose containers ask for these.
fn pod(containers: &[Value]) -> Value {
    let containers: Vec<Value> = containers
        .iter()
        .enumerate()
        .map(|(index, resources)| json!({ "name": format!("c{index}"), "resources": resources }))
        .collect();
    json!({ "spec": { "containers": containers } })
}

fn limit_range(limits: &Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "LimitRange", "metadata": { "name": "l" },
        "spec": { "limits": limits } })
}

fn quota(hard: &Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "ResourceQuota", "metadata": { "name": "q" },
        "spec": { "hard": hard } })
}

fn decided(pod: &Value, around: &[Value], replicas: u32, server: u16) -> Decision {
    let objects: Vec<Object> = around.iter().map(object).collect();
    let mut surroundings = Surroundings::default();
    let mut gaps = Vec::new();
    surroundings.note(&objects, |_| "n", &mut gaps);
    assert!(gaps.is_empty(), "{gaps:?}");
    let tree = tree(&pod.to_string());
    let template = template(&tree, Carrier::Pod);
    let arrival = Arrival { template: &template, server: Minor(server), replicas, counted: false };
    decide(arrival, surroundings.of("n"), &surroundings)
}

fn texts(pod: &Value, around: &[Value]) -> Vec<String> {
    let decision = decided(pod, around, 1, NEWEST.0);
    decision.refusals.into_iter().map(|refusal| refusal.text).collect()
}

#[test]
fn defaults_of_a_limit_range_come_before_the_quota() {
    let compute = quota(&json!({ "limits.cpu": "1", "requests.memory": "1Gi" }));
    let silent = pod(&[json!({}), json!({ "requests": { "memory": "1Mi" } })]);
    assert_eq!(
        texts(&silent, std::slice::from_ref(&compute)),
        ["failed quota: q: must specify limits.cpu for: c0,c1; requests.memory for: c0"]
    );
    let defaults = json!([{ "type": "Container", "default": { "cpu": "400m" },
        "defaultRequest": { "memory": "64Mi" } }]);
    assert_eq!(texts(&silent, &[compute.clone(), limit_range(&defaults)]), [""; 0]);
    let defaults = json!([{ "type": "Container", "max": { "cpu": "600m", "memory": "1Gi" } }]);
    assert_eq!(
        texts(&silent, &[compute, limit_range(&defaults)]),
        [
            "exceeded quota: q, requested: limits.cpu=1200m,requests.memory=1025Mi, used: limits.cpu=0,requests.memory=0, limited: limits.cpu=1,requests.memory=1Gi"
        ]
    );
}

#[test]
fn a_default_limit_below_the_request_is_invalid() {
    let defaults = json!([{ "type": "Container", "default": { "cpu": "200m" } }]);
    let asks = pod(&[json!({ "requests": { "cpu": "0.5" } })]);
    assert_eq!(
        texts(&asks, &[limit_range(&defaults)]),
        [
            "spec.containers[0].resources.requests: Invalid value: \"500m\": must be less than or equal to cpu limit of 200m"
        ]
    );
}

#[test]
fn the_last_of_many_pods_is_refused() {
    let asks = pod(&[json!({ "requests": { "cpu": "300m" } })]);
    let decision = decided(&asks, &[quota(&json!({ "cpu": "1", "pods": "9" }))], 5, 37);
    assert_eq!(decision.refusals.len(), 1);
    assert_eq!(decision.refusals[0].admitted, Some((3, 5)));
    assert_eq!(
        decision.refusals[0].text,
        "exceeded quota: q, requested: cpu=300m, used: cpu=900m, limited: cpu=1"
    );
    let enough = decided(&asks, &[quota(&json!({ "cpu": "1500m", "pods": "5" }))], 5, 37);
    assert_eq!(enough, Decision::default());
}

#[test]
fn what_is_used_counts_and_must_be_known() {
    let with_status = |status: Value| {
        let mut quota = quota(&json!({ "pods": "3" }));
        quota["status"] = status;
        texts(&pod(&[json!({})]), &[quota])
    };
    assert_eq!(with_status(json!({})), [""; 0]);
    assert_eq!(with_status(json!({ "hard": { "pods": "3" }, "used": { "pods": "2" } })), [""; 0]);
    assert_eq!(
        with_status(json!({ "hard": { "pods": "3" }, "used": { "pods": "3" } })),
        ["exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3"]
    );
    assert_eq!(
        with_status(json!({ "hard": { "pods": "3" } })),
        ["status unknown for quota: q, resources: pods"]
    );
}

#[test]
fn resources_of_the_whole_pod_by_release() {
    let mut asks = pod(&[json!({})]);
    asks["spec"]["resources"] = json!({ "limits": { "cpu": "2" } });
    let around = [quota(&json!({ "requests.cpu": "1" }))];
    let said = |server| {
        let decision = decided(&asks, &around, 1, server);
        decision.refusals.into_iter().map(|refusal| refusal.text).collect::<Vec<_>>()
    };
    let exceeded = "exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=0, limited: requests.cpu=1";
    assert_eq!(said(37), [exceeded]);
    assert_eq!(said(34), [exceeded]);
    assert_eq!(said(33), ["failed quota: q: must specify requests.cpu for: c0"]);
}

#[test]
fn what_the_runtime_takes_is_counted_or_unknown() {
    let mut asks = pod(&[json!({ "requests": { "cpu": "900m" } })]);
    asks["spec"]["runtimeClassName"] = json!("kata");
    let mut around = vec![quota(&json!({ "cpu": "1" }))];
    let decision = decided(&asks, &around, 1, 37);
    assert!(decision.refusals.is_empty());
    assert!(decision.unknown.is_some_and(|unknown| unknown.contains("kata")));
    around.push(json!({ "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass",
        "metadata": { "name": "kata" }, "handler": "k", "overhead": { "podFixed": { "cpu": "200m" } } }));
    let decision = decided(&asks, &around, 1, 37);
    assert_eq!(
        decision.refusals[0].text,
        "exceeded quota: q, requested: cpu=1100m, used: cpu=0, limited: cpu=1"
    );
    assert_eq!(decision.unknown, None);
}

#[test]
fn workloads_say_how_many_pods_they_keep() {
    let count = |version: &str, kind: &str, spec: Value| {
        replicas(&object(&json!({ "apiVersion": version, "kind": kind, "spec": spec })))
    };
    assert_eq!(count("apps/v1", "Deployment", json!({ "replicas": 3 })), 3);
    assert_eq!(count("apps/v1", "Deployment", json!({})), 1);
    assert_eq!(count("apps/v1", "StatefulSet", json!({ "replicas": 0 })), 1);
    assert_eq!(count("apps/v1", "DaemonSet", json!({ "replicas": 3 })), 1);
    assert_eq!(count("batch/v1", "Job", json!({ "parallelism": 5, "completions": 2 })), 2);
    let job = json!({ "jobTemplate": { "spec": { "parallelism": 4 } } });
    assert_eq!(count("batch/v1", "CronJob", job), 4);
}

#[test]
fn defaults_of_the_pod_were_sums_of_what_is_written() {
    let asks = json!({ "requests": { "cpu": "2000001u" } });
    let mut asks = pod(&[asks.clone(), asks]);
    asks["spec"]["resources"] = json!({ "limits": { "cpu": "5" } });
    let around = [quota(&json!({ "cpu": "1" }))];
    let said = |server| decided(&asks, &around, 1, server).refusals.pop().map(|last| last.text);
    assert!(said(37).is_some_and(|text| text.contains("cpu=4002m,")), "{:?}", said(37));
    assert!(said(35).is_some_and(|text| text.contains("cpu=4001m,")), "{:?}", said(35));
}
