//! Whether a rule fits the other end of a connection.

use std::net::IpAddr;

use super::compiled::{Compiled, CompiledPeer, CompiledRule, PodsKey, Spaces, ports_at};
use super::faults::{Fault, injected};
use super::fit::Fit;
use super::verdict::Cause;
use crate::address::Cidr;
use crate::ports::Protocol;
use crate::world::{NamedPort, Pod, World};

/// One way to read what the specification leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) block_means_pods: bool,
    pub(super) host_network_is_selected: bool,
}

/// An end of a connection, looked up: what of it rules compare.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen<'w> {
    /// The pod, and its number.
    pub(super) pod: Option<(u32, &'w Pod)>,
    /// The node that it is, or in whose network the pod is.
    pub(super) node: Option<u32>,
    /// The address by which it is seen, where it is known.
    pub(super) address: Option<IpAddr>,
    /// Whether it is a pod of which nothing is known.
    pub(super) any_pod: bool,
}

impl Seen<'_> {
    /// Whether it is a pod with an address of its own, or one that is selected anyway.
    pub(super) fn is_selectable(&self, reading: Reading) -> bool {
        let selected = reading.host_network_is_selected || injected(Fault::HostNetworkSelected);
        self.pod.is_some_and(|(_, pod)| !pod.host_network || selected)
    }

    /// The named ports that count where it is the destination.
    pub(super) fn named_ports(&self, reading: Reading) -> &[NamedPort] {
        match self.pod {
            Some((_, pod)) if self.is_selectable(reading) => &pod.ports,
            _ => &[],
        }
    }
}

/// What rules are compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    pub(super) world: &'a World,
    pub(super) compiled: &'a Compiled,
    pub(super) reading: Reading,
}

impl Scene<'_> {
    /// Whether pods of a selection are meant.
    pub(super) fn selects(&self, key: PodsKey, pod: &Pod) -> Fit {
        let space = &self.world.namespaces[pod.namespace as usize];
        let fit = match key.spaces {
            Spaces::Own(own) => Fit::of(own == pod.namespace),
            Spaces::Selected(id) => {
                self.compiled.selector(id).fits(space, self.compiled.name_label)
            }
        };
        fit.and(|| Fit::of(self.compiled.selector(key.pods).matches(&pod.labels)))
    }

    /// Whether a peer of a rule means an end.
    pub(super) fn peer_fits(&self, peer: &CompiledPeer, end: &Seen<'_>) -> Fit {
        if end.any_pod && !matches!(peer, CompiledPeer::Nobody | CompiledPeer::Domains) {
            return Fit::may(Cause::PodUnknown);
        }
        match peer {
            CompiledPeer::Pods(key) => match end.pod {
                Some((_, pod)) if end.is_selectable(self.reading) => self.selects(*key, pod),
                _ => Fit::NO,
            },
            CompiledPeer::Block { cidr, except, reaches_pods } => {
                let is_inside = end.pod.is_some() || end.node.is_some();
                let means_pods =
                    self.reading.block_means_pods && !injected(Fault::BlockMeansNoPods);
                if is_inside && !reaches_pods && !means_pods {
                    return Fit::NO;
                }
                match end.address {
                    Some(address) => Fit::of(is_in_block(*cidr, except, address)),
                    None => Fit::may(Cause::AddressUnknown),
                }
            }
            CompiledPeer::Nodes(id) => {
                let node = end.node.map(|node| &self.world.nodes[node as usize]);
                let fits = |node: &crate::world::Node| {
                    self.compiled.selector(*id).matches(&node.labels) && !injected(Fault::NoNodes)
                };
                Fit::of(node.is_some_and(fits))
            }
            CompiledPeer::Domains => {
                let is_outside = end.pod.is_none() && end.node.is_none() && !end.any_pod;
                if is_outside { Fit::may(Cause::DomainName) } else { Fit::NO }
            }
            CompiledPeer::Nobody => Fit::NO,
        }
    }

    /// Whether one of the peers of a rule means an end.
    pub(super) fn peers_fit(&self, rule: &CompiledRule, end: &Seen<'_>) -> Fit {
        let Some(peers) = &rule.peers else { return Fit::YES };
        peers.iter().fold(Fit::NO, |fit, peer| fit.or(|| self.peer_fits(peer, end)))
    }

    /// Whether a rule fits: the other end, and the port at the destination.
    pub(super) fn rule_fits(
        &self,
        rule: &CompiledRule,
        other: &Seen<'_>,
        destination: &Seen<'_>,
        (protocol, port): (Protocol, u16),
    ) -> Fit {
        let ports = || {
            let set = ports_at(rule.ports.as_deref(), destination.named_ports(self.reading));
            set.contains(protocol, port)
        };
        if rule.ports.is_some() && !ports() { Fit::NO } else { self.peers_fit(rule, other) }
    }
}

/// Whether an address is in a block, and in none of its exceptions.
pub(super) fn is_in_block(cidr: Cidr, except: &[Cidr], address: IpAddr) -> bool {
    let excepted =
        || !injected(Fault::ExceptIgnored) && except.iter().any(|hole| hole.contains(address));
    cidr.contains(address) && !excepted()
}
