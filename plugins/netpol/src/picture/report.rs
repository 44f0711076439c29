//! The map as it is written: every party and every group of them once, with numbers.

use posture::finding::report::{Target, Tool};
use posture::model::gap::Gap;
use posture::model::object::ObjectRef;
use posture::model::source::Mark;
use serde::Serialize;

use crate::engine::verdict::{Cause, Verdict};
use crate::ports::{PortSet, Protocol};

/// The map.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MapReport {
    /// `posture/v1`
    pub api_version: &'static str,
    /// `Map`
    pub kind: &'static str,
    /// Who wrote it.
    pub tool: Tool,
    /// What was looked at.
    pub target: Target,
    /// The numbers.
    pub summary: Summary,
    /// Which enforcer was found, in words.
    pub enforcer: String,
    /// Pods, by what they belong to. Several of one workload differ in what policies see of them.
    pub workloads: Vec<WorkloadSaid>,
    /// Nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeSaid>,
    /// Addresses outside the cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outside: Vec<OutsideSaid>,
    /// Pods that do not exist, where it was asked who else could connect.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub possible: Vec<PossibleSaid>,
    /// What connections name, each once. A group is at the position of its `id`.
    pub groups: Vec<GroupSaid>,
    /// Who can talk to whom, by destination. What is here or between open parties is all that is
    /// not denied.
    pub connections: Vec<Connection>,
    /// Those that nothing limits.
    pub open: OpenSaid,
    /// Those that nobody can reach, where that can be told from what was asked for.
    pub closed: ClosedSaid,
    /// What could not be judged.
    pub gaps: Vec<Gap>,
}

/// The numbers of a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Summary {
    /// Namespaces with pods or templates of pods.
    pub namespaces: usize,
    /// Workloads.
    pub workloads: usize,
    /// Pods.
    pub pods: usize,
    /// Connections listed.
    pub connections: usize,
    /// How many of them depend on what enforcers do differently.
    pub depends: usize,
    /// How many of them depend on what is not known.
    pub unknown: usize,
    /// Workloads that no policy limits in either direction.
    pub open: usize,
    /// Things that could not be judged.
    pub gaps: usize,
    /// Whether everything was judged for certain.
    pub complete: bool,
}

/// Pods of a workload.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WorkloadSaid {
    /// The number that groups know it by; parties of all sorts share these numbers.
    pub id: u32,
    /// The workload.
    #[serde(flatten)]
    pub object: ObjectRef,
    /// How people call it: `shop/web`.
    pub words: String,
    /// What tells these pods from the others of the workload.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// How many pods there are; 0 where only the template is.
    pub pods: u32,
    /// Whether nothing limits what arrives.
    pub open_ingress: bool,
    /// Whether nothing limits what leaves.
    pub open_egress: bool,
    /// Where it stands, if in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Mark>,
}

/// A node.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NodeSaid {
    /// The number that groups know it by.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// The address by which it is meant, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<std::net::IpAddr>,
}

/// Addresses outside the cluster.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OutsideSaid {
    /// The number that groups know them by.
    pub id: u32,
    /// The fewest blocks that they make up.
    pub cidrs: Vec<String>,
}

/// Pods that do not exist.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PossibleSaid {
    /// The number that groups know them by.
    pub id: u32,
    /// What they would be.
    pub words: String,
}

/// What sort of group it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum GroupKind {
    /// All pods, all nodes and everything outside.
    Everything,
    /// All pods, but for some where that is said.
    AllPods,
    /// The pods of all namespaces with a label.
    Namespaces,
    /// The pods with a label, in every namespace.
    Pods,
    /// The pods of a namespace, but for some where that is said.
    Namespace,
    /// The pods of a workload, or a variant of them.
    Workload,
    /// Every node.
    AllNodes,
    /// A node.
    Node,
    /// Everything outside the cluster.
    Anywhere,
    /// Addresses outside the cluster.
    Blocks,
    /// Pods that do not exist.
    Possible,
}

/// Parties that have one name together.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupSaid {
    /// The number that connections know it by.
    pub id: usize,
    /// What sort it is.
    pub kind: GroupKind,
    /// How people call it: `namespace shop`, `shop/web`, `10.0.0.0/8`, `all pods`.
    pub words: String,
    /// The namespace, where it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The numbers of its parties.
    pub members: Vec<u32>,
}

/// Who can reach whom at which ports.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Connection {
    /// Who opens it: numbers of groups.
    pub from: Vec<usize>,
    /// To whom: numbers of groups.
    pub to: Vec<usize>,
    /// To which ports.
    pub ports: Vec<Stretch>,
    /// `allowed`, `depends` or `unknown`.
    pub verdict: &'static str,
    /// Why that is not certain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<&'static str>,
    /// What decides, where that was asked: for each pair of groups by one of their pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Vec<Why>>,
    /// The ports as a set.
    #[serde(skip)]
    pub port_set: PortSet,
    /// The verdict.
    #[serde(skip)]
    pub certainty: Verdict,
    /// Why it is not certain.
    #[serde(skip)]
    pub reasons: Vec<Cause>,
}

/// Ports of a protocol, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stretch {
    /// Of which protocol.
    pub protocol: Protocol,
    /// The first.
    pub from: u16,
    /// The last.
    pub to: u16,
}

/// What decides a direction of a connection.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Why {
    /// `egress` or `ingress`.
    pub direction: &'static str,
    /// The policy, if one decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<ObjectRef>,
    /// The rule in it: `spec.ingress[0]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where the rule stands, if in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Mark>,
    /// The same as a sentence: `shop/web is not isolated`.
    pub words: String,
}

/// One connection out of many, to ask for what decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The party that opens it.
    pub from: u32,
    /// The party that it goes to.
    pub to: u32,
    /// By which protocol.
    pub protocol: Protocol,
    /// To which port.
    pub port: u16,
}

/// Parties that nothing limits, by their numbers. Between those that are open for egress and those
/// that are open for ingress everything is allowed.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OpenSaid {
    /// Pods that are open in both directions.
    pub both: Vec<u32>,
    /// Pods that are open for ingress alone.
    pub ingress: Vec<u32>,
    /// Pods that are open for egress alone.
    pub egress: Vec<u32>,
    /// The same for people, as the groups of `both`, `ingress` and `egress`.
    #[serde(skip)]
    pub words: [Vec<String>; 3],
    /// How many workloads and namespaces each of the three has.
    #[serde(skip)]
    pub counts: [(usize, usize); 3],
}

/// Pods that nobody can reach, by their numbers.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClosedSaid {
    /// Pods with no connection that arrives.
    pub ingress: Vec<u32>,
    /// The same for people.
    #[serde(skip)]
    pub words: Vec<String>,
    /// How many workloads and namespaces that are.
    #[serde(skip)]
    pub counts: (usize, usize),
}
