//! `--print-rbac`: a user with exactly the printed roles can do it.

use std::thread;
use std::time::{Duration, Instant};

use posture_harness::binary::Finished;
use posture_harness::cluster::{ADMIN, Cluster, ClusterOptions, Namespace};
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::world::{create, cron_job, job, owned, pod, pod_spec, run, workload};

const USER: &str = "alice";

/// Gives the user these roles and nothing else, and waits until a run is as expected.
fn grant(
    cluster: &Cluster,
    roles: &[Value],
    arguments: &[&str],
    expected: impl Fn(&Finished) -> bool,
) -> Finished {
    for role in roles {
        let mut binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": format!("{}Binding", role["kind"].as_str().expect("a kind")),
            "metadata": role["metadata"],
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": role["kind"],
                "name": role["metadata"]["name"] },
            "subjects": [{ "kind": "User", "name": USER }],
        });
        if role["metadata"]["namespace"].is_null() {
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
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let finished = run(cluster, USER, arguments);
        if expected(&finished) || Instant::now() > deadline {
            return finished;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn roles(printed: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(printed)
        .map(|document| Value::deserialize(document).expect("a role"))
        .collect()
}

#[test]
fn the_printed_roles_are_enough() {
    // A cluster of its own: nobody else's roles are in it.
    let cluster = Cluster::start(&ClusterOptions::default());
    cluster.seed(&[Namespace::new("one").pod_security("enforce", "privileged")]);
    let web = create(&cluster, "one", workload("Deployment", "web", &pod_spec()));
    let rs = create(&cluster, "one", owned(workload("ReplicaSet", "rs", &pod_spec()), &web));
    create(&cluster, "one", owned(pod("p", &pod_spec()), &rs));
    let cron = create(&cluster, "one", cron_job("nightly"));
    create(&cluster, "one", owned(job("nightly-1"), &cron));
    for arguments in [
        &["set", "RuntimeDefault", "-n", "one", "--all", "--dry-run=server"][..],
        &["set", "Unconfined", "deploy/web", "-n", "one", "--dry-run=server"],
        &["set", "RuntimeDefault", "pod/p", "job/nightly-1", "-n", "one", "--dry-run=server"],
        &["set", "Localhost=a.json", "deploy", "-n", "one", "--dry-run=client"],
    ] {
        let printed = run(&cluster, ADMIN, &[arguments, &["--print-rbac"]].concat());
        assert_eq!(printed.code, 0, "{printed:?}");
        let roles = roles(&printed.stdout);
        assert!(!roles.is_empty(), "{}", printed.stdout);
        let arguments = [arguments, &["-o", "json"]].concat();
        let whole = run(&cluster, ADMIN, &arguments);
        let same = |finished: &Finished| {
            finished.code == whole.code && finished.json()["changes"] == whole.json()["changes"]
        };
        let finished = grant(&cluster, &roles, &arguments, same);
        assert!(same(&finished), "{arguments:?}: {finished:?}\n{}", printed.stdout);
        for role in &roles {
            let path = cluster.collection(role);
            let name = role["metadata"]["name"].as_str().expect("a name");
            cluster.admin().delete(&format!("{path}/{name}"));
        }
    }
}
