//! `kubectl pss fix` on a real cluster: the server takes what it sends, objects to exactly what it
//! says is left, and has the old spec again when it is taken back.
#![cfg(test)]

use std::collections::BTreeSet;

use posture_harness::binary::{Finished, Run};
use posture_harness::cluster::{ADMIN, Cluster, ClusterOptions, Namespace};
use serde_json::{Value, json};

const USER: &str = "alice";

fn pss(cluster: &Cluster, user: &str, arguments: &str) -> Finished {
    Run::new("kubectl-pss")
        .env("KUBECONFIG", cluster.kubeconfig(user).to_str().expect("a path in UTF-8"))
        .env("XDG_STATE_HOME", cluster.folder().join("state").to_str().expect("a path in UTF-8"))
        .args(arguments.split_whitespace())
        .finish()
}

fn plan(run: &Finished) -> Value {
    serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr))
}

/// A template of pods with this spec.
fn template(name: &str, spec: &Value) -> Value {
    json!({ "metadata": { "labels": { "app": name } }, "spec": spec })
}

fn workload(kind: &str, name: &str, spec: &Value) -> Value {
    let selector = json!({ "matchLabels": { "app": name } });
    let (api_version, spec) = match kind {
        "ReplicationController" => {
            ("v1", json!({ "selector": { "app": name }, "template": template(name, spec) }))
        }
        "CronJob" => {
            let mut pod = template(name, spec);
            pod["spec"]["restartPolicy"] = "Never".into();
            (
                "batch/v1",
                json!({ "schedule": "0 0 * * *",
                "jobTemplate": { "spec": { "template": pod } } }),
            )
        }
        "StatefulSet" => (
            "apps/v1",
            json!({ "serviceName": name, "selector": selector, "template": template(name, spec) }),
        ),
        _ => ("apps/v1", json!({ "selector": selector, "template": template(name, spec) })),
    };
    json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": name }, "spec": spec })
}

/// Something of every grade.
fn specs() -> Vec<(&'static str, Value)> {
    let container =
        |security: Value| json!({ "name": "c", "image": "x", "securityContext": security });
    vec![
        ("bare", json!({ "containers": [{ "name": "c", "image": "x" }] })),
        (
            "known",
            json!({ "securityContext": { "runAsUser": 1000 },
                "initContainers": [{ "name": "i", "image": "x" }],
                "containers": [container(json!({ "capabilities": { "drop": ["all"] } }))] }),
        ),
        (
            "hard",
            json!({ "hostPID": true,
                "volumes": [{ "name": "v", "hostPath": { "path": "/etc/localtime" } }],
                "containers": [container(json!({ "privileged": true }))] }),
        ),
        (
            "profile",
            json!({ "securityContext": { "seccompProfile": { "type": "Unconfined" } },
                "containers": [container(json!({ "capabilities": { "add": ["CAP_CHOWN", "net_bind_service"] } }))] }),
        ),
        (
            "probe",
            json!({ "containers": [{ "name": "c", "image": "x",
                "ports": [{ "containerPort": 80, "hostPort": 80 }],
                "livenessProbe": { "httpGet": { "host": "shop.example", "port": 80 } } }] }),
        ),
    ]
}

const KINDS: [&str; 6] =
    ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "CronJob"];

fn path(cluster: &Cluster, object: &Value) -> String {
    let name = object["metadata"]["name"].as_str().expect("a name");
    format!("{}/{name}", cluster.collection(object))
}

/// Creates every kind with every spec in a namespace that warns by restricted.
fn fill(cluster: &Cluster, namespace: &str) -> Vec<Value> {
    cluster.seed(&[Namespace::new(namespace).pod_security("warn", "restricted")]);
    let mut objects = Vec::new();
    for kind in KINDS {
        for (name, spec) in specs() {
            let mut object = workload(kind, name, &spec);
            object["metadata"]["namespace"] = namespace.into();
            let answer = cluster.create(&cluster.collection(&object), &object, "");
            assert!(answer.is_success(), "{}", answer.message());
            objects.push(answer.json());
        }
    }
    objects
}

