//! `--snapshot` on a real cluster, and `-f` of what it has written: the same report again.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use posture_harness::binary::{Finished, Run};
use posture_harness::cluster::{ADMIN, Cluster, ClusterOptions, Namespace};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What must never be in a file of a snapshot.
const CANARY: &str = "canary-7f3a";

/// The same in Base64, as the data of Secrets has it.
const ENCODED_CANARY: &str = "Y2FuYXJ5LTdmM2E=";

/// Texts that YAML is fond of misreading, in places where the server takes any text.
const ODD: [&str; 14] = [
    "y",
    "no",
    "0644",
    "1e3",
    "~",
    "null",
    "<<",
    "2001-01-01",
    "a: b",
    " x\n y\n",
    "\u{202e}x",
    "\u{85}",
    "---\nkind: Secret\n",
    "\"quoted\" \\ 'single'",
];

/// The kinds of workloads that `check` looks at by itself.
const KINDS: usize = 9;

fn pod(name: &str, security: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name, "labels": { "app": name, "y": "no" } },
        "spec": { "containers": [{
            "name": "c",
            "image": "x",
            "securityContext": security,
            "env": [{ "name": "PASSWORD", "value": CANARY }, { "name": "NODE",
                "valueFrom": { "fieldRef": { "fieldPath": "spec.nodeName" } } }],
        }] },
    })
}

fn workload(kind: &str, api_version: &str, name: &str, security: &Value) -> Value {
    let template =
        json!({ "metadata": { "labels": { "app": name } }, "spec": pod("", security)["spec"] });
    let mut spec = json!({ "template": template });
    if kind == "Job" {
        spec["template"]["spec"]["restartPolicy"] = "Never".into();
    } else {
        spec["selector"] = json!({ "matchLabels": { "app": name } });
    }
    json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": name }, "spec": spec })
}

/// Makes an object the controller's.
fn owned(mut object: Value, owner: &Value) -> Value {
    object["metadata"]["ownerReferences"] = json!([{
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": true,
    }]);
    object
}

fn create(cluster: &Cluster, namespace: &str, mut object: Value) -> Value {
    object["metadata"]["namespace"] = namespace.into();
    let last_applied = format!("{{\"spec\":\"{CANARY}\"}}");
    object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] =
        last_applied.into();
    let answer = cluster.create(&cluster.collection(&object), &object, "");
    assert!(answer.is_success(), "{}", answer.message());
    answer.json()
}

/// A cluster that nobody changes once it is there.
static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
    let cluster = Cluster::start(&ClusterOptions::default());
    cluster.seed(&[
        Namespace::new("shop").pod_security("warn", "restricted").pod_security("audit", "baseline"),
        Namespace::new("bank").pod_security("enforce", "baseline").label("tier", "y"),
        Namespace::new("plain"),
        Namespace::new("empty").pod_security("enforce", "restricted"),
    ]);
    let (bad, fair) = (json!({ "privileged": true }), json!({}));
    let web = create(&cluster, "shop", workload("Deployment", "apps/v1", "web", &bad));
    let mut set = workload("ReplicaSet", "apps/v1", "web-1", &bad);
    set["spec"]["selector"] = web["spec"]["selector"].clone();
    set["spec"]["template"] = web["spec"]["template"].clone();
    let mut old = owned(set.clone(), &web);
    old["metadata"]["name"] = "web-0".into();
    old["spec"]["replicas"] = 0.into();
    create(&cluster, "shop", old);
    let set = create(&cluster, "shop", owned(set, &web));
    create(&cluster, "shop", owned(pod("web-1-a", &bad), &set));
    create(&cluster, "shop", workload("StatefulSet", "apps/v1", "db", &fair));
    let mut odd = pod("odd", &fair);
    for (number, text) in ODD.iter().enumerate() {
        odd["metadata"]["annotations"][format!("example.com/odd-{number}")] = (*text).into();
    }
    create(&cluster, "shop", odd);
    create(&cluster, "shop", pod("ended", &bad));
    let status = json!({ "status": { "phase": "Succeeded" } });
    let ended = cluster.admin().merge("/api/v1/namespaces/shop/pods/ended/status", &status);
    assert!(ended.is_success(), "{}", ended.message());
    let job = create(&cluster, "bank", workload("Job", "batch/v1", "pay", &fair));
    create(&cluster, "bank", owned(pod("pay-x", &fair), &job));
    create(&cluster, "plain", pod("p", &bad));
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s" },
        "data": { "password": ENCODED_CANARY },
    });
    create(&cluster, "shop", secret);
    let rbac = "rbac.authorization.k8s.io";
    let role = json!({ "apiVersion": format!("{rbac}/v1"), "kind": "Role",
        "metadata": { "name": "pods" },
        "rules": [{ "apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"] }] });
    create(&cluster, "shop", role);
    let binding = json!({ "apiVersion": format!("{rbac}/v1"), "kind": "RoleBinding",
        "metadata": { "name": "pods" },
        "roleRef": { "apiGroup": rbac, "kind": "Role", "name": "pods" },
        "subjects": [{ "kind": "User", "name": "alice" }] });
    create(&cluster, "shop", binding);
    // The server learns of a new role from its own watch.
    while !cluster.client("alice").get("/api/v1/namespaces/shop/pods").is_success() {
        std::thread::sleep(Duration::from_millis(20));
    }
    cluster
});

