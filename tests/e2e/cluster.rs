//! The test cluster itself: it starts in seconds, is what was asked for, and leaves nothing behind.
#![cfg(test)]

use std::process::Command;
use std::time::Duration;

use posture_harness::asset;
use posture_harness::cluster::{Cluster, ClusterOptions, Namespace};
use serde_json::{Value, json};

/// What baseline says of [`privileged_pod`].
const VIOLATION: &str = "privileged (container \"c\" must not set securityContext.privileged=true)";

/// A pod that the level baseline refuses.
fn privileged_pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name },
        "spec": { "containers": [{
            "name": "c",
            "image": "x",
            "securityContext": { "privileged": true },
        }] },
    })
}

fn say_start(cluster: &Cluster) {
    let (version, minor) = (&cluster.version()["gitVersion"], cluster.minor());
    println!("{version} as 1.{minor}: ready in {:.1?}", cluster.started_in());
}

#[test]
fn it_starts_in_seconds_and_is_the_version_that_it_says() {
    let cluster = Cluster::shared();
    say_start(cluster);
    // On a machine with nothing else to do it is a tenth of this.
    assert!(cluster.started_in() < Duration::from_secs(30));
    let said = Command::new(asset::path("kube-apiserver")).arg("--version").output().unwrap();
    let version = cluster.version()["gitVersion"].as_str().unwrap();
    assert_eq!(String::from_utf8(said.stdout).unwrap(), format!("Kubernetes {version}\n"));
    let kubectl = cluster.kubectl(&["version", "-o", "json"]).json();
    assert_eq!(&kubectl["serverVersion"], cluster.version());
}

#[test]
fn it_emulates_an_older_minor_and_takes_a_configuration() {
    let own = Cluster::shared().minor();
    let defaults = "\
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: PodSecurity
  configuration:
    apiVersion: pod-security.admission.config.k8s.io/v1
    kind: PodSecurityConfiguration
    defaults: {enforce: baseline}
    exemptions: {namespaces: [exempt]}
";
    let cluster = Cluster::start(
        &ClusterOptions::default()
            .emulated_minor(own - 3)
            .admission(defaults)
            .feature_gate("ProcMountType", false)
            .user("carol", &["system:masters"])
            .flag("--v=1")
            .flag("--service-cluster-ip-range=10.9.0.0/24"),
    );
    say_start(&cluster);
    assert_eq!(cluster.minor(), own - 3);
    assert_eq!(cluster.version()["gitVersion"], Cluster::shared().version()["gitVersion"]);

    cluster.seed(&[Namespace::new("plain"), Namespace::new("exempt").object(privileged_pod("p"))]);
    let refused = cluster.create("/api/v1/namespaces/plain/pods", &privileged_pod("p"), "");
    assert_eq!(refused.status, 403);
    assert!(refused.message().contains("violates PodSecurity \"baseline:latest\""), "{refused:?}");
    assert!(cluster.client("carol").get("/api/v1/namespaces/exempt/pods/p").is_success());
    let metrics = cluster.client("carol").get("/metrics").text();
    let gate = "kubernetes_feature_enabled{name=\"ProcMountType\"";
    assert!(metrics.lines().any(|line| line.starts_with(gate) && line.ends_with(" 0")));
    let log = cluster.log("kube-apiserver");
    assert!(log.contains("FLAG: --service-cluster-ip-range=\"10.9.0.0/24\""), "{log}");
}

#[test]
fn a_restricted_user_is_forbidden_until_a_role_is_bound() {
    let cluster = Cluster::shared();
    cluster.seed(&[Namespace::new("rbac")]);
    let list = |user: &str, path: &str| cluster.client(user).get(path);
    let forbidden = list("alice", "/api/v1/namespaces/rbac/pods");
    assert_eq!(forbidden.status, 403);
    assert_eq!(
        forbidden.message(),
        "pods is forbidden: User \"alice\" cannot list resource \"pods\" in API group \"\" in the namespace \"rbac\""
    );
    assert_eq!(cluster.admin().with_token("wrong").get("/api").status, 401);

    cluster.apply(
        "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: pods, namespace: rbac}
rules: [{apiGroups: [''], resources: [pods], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: pods, namespace: rbac}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: pods}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: alice}]
",
    );
    // The server learns of a new role from its own watch.
    let mut answers =
        std::iter::repeat_with(|| list("alice", "/api/v1/namespaces/rbac/pods").status);
    assert!(answers.by_ref().take(1_000).any(|status| status == 200));
    assert_eq!(list("alice", "/api/v1/namespaces/default/pods").status, 403);
    let kubectl = cluster.kubectl_as("alice", &["auth", "can-i", "list", "pods", "-n", "rbac"], "");
    assert_eq!((kubectl.code, kubectl.stdout.as_str()), (0, "yes\n"));
}

#[test]
fn pod_security_refuses_and_warns_in_its_own_words() {
    let cluster = Cluster::shared();
    cluster.seed(&[
        Namespace::new("enforced").pod_security("enforce", "baseline"),
        Namespace::new("warned").pod_security("warn", "baseline"),
    ]);
    let create = |namespace: &str| {
        let path = format!("/api/v1/namespaces/{namespace}/pods");
        cluster.create(&path, &privileged_pod("p"), "dryRun=All")
    };
    let refused = create("enforced");
    assert_eq!(refused.status, 403);
    let expected =
        format!("pods \"p\" is forbidden: violates PodSecurity \"baseline:latest\": {VIOLATION}");
    assert_eq!(refused.message(), expected);
    let warned = create("warned");
    assert_eq!(warned.status, 201, "{}", warned.message());
    assert_eq!(
        warned.warnings,
        [format!("would violate PodSecurity \"baseline:latest\": {VIOLATION}")]
    );
}