/// What the server warns of when an object like this is created.
fn warning(cluster: &Cluster, object: &Value) -> Option<String> {
    let mut copy = object.clone();
    let metadata = &object["metadata"];
    copy["metadata"] = json!({ "name": "copy", "namespace": metadata["namespace"] });
    copy.as_object_mut().expect("an object").remove("status");
    let answer = cluster.create(&cluster.collection(&copy), &copy, "dryRun=All");
    assert!(answer.is_success(), "{}", answer.message());
    let said = answer.warnings.iter().find(|text| text.contains("would violate PodSecurity"));
    said.and_then(|text| text.split_once("\": ").map(|(_, reasons)| reasons.to_owned()))
}

#[test]
fn the_server_objects_to_exactly_what_is_left_and_has_its_spec_again() {
    let cluster = Cluster::shared();
    let before = fill(cluster, "fix-all");
    let shown = pss(cluster, ADMIN, "fix -n fix-all --grade B --dry-run=server -o json");
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    for object in &before {
        assert_eq!(cluster.get_json(&path(cluster, object))["spec"], object["spec"]);
    }
    let run = pss(cluster, ADMIN, "fix -n fix-all --grade B --yes --all -o json");
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let plan = plan(&run);
    assert!(plan["summary"]["made"].as_u64().expect("a number") >= 24, "{}", plan["summary"]);

    let check = pss(cluster, ADMIN, "check -n fix-all --level restricted -o json").json();
    let mut differ = 0;
    for object in &before {
        let after = cluster.get_json(&path(cluster, object));
        let warned = warning(cluster, &after).unwrap_or_default();
        let name = object["metadata"]["name"].as_str().expect("a name");
        let kind = &object["kind"];
        let is_it = |row: &&Value| row["kind"] == *kind && row["name"] == name;
        let rows = check["objects"].as_array().expect("objects");
        let row = rows.iter().find(is_it).unwrap_or_else(|| panic!("no {kind} {name}"));
        assert_eq!(row["modes"]["enforce"]["message"], warned, "{kind} {name}");
        // What is left is what the server warns of, and nothing of it could have been done.
        let remaining = plan["remaining"].as_array().expect("what remains");
        let left: Vec<&Value> = remaining
            .iter()
            .filter(|one| one["object"]["kind"] == *kind && one["object"]["name"] == name)
            .collect();
        assert!(left.iter().all(|one| one["grade"] == "C" || one["grade"] == "X"), "{left:?}");
        let checks: BTreeSet<&str> = left.iter().filter_map(|one| one["check"].as_str()).collect();
        let findings = check["findings"].as_array().expect("findings");
        let found: BTreeSet<&str> = findings
            .iter()
            .filter(|one| one["object"]["kind"] == *kind && one["object"]["name"] == name)
            .filter_map(|one| one["check"].as_str())
            .collect();
        assert_eq!(checks, found, "{kind} {name}");
        assert_eq!(warned.is_empty(), left.is_empty(), "{kind} {name}: {warned}");
        differ += usize::from(after["spec"] != object["spec"]);
    }
    assert!(differ >= 24, "{differ}");

    let again = pss(cluster, ADMIN, "fix -n fix-all --grade B --yes --all -o json");
    assert_eq!(self::plan(&again)["summary"]["made"], 0, "{}", again.stdout);
    let undo = plan["undo"]["file"].as_str().expect("an undo file").to_owned();
    let undone = pss(cluster, ADMIN, &format!("undo {undo} --yes"));
    assert_eq!(undone.code, 0, "{}{}", undone.stdout, undone.stderr);
    for object in &before {
        assert_eq!(cluster.get_json(&path(cluster, object))["spec"], object["spec"]);
    }
}

#[test]
fn nobody_is_asked_off_a_terminal() {
    let cluster = Cluster::shared();
    fill(cluster, "fix-silent");
    for (arguments, code) in [
        ("fix -n fix-silent", 2),
        ("fix -n fix-silent --yes", 2),
        ("fix deployment/bare -n fix-silent", 2),
        ("fix -n fix-silent --dry-run=client", 0),
        ("fix deployment/bare -n fix-silent --grade B --yes", 0),
    ] {
        let run = pss(cluster, ADMIN, arguments);
        assert_eq!(run.code, code, "{arguments}: {}{}", run.stdout, run.stderr);
    }
}