fn live(user: &str, arguments: &[&str]) -> Run {
    let kubeconfig = CLUSTER.kubeconfig(user);
    Run::new("kubectl-pss")
        .env("KUBECONFIG", kubeconfig.to_str().expect("a path in UTF-8"))
        .args(arguments.iter().copied())
}

/// A snapshot that goes when the test ends.
struct Taken {
    folder: TempDir,
    said: Finished,
}

impl Taken {
    fn new(user: &str, arguments: &[&str]) -> Self {
        let folder = TempDir::new().expect("room");
        let dir = folder.path().join("snapshot");
        let said = live(user, arguments)
            .args(["--snapshot", dir.to_str().expect("a path in UTF-8"), "-o", "json"])
            .finish();
        let taken = Self { folder, said };
        taken.holds_no_secret();
        taken
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("snapshot")
    }

    /// A run on the snapshot, where no cluster is known.
    fn replay(&self, arguments: &[&str]) -> Finished {
        let dir = self.dir();
        let dir = dir.to_str().expect("a path in UTF-8");
        Run::new("kubectl-pss")
            .args(arguments.iter().copied())
            .args(["-f", dir, "-o", "json"])
            .finish()
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.dir()).expect("a folder");
        let mut files: Vec<PathBuf> =
            entries.map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        files
    }

    fn holds_no_secret(&self) {
        let files = self.files();
        assert!(files.iter().any(|file| file.ends_with("snapshot.yaml")), "{files:?}");
        for file in files {
            let text = fs::read_to_string(&file).expect("text");
            for secret in [CANARY, ENCODED_CANARY, "last-applied", "managedFields"] {
                assert!(!text.contains(secret), "{secret} in {}", file.display());
            }
            assert!(!text.contains('\u{202e}'), "{}", file.display());
        }
    }
}

/// A report without what says where it comes from.
fn content(said: &Finished) -> Value {
    let mut report = said.json();
    report.as_object_mut().expect("a report").remove("target");
    report
}

fn assert_same(replayed: &Finished, live: &Finished, what: &str) {
    assert_eq!(replayed.code, live.code, "{what}: {}{}", replayed.stderr, live.stderr);
    assert_eq!(content(replayed), content(live), "{what}");
    for field in ["server", "context"] {
        assert_eq!(replayed.json()["target"][field], live.json()["target"][field], "{what}");
    }
}

