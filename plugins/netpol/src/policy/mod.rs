//! Policies of all kinds, in one form: tiers of rules that allow, deny or pass.
//!
//! A `NetworkPolicy` isolates what it selects, and its rules allow. A `ClusterNetworkPolicy`, an
//! `AdminNetworkPolicy` and a `BaselineAdminNetworkPolicy` isolate nothing: the first of their rules
//! that fits decides.

mod admin;
mod block;
mod network_policy;
mod read;
mod reader;
#[cfg(test)]
mod tests;
pub mod validate;

use posture::model::labels::LabelSelector;
use posture::model::object::ObjectRef;
use posture::model::path::FieldPath;
use posture::model::source::Mark;

use crate::address::Cidr;
use crate::ports::Protocol;

pub use read::{NETWORKING, POLICY, PolicyKind, Read, Refused, read, read_new};
pub use validate::validate;

/// When policies are asked, from first to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// `AdminNetworkPolicy`, and `ClusterNetworkPolicy` with `tier: Admin`: by priority, lowest first.
    Admin,
    /// `NetworkPolicy`
    NetworkPolicy,
    /// `BaselineAdminNetworkPolicy`, and `ClusterNetworkPolicy` with `tier: Baseline`.
    Baseline,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Into the pod.
    Ingress,
    /// Out of the pod.
    Egress,
}

impl Direction {
    /// Both, egress first: what leaves is asked before what arrives.
    pub const ALL: [Self; 2] = [Self::Egress, Self::Ingress];

    /// `ingress`, as the field is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }
}

/// A policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Who it is; its namespace is the one that it is judged in.
    pub object: ObjectRef,
    /// Where it stands, if in a file.
    pub mark: Option<Mark>,
    /// When it is asked.
    pub tier: Tier,
    /// Among those of its tier: the lowest first. 0 for a `NetworkPolicy` and where there is only one.
    pub priority: i32,
    /// Which pods it is about. It has no field and no mark of its own but `spec.podSelector` or
    /// `spec.subject`.
    pub subject: Pods,
    /// What it says of traffic into them.
    pub ingress: Section,
    /// What it says of traffic out of them.
    pub egress: Section,
}

impl Policy {
    /// What it says of a direction.
    pub fn section(&self, direction: Direction) -> &Section {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }
}

/// What a policy says of one direction.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Whether it counts: for a `NetworkPolicy` after defaulting, whether `policyTypes` has the
    /// direction (then it isolates); for the other kinds always.
    pub active: bool,
    /// The rules, in order. There can be some where it does not count: they are dead text, but not
    /// for every enforcer.
    pub rules: Vec<Rule>,
}

/// What becomes of traffic that fits a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It is allowed. `Accept` in a `ClusterNetworkPolicy`.
    Allow,
    /// It is denied.
    Deny,
    /// The next tier decides.
    Pass,
}

impl Action {
    /// `Allow`
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
            Self::Pass => "Pass",
        }
    }
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The way to it from the object: `spec.ingress[0]`.
    pub path: FieldPath,
    /// Where it stands, if in a file.
    pub mark: Option<Mark>,
    /// Its name; only rules of the admin kinds have one.
    pub name: Option<String>,
    /// What it does.
    pub action: Action,
    /// Who may be on the other side; `None` is everybody.
    pub peers: Option<Vec<Peer>>,
    /// Which ports; `None` is every port of every protocol.
    pub ports: Option<Vec<Port>>,
}

/// Who is on the other side: one entry of `from` or `to`.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The way to it from the object: `spec.ingress[0].from[1]`.
    pub path: FieldPath,
    /// Where it stands, if in a file.
    pub mark: Option<Mark>,
    /// Who is meant. Several parts (one peer of an admin kind can hold only one) are alternatives.
    pub who: Who,
}

/// Who is meant by a peer.
#[derive(Clone, Debug)]
pub enum Who {
    /// Pods that are selected. No pod in the network of its node is meant.
    Pods(Pods),
    /// Addresses of a block but for the exceptions (`ipBlock`), or of networks (without exceptions).
    Block {
        /// The block.
        cidr: Cidr,
        /// Blocks in it that are not meant.
        except: Vec<Cidr>,
        /// Whether the API says for certain that addresses of pods and nodes are meant, too, as it
        /// does for `networks`; of `ipBlock` it says "should be cluster-external".
        reaches_pods: bool,
    },
    /// Nodes with these labels, by the addresses of their status.
    Nodes(LabelSelector),
    /// Names of the outside, as `domainNames` has them.
    Domains(Vec<String>),
    /// A peer of a kind that the reader does not know, as from a newer release. An allow rule must
    /// match nothing by it; rules that deny or pass become `Deny` of everything.
    Unknown(String),
}

/// A selection of pods.
#[derive(Clone, Debug)]
pub struct Pods {
    /// Of which namespaces.
    pub namespaces: Namespaces,
    /// Which pods there.
    pub pods: LabelSelector,
}

/// A selection of namespaces.
#[derive(Clone, Debug)]
pub enum Namespaces {
    /// The namespace of the policy itself.
    Own,
    /// Those with these labels.
    Selected(LabelSelector),
}

/// Ports of a rule: one entry of `ports` or `protocols`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    /// Stretch of ports of a protocol, both ends included.
    Range {
        /// TCP where nothing is said.
        protocol: Protocol,
        /// 1 where no port is named.
        first: u16,
        /// 65535 where no port is named.
        last: u16,
    },
    /// The port of this name of the destination's containers.
    Named {
        /// Only ports of this protocol; `None` takes the container port's own.
        protocol: Option<Protocol>,
        /// The name.
        name: String,
    },
}
