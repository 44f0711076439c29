//! Who is found by what.
#![cfg(test)]

use super::{Scene, Signs};
use crate::dialect::{Dialect, Taken};
use crate::testing::objects;

fn signs(text: &str) -> Signs {
    let mut signs = Signs::default();
    for object in objects(text) {
        let mut part = Signs::default();
        part.note(&object);
        signs.merge(part);
    }
    signs
}

fn daemon_set(namespace: &str, name: &str, containers: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: DaemonSet, metadata: {{name: {name}, namespace: {namespace}}}, \
         spec: {{template: {{spec: {{containers: [{containers}]}}}}}}}}\n---\n"
    )
}

#[test]
fn the_first_line_says_who_and_by_what() {
    let calico =
        daemon_set("calico-system", "calico-node", "{name: c, image: calico/node:v3.30.2}");
    let flannel = daemon_set("kube-flannel", "kube-flannel-ds", "{name: c, image: flannel}");
    let helped = daemon_set(
        "kube-flannel",
        "kube-flannel-ds",
        "{name: c, image: flannel}, {name: d, image: 'registry.k8s.io/networking/kube-network-policies:v1.1.0'}",
    );
    let aws = |word: &str| {
        daemon_set(
            "kube-system",
            "aws-node",
            &format!("{{name: aws-eks-nodeagent, image: a, args: [{word}]}}"),
        )
    };
    let node = "{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {nodeInfo: {kubeletVersion: v1.33.1+k3s1}}}";
    let crd = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x}, spec: {group: cilium.io}}";
    let cases: [(&str, Scene, &str); 10] = [
        (&calico, Scene::Cluster, "Calico (DaemonSet calico-system/calico-node)"),
        ("", Scene::Cluster, "none found: policies may have no effect"),
        ("", Scene::Manifests, "not known (manifests only)"),
        ("", Scene::Partly("no right".to_owned()), "not known (no right)"),
        (
            &flannel,
            Scene::Cluster,
            "none found: policies may have no effect (flannel, DaemonSet kube-flannel/kube-flannel-ds, does not enforce them)",
        ),
        (&helped, Scene::Cluster, "kube-network-policies (DaemonSet kube-flannel/kube-flannel-ds)"),
        (
            &aws("--enable-network-policy=true"),
            Scene::Cluster,
            "AWS VPC CNI (DaemonSet kube-system/aws-node)",
        ),
        (
            &aws("--enable-network-policy=false"),
            Scene::Manifests,
            "none found: policies may have no effect (AWS VPC CNI, DaemonSet kube-system/aws-node, has policies switched off)",
        ),
        (node, Scene::Cluster, "k3s (node n1 runs it, with the policy controller of kube-router)"),
        (crd, Scene::Manifests, "Cilium (the API has the group cilium.io)"),
    ];
    for (text, scene, line) in cases {
        assert_eq!(signs(text).detect(&scene).line(None), format!("enforcer: {line}"));
    }
    let asked = Dialect::of_name("cilium").unwrap();
    assert_eq!(
        signs("").detect(&Scene::Manifests).line(Some(&asked)),
        "enforcer: Cilium (--cni cilium); found: not known (manifests only)"
    );
}

#[test]
fn kinds_follow_the_release() {
    let kinds = |tag: &str| {
        let text =
            daemon_set("x", "calico-node", &format!("{{name: c, image: 'calico/node:{tag}'}}"));
        let found = signs(&text).detect(&Scene::Cluster);
        let kinds = found.enforcer().unwrap().kinds();
        (kinds.network_policy, kinds.cluster_network_policy, kinds.admin_network_policy)
    };
    assert_eq!(kinds("v3.28.0"), (true, false, false));
    assert_eq!(kinds("v3.31.0"), (true, false, true));
    assert_eq!(kinds("v3.32.0"), (true, true, false));
    assert_eq!(kinds("latest"), (true, true, false));
}

#[test]
fn cilium_reads_what_its_config_map_says() {
    let set =
        daemon_set("kube-system", "cilium", "{name: c, image: 'quay.io/cilium/cilium:v1.20.0'}");
    let of = |data: &str| {
        let map = format!(
            "{set}{{apiVersion: v1, kind: ConfigMap, metadata: {{name: cilium-config, namespace: kube-system}}, data: {{{data}}}}}"
        );
        let found = signs(&map).detect(&Scene::Cluster);
        found.enforcer().unwrap().clone()
    };
    let plain = of("");
    assert_eq!(plain.dialect, Dialect::of_name("cilium").unwrap());
    assert_eq!(plain.dialect.block_means_pods, Taken::No);
    assert!(plain.dialect.dead_sections_count && !plain.kinds().cluster_network_policy);
    let open = of(r#"policy-cidr-match-mode: nodes, enable-k8s-cluster-network-policy: "true""#);
    assert_eq!(open.dialect.block_means_pods, Taken::Open);
    assert!(open.kinds().cluster_network_policy);
    assert_eq!(open.notes.len(), plain.notes.len() + 1);
    assert_eq!(of(r#"policy-cidr-match-mode: "nodes,pods""#).dialect.block_means_pods, Taken::Yes);
    assert!(!of("enable-policy: never").kinds().network_policy);
    assert!(!of(r#"enable-k8s-networkpolicy: "false""#).kinds().network_policy);
}

#[test]
fn every_name_is_taken_and_others_are_refused() {
    for name in super::names() {
        assert_eq!(Dialect::of_name(name).unwrap().name, name);
    }
    let error = Dialect::of_name("calcio").unwrap_err();
    assert!(error.to_string().contains("calico"), "{error}");
}