#[test]
fn a_replay_is_the_report_of_the_live_command() {
    let mut seen = BTreeSet::new();
    let mut gaps = 0;
    for (user, words) in [
        (ADMIN, "check -A"),
        (ADMIN, "check -n shop"),
        (ADMIN, "check -n nowhere"),
        (ADMIN, "check"),
        (ADMIN, "check ns"),
        (ADMIN, "check ns shop"),
        (ADMIN, "check ns bank plain missing"),
        (ADMIN, "check ns -l tier=y"),
        (ADMIN, "check -A --server-version 1.30"),
        (ADMIN, "check -A -l app=web"),
        (ADMIN, "check deploy,po -n shop --field-selector metadata.name!=odd"),
        (ADMIN, "check po ended web-1-a missing -n shop"),
        (ADMIN, "check rs/web-0 sts/db -n shop"),
        (ADMIN, "check secrets,deployments -n shop"),
        (ADMIN, "check all -n bank"),
        ("alice", "check -n shop"),
        ("alice", "check ns shop"),
        ("alice", "check po -n shop"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let taken = Taken::new(user, &words);
        let again = taken.replay(&["check"]);
        assert_same(&again, &taken.said, &format!("{user} {words:?}"));
        assert_eq!(again.json()["target"]["files"], json!([taken.dir().to_str()]), "{words:?}");
        let report = taken.said.json();
        gaps += report["gaps"].as_array().map_or(0, Vec::len);
        seen.insert(taken.said.code);
        assert!(taken.said.stderr.contains("snapshot written"), "{}", taken.said.stderr);
        assert!(again.stderr.contains("snapshot of test, taken 2"), "{}", again.stderr);
        // The same words, said again.
        let repeated = taken.replay(&words);
        assert_same(&repeated, &taken.said, &format!("{user} {words:?} again"));
    }
    assert_eq!(seen, BTreeSet::from([0, 1, 4]), "every way to end turns up");
    assert!(gaps > 2 * KINDS, "{gaps} gaps");
}

#[test]
fn other_words_get_what_the_live_command_would_have_said() {
    let taken = Taken::new(ADMIN, &["check", "-A"]);
    for words in [
        "check ns",
        "check ns shop",
        "check ns shop missing",
        "check -n shop",
        "check pods -A",
        "check deploy web -n shop",
        "check po/odd rs/web-1 -n shop",
        "check po missing -n shop",
        "check sts,jobs -A",
        "check -A --level baseline",
        "check -A --server-version 1.24",
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let now = live(ADMIN, &words).args(["-o", "json"]).finish();
        let then = taken.replay(&words);
        if now.stdout.is_empty() {
            // What to do about it differs: there is no server to look for.
            let missing = "pods \"missing\" not found";
            assert_eq!(then.code, now.code, "{words:?}: {}", then.stderr);
            assert!(then.stderr.contains(missing), "{}", then.stderr);
            assert!(now.stderr.contains(missing), "{}", now.stderr);
            continue;
        }
        assert_same(&then, &now, &format!("{words:?}"));
    }
}

#[test]
fn what_the_snapshot_lacks_is_a_gap() {
    let taken = Taken::new(ADMIN, &["check", "pods", "-n", "bank"]);
    let said = taken.replay(&["check", "ns"]);
    let report = said.json();
    assert_eq!(said.code, 4, "{report:#}");
    let objects: Vec<String> = report["gaps"]
        .as_array()
        .expect("gaps")
        .iter()
        .map(|gap| gap["object"].as_str().unwrap_or_default().to_owned())
        .collect();
    for object in ["namespaces", "pods in all namespaces", "deployments.apps in all namespaces"] {
        assert!(objects.iter().any(|known| known == object), "{object}: {objects:?}");
    }
    // What is there is judged all the same.
    let bank =
        report["objects"].as_array().expect("objects").iter().find(|row| row["name"] == "bank");
    assert_eq!(bank.expect("a row")["meets"], "baseline", "{report:#}");

    let report = taken.replay(&["check", "-A"]).json();
    assert_eq!(report["objects"][0]["name"], "pay-x");
    assert_eq!(report["summary"]["complete"], false);
    let selected = taken.replay(&["check", "pods", "-l", "app=pay-x"]);
    assert_eq!((selected.code, selected.stdout.as_str()), (3, ""), "{}", selected.stderr);
    assert!(selected.stderr.contains("not in the snapshot"), "{}", selected.stderr);
    let nothing = taken.replay(&["check", "deployments"]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (3, ""), "{}", nothing.stderr);
    let unknown = taken.replay(&["check", "gadgets"]);
    assert_eq!(unknown.code, 2, "{}", unknown.stderr);
    assert!(
        unknown.stderr.contains("doesn't have a resource type \"gadgets\""),
        "{}",
        unknown.stderr
    );
    let refused = Taken::new("alice", &["check", "po,deploy", "-n", "shop"]);
    let gaps = refused.replay(&["check", "deploy", "web", "-n", "shop"]);
    assert!(gaps.stderr.contains("deployments.apps is forbidden"), "{}", gaps.stderr);
}

#[cfg(unix)]
#[test]
fn its_files_are_its_owners_and_kubectl_reads_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let taken = Taken::new(ADMIN, &["check", "-n", "shop"]);
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&taken.dir()), 0o700);
    let files = taken.files();
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    let pods = files.iter().find(|file| {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.ends_with("-pods.shop.yaml")
    });
    let pods = pods.and_then(|file| file.to_str()).expect("a file of pods");
    let read = CLUSTER.kubectl(&["create", "--dry-run=client", "-o", "json", "-f", pods]);
    let read = serde_json::Deserializer::from_str(&read.stdout).into_iter::<Value>();
    let read: Vec<Value> = read.map(|object| object.expect("JSON")).collect();
    let stored = CLUSTER.get_json("/api/v1/namespaces/shop/pods");
    let stored = stored["items"].as_array().expect("a list");
    assert_eq!((read.len(), stored.len()), (3, 3));
    for (read, stored) in read.into_iter().zip(stored) {
        let mut expected = stored.clone();
        let metadata = expected["metadata"].as_object_mut().expect("metadata");
        metadata.remove("managedFields");
        let annotations = metadata["annotations"].as_object_mut().expect("annotations");
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
        for variable in expected["spec"]["containers"][0]["env"].as_array_mut().expect("env") {
            variable.as_object_mut().expect("a variable").remove("value");
        }
        expected["apiVersion"] = "v1".into();
        expected["kind"] = "Pod".into();
        assert_eq!(read, expected);
    }
}