#[test]
fn a_new_label_is_answered_with_the_pods_that_violate_it() {
    let cluster = Cluster::shared();
    cluster.seed(&[Namespace::new("relabelled").object(privileged_pod("p"))]);
    let labels = json!({ "pod-security.kubernetes.io/enforce": "baseline" });
    let patch = json!({ "metadata": { "labels": labels } });
    let relabel = || cluster.admin().merge("/api/v1/namespaces/relabelled?dryRun=All", &patch);
    // The server looks at what its cache has, which comes after the answer to the creation.
    let answer =
        std::iter::repeat_with(relabel).take(1_000).find(|answer| !answer.warnings.is_empty());
    let expected = [
        "existing pods in namespace \"relabelled\" violate the new PodSecurity enforce level \"baseline:latest\"",
        "p: privileged",
    ];
    assert_eq!(answer.unwrap().warnings, expected);
}

#[test]
fn objects_of_any_kind_are_seeded() {
    let cluster = Cluster::shared();
    let template =
        json!({ "metadata": { "labels": { "a": "b" } }, "spec": privileged_pod("p")["spec"] });
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "d" },
        "spec": { "selector": { "matchLabels": { "a": "b" } }, "template": template },
    });
    let mut namespace = Namespace::new("seeded").label("team", "a").object(deployment);
    for index in 0..100 {
        namespace = namespace.object(privileged_pod(&format!("p{index}")));
    }
    cluster.seed(&[namespace]);
    let count = |path: &str| cluster.get_json(path)["items"].as_array().unwrap().len();
    assert_eq!(count("/api/v1/namespaces/seeded/pods"), 100);
    assert!(cluster.admin().delete("/api/v1/namespaces/seeded/pods/p0").is_success());
    assert_eq!(count("/api/v1/namespaces/seeded/pods"), 99);
    assert_eq!(count("/apis/apps/v1/namespaces/seeded/deployments"), 1);
    assert_eq!(count("/api/v1/namespaces?labelSelector=team%3Da"), 1);
}

#[test]
#[should_panic(expected = "unknown flag: --nonsense")]
fn a_server_that_does_not_start_shows_its_log() {
    let _cluster = Cluster::start(&ClusterOptions::default().flag("--nonsense=1"));
}

#[cfg(target_os = "linux")]
mod leaves_nothing {
    //! However a test ends, nothing of its cluster is left.

    use std::fs;
    use std::io::{BufRead, BufReader};
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use posture_harness::cluster::{Cluster, ClusterOptions};

    /// How long it may take until everything is gone.
    const DEADLINE: Duration = Duration::from_secs(5);

    /// What [`hold_a_cluster`] puts before the line that the others read.
    const MARK: &str = "cluster:";

    /// Whether a process runs. One that has ended and waits for somebody to notice does not.
    fn runs(process: u32) -> bool {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().next());
        state.is_some_and(|state| !matches!(state, "Z" | "X"))
    }

    fn assert_gone(processes: &[u32], folder: Option<&Path>) {
        let started = Instant::now();
        let left =
            || -> Vec<u32> { processes.iter().copied().filter(|process| runs(*process)).collect() };
        while !left().is_empty() || folder.is_some_and(Path::exists) {
            assert!(started.elapsed() < DEADLINE, "left: {:?} {folder:?}", left());
            std::thread::sleep(Duration::from_millis(10));
        }
        println!("gone in {:?}", started.elapsed());
    }

    /// Another process that holds a cluster, the process ids of the cluster, and its folder.
    fn held() -> (Child, [u32; 3], PathBuf) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "leaves_nothing::hold_a_cluster", "--ignored", "--nocapture"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let line = output.lines().map(Result::unwrap).find(|line| line.contains(MARK)).unwrap();
        let said = line.split_once(MARK).unwrap().1;
        let (processes, folder) = serde_json::from_str(said).unwrap();
        let held: ([u32; 3], PathBuf) = (processes, folder);
        assert!(held.0.iter().all(|process| runs(*process)) && held.1.exists());
        (child, held.0, held.1)
    }

    #[test]
    #[ignore = "the tests beside it run it in a process of its own, and end that"]
    fn hold_a_cluster() {
        let cluster = Cluster::start(&ClusterOptions::default());
        println!(
            "\n{MARK}{}",
            serde_json::to_string(&(cluster.processes(), cluster.folder())).unwrap()
        );
        std::thread::sleep(Duration::from_mins(1));
    }

    #[test]
    fn when_it_is_dropped() {
        let cluster = Cluster::start(&ClusterOptions::default());
        let (processes, folder) = (cluster.processes(), cluster.folder().to_owned());
        assert!(processes.iter().all(|process| runs(*process)) && folder.exists());
        drop(cluster);
        assert!(!processes.iter().any(|process| runs(*process)) && !folder.exists());
    }

    #[test]
    fn when_the_test_is_killed() {
        let (mut child, processes, folder) = held();
        child.kill().unwrap();
        assert_gone(&processes, Some(&folder));
        child.wait().unwrap();
    }

    #[test]
    fn when_the_supervisor_is_killed() {
        let (mut child, processes, folder) = held();
        let kill = format!("kill -KILL {}", processes[2]);
        let killed = Command::new("/bin/sh").args(["-c", &kill]).status();
        assert!(killed.unwrap().success());
        assert_gone(&processes, None);
        child.kill().unwrap();
        child.wait().unwrap();
        fs::remove_dir_all(folder).unwrap();
    }
}
