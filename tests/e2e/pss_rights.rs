//! `--print-rbac`: a user with exactly the printed roles gets the whole report, and one with a
//! rule fewer a gap.
#![cfg(test)]

use std::collections::BTreeSet;

use posture_harness::binary::{Finished, Run};
use posture_harness::cluster::{ADMIN, Cluster, ClusterOptions, Namespace};
use serde_json::{Value, json};

const USER: &str = "alice";

fn pss(cluster: &Cluster, user: &str, arguments: &[&str]) -> Finished {
    Run::new("kubectl-pss")
        .env("KUBECONFIG", cluster.kubeconfig(user).to_str().expect("a path in UTF-8"))
        .args(arguments.iter().copied())
        .finish()
}

/// Gives the user these roles and nothing else, and waits until the server acts on it.
fn grant(
    cluster: &Cluster,
    roles: &[Value],
    probe: &[&str],
    expected: impl Fn(&Finished) -> bool,
) -> Finished {
    for role in roles {
        let namespace = role["metadata"]["namespace"].as_str();
        let mut binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": format!("{}Binding", role["kind"].as_str().expect("a kind")),
            "metadata": role["metadata"],
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": role["kind"],
                "name": role["metadata"]["name"] },
            "subjects": [{ "kind": "User", "name": USER }],
        });
        if namespace.is_none() {
            binding["metadata"].as_object_mut().expect("metadata").remove("namespace");
        }
        for object in [role, &binding] {
            let path = cluster.collection(object);
            let name = object["metadata"]["name"].as_str().expect("a name");
            cluster.admin().delete(&format!("{path}/{name}"));
            let answer = cluster.create(&path, object, "");
            assert!(answer.is_success(), "{}", answer.message());
        }
    }
    // The authorizer reads roles through a cache.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let finished = pss(cluster, USER, probe);
        if expected(&finished) || std::time::Instant::now() > deadline {
            return finished;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

fn roles(printed: &str) -> Vec<Value> {
    use serde::Deserialize as _;
    serde_yaml::Deserializer::from_str(printed)
        .map(|document| Value::deserialize(document).expect("a role"))
        .collect()
}

#[test]
fn the_printed_roles_are_enough_and_none_of_their_rules_too_many() {
    // A cluster of its own: nobody else's roles are in it.
    let cluster = Cluster::start(&ClusterOptions::default());
    let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p" },
        "spec": { "containers": [{ "name": "c", "image": "x" }] } });
    cluster.seed(&[
        Namespace::new("one").pod_security("enforce", "baseline").object(pod.clone()),
        Namespace::new("two").pod_security("enforce", "baseline").object(pod),
    ]);
    for arguments in [
        &["check", "-n", "one"][..],
        &["check", "ns", "one"],
        &["check", "ns"],
        &["check", "-A"],
        &["check", "deployments,pods", "-n", "two"],
        &["check", "-n", "one", "--require", "quota,automountServiceAccountToken"],
    ] {
        let printed = pss(&cluster, ADMIN, &[arguments, &["--print-rbac"]].concat());
        assert_eq!(printed.code, 0, "{}", printed.stderr);
        let roles = roles(&printed.stdout);
        assert!(!roles.is_empty(), "{}", printed.stdout);
        let report = [arguments, &["-o", "json"]].concat();
        let whole = pss(&cluster, ADMIN, &report).json();
        let same = |finished: &Finished| {
            finished.code != 3 && {
                let ours = finished.json();
                ours["objects"] == whole["objects"] && ours["gaps"] == whole["gaps"]
            }
        };
        let finished = grant(&cluster, &roles, &report, same);
        assert!(same(&finished), "{arguments:?}: {}{}", finished.stdout, finished.stderr);

        for (position, role) in roles.iter().enumerate() {
            let listed = role["rules"].as_array().expect("rules");
            for (left_out, rule) in listed.iter().enumerate() {
                let mut fewer = roles.clone();
                let kept = fewer[position]["rules"].as_array_mut().expect("rules");
                kept.remove(left_out);
                let missing: BTreeSet<&str> = rule["resources"]
                    .as_array()
                    .expect("resources")
                    .iter()
                    .filter_map(Value::as_str)
                    .collect();
                // Owners are context: without them a pod stands under its ReplicaSet or Job.
                let is_context = arguments.contains(&"deployments,pods")
                    && missing.iter().all(|name| ["replicasets", "jobs"].contains(name));
                if is_context {
                    continue;
                }
                let said = |finished: &Finished| {
                    finished.code == 3 && finished.stderr.contains("forbidden")
                        || finished.code != 3
                            && missing.iter().all(|name| {
                                let gaps = finished.json()["gaps"].clone();
                                gaps.as_array().is_some_and(|gaps| {
                                    gaps.iter().any(|gap| {
                                        let object = gap["object"].as_str().unwrap_or_default();
                                        object.starts_with(name)
                                    })
                                }) || ["replicasets", "jobs"].contains(name)
                            })
                };
                let finished = grant(&cluster, &fewer, &report, said);
                assert!(said(&finished), "{arguments:?} without {rule}: {finished:?}");
                assert_ne!(finished.code, 0, "{arguments:?} without {rule}");
            }
        }
        for role in &roles {
            let path = cluster.collection(role);
            let name = role["metadata"]["name"].as_str().expect("a name");
            cluster.admin().delete(&format!("{path}/{name}"));
        }
    }
}
