//! What policies make of traffic: single connections, and all of them at once.

mod areas;
mod compiled;
pub mod faults;
mod fit;
mod fold;
mod join;
mod judge;
pub mod map;
mod matching;
pub mod miss;
mod outside;
pub mod parties;
mod point;
mod selector;
mod sets;
mod sides;
mod spans;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod verdict;

use std::cell::OnceCell;
use std::net::IpAddr;

use rustc_hash::FxHashMap;

use self::compiled::{Compiled, Spaces};
use self::matching::Reading;
use crate::dialect::{Dialect, Taken};
use crate::policy::Tier;
use crate::world::World;

/// A world and how its policies are read, made ready for questions.
#[derive(Debug)]
pub struct Engine<'w> {
    world: &'w World,
    dialect: Dialect,
    compiled: Compiled,
    /// For each namespace the policies that can select pods there alone, in the order in which they
    /// are asked; behind them those for all namespaces.
    by_namespace: Vec<Vec<u32>>,
    everywhere: Vec<u32>,
    addresses: OnceCell<FxHashMap<IpAddr, Owner>>,
}

/// Whose an address is.
#[derive(Clone, Copy, Debug)]
enum Owner {
    Pod(u32),
    Node(u32),
}

impl<'w> Engine<'w> {
    /// Makes the policies of a world ready. Nothing is judged yet.
    pub fn new(world: &'w World, dialect: &Dialect) -> Self {
        let compiled = Compiled::new(world, dialect);
        let mut by_namespace = vec![Vec::new(); world.namespaces.len()];
        let mut everywhere = Vec::new();
        for (number, policy) in (0_u32..).zip(&compiled.policies) {
            match (policy.tier, policy.subject.spaces) {
                (Tier::NetworkPolicy, Spaces::Own(own)) => {
                    if let Some(own) = by_namespace.get_mut(own as usize) {
                        own.push(number);
                    }
                }
                _ => everywhere.push(number),
            }
        }
        let name = |number: u32| &world.policies[number as usize].object.name;
        let rank = |number: &u32| {
            let policy = &compiled.policies[*number as usize];
            (policy.tier, policy.priority)
        };
        everywhere.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| name(*a).cmp(name(*b))));
        for own in &mut by_namespace {
            own.sort_by(|a, b| name(*a).cmp(name(*b)));
        }
        let dialect = dialect.clone();
        Self { world, dialect, compiled, by_namespace, everywhere, addresses: OnceCell::new() }
    }

    /// The world that is judged.
    pub fn world(&self) -> &'w World {
        self.world
    }

    /// How its policies are read.
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// The policies that could select a pod of a namespace, in the order in which they are asked.
    fn order(&self, namespace: u32) -> Vec<u32> {
        let own = self.by_namespace.get(namespace as usize).map_or(&[][..], Vec::as_slice);
        let tier = |number: &u32| self.compiled.policies[*number as usize].tier;
        let admin = self.everywhere.iter().take_while(|number| tier(number) == Tier::Admin).count();
        let (admin, baseline) = self.everywhere.split_at(admin);
        [admin, own, baseline].concat()
    }

    /// The ways in which the dialect lets policies be read; the first is how the specification's own
    /// tests read them.
    fn readings(&self) -> Vec<Reading> {
        let of = |taken: Taken, usual: bool| match taken {
            Taken::Yes => vec![true],
            Taken::No => vec![false],
            Taken::Open => vec![usual, !usual],
        };
        let blocks = of(self.dialect.block_means_pods, true);
        let hosts = of(self.dialect.host_network_is_selected, false);
        let pair = |&host_network_is_selected: &bool| {
            blocks.iter().map(move |&block_means_pods| Reading {
                block_means_pods,
                host_network_is_selected,
            })
        };
        hosts.iter().flat_map(pair).collect()
    }

    /// Whose an address is, if it is that of a pod or a node. A pod with an address of its own goes
    /// before the node of the same address, and that before pods in its network.
    fn owner(&self, address: IpAddr) -> Option<Owner> {
        let owners = self.addresses.get_or_init(|| {
            let mut owners = FxHashMap::default();
            for (number, node) in (0..).zip(&self.world.nodes) {
                for &address in &node.addresses {
                    owners.entry(address).or_insert(Owner::Node(number));
                }
            }
            for (number, pod) in (0..).zip(&self.world.pods).filter(|(_, pod)| !pod.host_network) {
                for &address in &pod.addresses {
                    owners.entry(address).or_insert(Owner::Pod(number));
                }
            }
            owners
        });
        owners.get(&address).copied()
    }
}