#[test]
fn a_pod_leads_to_its_workload_and_shows_its_user() {
    let cluster = Cluster::shared();
    cluster.seed(&[Namespace::new("fix-climb")]);
    let create = |mut object: Value| {
        object["metadata"]["namespace"] = "fix-climb".into();
        let answer = cluster.create(&cluster.collection(&object), &object, "");
        assert!(answer.is_success(), "{}", answer.message());
        answer.json()
    };
    let owned = |mut object: Value, owner: &Value| {
        object["metadata"]["ownerReferences"] = json!([{
            "apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": true,
            "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
        }]);
        object
    };
    let spec = json!({ "containers": [{ "name": "c", "image": "x" }] });
    let web = create(workload("Deployment", "web", &spec));
    let set = create(owned(workload("ReplicaSet", "web-1", &spec), &web));
    let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "web-1-x" },
        "spec": spec });
    create(owned(pod, &set));
    let status = json!({ "status": { "containerStatuses": [{
        "name": "c", "image": "x", "imageID": "x", "ready": true, "restartCount": 0,
        "state": { "running": {} },
        "user": { "linux": { "uid": 1000, "gid": 1000 } },
    }] } });
    let answer = cluster.admin().merge("/api/v1/namespaces/fix-climb/pods/web-1-x/status", &status);
    assert!(answer.is_success(), "{}", answer.message());

    let run = pss(cluster, ADMIN, "fix pod/web-1-x -n fix-climb --grade B --yes -o json");
    let plan = plan(&run);
    assert_eq!(plan["changes"][0]["kind"], "Deployment", "{plan:#}");
    assert_eq!(plan["levels"]["after"]["restricted"], 1, "{plan:#}");
    let after = cluster.get_json(&path(cluster, &web));
    assert_eq!(after["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"], true);
    let set_after = cluster.get_json(&path(cluster, &set));
    assert_eq!(set_after["spec"], set["spec"], "its controller does that");
}

#[test]
fn the_printed_roles_are_enough() {
    let cluster = Cluster::start(&ClusterOptions::default());
    fill(&cluster, "one");
    for arguments in ["fix -n one --yes --all --grade B", "fix deployments -n one --yes --all"] {
        let printed = pss(&cluster, ADMIN, &format!("{arguments} --print-rbac"));
        assert_eq!(printed.code, 0, "{}", printed.stderr);
        cluster.apply(&printed.stdout);
        cluster.apply(&bindings(&printed.stdout));
        let try_it = format!("{arguments} --dry-run=server -o json");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        let run = loop {
            let run = pss(&cluster, USER, &try_it);
            if run.code == 0 || std::time::Instant::now() > deadline {
                break run;
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
        };
        assert_eq!(run.code, 0, "{arguments}: {}{}", run.stdout, run.stderr);
        let plan = plan(&run);
        assert_eq!(plan["gaps"], json!([]), "{plan:#}");
        assert!(plan["summary"]["changes"].as_u64().expect("a number") > 0);
        let made = pss(&cluster, USER, arguments);
        assert_eq!(made.code, 0, "{arguments}: {}{}", made.stdout, made.stderr);
        for kind in ["roles", "clusterroles"] {
            cluster.kubectl(&["delete", kind, "kubectl-pss", "-n", "one"]);
        }
    }
}

/// What gives the printed roles to the user.
fn bindings(roles: &str) -> String {
    use serde::Deserialize as _;
    let documents = serde_yaml::Deserializer::from_str(roles);
    let binding = |document| {
        let role = Value::deserialize(document).expect("a role");
        let kind = role["kind"].as_str().expect("a kind");
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": format!("{kind}Binding"),
            "metadata": role["metadata"],
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": kind,
                "name": role["metadata"]["name"] },
            "subjects": [{ "kind": "User", "name": USER }],
        });
        serde_yaml::to_string(&binding).expect("it can be written")
    };
    documents.map(binding).collect::<Vec<_>>().join("---\n")
}
