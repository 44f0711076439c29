//! The roles that we print are enough, and no rule of them is too many: the server says so.
#![cfg(test)]

use std::time::{Duration, Instant};

use posture::client::failure::FailureKind;
use posture::client::list::{Event, List};
use posture::client::rbac;
use posture::client::resource::Resource;
use posture_e2e::live;
use posture_harness::cluster::{Cluster, ClusterOptions, Namespace};
use posture_harness::score;
use serde_json::{Value, json};

/// How long the server may take to learn of a role.
const DEADLINE: Duration = Duration::from_secs(20);

fn pod(name: &str) -> Value {
    let spec = json!({ "containers": [{ "name": "c", "image": "x" }] });
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name }, "spec": spec })
}

fn resource(api: &str, plural: &str, kind: &str, namespaced: bool) -> Resource {
    let (group, version) = api.split_once('/').unwrap_or(("", api));
    Resource::new(group, version, plural, kind, namespaced)
}

/// What the commands read, in short: lists here and everywhere, of metadata, by name.
fn lists() -> Vec<List> {
    let pods = || resource("v1", "pods", "Pod", true);
    let named = |list: List, name: &str| List { name: Some(name.to_owned()), ..list };
    let replicasets = resource("apps/v1", "replicasets", "ReplicaSet", true);
    vec![
        List::of(pods(), Some("one")),
        List::of(resource("apps/v1", "deployments", "Deployment", true), Some("one")),
        List { metadata_only: true, ..List::of(replicasets, Some("one")) },
        List::of(resource("batch/v1", "cronjobs", "CronJob", true), Some("one")),
        named(List::of(pods(), Some("two")), "p"),
        List { metadata_only: true, ..named(List::of(pods(), Some("two")), "q") },
        List::of(resource("batch/v1", "jobs", "Job", true), None),
        List::of(resource("v1", "nodes", "Node", false), Some("one")),
        named(List::of(resource("v1", "namespaces", "Namespace", false), None), "two"),
    ]
}

/// Removes what is bound to alice, and binds these manifests. Names of roles are ours alone.
fn bind(cluster: &Cluster, manifests: &[Value]) {
    let admin = cluster.admin();
    let paths = |plural: &str| {
        let root = "/apis/rbac.authorization.k8s.io/v1";
        ["one", "two"]
            .map(|namespace| format!("{root}/namespaces/{namespace}/{plural}"))
            .into_iter()
            .chain([format!("{root}/cluster{plural}")])
    };
    for path in paths("rolebindings").chain(paths("roles")) {
        let gone = admin.delete(&format!("{path}/minimal"));
        assert!(gone.is_success() || gone.status == 404, "{}", gone.message());
    }
    for role in manifests {
        let created = cluster.create(&cluster.collection(role), role, "");
        assert!(created.is_success(), "{}\n{role:#}", created.message());
        let kind = role["kind"].as_str().unwrap();
        let group = "rbac.authorization.k8s.io";
        let binding = json!({
            "apiVersion": role["apiVersion"],
            "kind": format!("{kind}Binding"),
            "metadata": role["metadata"],
            "roleRef": { "apiGroup": group, "kind": kind, "name": "minimal" },
            "subjects": [{ "apiGroup": group, "kind": "User", "name": "alice" }],
        });
        let bound = cluster.create(&cluster.collection(&binding), &binding, "");
        assert!(bound.is_success(), "{}\n{binding:#}", bound.message());
    }
}

/// How every list ends for alice: `None` where it can be read.
fn outcomes(cluster: &Cluster, lists: &[List]) -> Vec<Option<FailureKind>> {
    let (connection, _) = live::open(&cluster.kubeconfig("alice"), None, 0);
    let mut ends = vec![None; lists.len()];
    let mut ended = vec![false; lists.len()];
    for (position, event) in connection.read(lists.to_vec()) {
        match event {
            Event::End => ended[position] = true,
            Event::Failed(failure) => {
                ended[position] = true;
                ends[position] = Some(failure.kind);
            }
            Event::Page(_) => assert!(!ended[position]),
            Event::Restart => panic!("nothing expires here"),
        }
    }
    assert!(ended.iter().all(|ended| *ended));
    ends
}

