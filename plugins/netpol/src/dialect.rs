//! What the specification leaves open, and how it is decided.

/// How something is taken that the specification leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Taken {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// Some enforcers do the one, some the other: what depends on it is said to.
    Open,
}

/// How policies are read where enforcers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// `spec`, or the enforcer's name.
    pub name: String,
    /// Whether an `ipBlock` means addresses of pods and nodes, too.
    pub block_means_pods: Taken,
    /// Whether policies select pods in the network of their node, as subjects and as peers.
    pub host_network_is_selected: Taken,
    /// Whether a Service is judged by its own address and port (before DNAT), not by those of the
    /// pods behind it.
    pub before_dnat: Taken,
    /// Whether rules count that stand in a direction that `policyTypes` does not have.
    pub dead_sections_count: bool,
    /// Whether of policies with one priority the first by name decides; otherwise it is not known.
    pub equal_priority_by_name: bool,
    /// Whether an egress-only `NetworkPolicy` keeps the baseline tier from ingress, and the reverse.
    pub isolation_skips_baseline: bool,
    /// Which kinds are enforced at all.
    pub kinds: Kinds,
}

/// Which kinds of policies an enforcer acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds {
    /// `NetworkPolicy`
    pub network_policy: bool,
    /// `ClusterNetworkPolicy`
    pub cluster_network_policy: bool,
    /// `AdminNetworkPolicy` and `BaselineAdminNetworkPolicy`
    pub admin_network_policy: bool,
}

impl Dialect {
    /// The specification, with everything that it leaves open decided as its tests have it: an
    /// `ipBlock` means every address, pods in the network of their node are not selected, Services
    /// are judged by their pods.
    pub fn spec() -> Self {
        Self {
            name: "spec".to_owned(),
            block_means_pods: Taken::Yes,
            host_network_is_selected: Taken::No,
            before_dnat: Taken::No,
            dead_sections_count: false,
            equal_priority_by_name: false,
            isolation_skips_baseline: false,
            kinds: Kinds {
                network_policy: true,
                cluster_network_policy: true,
                admin_network_policy: true,
            },
        }
    }

    /// The specification with nothing decided that it leaves open.
    pub fn open() -> Self {
        Self {
            name: "open".to_owned(),
            block_means_pods: Taken::Open,
            host_network_is_selected: Taken::Open,
            before_dnat: Taken::Open,
            ..Self::spec()
        }
    }
}
