//! The enforcers that are known, and how they read policies.

use posture::finding::nearest::nearest;
use posture::model::error::{Error, Result};

use super::cilium;
use super::signs::Signs;
use crate::dialect::{Dialect, Kinds, Taken};

/// An enforcer, or a network that enforces nothing.
#[derive(Debug)]
pub(super) struct Known {
    /// What `--cni` calls it.
    pub(super) word: &'static str,
    /// What people call it.
    pub(super) label: &'static str,
    /// Its DaemonSets.
    pub(super) daemon_sets: &'static [&'static str],
    /// The ends of the names of its images, for DaemonSets of other names.
    pub(super) images: &'static [&'static str],
    /// The group of its `CustomResourceDefinition`s, where they are nobody else's.
    pub(super) group: Option<&'static str>,
    /// The specification, with what it does otherwise.
    pub(super) read: fn(&mut Dialect),
    /// Where it departs from the specification in what no dialect holds.
    pub(super) notes: &'static [&'static str],
}

const ONLY_NETWORK_POLICY: Kinds =
    Kinds { network_policy: true, cluster_network_policy: false, admin_network_policy: false };

const ADMIN: Kinds = Kinds { admin_network_policy: true, ..ONLY_NETWORK_POLICY };

fn plain(dialect: &mut Dialect) {
    dialect.kinds = ONLY_NETWORK_POLICY;
}

/// From the first to the last in the order in which one is believed where several are found.
///
/// Sources: of each the documents and the code that its entry names, and the list of
/// implementations of kubernetes-sigs/network-policy-api (`site-src/implementations.md`).
pub(super) const KNOWN: [Known; 14] = [
    Known {
        word: "cilium",
        label: "Cilium",
        daemon_sets: &["cilium"],
        images: &["cilium/cilium", "cilium/cilium-ci"],
        group: Some("cilium.io"),
        // Documentation/network/kubernetes/policy.rst and pkg/k8s/network_policy.go of cilium.
        read: cilium::read,
        notes: &cilium::NOTES,
    },
    Known {
        word: "gke-dataplane-v2",
        label: "GKE Dataplane V2",
        daemon_sets: &["anetd"],
        images: &[],
        group: None,
        read: cilium::read,
        notes: &cilium::NOTES,
    },
    Known {
        word: "calico",
        label: "Calico",
        daemon_sets: &["calico-node"],
        images: &["calico/node"],
        group: Some("crd.projectcalico.org"),
        // projectcalico/calico#6634; tigera/docs#2416 for the kinds.
        read: |dialect| {
            dialect.kinds = Kinds { cluster_network_policy: true, ..ONLY_NETWORK_POLICY };
        },
        notes: &[
            "Calico's own tiers can decide before and after the NetworkPolicies",
            "policies of host endpoints count for the nodes",
        ],
    },
    Known {
        word: "canal",
        label: "Canal",
        daemon_sets: &["canal", "rke2-canal"],
        images: &[],
        group: None,
        read: plain,
        notes: &["Calico's own tiers can decide before and after the NetworkPolicies"],
    },
    Known {
        word: "antrea",
        label: "Antrea",
        daemon_sets: &["antrea-agent"],
        images: &["antrea/antrea-agent-ubuntu", "antrea/antrea-ubuntu"],
        group: Some("crd.antrea.io"),
        read: |dialect| dialect.kinds = ADMIN,
        notes: &["Antrea's own tiers can decide before and after the NetworkPolicies"],
    },
    Known {
        word: "ovn-kubernetes",
        label: "OVN-Kubernetes",
        daemon_sets: &["ovnkube-node"],
        images: &[],
        group: Some("k8s.ovn.org"),
        read: |dialect| dialect.kinds = ADMIN,
        notes: &[
            "namespaces with the label policy-group.network.openshift.io/host-network stand for \
             traffic of nodes, those with …/ingress for the router's",
            "pods on different primary networks (UserDefinedNetwork) cannot talk at all",
        ],
    },
    Known {
        word: "kube-ovn",
        label: "Kube-OVN",
        daemon_sets: &["kube-ovn-cni"],
        images: &[],
        group: None,
        read: |_| {},
        notes: &[],
    },
    Known {
        word: "aws",
        label: "AWS VPC CNI",
        daemon_sets: &["aws-node"],
        images: &[],
        group: None,
        // aws/amazon-network-policy-controller-k8s#210.
        read: |dialect| {
            dialect.kinds = ONLY_NETWORK_POLICY;
            dialect.before_dnat = Taken::Yes;
        },
        notes: &[
            "only pods that a controller has made are isolated, not bare ones",
            "a new pod is open until its policies are in place, unless the mode is strict",
            "nodes of Fargate and of Windows enforce nothing",
            "an IPv4 cluster ignores rules of IPv6, and the reverse",
        ],
    },
    Known {
        word: "azure-npm",
        label: "Azure NPM",
        daemon_sets: &["azure-npm", "azure-npm-win"],
        images: &[],
        group: None,
        read: plain,
        // Azure/azure-container-networking#2313.
        notes: &["of a range of ports (endPort) only the first counts"],
    },
    Known {
        word: "kube-router",
        label: "kube-router",
        daemon_sets: &["kube-router"],
        images: &["cloudnativelabs/kube-router"],
        group: None,
        read: plain,
        notes: &[],
    },
    Known {
        word: "kube-network-policies",
        label: "kube-network-policies",
        daemon_sets: &["kube-network-policies"],
        images: &["kube-network-policies"],
        group: None,
        read: nfqueue,
        notes: &[],
    },
    Known {
        word: "kindnet",
        label: "kindnet",
        daemon_sets: &["kindnet"],
        images: &["kindest/kindnetd"],
        group: None,
        read: nfqueue,
        notes: &["releases of kind before 0.24 enforce nothing"],
    },
    Known {
        word: "weave",
        label: "Weave Net",
        daemon_sets: &["weave-net"],
        images: &["weaveworks/weave-npc"],
        group: None,
        read: plain,
        notes: &["ranges of ports (endPort) and SCTP are not enforced"],
    },
    Known {
        word: "terway",
        label: "Terway",
        daemon_sets: &["terway", "terway-eniip"],
        images: &[],
        group: None,
        // AliyunContainerService/terway#904.
        read: |dialect| {
            dialect.kinds = ONLY_NETWORK_POLICY;
            dialect.block_means_pods = Taken::No;
        },
        notes: &[],
    },
];