/// Waits until the lists end as expected: the server learns of roles from its own watch.
fn assert_outcomes(cluster: &Cluster, lists: &[List], expected: &[Option<FailureKind>]) {
    let started = Instant::now();
    loop {
        let outcomes = outcomes(cluster, lists);
        if outcomes == expected {
            return;
        }
        assert!(started.elapsed() < DEADLINE, "{outcomes:?}, not {expected:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Every way to leave one right out of the manifests: with a resource or a name less, and the
/// list that needed it.
fn without_one(manifests: &[Value], lists: &[List]) -> Vec<(Vec<Value>, usize)> {
    let mut cases = Vec::new();
    for (position, list) in lists.iter().enumerate() {
        let [access] = &list.accesses()[..] else { panic!("a list is one access") };
        let mut less = manifests.to_vec();
        let mut removed = 0;
        for role in &mut less {
            if role["metadata"]["namespace"].as_str() != access.namespace.as_deref() {
                continue;
            }
            for rule in role["rules"].as_array_mut().unwrap() {
                let is_named = rule.get("resourceNames").is_some();
                let (key, value) = match &access.name {
                    Some(name) => ("resourceNames", name),
                    None => ("resources", &access.resource),
                };
                let is_about = |key: &str, value: &str| {
                    rule[key].as_array().unwrap().contains(&Value::from(value))
                };
                if is_named == access.name.is_some()
                    && is_about("apiGroups", &access.group)
                    && is_about("resources", &access.resource)
                    && is_about("verbs", &access.verb)
                    && is_about(key, value)
                {
                    rule[key].as_array_mut().unwrap().retain(|other| other != value);
                    removed += 1;
                }
            }
            // An empty list of names would be all of them.
            role["rules"].as_array_mut().unwrap().retain(|rule| {
                ["resources", "resourceNames"].iter().all(|key| rule.get(key) != Some(&json!([])))
            });
        }
        assert_eq!(removed, 1, "{access:?} stands once in {manifests:#?}");
        cases.push((less, position));
    }
    cases
}

#[test]
fn every_right_is_needed_and_all_are_enough() {
    // A cluster of its own: alice must have no other rights.
    let cluster = Cluster::start(&ClusterOptions::default());
    cluster.seed(&[
        Namespace::new("one").object(pod("p")),
        Namespace::new("two").object(pod("p")).object(pod("q")),
    ]);
    let lists = lists();
    let accesses: Vec<rbac::Access> = lists.iter().flat_map(List::accesses).collect();
    let text = rbac::manifests("minimal", &accesses).unwrap();
    println!("{text}");
    let manifests: Vec<Value> =
        text.split("---\n").map(|document| serde_yaml::from_str(document).unwrap()).collect();
    assert_eq!(manifests.len(), 3);

    let refused = vec![Some(FailureKind::Forbidden); lists.len()];
    assert_outcomes(&cluster, &lists, &refused);
    bind(&cluster, &manifests);
    assert_outcomes(&cluster, &lists, &vec![None; lists.len()]);

    let cases = without_one(&manifests, &lists);
    for (less, position) in &cases {
        bind(&cluster, less);
        let mut expected = vec![None; lists.len()];
        expected[*position] = Some(FailureKind::Forbidden);
        assert_outcomes(&cluster, &lists, &expected);
    }
    // kubectl reads what we print as it stands.
    let applied = cluster.kubectl_as("admin", &["apply", "--dry-run=server", "-f", "-"], &text);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    score::record(
        "rbac_minimal",
        "printed roles against RBAC of kube-apiserver",
        &format!("{} rights, with and without each", cases.len()),
        0,
    );
}