#[test]
fn nothing_is_written_over_and_nothing_incomplete_is_read() {
    let folder = TempDir::new().expect("room");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    fs::write(folder.path().join("mine.txt"), "kept").expect("room");
    let here = folder.path().to_str().expect("UTF-8");
    let refused = live(ADMIN, &["check", "-A", "--snapshot", here]).finish();
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{}", refused.stderr);
    assert!(refused.stderr.contains("no snapshot"), "{}", refused.stderr);
    // Whoever gets no answer leaves nothing behind.
    let nobody = live("nobody", &["check", "-A", "--snapshot", &path("n")]).finish();
    assert_eq!(nobody.code, 3, "{}", nobody.stderr);
    assert!(!folder.path().join("n").exists());

    let taken = Taken::new(ADMIN, &["check", "-A"]);
    let dir = taken.dir();
    let dir = dir.to_str().expect("UTF-8");
    let run = |arguments: &[&str]| Run::new("kubectl-pss").args(arguments.iter().copied()).finish();
    let both = run(&["check", "-f", dir, "-f", &path("mine.txt")]);
    assert_eq!(both.code, 2, "{}", both.stderr);
    assert_eq!(run(&["check", "-f", dir, "--snapshot", &path("x")]).code, 2);
    assert_eq!(run(&["check", "-f", dir, "--with-cluster"]).code, 2);
    let rights = run(&["check", "-f", dir, "--print-rbac"]);
    assert!(rights.stdout.contains("asks no cluster"), "{}", rights.stdout);
    // In the same place again: what is there is a snapshot, and is replaced.
    let before = taken.files().len();
    let again = live(ADMIN, &["check", "pods", "-n", "bank", "--snapshot", dir]).finish();
    assert!(again.stderr.contains("snapshot written"), "{}", again.stderr);
    assert!(taken.files().len() < before, "{:?}", taken.files());
    fs::rename(taken.dir().join("snapshot.yaml"), taken.dir().join("snapshot.unfinished"))
        .expect("it is there");
    let incomplete = run(&["check", "-f", dir]);
    assert_eq!((incomplete.code, incomplete.stdout.as_str()), (3, ""), "{}", incomplete.stderr);
    assert!(incomplete.stderr.contains("not complete"), "{}", incomplete.stderr);
}
