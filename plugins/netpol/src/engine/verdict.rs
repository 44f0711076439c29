//! Questions and answers.

use std::net::IpAddr;

use serde::Serialize;

use crate::address::Family;
use crate::policy::{Action, Direction};
use crate::ports::Protocol;

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// A pod, by its number in the world.
    Pod(u32),
    /// A node, by its number in the world.
    Node(u32),
    /// An address; it can be that of a pod or a node.
    Address(IpAddr),
    /// Some pod, of which nothing is known.
    AnyPod,
    /// Something outside, of which no address is known.
    Outside,
}

/// A connection that somebody wants to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Who opens it.
    pub from: End,
    /// To whom.
    pub to: End,
    /// By which protocol.
    pub protocol: Protocol,
    /// To which port.
    pub port: u16,
    /// By addresses of which family; `None` where the ends leave no choice, or both count: blocks of
    /// one family say nothing of the other address of the same pod.
    pub family: Option<Family>,
}

/// Whether a connection can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It can.
    Allowed,
    /// It cannot.
    Denied,
    /// It depends on what enforcers do differently.
    Depends,
    /// What it depends on is not known.
    Unknown,
}

/// Why a verdict is not certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// An `ipBlock` holds the address of a pod or a node: whether it means it is left open.
    BlockOnPod,
    /// A pod in the network of its node: whether policies select it is left open.
    HostNetwork,
    /// Policies of one priority do different things: which goes first is left open.
    EqualPriority,
    /// A Service by its own address, or by its pods: in which order is left open.
    BeforeDnat,
    /// By IPv4 it is another verdict than by IPv6.
    AddressFamily,
    /// The address of a pod is not known, and a block decides.
    AddressUnknown,
    /// Which pod it is is not known, and a selector or a block decides.
    PodUnknown,
    /// The labels of a namespace are not known, and a selector decides.
    NamespaceUnknown,
    /// The addresses behind a name of the outside are not known.
    DomainName,
    /// A policy of another kind selects one of the ends.
    VendorPolicy,
}

impl Cause {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::BlockOnPod,
        Self::HostNetwork,
        Self::EqualPriority,
        Self::BeforeDnat,
        Self::AddressFamily,
        Self::AddressUnknown,
        Self::PodUnknown,
        Self::NamespaceUnknown,
        Self::DomainName,
        Self::VendorPolicy,
    ];

    /// Whether enforcers differ; otherwise something is not known.
    pub fn is_open(self) -> bool {
        matches!(
            self,
            Self::BlockOnPod
                | Self::HostNetwork
                | Self::EqualPriority
                | Self::BeforeDnat
                | Self::AddressFamily
        )
    }
}

/// What the policies say of one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Which way.
    pub direction: Direction,
    /// What comes of it.
    pub verdict: Verdict,
    /// Why it is not certain: in order, each once.
    pub causes: Vec<Cause>,
    /// What decides.
    pub decided: Decided,
    /// The policies that isolate the pod in this direction, by number.
    pub isolated_by: Vec<u32>,
    /// Rules that were asked before and let it pass.
    pub passed: Vec<RuleId>,
}

/// A rule: the number of its policy, and its own among those of the direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId {
    /// The number of the policy.
    pub policy: u32,
    /// The number of the rule in its section.
    pub rule: u32,
}

/// What decides one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// A rule.
    Rule(RuleId, Action),
    /// No rule of the policies that isolate the pod fits.
    Isolated,
    /// No policy is about it: everything is allowed.
    Default,
    /// The end is no pod, or a pod that no policy selects because it is in the network of its node,
    /// or one of which nothing is known.
    NotSubject,
    /// A pod and itself, or a node and the pods on it: policies cannot forbid that.
    Exempt(Exempt),
}

/// Connections that no policy forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exempt {
    /// A pod and itself.
    Itself,
    /// The node that the pod runs on.
    OwnNode,
}

/// The answer to a [`Point`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Both directions together.
    pub verdict: Verdict,
    /// What leaves the one who opens it.
    pub egress: Side,
    /// What arrives.
    pub ingress: Side,
}

/// What comes of two directions: both must allow.
pub fn both(egress: Verdict, ingress: Verdict) -> Verdict {
    let worst = [Verdict::Denied, Verdict::Depends, Verdict::Unknown];
    let found = worst.into_iter().find(|worst| egress == *worst || ingress == *worst);
    found.unwrap_or(Verdict::Allowed)
}
