//! `kubectl netpol` on a real API server: what it says there it says of a snapshot, too, and with the
//! rights that it prints.
#![cfg(test)]

use std::time::{Duration, Instant};

use posture_harness::binary::{Finished, Run};
use posture_harness::cluster::{ADMIN, Cluster};
use serde_json::{Value, json};

/// Has no other rights than those that a test gives it.
const USER: &str = "alice";

/// How long the authorizer may take to learn of roles: it reads them through a cache.
const DEADLINE: Duration = Duration::from_secs(40);

const MANIFESTS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: netpol-shop, labels: {team: store}}
---
apiVersion: v1
kind: Namespace
metadata: {name: netpol-data}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: netpol-shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: netpol-data}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: netpol-shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: netpol-data, labels: {app: db}}
spec: {containers: [{name: c, image: x, ports: [{name: sql, containerPort: 5432}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: netpol-data}
spec: {selector: {app: db}, ports: [{port: 6000, targetPort: sql}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db-in, namespace: netpol-data}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{namespaceSelector: {matchLabels: {team: store}}}]
    ports: [{port: sql}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: calico-node, namespace: kube-system}
spec:
  selector: {matchLabels: {app: calico}}
  template:
    metadata: {labels: {app: calico}}
    spec: {hostNetwork: true, containers: [{name: c, image: 'quay.io/calico/node:v3.31.0'}]}
";

fn run_as(user: &str, words: &[&str]) -> Finished {
    let kubeconfig = Cluster::shared().kubeconfig(user);
    Run::new("kubectl-netpol")
        .env("KUBECONFIG", kubeconfig.to_str().expect("a path in UTF-8"))
        .args(words.iter().copied())
        .finish()
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// An answer without what says where it comes from.
fn bare(mut answer: Value) -> Value {
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("target");
    }
    answer
}

#[test]
fn a_cluster_a_snapshot_of_it_and_a_user_with_the_printed_rights() {
    let cluster = Cluster::shared();
    cluster.apply(MANIFESTS);
    let can = "can deploy/web.netpol-shop svc/db.netpol-data:6000";
    let yes = run_as(ADMIN, &words(can));
    assert_eq!(yes.code, 0, "{yes:?}");
    let first = yes.stdout.lines().next().unwrap_or_default();
    assert_eq!(first, "enforcer: Calico (DaemonSet kube-system/calico-node)", "{yes:?}");
    assert!(yes.stdout.contains("allowed TCP 5432"), "{yes:?}");
    let no = run_as(ADMIN, &words("can pod/db.netpol-data pod/db.netpol-data:1"));
    assert_eq!(no.code, 4, "one pod is nobody else: {no:?}");
    let no = run_as(ADMIN, &words("can ns/kube-system pod/db.netpol-data:5432"));
    assert_eq!(no.code, 1, "{no:?}");

    for question in [can, "list --to pod/db.netpol-data"] {
        let live = run_as(ADMIN, &words(&format!("{question} -o json")));
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("snapshot");
        let dir = dir.to_str().expect("a path in UTF-8");
        let recorded = run_as(ADMIN, &words(&format!("{question} --snapshot {dir} -o json")));
        assert_eq!(recorded.code, live.code, "{recorded:?}");
        let again = run_as("nobody", &words(&format!("{question} -f {dir} -o json")));
        assert_eq!(again.code, live.code, "{again:?}");
        assert_eq!(bare(again.json()), bare(live.json()), "{question}");

        let roles = run_as(ADMIN, &words(&format!("{question} --print-rbac")));
        assert_eq!(roles.code, 0, "{roles:?}");
        let forbidden = run_as(USER, &words(&format!("{question} -o json")));
        assert_eq!(forbidden.code, 3, "nothing can be read without rights: {forbidden:?}");
        cluster.apply(&roles.stdout);
        cluster.apply(&binding().to_string());
        let started = Instant::now();
        loop {
            let allowed = run_as(USER, &words(&format!("{question} -o json")));
            if allowed.code == live.code && bare(allowed.json()) == bare(live.json()) {
                break;
            }
            assert!(started.elapsed() < DEADLINE, "{allowed:?} with {}", roles.stdout);
            std::thread::sleep(Duration::from_millis(100));
        }
        let gone = cluster.kubectl(&["delete", "clusterrolebinding,clusterrole", "kubectl-netpol"]);
        assert_eq!(gone.code, 0, "{gone:?}");
        wait_until_forbidden(question);
    }
}

fn binding() -> Value {
    let group = "rbac.authorization.k8s.io";
    json!({
        "apiVersion": format!("{group}/v1"),
        "kind": "ClusterRoleBinding",
        "metadata": { "name": "kubectl-netpol" },
        "roleRef": { "apiGroup": group, "kind": "ClusterRole", "name": "kubectl-netpol" },
        "subjects": [{ "kind": "User", "name": USER, "apiGroup": group }],
    })
}

fn wait_until_forbidden(question: &str) {
    let started = Instant::now();
    while run_as(USER, &words(question)).code != 3 {
        assert!(started.elapsed() < DEADLINE, "{USER} keeps its rights");
        std::thread::sleep(Duration::from_millis(100));
    }
}
