//! What people call workloads, namespaces and the rest. Nothing here is escaped.

use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use super::outside::{Blocks, blocks_of};
use super::terms::{Shape, Term};
use super::{Traffic, Who};
use crate::address::{Cidr, Family};
use crate::world::{Text, World};

/// Names of the parties of a world.
pub(super) struct Names<'a> {
    world: &'a World,
    traffic: &'a Traffic,
    /// How many workloads of a namespace have a name: of several kinds, that is.
    same: FxHashMap<(u32, &'a str), usize>,
}

impl<'a> Names<'a> {
    pub(super) fn of(world: &'a World, traffic: &'a Traffic) -> Self {
        let mut same = FxHashMap::default();
        for workload in &world.workloads {
            *same.entry((workload.namespace, workload.object.name.as_str())).or_default() += 1;
        }
        Self { world, traffic, same }
    }

    pub(super) fn namespace(&self, number: u32) -> &'a str {
        self.world.namespaces.get(number as usize).map_or("", |namespace| &namespace.name)
    }

    pub(super) fn namespace_of(&self, workload: u32) -> Option<u32> {
        self.world.workloads.get(workload as usize).map(|workload| workload.namespace)
    }

    /// `shop/web`; `shop/deployment.apps/web` where another workload has the name, too.
    pub(super) fn workload(&self, number: u32) -> String {
        let Some(workload) = self.world.workloads.get(number as usize) else {
            return String::new();
        };
        let namespace = self.namespace(workload.namespace);
        let name = workload.object.name.as_str();
        if self.same.get(&(workload.namespace, name)).is_some_and(|same| *same > 1) {
            format!("{namespace}/{}", workload.object)
        } else {
            format!("{namespace}/{name}")
        }
    }

    pub(super) fn node(&self, number: u32) -> &'a str {
        self.world.nodes.get(number as usize).map_or("", |node| &node.name)
    }

    /// A party as itself.
    pub(super) fn party(&self, number: u32) -> String {
        match self.traffic.parties.get(number as usize).map(|party| &party.who) {
            None => String::new(),
            Some(Who::Workload { workload, variant, .. }) => {
                let name = self.workload(*workload);
                if variant.is_empty() { name } else { format!("{name} ({variant})") }
            }
            Some(Who::External { .. }) => self.outside(&[number].into_iter().collect()),
            Some(Who::Node { node, address }) => match address {
                Some(address) => format!("node {} ({address})", self.node(*node)),
                None => format!("node {}", self.node(*node)),
            },
            Some(Who::Possible(words)) => format!("{words} (none now)"),
        }
    }

    /// Parties that are outside.
    pub(super) fn outside(&self, parties: &RoaringBitmap) -> String {
        blocks(&blocks_of(self.traffic, parties))
    }

    fn label(&self, (key, value): (Text, Text)) -> String {
        format!("{}={}", self.world.texts.get(key), self.world.texts.get(value))
    }

    /// A term in words: `all pods`, `namespace shop but web`, `10.0.0.0/8 but 10.1.0.0/16`.
    pub(super) fn term(&self, term: &Term) -> String {
        let mut words = match &term.shape {
            Shape::Everything => "everything".to_owned(),
            Shape::AllPods => "all pods".to_owned(),
            Shape::Namespaces(label) => format!("namespaces with {}", self.label(*label)),
            Shape::Labelled(label) => format!("pods with {}", self.label(*label)),
            Shape::Namespace(namespace) => format!("namespace {}", self.namespace(*namespace)),
            Shape::Workload(workload) => self.workload(*workload),
            Shape::Variants(workload, variants) => {
                let name = self.workload(*workload);
                let parties = variants.iter();
                let variants = parties.filter_map(|&party| {
                    match &self.traffic.parties.get(party as usize)?.who {
                        Who::Workload { variant, .. } if variant.is_empty() => Some("the others"),
                        Who::Workload { variant, .. } => Some(variant.as_str()),
                        _ => None,
                    }
                });
                format!("{name} ({})", variants.collect::<Vec<_>>().join("; "))
            }
            Shape::AllNodes => "all nodes".to_owned(),
            Shape::Node(node) => format!("node {}", self.node(*node)),
            Shape::Anywhere => "anywhere outside".to_owned(),
            Shape::Blocks(found) => blocks(found),
            Shape::NodeAt(party) | Shape::Possible(party) => self.party(*party),
        };
        for (position, but) in term.but.iter().enumerate() {
            words.push_str(if position == 0 { " but " } else { ", " });
            words.push_str(&self.term(but));
        }
        words
    }
}

/// `10.0.0.0/8, 0.0.0.0/0 but 192.168.0.0/16`
fn blocks(blocks: &Blocks) -> String {
    let list = |blocks: &[Cidr]| {
        blocks.iter().map(|block| block_words(*block)).collect::<Vec<_>>().join(", ")
    };
    let mut parts = Vec::new();
    if !blocks.blocks.is_empty() {
        parts.push(list(&blocks.blocks));
    }
    parts.extend(
        blocks
            .but
            .iter()
            .map(|(around, but)| format!("{} but {}", block_words(*around), list(but))),
    );
    parts.join("; ")
}

/// A block; all of a family by its name.
fn block_words(block: Cidr) -> String {
    match block.family() {
        Family::V4 if block == Cidr::everything(Family::V4) => "any IPv4".to_owned(),
        Family::V6 if block == Cidr::everything(Family::V6) => "any IPv6".to_owned(),
        _ => {
            let text = block.to_string();
            // The same block: two colons in front are a command to GitHub's runner, and escaped.
            if text.starts_with("::") { format!("0{text}") } else { text }
        }
    }
}
