//! What `kubectl netpol` writes for programs is what its schemas say.
#![cfg(test)]

use std::path::Path;

use posture_e2e::folder;
use posture_e2e::schema::violations;
use posture_harness::binary::Run;
use serde_json::{Value, json};

/// Whatever a report may have beside what the example has: nodes, addresses, policies with a rule that
/// passes, policies of others, a block over a pod, a pod that is not there yet, a broken document.
const CLUSTER: &str = "\
apiVersion: v1
kind: Node
metadata: {name: one}
status: {addresses: [{type: InternalIP, address: 192.168.7.1}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: one, containers: [{name: c, image: x}]}
status: {phase: Running, podIP: 10.1.0.5, podIPs: [{ip: 10.1.0.5}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {nodeName: one, containers: [{name: c, image: x}]}
status: {phase: Running, podIP: 10.1.0.6, podIPs: [{ip: 10.1.0.6}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress:
    - from: [{ipBlock: {cidr: 10.1.0.0/16}}]
      ports: [{port: 5432}]
    - from: [{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.7/32]}}]
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: pass}
spec:
  tier: Admin
  priority: 10
  subject: {namespaces: {}}
  ingress:
    - {name: handed on, action: Pass, from: [{namespaces: {}}]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: other, namespace: shop}
spec: {endpointSelector: {matchLabels: {app: db}}}
---
apiVersion: v1
kind: {
";

fn run(folder: &Path, arguments: &[&str]) -> Run {
    Run::new("kubectl-netpol").args(arguments.iter().copied()).in_folder(folder)
}

/// The tree that is written as JSON; as YAML it must be the same one.
fn written(folder: &Path, arguments: &[&str]) -> Value {
    let said = run(folder, arguments).args(["-o", "json"]).finish();
    let again = run(folder, arguments).args(["-o", "yaml"]).finish();
    assert_eq!(again.code, said.code, "{arguments:?}");
    let tree: Value = serde_yaml::from_str(&again.stdout).unwrap();
    assert_eq!(tree, said.json(), "{arguments:?}");
    tree
}

fn schema(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn examples() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/netpol/examples")
}

/// Whether a field stands anywhere, with something in it.
fn has(tree: &Value, name: &str) -> bool {
    match tree {
        Value::Object(fields) => fields.iter().any(|(field, value)| {
            let is_empty = value.as_array().is_some_and(Vec::is_empty);
            (field == name && !is_empty) || has(value, name)
        }),
        Value::Array(items) => items.iter().any(|item| has(item, name)),
        _ => false,
    }
}

#[test]
fn answers_of_can() {
    let schema = schema(include_str!("../schema/netpol-trace-v1.json"));
    let own = folder::with(&[("cluster.yaml", CLUSTER)]);
    let (shop, cluster) = (examples(), own.path());
    for (folder, words, field) in [
        (shop.as_path(), "can deploy/web.shop svc/db.data:5432 -f shop.yaml", "nearMisses"),
        (&shop, "can internet svc/web.shop -f shop.yaml", "ways"),
        (&shop, "can ingress sts/db.data -f shop.yaml", "causes"),
        (cluster, "can pod/web.shop pod/db.shop -f cluster.yaml", "passed"),
        (cluster, "can pod/web.shop pod/db.shop:5432 -f cluster.yaml", "gaps"),
        (cluster, "can node/one pod/db.shop -f cluster.yaml --cni calico", "dialect"),
        (cluster, "can 203.0.113.0/24 pod/db.shop:80 -f cluster.yaml", "isolatedBy"),
        (cluster, "can pod/web.shop 2001:db8::1 -f cluster.yaml", "directions"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let trace = written(folder, &words);
        assert!(has(&trace, field), "{words:?}: {trace:#}");
        let found = violations(&schema, &trace);
        assert!(found.is_empty(), "{words:?}: {found:#?}");
    }
    let found = violations(&schema, &json!({ "kind": 1 }));
    assert!(found.len() > 3, "an answer that is none must not pass: {found:?}");
}

#[test]
fn maps_of_list() {
    let schema = schema(include_str!("../schema/netpol-map-v1.json"));
    let own = folder::with(&[("cluster.yaml", CLUSTER)]);
    let (shop, cluster) = (examples(), own.path());
    for (folder, words, field) in [
        (shop.as_path(), "list -f shop.yaml", "connections"),
        (&shop, "list -f shop.yaml --why", "why"),
        (&shop, "list -f shop.yaml --workload deploy/web.shop --port 443", "summary"),
        (cluster, "list -f cluster.yaml", "causes"),
        (cluster, "list -f cluster.yaml --cni spec --why", "outside"),
        (cluster, "list -f cluster.yaml --only depends", "gaps"),
        (cluster, "list -f cluster.yaml", "nodes"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let map = written(folder, &words);
        assert!(has(&map, field), "{words:?} {field}: {map:#}");
        let found = violations(&schema, &map);
        assert!(found.is_empty(), "{words:?}: {found:#?}");
    }
    let found = violations(&schema, &json!({ "kind": "Map", "connections": [] }));
    assert!(!found.is_empty(), "a map that is none must not pass");
}

#[test]
fn every_pair_is_a_line_of_json() {
    let said = run(&examples(), &["list", "-f", "shop.yaml", "--all-pairs", "-o", "json"]).finish();
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.lines().count() > 3, "{said:?}");
    for line in said.stdout.lines() {
        let pair: Value = serde_json::from_str(line).unwrap();
        assert!(pair["from"]["kind"].is_string() && pair["to"]["kind"].is_string(), "{line}");
    }
}
