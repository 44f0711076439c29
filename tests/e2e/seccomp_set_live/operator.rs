//! Before `Localhost`: what the Security Profiles Operator says of the nodes.

use posture_harness::cluster::{ADMIN, Cluster, ClusterOptions, Namespace};
use serde_json::{Value, json};

use super::world::{create, pod_spec, run, workload};

const GROUP: &str = "security-profiles-operator.x-k8s.io";

fn definition(kind: &str, plural: &str, version: &str, scope: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.{GROUP}") },
        "spec": {
            "group": GROUP,
            "scope": scope,
            "names": { "kind": kind, "plural": plural },
            "versions": [{ "name": version, "served": true, "storage": true, "schema": {
                "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
            } }],
        },
    })
}

/// Creates what discovery may not know yet.
fn create_soon(cluster: &Cluster, path: &str, object: &Value) -> Value {
    for _ in 0..100 {
        let answer = cluster.create(path, object, "");
        if answer.is_success() {
            return answer.json();
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the server does not serve {path}");
}

#[test]
fn the_nodes_without_the_profile_are_named() {
    let cluster = Cluster::start(&ClusterOptions::default());
    cluster.seed(&[Namespace::new("shop")]);
    create(&cluster, "shop", workload("Deployment", "web", &pod_spec()));
    for (kind, plural, version, scope) in [
        ("SeccompProfile", "seccompprofiles", "v1beta1", "Namespaced"),
        ("SecurityProfileNodeStatus", "securityprofilenodestatuses", "v1alpha1", "Cluster"),
    ] {
        cluster.create_all(&[definition(kind, plural, version, scope)]);
    }
    for name in ["node-a", "node-b"] {
        cluster.create_all(&[json!({ "apiVersion": "v1", "kind": "Node", "metadata": {
            "name": name, "labels": { "kubernetes.io/os": "linux" } } })]);
    }
    let path = format!("/apis/{GROUP}/v1beta1/namespaces/shop/seccompprofiles");
    let profile = create_soon(
        &cluster,
        &path,
        &json!({
            "apiVersion": format!("{GROUP}/v1beta1"), "kind": "SeccompProfile",
            "metadata": { "name": "web" },
            "status": { "status": "Installed", "localhostProfile": "operator/shop/web.json" },
        }),
    );
    let status = |node: &str, status: &str| {
        let path = format!("/apis/{GROUP}/v1alpha1/securityprofilenodestatuses");
        create_soon(
            &cluster,
            &path,
            &json!({
                "apiVersion": format!("{GROUP}/v1alpha1"), "kind": "SecurityProfileNodeStatus",
                "metadata": { "name": format!("web-{node}"), "ownerReferences": [{
                    "apiVersion": profile["apiVersion"], "kind": "SeccompProfile", "name": "web",
                    "uid": profile["metadata"]["uid"] }] },
                "nodeName": node, "status": status,
            }),
        )
    };
    let said = |path: &str| {
        let profile = format!("Localhost={path}");
        let arguments =
            ["set", &profile, "deploy/web", "-n", "shop", "--dry-run=client", "-o", "json"];
        let finished = run(&cluster, ADMIN, &arguments);
        assert_eq!(finished.code, 0, "{finished:?}");
        finished.json()["warnings"][0].as_str().unwrap_or_default().to_owned()
    };
    status("node-a", "Installed");
    let partly = said("operator/shop/web.json");
    assert!(partly.contains("not on 1 of 2 nodes"), "{partly}");
    assert!(partly.contains("SeccompProfile shop/web: node-b"), "{partly}");
    status("node-b", "Installed");
    assert_eq!(said("operator/shop/web.json"), "");
    let other = said("operator/shop/other.json");
    assert!(other.starts_with("no SeccompProfile of the Security Profiles Operator"), "{other}");
}
