//! What is known of a cluster, as far as it matters to traffic.

mod assemble;
pub mod facts;
mod nodes;
mod pods;
mod read;
mod routes;
mod services;
#[cfg(test)]
mod tests;
mod vendors;
mod workloads;

use std::net::IpAddr;

use posture::model::gap::Gap;
use posture::model::object::ObjectRef;
use posture::model::source::Mark;
use rustc_hash::FxHashMap;

use crate::policy::Policy;
use crate::ports::Protocol;

pub use self::facts::Facts;
pub use self::vendors::kinds as vendor_kinds;

/// A text that stands in [`Texts`] once: equal texts have equal numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(pub u32);

/// Texts, each once.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    texts: Vec<Box<str>>,
    known: FxHashMap<Box<str>, Text>,
}

impl Texts {
    /// The number of a text; it is added where it is new.
    pub fn add(&mut self, text: &str) -> Text {
        if let Some(&known) = self.known.get(text) {
            return known;
        }
        let number = Text(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.texts.push(text.into());
        self.known.insert(text.into(), number);
        number
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The number of a text, if it is there.
    pub fn find(&self, text: &str) -> Option<Text> {
        self.known.get(text).copied()
    }

    /// The text of a number.
    pub fn get(&self, text: Text) -> &str {
        self.texts.get(text.0 as usize).map_or("", |text| text)
    }

    /// All of them, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }
}

/// The label that the API server sets on every namespace, with its name.
pub const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Labels: key and value, sorted by key, each key once.
pub type Labels = Box<[(Text, Text)]>;

/// Everything that traffic and its policies depend on. Numbers of namespaces, workloads, pods, nodes
/// and policies are their positions in these lists.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Keys and values of labels, names of ports and of pods.
    pub texts: Texts,
    /// Sorted by name.
    pub namespaces: Vec<Namespace>,
    /// What pods belong to, sorted by namespace.
    pub workloads: Vec<Workload>,
    /// Pods, and for workloads without any what their templates would make: sorted by namespace.
    pub pods: Vec<Pod>,
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Services.
    pub services: Vec<Service>,
    /// What brings traffic from outside to Services: `Ingress` and routes of the Gateway API.
    pub routes: Vec<Route>,
    /// Policies of Kubernetes' own kinds.
    pub policies: Vec<Policy>,
    /// Policies of other kinds, which the engine does not judge.
    pub vendors: Vec<Vendor>,
    /// What could not be read or is not known.
    pub gaps: Vec<Gap>,
}

/// A namespace.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// Its labels, with `kubernetes.io/metadata.name`, which the API server always sets.
    pub labels: Labels,
    /// Whether the object was seen. If not, only `kubernetes.io/metadata.name` is known of its
    /// labels, and whether it has others is not.
    pub seen: bool,
}

/// What pods belong to: the highest of their owners that is of one of Kubernetes' own kinds, such as
/// a Deployment, even if an operator has made that; their root owner where there is none; the pod
/// itself where nothing controls it.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Who it is.
    pub object: ObjectRef,
    /// The number of its namespace.
    pub namespace: u32,
    /// Where it stands, if in a file.
    pub mark: Option<Mark>,
    /// How many pods it wants, where it says so.
    pub replicas: Option<u32>,
}

/// A pod, or what a template would make.
#[derive(Clone, Debug)]
pub struct Pod {
    /// Its name; of a template the name of what holds it.
    pub name: Text,
    /// The number of its namespace.
    pub namespace: u32,
    /// The number of what it belongs to.
    pub workload: u32,
    /// Whether it exists, or would come of a template.
    pub exists: bool,
    /// Its labels.
    pub labels: Labels,
    /// The ports with a name of its containers (`spec.containers`; those of init containers do not
    /// count), sorted, each once.
    pub ports: Box<[NamedPort]>,
    /// Whether it is in the network of its node: then policies treat it as the node, if at all.
    pub host_network: bool,
    /// Its addresses; empty where none is known.
    pub addresses: Box<[IpAddr]>,
    /// The number of its node, where it is known.
    pub node: Option<u32>,
}

/// A port of a container that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamedPort {
    /// The name.
    pub name: Text,
    /// TCP where nothing is said.
    pub protocol: Protocol,
    /// `containerPort`
    pub number: u16,
}

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// `status.addresses` that are addresses.
    pub addresses: Vec<IpAddr>,
    /// Whether it says that the API server runs on it (`node-role.kubernetes.io/control-plane`).
    pub control_plane: bool,
}

/// A Service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Who it is.
    pub object: ObjectRef,
    /// The number of its namespace.
    pub namespace: u32,
    /// Where it stands, if in a file.
    pub mark: Option<Mark>,
    /// `spec.clusterIPs`, without `None`.
    pub cluster_addresses: Vec<IpAddr>,
    /// Whether it has no address of its own (`clusterIP: None`): nothing translates its ports then.
    pub headless: bool,
    /// What it selects; empty for one without a selector.
    pub selector: Labels,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// `spec.externalName`
    pub external_name: Option<String>,
    /// Whether it is reached from outside: `NodePort`, `LoadBalancer` or `externalIPs`.
    pub from_outside: bool,
    /// Whether the address of the outside arrives at the pod: `externalTrafficPolicy: Local`.
    pub keeps_source: bool,
    /// What stands behind one without a selector, by its `EndpointSlices`.
    pub endpoints: Vec<Endpoint>,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Its name; empty where it has none.
    pub name: String,
    /// TCP where nothing is said.
    pub protocol: Protocol,
    /// `port`
    pub port: u16,
    /// `targetPort`; the port itself where nothing is said.
    pub target: TargetPort,
    /// `nodePort`
    pub node_port: Option<u16>,
}

/// Where a port of a Service leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetPort {
    /// To this port.
    Number(u16),
    /// To the port of this name of each pod.
    Name(String),
}

/// What an `EndpointSlice` has: addresses and the ports at them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The addresses.
    pub addresses: Vec<IpAddr>,
    /// Name, protocol and number of each port.
    pub ports: Vec<(String, Protocol, u16)>,
}

/// What sends traffic of the outside on to Services.
#[derive(Clone, Debug)]
pub struct Route {
    /// The `Ingress`, `HTTPRoute` …
    pub object: ObjectRef,
    /// Where it stands, if in a file.
    pub mark: Option<Mark>,
    /// The backends: namespace, name and port of Services. The port is a number or a name, and
    /// `None` where all are meant.
    pub backends: Vec<Backend>,
}

/// A Service behind a [`Route`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// The namespace of the Service.
    pub namespace: String,
    /// Its name.
    pub service: String,
    /// Its port; `None` where nothing is said.
    pub port: Option<TargetPort>,
}

/// A policy of another kind than Kubernetes' own, such as a `CiliumNetworkPolicy`.
#[derive(Clone, Debug)]
pub struct Vendor {
    /// Who it is.
    pub object: ObjectRef,
    /// Where it stands, if in a file.
    pub mark: Option<Mark>,
    /// Whom it selects, as far as that can be read.
    pub selects: VendorSubject,
}

/// Whom a vendor's policy is about.
#[derive(Clone, Debug)]
pub enum VendorSubject {
    /// Pods that are selected; the namespace `Own` is the one of the object.
    Pods(crate::policy::Pods),
    /// It could be any pod of its namespace, or of all where it has none.
    Any,
}