/// kube-network-policies: the order of its evaluators, and policies of one priority by name.
///
/// Source: `pkg/networkpolicy/engine.go` and `plugins/npa-v1alpha2` of
/// kubernetes-sigs/kube-network-policies.
fn nfqueue(dialect: &mut Dialect) {
    dialect.kinds = ONLY_NETWORK_POLICY;
    dialect.isolation_skips_baseline = true;
    dialect.equal_priority_by_name = true;
}

/// The policy controller of kube-router that is in the server of k3s.
pub(super) const K3S: &str = "k3s";

/// A known enforcer, by what `--cni` calls it.
pub(super) fn find(word: &str) -> Option<&'static Known> {
    let word = if word == K3S { "kube-router" } else { word };
    KNOWN.iter().find(|known| known.word == word)
}

/// What people call an enforcer that `--cni` names.
pub(super) fn label(word: &str) -> Option<&'static str> {
    if word == K3S { Some(K3S) } else { find(word).map(|known| known.label) }
}

/// What `--cni` takes.
pub fn names() -> impl Iterator<Item = &'static str> {
    ["spec", K3S].into_iter().chain(KNOWN.iter().map(|known| known.word))
}

impl Known {
    /// How it reads policies, with what is known of the cluster.
    pub(super) fn dialect(&self, signs: Option<&Signs>) -> Dialect {
        let mut dialect = Dialect { name: self.word.to_owned(), ..Dialect::spec() };
        (self.read)(&mut dialect);
        if let Some(signs) = signs {
            signs.adjust(self.word, &mut dialect);
        }
        dialect
    }
}

impl Dialect {
    /// How an enforcer reads policies that `--cni` names, with its defaults; `spec` is the
    /// specification. Fails, naming those that are known.
    pub fn of_name(name: &str) -> Result<Self> {
        if name == "spec" {
            return Ok(Self::spec());
        }
        if let Some(known) = find(name) {
            return Ok(Self { name: name.to_owned(), ..known.dialect(None) });
        }
        let all = names().collect::<Vec<_>>().join(", ");
        let mut error = Error::usage(format!("no enforcer {name:?} is known: there are {all}"));
        if let Some(near) = nearest(name, names()) {
            error = error.hint(format!("did you mean --cni {near}?"));
        }
        Err(error)
    }
}
