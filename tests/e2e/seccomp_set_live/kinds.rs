//! Each kind: set, taken back, left alone.

use std::path::Path;
use std::process::Command;

use posture_harness::cluster::{ADMIN, Cluster, Namespace};
use posture_harness::{binary, judge};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::world::{create, cron_job, job, pod, pod_spec, profile, read, run, set, workload};

const TEMPLATE: &str = "/spec/template/spec";

#[test]
fn every_kind_is_set_and_taken_back() {
    let cluster = Cluster::shared();
    let namespace = "seccomp-kinds";
    cluster.seed(&[Namespace::new(namespace)]);
    let template = json!({ "metadata": { "labels": { "app": "r" } }, "spec": pod_spec() });
    let changed = [
        (workload("Deployment", "deployment", &pod_spec()), TEMPLATE),
        (workload("StatefulSet", "stateful", &pod_spec()), TEMPLATE),
        (workload("DaemonSet", "daemon", &pod_spec()), TEMPLATE),
        (workload("ReplicaSet", "replica", &pod_spec()), TEMPLATE),
        (
            json!({ "apiVersion": "v1", "kind": "ReplicationController",
                "metadata": { "name": "r" }, "spec": { "selector": { "app": "r" },
                "template": template } }),
            TEMPLATE,
        ),
        (cron_job("cron"), "/spec/jobTemplate/spec/template/spec"),
        (
            json!({ "apiVersion": "v1", "kind": "PodTemplate", "metadata": { "name": "t" },
                "template": template }),
            "/template/spec",
        ),
    ]
    .map(|(object, way)| (create(cluster, namespace, object), way));
    let left =
        [job("job"), pod("bare", &pod_spec())].map(|object| create(cluster, namespace, object));
    let folder = TempDir::new().expect("a folder");
    let undo = folder.path().join("undo.yaml");
    let undo = undo.to_str().expect("a path in UTF-8");

    let arguments = ["RuntimeDefault", "-n", namespace, "--all", "--yes", "--undo-file", undo];
    let finished = set(&arguments);
    assert_eq!(finished.code, 1, "{finished:?}");
    for (object, way) in &changed {
        let now = profile(&read(cluster, object), way);
        assert_eq!(now, json!({ "type": "RuntimeDefault" }), "{}", object["kind"]);
    }
    for (object, way) in left.iter().zip([TEMPLATE, "/spec"]) {
        assert_eq!(profile(&read(cluster, object), way), Value::Null, "{}", object["kind"]);
    }
    for said in [
        "the template of a Job cannot be changed",
        "the security context of a Pod cannot be changed",
        " replace --force -f -",
    ] {
        assert!(finished.stderr.contains(said), "{said}: {}", finished.stderr);
    }
    let managers = read(cluster, &changed[0].0)["metadata"]["managedFields"].to_string();
    assert!(managers.contains("\"manager\":\"kubectl-seccomp\""), "{managers}");

    // Now it is so already.
    let again = set(&["RuntimeDefault", "-n", namespace, "-o", "json", "--dry-run=client"]);
    assert_eq!(again.code, 1, "{again:?}");
    assert_eq!(again.json()["summary"]["already"], changed.len());

    let undone = run(cluster, ADMIN, &["undo", undo, "--yes"]);
    assert_eq!(undone.code, 0, "{undone:?}");
    for (object, _) in &changed {
        let now = read(cluster, object);
        for part in ["spec", "template"] {
            assert_eq!(now[part], object[part], "{}", object["kind"]);
        }
    }
}

