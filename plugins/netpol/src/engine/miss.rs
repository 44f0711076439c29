//! Near misses: for a connection that no rule allows, which rules come closest, and what of them does
//! not fit.

use std::net::IpAddr;

use posture::model::labels::{LabelSelector, Operator, Requirement};

use super::Engine;
use super::compiled::ports_at;
use super::matching::{Reading, Scene, Seen};
use super::verdict::{Point, RuleId};
use crate::address::Cidr;
use crate::policy::{Action, Direction, Namespaces, Peer, Pods, Port, Rule, Who};
use crate::ports::PortSet;
use crate::world::{Labels, World};

/// A rule that does not fit, by one of its peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    /// The rule.
    pub rule: RuleId,
    /// The number of the peer; `None` where the rule is for everybody.
    pub peer: Option<usize>,
    /// What does not fit; all of it would have to.
    pub wrong: Vec<Wrong>,
}

/// What of a rule does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Labels of the namespace of the other end.
    NamespaceLabels(Vec<Unmet>),
    /// The namespace of the other end: only that of the policy is meant.
    OtherNamespace,
    /// Labels of the pod at the other end.
    PodLabels(Vec<Unmet>),
    /// Labels of the node at the other end.
    NodeLabels(Vec<Unmet>),
    /// The other end is no pod.
    NoPod,
    /// The other end is a pod in the network of its node: selectors do not mean it.
    HostNetwork,
    /// The other end is no node.
    NoNode,
    /// The address of the other end is not in the block.
    NotInBlock(Cidr, Option<IpAddr>),
    /// The address is in an exception of the block.
    Excepted(Cidr, Cidr),
    /// Blocks do not mean pods and nodes.
    BlockMeansNoPods(Cidr),
    /// Only names of the outside are meant.
    Domain,
    /// A peer that is not understood.
    Unknown(String),
    /// The port: these would fit.
    Ports(PortSet),
    /// The name of a port that the destination does not have.
    NoPortOfName(String),
}

/// A requirement on a label that is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// `team=shop`, `app in (a,b)`, `!debug`
    pub wants: String,
    /// The label's key.
    pub key: String,
    /// What it is.
    pub has: Option<String>,
    /// Whether that is known.
    pub known: bool,
}

impl Engine<'_> {
    /// The rules of the policies that isolate an end in a direction which come closest to allowing a
    /// connection: the closest first, at most `most`.
    pub fn near_misses(&self, point: &Point, direction: Direction, most: usize) -> Vec<Miss> {
        let (from, to) = (self.seen(point.from, point.family), self.seen(point.to, point.family));
        let (subject, other) = match direction {
            Direction::Ingress => (&to, &from),
            Direction::Egress => (&from, &to),
        };
        let Some((_, pod)) = subject.pod else { return Vec::new() };
        let reading = self.readings()[0];
        let scene = Scene { world: self.world, compiled: &self.compiled, reading };
        let near = Near { scene, point, destination: &to, other, own: pod.namespace };
        let mut misses = Vec::new();
        for number in self.order(pod.namespace) {
            let compiled = &self.compiled.policies[number as usize];
            let selects = scene.selects(compiled.subject, pod).is_possible();
            if compiled.rules(direction).is_none() || !selects {
                continue;
            }
            let rules = &self.world.policies[number as usize].section(direction).rules;
            for (position, rule) in
                (0..).zip(rules).filter(|(_, rule)| rule.action == Action::Allow)
            {
                let id = RuleId { policy: number, rule: position };
                near.of_rule(id, rule, &mut misses);
            }
        }
        misses.sort_by_key(|miss: &Miss| miss.wrong.iter().map(Wrong::distance).sum::<usize>());
        misses.truncate(most);
        misses
    }
}

impl Wrong {
    /// How far from fitting it is: labels by their number.
    fn distance(&self) -> usize {
        match self {
            Self::NamespaceLabels(unmet) | Self::PodLabels(unmet) | Self::NodeLabels(unmet) => {
                1 + unmet.len()
            }
            Self::Ports(_) | Self::NoPortOfName(_) | Self::OtherNamespace | Self::Excepted(..) => 2,
            Self::BlockMeansNoPods(_) | Self::HostNetwork => 3,
            Self::NotInBlock(..) => 4,
            Self::NoPod | Self::NoNode | Self::Domain | Self::Unknown(_) => 6,
        }
    }
}

struct Near<'a> {
    scene: Scene<'a>,
    point: &'a Point,
    destination: &'a Seen<'a>,
    other: &'a Seen<'a>,
    /// The namespace of the subject, and so of its `NetworkPolicy` objects.
    own: u32,
}

