//! `kubectl pss diff` on a real cluster: what runs against files, snapshots, servers; the rights
//! that it asks for.
#![cfg(test)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use posture_generators::pod::{Pods, Values};
use posture_generators::workload::{KINDS, wrap};
use posture_harness::binary::{Finished, Run};
use posture_harness::cluster::{ADMIN, Cluster, Namespace};
use posture_harness::{score, seed};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How many objects are stored and compared with the files that they came from.
const OBJECTS: usize = 400;

/// How long the server may take to learn of a role.
const DEADLINE: Duration = Duration::from_secs(20);

/// What `restricted` asks of a container.
fn good() -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "runAsNonRoot": true,
        "capabilities": { "drop": ["ALL"] },
        "seccompProfile": { "type": "RuntimeDefault" },
    })
}

fn deployment(namespace: &str, name: &str, host: bool) -> Value {
    let spec = json!({ "hostPID": host,
        "containers": [{ "name": "c", "image": "x", "securityContext": good() }] });
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": name, "namespace": namespace },
        "spec": {
            "selector": { "matchLabels": { "app": name } },
            "template": { "metadata": { "labels": { "app": name } }, "spec": spec },
        },
    })
}

fn create(cluster: &Cluster, object: &Value) -> Value {
    let answer = cluster.create(&cluster.collection(object), object, "");
    assert!(answer.is_success(), "{}", answer.message());
    answer.json()
}

/// A pod of a Deployment, with a ReplicaSet in between.
fn pod_of(cluster: &Cluster, deployment: &Value, host: bool) {
    let own = |mut object: Value, owner: &Value| {
        object["metadata"]["namespace"] = owner["metadata"]["namespace"].clone();
        object["metadata"]["ownerReferences"] = json!([{
            "apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": true,
            "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
        }]);
        object
    };
    let name = deployment["metadata"]["name"].as_str().expect("a name");
    let set = json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": { "name": format!("{name}-1") },
        "spec": { "selector": deployment["spec"]["selector"],
            "template": deployment["spec"]["template"] } });
    let set = create(cluster, &own(set, deployment));
    let mut spec = deployment["spec"]["template"]["spec"].clone();
    spec["hostPID"] = host.into();
    let pod = json!({ "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": format!("{name}-1-a"), "labels": { "app": name } }, "spec": spec });
    create(cluster, &own(pod, &set));
}

fn diff_as(cluster: &Cluster, user: &str, folder: &Path, arguments: &[&str]) -> Finished {
    Run::new("kubectl-pss")
        .env("KUBECONFIG", cluster.kubeconfig(user).to_str().expect("a path in UTF-8"))
        .args(["diff"])
        .args(arguments.iter().copied())
        .in_folder(folder)
        .finish()
}

fn diff(folder: &Path, arguments: &[&str]) -> Finished {
    diff_as(Cluster::shared(), ADMIN, folder, arguments)
}