#[test]
fn the_path_of_a_profile_goes_with_its_type() {
    let cluster = Cluster::shared();
    let namespace = "seccomp-path";
    cluster.seed(&[Namespace::new(namespace)]);
    let mut spec = pod_spec();
    let localhost = json!({ "type": "Localhost", "localhostProfile": "a/b.json" });
    spec["securityContext"] = json!({ "seccompProfile": localhost });
    let object = create(cluster, namespace, workload("Deployment", "web", &spec));
    let set = |profile: &str| set(&[profile, "deploy/web", "-n", namespace, "--yes"]);
    let finished = set("RuntimeDefault");
    assert_eq!(finished.code, 0, "{finished:?}");
    let now = || profile(&read(cluster, &object), TEMPLATE);
    assert_eq!(now(), json!({ "type": "RuntimeDefault" }));
    let finished = set("Localhost=a/b.json");
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(now(), localhost);
    // No operator is there that would know.
    assert!(finished.stderr.contains("/var/lib/kubelet/seccomp/a/b.json"), "{finished:?}");
    let finished = set("Localhost=c.json");
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(now()["localhostProfile"], "c.json");
}

#[test]
fn nobody_is_asked_where_nobody_is() {
    let cluster = Cluster::shared();
    let namespace = "seccomp-ask";
    cluster.seed(&[Namespace::new(namespace)]);
    let object = create(cluster, namespace, workload("Deployment", "web", &pod_spec()));
    for arguments in
        [&[][..], &["--yes"], &["--all"], &["deploy/web"], &["deploy", "-l", "app=web", "--yes"]]
    {
        let finished = set(&[&["RuntimeDefault", "-n", namespace], arguments].concat());
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (2, ""),
            "{arguments:?} {finished:?}"
        );
    }
    for dry_run in ["--dry-run=client", "--dry-run=server"] {
        let finished = set(&["RuntimeDefault", "-n", namespace, dry_run]);
        assert_eq!(finished.code, 0, "{finished:?}");
        assert!(finished.stdout.contains("+          type: RuntimeDefault"), "{}", finished.stdout);
    }
    assert_eq!(read(cluster, &object)["metadata"], object["metadata"]);
    let finished =
        set(&["RuntimeDefault", "deploy", "-n", namespace, "-l", "app=web", "--all", "--yes"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(profile(&read(cluster, &object), TEMPLATE)["type"], "RuntimeDefault");
}

/// The commands that are printed for what cannot be changed do what they promise.
#[test]
fn what_cannot_be_changed_is_made_anew() {
    let cluster = Cluster::shared();
    let namespace = "seccomp-anew";
    cluster.seed(&[Namespace::new(namespace)]);
    for (object, way) in [(job("j"), TEMPLATE), (pod("p", &pod_spec()), "/spec")] {
        let object = create(cluster, namespace, object);
        let of = format!(
            "{}/{}",
            object["kind"].as_str().expect("a kind").to_lowercase(),
            object["metadata"]["name"].as_str().expect("a name")
        );
        let arguments = ["RuntimeDefault", &of, "-n", namespace, "--yes", "-o", "json"];
        let report = set(&arguments).json();
        let instead = report["left"][0]["instead"].as_array().expect("instead");
        let command = instead.iter().filter_map(Value::as_str).find_map(|text| {
            text.contains(" replace --force")
                .then(|| text.split_once(": ").map(|(_, rest)| rest))?
        });
        shell(cluster, command.expect("a command"));
        let now = read(cluster, &object);
        assert_ne!(now["metadata"]["uid"], object["metadata"]["uid"]);
        assert_eq!(profile(&now, way), json!({ "type": "RuntimeDefault" }), "{of}");
    }
}

/// Runs a line in a shell that finds kubectl, and our binary as its plugin.
fn shell(cluster: &Cluster, line: &str) {
    let ours = binary::path("kubectl-seccomp");
    let kubectl = judge::kubectl();
    let folder = |path: &Path| path.parent().expect("a folder").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{}:{path}", folder(&kubectl), folder(&ours));
    let output = Command::new("sh")
        .args(["-ec", line])
        .env_clear()
        .env("PATH", path)
        .env("HOME", cluster.folder())
        .env("KUBECONFIG", cluster.kubeconfig(ADMIN))
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}\n{said}");
}
