//! Small worlds for tests.
#![cfg(test)]

use posture::model::labels::LabelSelector;
use posture::model::object::ObjectRef;
use posture::model::path::FieldPath;

use crate::address::Cidr;
use crate::policy::{Action, Namespaces, Peer, Pods, Policy, Port, Rule, Section, Tier, Who};
use crate::ports::Protocol;
use crate::world::{Labels, NAME_LABEL, NamedPort, Namespace, Pod, Texts, Workload, World};

/// A world of namespaces, given as `name` and labels; they must be sorted.
pub(super) fn world(namespaces: &[(&str, &[(&str, &str)])]) -> World {
    let mut world = World::default();
    for (name, own) in namespaces {
        let mut own = own.to_vec();
        own.push((NAME_LABEL, name));
        let labels = labels(&mut world.texts, &own);
        world.namespaces.push(Namespace { name: (*name).to_owned(), labels, seen: true });
    }
    world
}

fn reference(kind: &str, namespace: Option<&str>, name: &str) -> ObjectRef {
    let api_version = if kind == "Pod" { "v1" } else { "networking.k8s.io/v1" };
    ObjectRef {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
    }
}

/// Adds a pod and returns its number; pods must be added by namespace.
pub(super) fn pod(world: &mut World, namespace: &str, name: &str, own: &[(&str, &str)]) -> u32 {
    let number = world.namespaces.iter().position(|known| known.name == namespace).unwrap();
    let namespace_number = u32::try_from(number).unwrap();
    let workload = u32::try_from(world.workloads.len()).unwrap();
    world.workloads.push(Workload {
        object: reference("Pod", Some(namespace), name),
        namespace: namespace_number,
        mark: None,
        replicas: None,
    });
    let labels = labels(&mut world.texts, own);
    let name = world.texts.add(name);
    world.pods.push(Pod {
        name,
        namespace: namespace_number,
        workload,
        exists: true,
        labels,
        ports: Box::new([]),
        host_network: false,
        addresses: Box::new([]),
        node: None,
    });
    u32::try_from(world.pods.len() - 1).unwrap()
}

/// Gives a pod a named port.
pub(super) fn named(world: &mut World, pod: u32, name: &str, protocol: Protocol, number: u16) {
    let name = world.texts.add(name);
    let mut ports = world.pods[pod as usize].ports.to_vec();
    ports.push(NamedPort { name, protocol, number });
    ports.sort_unstable();
    world.pods[pod as usize].ports = ports.into();
}

/// Gives a pod an address.
pub(super) fn address(world: &mut World, pod: u32, address: &str) {
    let mut addresses = world.pods[pod as usize].addresses.to_vec();
    addresses.push(address.parse().unwrap());
    world.pods[pod as usize].addresses = addresses.into();
}

pub(super) fn select(text: &str) -> LabelSelector {
    LabelSelector::parse(text).unwrap()
}

/// Pods with these labels: of the policy's own namespace, or of those that are selected.
pub(super) fn pods(namespaces: Option<&str>, pods: &str) -> Pods {
    let namespaces = namespaces.map_or(Namespaces::Own, |text| Namespaces::Selected(select(text)));
    Pods { namespaces, pods: select(pods) }
}

pub(super) fn rule(action: Action, peers: Option<Vec<Who>>, ports: Option<Vec<Port>>) -> Rule {
    let peer = |who| Peer { path: FieldPath::root(), mark: None, who };
    let peers = peers.map(|peers| peers.into_iter().map(peer).collect());
    Rule { path: FieldPath::root(), mark: None, name: None, action, peers, ports }
}

pub(super) fn tcp(first: u16, last: u16) -> Port {
    Port::Range { protocol: Protocol::Tcp, first, last }
}

pub(super) fn block(cidr: &str, except: &[&str]) -> Who {
    let parse = |text: &str| Cidr::parse(text).unwrap();
    Who::Block {
        cidr: parse(cidr),
        except: except.iter().map(|text| parse(text)).collect(),
        reaches_pods: false,
    }
}

/// A `NetworkPolicy`; `None` does not isolate in the direction.
pub(super) fn network_policy(
    namespace: &str,
    name: &str,
    subject: &str,
    ingress: Option<Vec<Rule>>,
    egress: Option<Vec<Rule>>,
) -> Policy {
    let section = |rules: Option<Vec<Rule>>| Section {
        active: rules.is_some(),
        rules: rules.unwrap_or_default(),
    };
    Policy {
        object: reference("NetworkPolicy", Some(namespace), name),
        mark: None,
        tier: Tier::NetworkPolicy,
        priority: 0,
        subject: pods(None, subject),
        ingress: section(ingress),
        egress: section(egress),
    }
}

/// A `ClusterNetworkPolicy`.
pub(super) fn cluster_policy(
    name: &str,
    (tier, priority): (Tier, i32),
    subject: Pods,
    ingress: Vec<Rule>,
    egress: Vec<Rule>,
) -> Policy {
    let section = |rules| Section { active: true, rules };
    Policy {
        object: reference("ClusterNetworkPolicy", None, name),
        mark: None,
        tier,
        priority,
        subject,
        ingress: section(ingress),
        egress: section(egress),
    }
}

/// Labels, sorted.
fn labels(texts: &mut Texts, pairs: &[(&str, &str)]) -> Labels {
    let mut labels: Vec<_> =
        pairs.iter().map(|(key, value)| (texts.add(key), texts.add(value))).collect();
    labels.sort_unstable();
    labels.into()
}
