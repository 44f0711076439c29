//! Policies made ready for comparing: texts and selectors are numbers, and what a dialect says of
//! whole policies is done.

use rustc_hash::FxHashMap;

use super::faults::{Fault, injected};
use super::selector::Selector;
use crate::address::Cidr;
use crate::dialect::Dialect;
use crate::policy::{Action, Direction, Namespaces, Peer, Pods, Policy, Port, Rule, Tier, Who};
use crate::ports::{PortSet, Protocol};
use crate::world::{NAME_LABEL, NamedPort, Text, World};

/// The number of a selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SelectorId(u32);

/// A selection of pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PodsKey {
    pub(super) spaces: Spaces,
    pub(super) pods: SelectorId,
}

/// A selection of namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Spaces {
    /// One, by its number; none where the number is no namespace's.
    Own(u32),
    Selected(SelectorId),
}

/// A policy.
#[derive(Clone, Debug)]
pub(super) struct CompiledPolicy {
    pub(super) tier: Tier,
    pub(super) priority: i32,
    pub(super) subject: PodsKey,
    sections: [Option<Vec<CompiledRule>>; 2],
}

impl CompiledPolicy {
    /// Its rules in a direction; `None` where it says nothing of it.
    pub(super) fn rules(&self, direction: Direction) -> Option<&[CompiledRule]> {
        self.sections[direction as usize].as_deref()
    }
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CompiledRule {
    /// Its number in its section.
    pub(super) number: u32,
    pub(super) action: Action,
    pub(super) peers: Option<Vec<CompiledPeer>>,
    pub(super) ports: Option<Vec<CompiledPort>>,
}

/// Who is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum CompiledPeer {
    Pods(PodsKey),
    Block {
        cidr: Cidr,
        except: Vec<Cidr>,
        reaches_pods: bool,
    },
    Nodes(SelectorId),
    /// Names of the outside: nobody knows which addresses they have.
    Domains,
    /// What is not understood, in a rule that allows.
    Nobody,
}

/// Which ports.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum CompiledPort {
    Range(Protocol, u16, u16),
    /// By name, `None` where no port of the world has it.
    Named(Option<Protocol>, Option<Text>),
}

/// Policies, and their selectors once each.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    /// As in the world: numbers are the same. What is not enforced says nothing of any direction.
    pub(super) policies: Vec<CompiledPolicy>,
    selectors: Vec<Selector>,
    known: FxHashMap<Selector, SelectorId>,
    pub(super) name_label: Option<Text>,
}

impl Compiled {
    pub(super) fn new(world: &World, dialect: &Dialect) -> Self {
        let name_label = world.texts.find(NAME_LABEL);
        let mut compiled = Self { name_label, ..Self::default() };
        for policy in &world.policies {
            let ready = compiled.policy(policy, world, dialect);
            compiled.policies.push(ready);
        }
        compiled
    }

    pub(super) fn selector(&self, id: SelectorId) -> &Selector {
        &self.selectors[id.0 as usize]
    }

    fn add(
        &mut self,
        selector: &posture::model::labels::LabelSelector,
        world: &World,
    ) -> SelectorId {
        let selector = Selector::new(selector, &world.texts);
        if let Some(&known) = self.known.get(&selector) {
            return known;
        }
        let id = SelectorId(u32::try_from(self.selectors.len()).unwrap_or(u32::MAX));
        self.selectors.push(selector.clone());
        self.known.insert(selector, id);
        id
    }

    fn pods(&mut self, pods: &Pods, own: u32, world: &World) -> PodsKey {
        let spaces = match &pods.namespaces {
            Namespaces::Own => Spaces::Own(own),
            Namespaces::Selected(selector) => Spaces::Selected(self.add(selector, world)),
        };
        PodsKey { spaces, pods: self.add(&pods.pods, world) }
    }

