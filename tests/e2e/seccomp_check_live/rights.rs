//! `--print-rbac`: a user with exactly the printed roles gets the whole report, and one with a right
//! fewer is told what is missing.

use std::time::{Duration, Instant};

use posture_e2e::folder;
use posture_harness::binary::Finished;
use posture_harness::cluster::ADMIN;
use posture_harness::score;
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::world::{CLUSTER, run_as};

/// Has no other rights: nobody else here binds roles.
const USER: &str = "alice";

/// How long the authorizer may take to learn of roles: it reads them through a cache.
const DEADLINE: Duration = Duration::from_secs(40);

/// A pod that is left to the kubelets, and to what sets profiles.
const MANIFEST: &str = "apiVersion: v1
kind: Pod
metadata: {name: planned, namespace: vault}
spec: {containers: [{name: c, image: x}]}
";

const GROUP: &str = "rbac.authorization.k8s.io";

fn binding(role: &Value) -> Value {
    let mut metadata = json!({ "name": role["metadata"]["name"] });
    if let Some(namespace) = role["metadata"]["namespace"].as_str() {
        metadata["namespace"] = namespace.into();
    }
    json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": format!("{}Binding", role["kind"].as_str().expect("a kind")),
        "metadata": metadata,
        "roleRef": { "apiGroup": GROUP, "kind": role["kind"], "name": role["metadata"]["name"] },
        "subjects": [{ "kind": "User", "name": USER }],
    })
}

fn remove(object: &Value) {
    let name = object["metadata"]["name"].as_str().expect("a name");
    CLUSTER.admin().delete(&format!("{}/{name}", CLUSTER.collection(object)));
}

/// Gives the user these roles and nothing else, and runs until it is as expected.
fn grant(roles: &[Value], words: &[&str], expected: impl Fn(&Finished) -> bool) -> Finished {
    for role in roles {
        for object in [role, &binding(role)] {
            remove(object);
            let answer = CLUSTER.create(&CLUSTER.collection(object), object, "");
            assert!(answer.is_success(), "{}", answer.message());
        }
    }
    let started = Instant::now();
    loop {
        let finished = run_as(USER, words);
        if expected(&finished) || started.elapsed() > DEADLINE {
            return finished;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn roles(printed: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(printed)
        .map(|document| Value::deserialize(document).expect("a role"))
        .collect()
}

/// Every way to take one resource out of the roles: what was taken, and what is left.
fn without_one(roles: &[Value]) -> Vec<(String, Vec<Value>)> {
    let mut cases = Vec::new();
    for (at, role) in roles.iter().enumerate() {
        for (number, rule) in role["rules"].as_array().expect("rules").iter().enumerate() {
            for resource in rule["resources"].as_array().expect("resources") {
                let mut less = roles.to_vec();
                let left = less[at]["rules"].as_array_mut().expect("rules");
                let kept = left[number]["resources"].as_array_mut().expect("resources");
                kept.retain(|other| other != resource);
                if kept.is_empty() {
                    left.remove(number);
                }
                cases.push((resource.as_str().expect("a name").to_owned(), less));
            }
        }
    }
    cases
}

/// Whether a report, or the error in its place, says that a resource could not be read.
fn says(finished: &Finished, resource: &str) -> bool {
    if finished.code == 3 {
        return finished.stderr.contains(resource);
    }
    let report = finished.json();
    let gaps = report["gaps"].as_array().expect("gaps").iter();
    let is_about = |gap: &Value| {
        let text = |key: &str| gap[key].as_str().unwrap_or_default();
        if resource == "nodes/proxy" {
            return text("what") == "kubelet" && text("why").contains("forbidden");
        }
        let rest = text("object").strip_prefix(resource);
        rest.is_some_and(|rest| !rest.starts_with(|one: char| one.is_ascii_alphanumeric()))
    };
    gaps.into_iter().any(is_about)
}

#[test]
fn the_printed_roles_are_enough_and_none_of_their_rights_too_many() {
    let folder = folder::with(&[("x.yaml", MANIFEST)]);
    let file = folder.path().join("x.yaml");
    let of_file = format!("check -f {} --with-cluster", file.display());
    let mut rights = 0;
    for words in [
        "check -A",
        "check -n vault",
        "check pod/early -n vault",
        "check deploy/web -n shop --probe-nodes",
        &of_file,
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let printed = run_as(ADMIN, &[&words[..], &["--print-rbac"]].concat());
        assert_eq!(printed.code, 0, "{printed:?}");
        let printed_roles = roles(&printed.stdout);
        assert!(!printed_roles.is_empty(), "{printed:?}");
        let has_probe = printed.stdout.contains("nodes/proxy");
        assert_eq!(has_probe, words.contains(&"--probe-nodes"), "{}", printed.stdout);
        let words = [&words[..], &["-o", "json"]].concat();
        let whole = run_as(ADMIN, &words);
        let same = |finished: &Finished| {
            finished.code == whole.code && {
                let (ours, theirs) = (finished.json(), whole.json());
                ["objects", "findings", "gaps", "notes"].iter().all(|key| ours[key] == theirs[key])
            }
        };
        let finished = grant(&printed_roles, &words, same);
        assert!(same(&finished), "{words:?}: {finished:?}\n{}", printed.stdout);
        for (resource, less) in without_one(&printed_roles) {
            rights += 1;
            // Owners are context where only pods are asked for: without them a pod stands alone.
            let is_context =
                words.contains(&"pod/early") && ["replicasets", "jobs"].contains(&&*resource);
            if is_context {
                continue;
            }
            let said = |finished: &Finished| says(finished, &resource);
            let finished = grant(&less, &words, said);
            assert!(said(&finished), "{words:?} without {resource}: {finished:?}");
            assert!(
                matches!(finished.code, 1 | 3 | 4),
                "{words:?} without {resource}: {finished:?}"
            );
        }
        for role in &printed_roles {
            remove(&binding(role));
            remove(role);
        }
    }
    score::record(
        "seccomp_check_live_rights",
        "printed roles of seccomp check against RBAC of kube-apiserver",
        &format!("{rights} rights, with and without each"),
        0,
    );
}