impl Near<'_> {
    fn of_rule(&self, id: RuleId, rule: &Rule, misses: &mut Vec<Miss>) {
        let ports = self.ports(id, rule);
        let Some(peers) = &rule.peers else {
            misses.push(Miss { rule: id, peer: None, wrong: ports });
            return;
        };
        for (position, peer) in peers.iter().enumerate() {
            let mut wrong = self.peer(peer);
            wrong.extend(ports.iter().cloned());
            misses.push(Miss { rule: id, peer: Some(position), wrong });
        }
    }

    fn ports(&self, id: RuleId, rule: &Rule) -> Vec<Wrong> {
        let direction = if std::ptr::eq(self.destination, self.other) {
            Direction::Egress
        } else {
            Direction::Ingress
        };
        let rules = self.scene.compiled.policies[id.policy as usize].rules(direction);
        let compiled = rules.and_then(|rules| rules.get(id.rule as usize));
        let ports = compiled.and_then(|rule| rule.ports.as_deref());
        let named = self.destination.named_ports(self.scene.reading);
        let set = ports_at(ports, named);
        if set.contains(self.point.protocol, self.point.port) {
            return Vec::new();
        }
        if !set.is_empty() {
            return vec![Wrong::Ports(set)];
        }
        let name = |port: &Port| match port {
            Port::Named { name, .. } => Some(Wrong::NoPortOfName(name.clone())),
            Port::Range { .. } => None,
        };
        rule.ports.iter().flatten().filter_map(name).collect()
    }

    fn peer(&self, peer: &Peer) -> Vec<Wrong> {
        let Reading { block_means_pods, .. } = self.scene.reading;
        let is_inside = self.other.pod.is_some() || self.other.node.is_some();
        match &peer.who {
            Who::Pods(pods) => self.pods(pods),
            Who::Block { cidr, reaches_pods, .. }
                if is_inside && !reaches_pods && !block_means_pods =>
            {
                vec![Wrong::BlockMeansNoPods(*cidr)]
            }
            Who::Block { cidr, except, .. } => {
                let address = self.other.address;
                if !address.is_some_and(|address| cidr.contains(address)) {
                    return vec![Wrong::NotInBlock(*cidr, address)];
                }
                let hole = except
                    .iter()
                    .find(|hole| address.is_some_and(|address| hole.contains(address)));
                hole.map(|hole| Wrong::Excepted(*cidr, *hole)).into_iter().collect()
            }
            Who::Nodes(selector) => {
                let Some(node) = self.other.node else { return vec![Wrong::NoNode] };
                let labels = &self.scene.world.nodes[node as usize].labels;
                let unmet = unmet(selector, labels, true, self.scene.world);
                (!unmet.is_empty()).then_some(Wrong::NodeLabels(unmet)).into_iter().collect()
            }
            Who::Domains(_) => vec![Wrong::Domain],
            Who::Unknown(what) => vec![Wrong::Unknown(what.clone())],
        }
    }

    fn pods(&self, pods: &Pods) -> Vec<Wrong> {
        let Some((_, pod)) = self.other.pod else { return vec![Wrong::NoPod] };
        if !self.other.is_selectable(self.scene.reading) {
            return vec![Wrong::HostNetwork];
        }
        let world = self.scene.world;
        let space = &world.namespaces[pod.namespace as usize];
        let mut wrong = Vec::new();
        match &pods.namespaces {
            Namespaces::Own if pod.namespace != self.own => wrong.push(Wrong::OtherNamespace),
            Namespaces::Own => {}
            Namespaces::Selected(selector) => {
                let unmet = unmet(selector, &space.labels, space.seen, world);
                if !unmet.is_empty() {
                    wrong.push(Wrong::NamespaceLabels(unmet));
                }
            }
        }
        let unmet = unmet(&pods.pods, &pod.labels, true, world);
        if !unmet.is_empty() {
            wrong.push(Wrong::PodLabels(unmet));
        }
        wrong
    }
}

/// The requirements of a selector that labels do not meet. Of labels that were not seen only those
/// that are there are known.
fn unmet(selector: &LabelSelector, labels: &Labels, seen: bool, world: &World) -> Vec<Unmet> {
    let value = |key: &str| {
        let key = world.texts.find(key)?;
        let (_, value) = labels.iter().find(|(own, _)| *own == key)?;
        Some(world.texts.get(*value))
    };
    let check = |requirement: &Requirement| {
        let has = value(requirement.key());
        let known = seen || has.is_some();
        (!requirement.holds(has) || !known).then(|| Unmet {
            wants: words(requirement),
            key: requirement.key().to_owned(),
            has: has.map(str::to_owned),
            known,
        })
    };
    selector.requirements().iter().filter_map(check).collect()
}

/// A requirement as `kubectl -l` has it.
fn words(requirement: &Requirement) -> String {
    let (key, values) = (requirement.key(), requirement.values());
    match (requirement.operator(), values) {
        (Operator::Exists, _) => key.to_owned(),
        (Operator::DoesNotExist, _) => format!("!{key}"),
        (Operator::In, [value]) => format!("{key}={value}"),
        (Operator::NotIn, [value]) => format!("{key}!={value}"),
        (Operator::NotIn, _) => format!("{key} notin ({})", values.join(",")),
        (Operator::GreaterThan, _) => format!("{key}>{}", values.join(",")),
        (Operator::LessThan, _) => format!("{key}<{}", values.join(",")),
        (Operator::In, _) => format!("{key} in ({})", values.join(",")),
    }
}
