//! Profiles of the Security Profiles Operator: on which nodes they are, and what is said where that
//! cannot be read.

use std::path::Path;

use kubectl_seccomp::installed::{GROUP, NODE_STATUS, PROFILE};
use posture_harness::cluster::{ADMIN, Cluster, ClusterOptions, Namespace};
use posture_harness::proxy::{Fault, Proxy, Rule};
use serde_json::{Value, json};

use super::world::{effective, gaps, said, wait, with};

const PATH: &str = "operator/shop/web.json";

fn definition(kind: &str, plural: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.{GROUP}") },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": { "kind": kind, "plural": plural },
            "versions": [{ "name": "v1beta1", "served": true, "storage": true, "schema": {
                "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
            } }],
        },
    })
}

fn pod(name: &str, node: &str, path: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name }, "spec": {
        "nodeName": node,
        "securityContext": {
            "seccompProfile": { "type": "Localhost", "localhostProfile": path },
        },
        "containers": [{ "name": "c", "image": "x" }],
    } })
}

/// A cluster of its own: with the operator others would have more to read.
fn cluster() -> Cluster {
    let cluster = Cluster::start(&ClusterOptions::default());
    cluster.create_all(&[
        definition(PROFILE, "seccompprofiles"),
        definition(NODE_STATUS, "securityprofilenodestatuses"),
    ]);
    let info = json!({ "kubeletVersion": "v1.33.1", "containerRuntimeVersion": "containerd://2.1.0",
        "operatingSystem": "linux" });
    let node = |name: &str| {
        json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": name },
            "status": { "nodeInfo": info } })
    };
    cluster.create_all(&[node("has"), node("lacks")]);
    let shop = Namespace::new("shop").object(pod("good", "has", PATH));
    let shop = shop.object(pod("bad", "lacks", PATH)).object(pod("own", "has", "mine.json"));
    let mut open = pod("open", "has", PATH);
    open["spec"].as_object_mut().expect("a spec").remove("securityContext");
    let shop = shop.object(open);
    cluster.seed(&[shop]);
    let root = format!("/apis/{GROUP}/v1beta1/namespaces/shop");
    let create = |plural: &str, object: &Value| {
        let mut made = Value::Null;
        wait("the kind is not served", || {
            let answer = cluster.create(&format!("{root}/{plural}"), object, "");
            made = if answer.is_success() { answer.json() } else { Value::Null };
            answer.is_success()
        });
        made
    };
    let profile = json!({ "apiVersion": format!("{GROUP}/v1beta1"), "kind": PROFILE,
        "metadata": { "name": "web" },
        "status": { "localhostProfile": PATH, "status": "Installed" } });
    let profile = create("seccompprofiles", &profile);
    let owner = json!({ "apiVersion": profile["apiVersion"], "kind": PROFILE, "name": "web",
        "uid": profile["metadata"]["uid"] });
    let status = json!({ "apiVersion": format!("{GROUP}/v1beta1"), "kind": NODE_STATUS,
        "metadata": { "name": "web-has", "ownerReferences": [owner] },
        "nodeName": "has", "status": "Installed" });
    create("securityprofilenodestatuses", &status);
    cluster
}

fn check(kubeconfig: &Path, arguments: &[&str]) -> (Value, i32) {
    let words = [&["check", "-n", "shop", "-o", "json"], arguments].concat();
    let finished = with(kubeconfig, &words).finish();
    (finished.json(), finished.code)
}

#[test]
fn a_profile_is_looked_for_on_the_nodes_that_need_it() {
    let cluster = cluster();
    // Discovery may be behind.
    wait("the statuses are not read", || {
        said(&check(&cluster.kubeconfig(ADMIN), &[]).0, "localhostMissing", "bad").len() == 1
    });
    let (report, code) = check(&cluster.kubeconfig(ADMIN), &[]);
    // All that is open is what the kubelet does.
    assert_eq!((code, gaps(&report).len()), (1, 1), "{report:#}");
    assert!(said(&report, "localhostMissing", "good").is_empty(), "{report:#}");
    let statuses = format!("/apis/{GROUP}/v1beta1/securityprofilenodestatuses");
    for (list, named) in
        [(statuses.as_str(), "securityprofilenodestatuses"), ("/api/v1/nodes?", "nodes")]
    {
        let proxy = Proxy::before(&cluster, ADMIN, vec![Rule::new(list, Fault::Status(403))]);
        let (report, code) = check(&proxy.kubeconfig(), &["pod/good"]);
        assert_eq!((code, effective(&report, "good")), (4, "Localhost"), "{list}: {report:#}");
        let gaps_of = gaps(&report);
        assert!(gaps_of.iter().all(|gap| gap.starts_with(named)), "{list}: {gaps_of:?}");
        assert_eq!(gaps_of.len(), 1, "{list}: {gaps_of:?}");
        // With a pod that is left to the kubelet too, each thing is said once.
        let all = gaps(&check(&proxy.kubeconfig(), &[]).0);
        let of_list = all.iter().filter(|gap| gap.starts_with(named)).count();
        assert_eq!((of_list, all.len()), (1, 2), "{list}: {all:?}");
        // Of a file that is not the operator's nobody knows anything.
        let (report, code) = check(&proxy.kubeconfig(), &["pod/own"]);
        assert_eq!((code, gaps(&report).len()), (0, 0), "{list}: {report:#}");
    }
}