fn folder(files: &[(&str, String)]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

/// Each change as `direction name from>to`, and what starts or stops.
fn changes(run: &Finished) -> Vec<String> {
    let difference = run.json();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let line = |change: &Value| {
        let controls = change["controls"].as_array().expect("controls").iter();
        let controls: Vec<String> = controls
            .map(|control| format!(" {} {}", text(&control["change"]), text(&control["check"])))
            .collect();
        format!(
            "{} {} {}>{}{}",
            text(&change["direction"]),
            text(&change["name"]),
            text(&change["from"]["verdict"]),
            text(&change["to"]["verdict"]),
            controls.concat()
        )
    };
    difference["changes"].as_array().expect("changes").iter().map(line).collect()
}

#[test]
fn what_was_just_applied_differs_in_nothing() {
    let cluster = Cluster::shared();
    let name = "diff-applied";
    cluster.seed(&[Namespace::new(name)
        .pod_security("enforce", "privileged")
        .pod_security("warn", "restricted")
        .pod_security("audit", "baseline")]);
    let pods = Pods::new(seed::seed(), Values::Valid);
    let folder = TempDir::new().expect("a temporary folder");
    let mut stored = 0;
    for (at, pod) in pods.take(OBJECTS).enumerate() {
        let kind = KINDS[at % KINDS.len()];
        let mut object = wrap(kind, &pod);
        object["metadata"]["name"] = format!("o{at}").into();
        object["metadata"]["namespace"] = name.into();
        let template = if kind == "Pod" { &mut object } else { &mut object["spec"]["template"] };
        // The server writes these into fields of the pod, which then has both.
        if kind == "Pod" && template["metadata"]["annotations"].to_string().contains("apparmor") {
            template["metadata"]["annotations"] = json!({});
        }
        // What validation refuses is no concern here.
        if cluster.create(&cluster.collection(&object), &object, "").is_success() {
            stored += 1;
            fs::write(folder.path().join(format!("{at}.json")), object.to_string())
                .expect("written");
        }
    }
    assert!(stored >= OBJECTS / 2, "only {stored} of {OBJECTS} are valid");
    let mut differences = 0;
    for arguments in [
        &["-f", "."][..],
        &["--from", ".", "--to", "live"],
        &["all,podtemplates", "-f", ".", "-n", name],
    ] {
        let run = diff(folder.path(), &[arguments, &["-o", "json"]].concat());
        let difference = run.json();
        differences += difference["changes"].as_array().expect("changes").len();
        assert_eq!(difference["changes"], json!([]), "{arguments:?}");
        assert_eq!(
            (run.code, &difference["summary"]["objects"]),
            (0, &json!(stored)),
            "{arguments:?} {}{}",
            run.stdout,
            run.stderr
        );
    }
    let what = "diff of a cluster and the files that were applied to it";
    score::record("3_diff_live", what, &format!("{stored} objects"), differences);
    // The verdicts are the labels', whether or not the files have them.
    let run = diff(folder.path(), &["-f", ".", "--level", "restricted"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[test]
fn what_runs_against_files() {
    let cluster = Cluster::shared();
    cluster.seed(&[Namespace::new("diff-files")
        .pod_security("enforce", "privileged")
        .pod_security("warn", "baseline")]);
    let at = |name: &str, host| deployment("diff-files", name, host);
    create(cluster, &at("better", true));
    create(cluster, &at("elsewhere", true));
    let same = create(cluster, &at("same", false));
    // What became of the pods is not what the files say.
    pod_of(cluster, &same, true);
    create(cluster, &at("worse", false));
    let files = [("better", false), ("new", true), ("same", false), ("worse", true)];
    let folder = folder(&files.map(|(name, host)| (name, at(name, host).to_string())).map(
        |(name, text)| {
            (
                match name {
                    "better" => "a.json",
                    "new" => "b.json",
                    "same" => "c.json",
                    _ => "d.json",
                },
                text,
            )
        },
    ));
    let expected = [
        "worse worse allowed>warned started hostNamespaces",
        "added new ->warned started hostNamespaces",
        "better better warned>allowed stopped hostNamespaces",
    ];
    let run = diff(folder.path(), &["-f", ".", "-o", "json"]);
    assert_eq!(
        (changes(&run), run.code),
        (expected.map(str::to_owned).to_vec(), 1),
        "{}",
        run.stderr
    );
    let difference = run.json();
    assert_eq!(difference["from"]["context"], "test");
    assert_eq!(
        (&difference["from"]["state"], &difference["summary"]["unchanged"]),
        (&json!("live"), &json!(1))
    );
    assert_eq!(difference["summary"]["complete"], true, "{difference:#}");
    assert!(
        difference["changes"][2]["controls"][0].get("place").is_none(),
        "the cluster has no places"
    );
    // Standard input is read once.
    let piped = Run::new("kubectl-pss")
        .env("KUBECONFIG", cluster.kubeconfig(ADMIN).to_str().expect("a path in UTF-8"))
        .args(["diff", "-f", "-", "-o", "json"])
        .input(at("worse", true).to_string())
        .finish();
    assert_eq!(changes(&piped), expected[..1]);
    // What is named counts on both sides, and with it what the files have not.
    let run = diff(folder.path(), &["deploy", "-n", "diff-files", "-f", ".", "-o", "json"]);
    assert_eq!(changes(&run)[2], "removed elsewhere warned>- stopped hostNamespaces");
    let run = diff(folder.path(), &["deploy/worse", "-n", "diff-files", "-f", ".", "-o", "json"]);
    assert_eq!(changes(&run), expected[..1]);
    // A Namespace among the files is what the labels will be; one that is not there yet is new.
    let label = |name: &str| {
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name,
        "labels": { "pod-security.kubernetes.io/enforce": "baseline" } } })
        .to_string()
    };
    fs::write(folder.path().join("n.json"), label("diff-files")).expect("written");
    let run = diff(folder.path(), &["-f", ".", "-o", "json"]);
    assert_eq!(changes(&run)[0], "worse worse allowed>rejected started hostNamespaces");
    fs::write(folder.path().join("n.json"), label("diff-new")).expect("written");
    fs::write(folder.path().join("o.json"), deployment("diff-new", "web", true).to_string())
        .expect("written");
    let run = diff(folder.path(), &["-f", ".", "-o", "json"]);
    let lines = changes(&run);
    assert!(lines.contains(&"added web ->rejected started hostNamespaces".to_owned()), "{lines:?}");
    assert!(lines.contains(&"added diff-new ->allowed".to_owned()), "{lines:?}");
    assert_eq!(run.json()["summary"]["complete"], true, "{}", run.stdout);
    // A kind that the server has not.
    let rollout = deployment("diff-files", "r", true)
        .to_string()
        .replace("apps/v1", "x.example/v1")
        .replace("Deployment", "Rollout");
    fs::write(folder.path().join("r.json"), rollout).expect("written");
    let run = diff(folder.path(), &["-f", "r.json", "-o", "json"]);
    assert_eq!(
        (changes(&run), &run.json()["gaps"]),
        (vec!["added r ->warned started hostNamespaces".to_owned()], &json!([])),
        "{}",
        run.stdout
    );
}

#[test]
fn the_cluster_before_and_after_an_upgrade() {
    let cluster = Cluster::shared();
    cluster.seed(&[
        Namespace::new("diff-upgrade").pod_security("enforce", "restricted"),
        Namespace::new("diff-pinned")
            .pod_security("enforce", "restricted")
            .pod_security("enforce-version", "v1.33"),
    ]);
    let probed = |namespace: &str| {
        let mut object = deployment(namespace, "probed", false);
        object["spec"]["template"]["spec"]["containers"][0]["livenessProbe"] =
            json!({ "tcpSocket": { "host": "a.example", "port": 80 } });
        object
    };
    create(cluster, &probed("diff-upgrade"));
    create(cluster, &probed("diff-pinned"));
    let empty = TempDir::new().expect("a folder");
    let expected = ["worse probed allowed>rejected started hostProbesAndHostLifecycle"];
    for arguments in [&["--from", "1.33", "--to", "1.37"][..], &["--from", "1.33"]] {
        let run = diff(empty.path(), &[arguments, &["-n", "diff-upgrade", "-o", "json"]].concat());
        assert_eq!((changes(&run), run.code), (vec![expected[0].to_owned()], 1), "{}", run.stderr);
        assert_eq!(run.json()["to"]["state"], "1.37");
    }
    let run =
        diff(empty.path(), &["--from", "1.33", "--to", "1.37", "-n", "diff-pinned", "-o", "json"]);
    let difference = run.json();
    assert_eq!((run.code, &difference["changes"]), (0, &json!([])), "{}", run.stdout);
    assert_eq!(difference["outlook"]["changes"][0]["direction"], "worse");
    let run = diff(empty.path(), &["--to", "privileged", "-n", "diff-upgrade", "-o", "json"]);
    assert_eq!(
        changes(&run),
        ["better probed rejected>allowed stopped hostProbesAndHostLifecycle"]
    );
}

#[test]
fn a_snapshot_against_what_runs_and_against_files() {
    let cluster = Cluster::shared();
    cluster.seed(&[Namespace::new("diff-snap")
        .pod_security("enforce", "privileged")
        .pod_security("warn", "baseline")]);
    let web = create(cluster, &deployment("diff-snap", "web", false));
    create(cluster, &deployment("diff-snap", "gone", true));
    let folder = folder(&[("web.json", deployment("diff-snap", "web", true).to_string())]);
    let taken = Run::new("kubectl-pss")
        .env("KUBECONFIG", cluster.kubeconfig(ADMIN).to_str().expect("a path in UTF-8"))
        .args(["check", "-n", "diff-snap", "--snapshot", "before"])
        .in_folder(folder.path())
        .finish();
    assert_eq!(taken.code, 0, "{}", taken.stderr);
    let run = diff(folder.path(), &["--from", "before", "--to", "live", "-o", "json"]);
    assert_eq!((changes(&run), run.code), (Vec::new(), 0), "{}{}", run.stdout, run.stderr);
    assert_eq!(run.json()["summary"]["objects"], 2);
    let gone = cluster.admin().delete("/apis/apps/v1/namespaces/diff-snap/deployments/gone");
    assert!(gone.is_success(), "{}", gone.message());
    // A mesh has its hands in the pods now.
    pod_of(cluster, &web, true);
    let run = diff(folder.path(), &["--from", "before", "--to", "live", "-o", "json"]);
    let expected = [
        "worse web allowed>warned started hostNamespaces",
        "removed gone warned>- stopped hostNamespaces",
    ];
    // The pods are of the second state alone: the workload itself is as it was.
    assert_eq!(changes(&run), expected[1..], "{}", run.stderr);
    let run = diff(folder.path(), &["pods", "--from", "before", "--to", "live", "-o", "json"]);
    assert_eq!(changes(&run), ["added web ->warned started hostNamespaces"], "{}", run.stderr);
    assert_eq!(run.json()["changes"][0]["to"]["by"], "pod/web-1-a");
    // Without a cluster: the snapshot's labels are the files'.
    let run = Run::new("kubectl-pss")
        .args(["diff", "--from", "before", "--to", "web.json", "-o", "json"])
        .in_folder(folder.path())
        .finish();
    assert_eq!(changes(&run), expected[..1], "{}", run.stderr);
    assert!(run.json()["from"]["server"] == "1.37" && run.json()["to"]["server"] == "1.37");
    let run = Run::new("kubectl-pss")
        .args(["diff", "--from", "baseline", "--to", "privileged", "-f", "before", "-o", "json"])
        .in_folder(folder.path())
        .finish();
    assert_eq!(
        changes(&run),
        ["better gone rejected>allowed stopped hostNamespaces"],
        "{}",
        run.stderr
    );
}

#[test]
fn the_printed_role_is_enough() {
    let cluster = Cluster::shared();
    cluster.seed(&[Namespace::new("diff-rights")
        .pod_security("enforce", "privileged")
        .pod_security("warn", "baseline")]);
    create(cluster, &deployment("diff-rights", "web", false));
    let folder = folder(&[("web.json", deployment("diff-rights", "web", true).to_string())]);
    let forbidden = diff_as(cluster, "bob", folder.path(), &["-f", ".", "-o", "json"]);
    assert_eq!(forbidden.code, 3, "{}{}", forbidden.stdout, forbidden.stderr);
    let printed = diff(folder.path(), &["-f", ".", "--print-rbac"]);
    assert_eq!(printed.code, 0, "{}", printed.stderr);
    let bound = cluster.kubectl_as(ADMIN, &["create", "-f", "-"], &printed.stdout);
    assert_eq!(bound.code, 0, "{}", bound.stderr);
    for arguments in [
        &["create", "rolebinding", "bob", "-n", "diff-rights", "--role=kubectl-pss", "--user=bob"]
            [..],
        &["create", "clusterrolebinding", "bob", "--clusterrole=kubectl-pss", "--user=bob"],
    ] {
        let bound = cluster.kubectl(arguments);
        assert_eq!(bound.code, 0, "{}", bound.stderr);
    }
    let started = Instant::now();
    loop {
        let run = diff_as(cluster, "bob", folder.path(), &["-f", ".", "-o", "json"]);
        if run.code == 1 && run.json()["summary"]["complete"] == true {
            assert_eq!(changes(&run), ["worse web allowed>warned started hostNamespaces"]);
            break;
        }
        assert!(started.elapsed() < DEADLINE, "{}{}\n{}", run.stdout, run.stderr, printed.stdout);
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_cluster_that_does_not_answer_is_said() {
    let folder = folder(&[("web.json", deployment("a", "web", true).to_string())]);
    let run = diff(folder.path(), &["-f", ".", "-s", "https://127.0.0.1:1"]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{}", run.stderr);
}
