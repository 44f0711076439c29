//! Cilium: what its ConfigMap switches.

use std::collections::BTreeMap;

use crate::dialect::{Dialect, Kinds, Taken};

/// Where it departs in what no dialect holds.
///
/// Source: `pkg/labelsfilter/filter.go` and `Documentation/network/kubernetes/policy.rst` of cilium.
pub(super) const NOTES: [&str; 2] = [
    "selectors on labels that Cilium leaves out of identities never match (pod-template-hash, \
     controller-uid, topology.kubernetes.io/… and others)",
    "other nodes are no addresses to ipBlock but the entity remote-node",
];

/// With its defaults.
pub(super) fn read(dialect: &mut Dialect) {
    dialect.block_means_pods = Taken::No;
    dialect.dead_sections_count = true;
    dialect.kinds =
        Kinds { network_policy: true, cluster_network_policy: false, admin_network_policy: false };
}

/// With what `kube-system/cilium-config` says.
///
/// Source: `pkg/option/config.go` of cilium for the names.
pub(super) fn configure(dialect: &mut Dialect, config: &BTreeMap<String, String>) {
    let is = |key: &str, value: &str| config.get(key).is_some_and(|own| own == value);
    if let Some(mode) = config.get("policy-cidr-match-mode") {
        let has = |word: &str| mode.split([',', ' ']).any(|one| one == word);
        dialect.block_means_pods = match (has("pods"), has("nodes")) {
            (true, true) => Taken::Yes,
            (false, false) => Taken::No,
            // It means the one and not the other.
            _ => Taken::Open,
        };
    }
    if is("enable-k8s-networkpolicy", "false") || is("enable-policy", "never") {
        dialect.kinds.network_policy = false;
    }
    if is("enable-k8s-cluster-network-policy", "true") && !is("enable-policy", "never") {
        dialect.kinds.cluster_network_policy = true;
    }
}

/// What the same ConfigMap says that no dialect holds, in sentences.
pub(super) fn notes(config: &BTreeMap<String, String>) -> Vec<String> {
    let mut notes = Vec::new();
    let value = |key: &str| config.get(key).map(String::as_str);
    match value("enable-policy") {
        Some("always") => notes.push(
            "cilium-config has enable-policy: always: pods that no policy selects are isolated, too"
                .to_owned(),
        ),
        Some("never") => {
            notes.push("cilium-config has enable-policy: never: no policy counts".to_owned());
        }
        _ => {}
    }
    if value("enable-k8s-networkpolicy") == Some("false") {
        let note = "cilium-config has enable-k8s-networkpolicy: false: no NetworkPolicy counts";
        notes.push(note.to_owned());
    }
    if value("allow-localhost") == Some("policy") {
        let note = "cilium-config has allow-localhost: policy: a pod's own node needs a rule, too";
        notes.push(note.to_owned());
    }
    if let Some(mode @ ("nodes" | "pods")) = value("policy-cidr-match-mode") {
        let note = format!("cilium-config has policy-cidr-match-mode: {mode}: ipBlock means");
        notes.push(format!("{note} addresses of {mode} and of the outside"));
    }
    notes
}