    fn policy(&mut self, policy: &Policy, world: &World, dialect: &Dialect) -> CompiledPolicy {
        let name = policy.object.namespace.as_deref().unwrap_or_default();
        let found =
            world.namespaces.binary_search_by(|namespace| namespace.name.as_str().cmp(name));
        let own = found.map_or(u32::MAX, |own| u32::try_from(own).unwrap_or(u32::MAX));
        let subject = self.pods(&policy.subject, own, world);
        let enforced = match (policy.tier, policy.object.kind.as_str()) {
            (Tier::NetworkPolicy, _) => dialect.kinds.network_policy,
            (_, "ClusterNetworkPolicy") => dialect.kinds.cluster_network_policy,
            _ => dialect.kinds.admin_network_policy,
        };
        let sections = [Direction::Ingress, Direction::Egress].map(|direction| {
            let section = policy.section(direction);
            let counts = section.active
                || dialect.dead_sections_count && !section.rules.is_empty()
                || injected(Fault::DeadSectionCounts);
            if !counts || !enforced {
                return None;
            }
            let rules = section.rules.iter().enumerate();
            Some(rules.map(|(number, rule)| self.rule(number, rule, own, world)).collect())
        });
        CompiledPolicy { tier: policy.tier, priority: policy.priority, subject, sections }
    }

    fn rule(&mut self, number: usize, rule: &Rule, own: u32, world: &World) -> CompiledRule {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let is_unknown = |peer: &Peer| matches!(peer.who, Who::Unknown(_));
        let has_unknown = rule.peers.iter().flatten().any(is_unknown);
        if has_unknown && rule.action != Action::Allow && !injected(Fault::UnknownPeerIgnored) {
            // Fails closed: what is not understood could mean anybody.
            return CompiledRule { number, action: Action::Deny, peers: None, ports: None };
        }
        // A rule that allows fails closed by meaning nobody, by its other peers neither.
        let is_dead = has_unknown && !injected(Fault::UnknownPeerIgnored);
        let mut peer = |peer: &Peer| {
            if is_dead { CompiledPeer::Nobody } else { self.peer(&peer.who, own, world) }
        };
        let peers =
            rule.peers.as_ref().map(|peers| peers.iter().map(&mut peer).collect::<Vec<_>>());
        let ports = rule
            .ports
            .as_ref()
            .map(|ports| ports.iter().map(|port| compiled_port(port, world)).collect::<Vec<_>>());
        CompiledRule { number, action: rule.action, peers, ports }
    }

    fn peer(&mut self, who: &Who, own: u32, world: &World) -> CompiledPeer {
        match who {
            Who::Pods(pods) => CompiledPeer::Pods(self.pods(pods, own, world)),
            Who::Block { cidr, except, reaches_pods } => {
                let mut except = except.clone();
                except.sort_unstable();
                CompiledPeer::Block { cidr: *cidr, except, reaches_pods: *reaches_pods }
            }
            Who::Nodes(selector) => CompiledPeer::Nodes(self.add(selector, world)),
            Who::Domains(_) => CompiledPeer::Domains,
            Who::Unknown(_) => CompiledPeer::Nobody,
        }
    }
}

fn compiled_port(port: &Port, world: &World) -> CompiledPort {
    match port {
        Port::Range { protocol, first, last } => {
            let last = if injected(Fault::EndPortIgnored) { *first } else { *last };
            CompiledPort::Range(*protocol, *first, last)
        }
        Port::Named { protocol, name } => CompiledPort::Named(*protocol, world.texts.find(name)),
    }
}

/// The ports of a rule at a destination that has these named ports.
pub(super) fn ports_at(ports: Option<&[CompiledPort]>, named: &[NamedPort]) -> PortSet {
    let Some(ports) = ports else { return PortSet::all() };
    let mut set = PortSet::none();
    for port in ports {
        match *port {
            CompiledPort::Range(protocol, first, last) => {
                set = set.union(&PortSet::range(protocol, first, last));
            }
            CompiledPort::Named(protocol, name) => {
                for own in named.iter().filter(|own| is_meant(**own, protocol, name)) {
                    set = set.union(&PortSet::range(own.protocol, own.number, own.number));
                }
            }
        }
    }
    set
}

/// Whether a named port of a container is the one that a rule names.
fn is_meant(own: NamedPort, protocol: Option<Protocol>, name: Option<Text>) -> bool {
    let same = protocol.is_none_or(|protocol| protocol == own.protocol);
    Some(own.name) == name && (same || injected(Fault::NamedPortAnyProtocol))
}
