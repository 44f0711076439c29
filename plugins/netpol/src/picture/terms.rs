//! Sets of parties in few words: all pods, a namespace, a selection, blocks of addresses.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;
use rustc_hash::{FxHashMap, FxHashSet};

use super::focus::Sorts;
use super::outside::{Blocks, blocks_of};
use super::sets::{SetId, Sets};
use super::{Party, Traffic, Who};
use crate::policy;
use crate::world::{Text, World};

/// How many exceptions a term may have.
const MOST_EXCEPTIONS: usize = 3;

/// How many workloads there must be of each that is an exception.
const WORTH_AN_EXCEPTION: usize = 4;

/// How many workloads of different namespaces are worth a common name.
const WORTH_A_LABEL: usize = 3;

/// Parties that have one name together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// What they are.
    pub(super) shape: Shape,
    /// Who of them is not meant.
    pub(super) but: Vec<Term>,
}

/// What a [`Term`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// All pods, all nodes, and everything outside.
    Everything,
    /// All pods.
    AllPods,
    /// The pods of all namespaces with a label.
    Namespaces((Text, Text)),
    /// The pods with a label, in whatever namespace.
    Labelled((Text, Text)),
    /// The pods of a namespace.
    Namespace(u32),
    /// The pods of a workload.
    Workload(u32),
    /// Some of the pods of a workload: their parties.
    Variants(u32, Vec<u32>),
    /// All nodes.
    AllNodes,
    /// A node.
    Node(u32),
    /// A node by one of its addresses: its party.
    NodeAt(u32),
    /// Everything outside.
    Anywhere,
    /// Addresses outside.
    Blocks(Blocks),
    /// Pods that do not exist: their party.
    Possible(u32),
}

/// What is known of the parties, to name sets of them.
pub(super) struct Index<'a> {
    traffic: &'a Traffic,
    sorts: &'a Sorts,
    /// The workload of each party, and the namespace of that.
    workload_of: Vec<Option<(u32, u32)>>,
    /// The parties of each workload and of each namespace, and how many workloads each has.
    workloads: FxHashMap<u32, RoaringBitmap>,
    namespaces: FxHashMap<u32, (RoaringBitmap, usize)>,
    count: usize,
    /// The parties of each node.
    node_parties: FxHashMap<u32, RoaringBitmap>,
    /// What selections there are, by the parties that they mean.
    selections: Vec<((Text, Text), bool)>,
    selected: FxHashMap<SetId, usize>,
    sets: Sets,
}

impl<'a> Index<'a> {
    pub(super) fn of(world: &World, traffic: &'a Traffic, sorts: &'a Sorts) -> Self {
        let mut index = Self {
            traffic,
            sorts,
            workload_of: Vec::with_capacity(traffic.parties.len()),
            workloads: FxHashMap::default(),
            namespaces: FxHashMap::default(),
            count: 0,
            node_parties: FxHashMap::default(),
            selections: Vec::new(),
            selected: FxHashMap::default(),
            sets: Sets::default(),
        };
        for (number, party) in (0u32..).zip(&traffic.parties) {
            if let Who::Node { node, .. } = party.who {
                index.node_parties.entry(node).or_default().insert(number);
            }
            let Who::Workload { workload, .. } = party.who else {
                index.workload_of.push(None);
                continue;
            };
            let known = world.workloads.get(workload as usize);
            let namespace = known.map_or(u32::MAX, |known| known.namespace);
            index.workload_of.push(Some((workload, namespace)));
            let of_workload = index.workloads.entry(workload).or_default();
            let of_namespace = index.namespaces.entry(namespace).or_default();
            if of_workload.is_empty() {
                of_namespace.1 += 1;
                index.count += 1;
            }
            of_workload.insert(number);
            of_namespace.0.insert(number);
        }
        index.select(world);
        index
    }

    /// Finds what labels select, of those that policies ask for: only by these are all pods of a
    /// party alike.
    fn select(&mut self, world: &World) {
        let (of_pods, of_namespaces) = keys(world);
        let mut found: BTreeMap<(bool, Text, Text), RoaringBitmap> = BTreeMap::new();
        for (number, party) in (0u32..).zip(&self.traffic.parties) {
            let Who::Workload { pod, .. } = party.who else { continue };
            let Some(pod) = world.pods.get(pod as usize) else { continue };
            for &(key, value) in pod.labels.iter().filter(|(key, _)| of_pods.contains(key)) {
                found.entry((true, key, value)).or_default().insert(number);
            }
        }
        // The labels of a namespace that was not seen could be any.
        if world.namespaces.iter().all(|namespace| namespace.seen) {
            for (number, namespace) in (0u32..).zip(&world.namespaces) {
                let Some((parties, _)) = self.namespaces.get(&number) else { continue };
                let asked = namespace.labels.iter().filter(|(key, _)| of_namespaces.contains(key));
                for &(key, value) in asked {
                    *found.entry((false, key, value)).or_default() |= parties;
                }
            }
        }
        for ((of_pods, key, value), parties) in found {
            let set = self.sets.add(parties);
            // Of two names the first: that of namespaces, which says more.
            self.selected.entry(set).or_insert(self.selections.len());
            self.selections.push(((key, value), of_pods));
        }
    }

    /// The set in words: the fewest terms that are found, in order.
    pub(super) fn describe(&mut self, set: &RoaringBitmap) -> Vec<Term> {
        let sorts = self.sorts;
        let known = sorts.pods.len() + sorts.outside.len() + sorts.nodes.len();
        let possible = (set & &sorts.possible).into_iter();
        let possible = possible.map(|party| Shape::Possible(party).into());
        let pods = set & &sorts.pods;
        let outside = set & &sorts.outside;
        let nodes = set & &sorts.nodes;
        let has_all = known > 0 && pods.len() + outside.len() + nodes.len() == known;
        let mut terms: Vec<Term> = Vec::new();
        if has_all && !sorts.pods.is_empty() && !sorts.outside.is_empty() {
            terms.push(Shape::Everything.into());
        } else {
            terms.extend(self.pods(&pods));
            if !nodes.is_empty() && nodes.len() == sorts.nodes.len() && self.node_parties.len() > 1
            {
                terms.push(Shape::AllNodes.into());
            } else {
                terms.extend(self.nodes(&nodes));
            }
            if !outside.is_empty() && outside.len() == sorts.outside.len() {
                terms.push(Shape::Anywhere.into());
            } else if !outside.is_empty() {
                terms.push(Shape::Blocks(blocks_of(self.traffic, &outside)).into());
            }
        }
        terms.extend(possible);
        terms
    }

    /// Who is meant by a term.
    pub(super) fn members(&self, term: &Term, set: &RoaringBitmap) -> RoaringBitmap {
        let sorts = self.sorts;
        match &term.shape {
            Shape::Everything => set - &sorts.possible,
            Shape::AllPods | Shape::Namespaces(_) | Shape::Labelled(_) => set & &sorts.pods,
            Shape::Namespace(namespace) => {
                self.namespaces.get(namespace).map(|(all, _)| set & all).unwrap_or_default()
            }
            Shape::Workload(workload) | Shape::Variants(workload, _) => {
                self.workloads.get(workload).map(|all| set & all).unwrap_or_default()
            }
            Shape::AllNodes => set & &sorts.nodes,
            Shape::Node(node) => self.node_parties.get(node).cloned().unwrap_or_default(),
            Shape::Anywhere | Shape::Blocks(_) => set & &sorts.outside,
            Shape::NodeAt(party) | Shape::Possible(party) => [*party].into_iter().collect(),
        }
    }

    /// How many workloads and namespaces a set has pods of.
    pub(super) fn counts(&self, set: &RoaringBitmap) -> (usize, usize) {
        let found = set.iter().filter_map(|party| *self.workload_of.get(party as usize)?);
        let mut workloads = FxHashSet::default();
        let mut namespaces = FxHashSet::default();
        for (workload, namespace) in found {
            workloads.insert(workload);
            namespaces.insert(namespace);
        }
        (workloads.len(), namespaces.len())
    }

    /// Nodes by their names; by their addresses where not all of these are meant.
    fn nodes(&self, nodes: &RoaringBitmap) -> Vec<Term> {
        let mut terms: Vec<Term> = Vec::new();
        for party in nodes {
            let Some(Party { who: Who::Node { node, .. }, .. }) =
                self.traffic.parties.get(party as usize)
            else {
                continue;
            };
            let term = match self.node_parties.get(node) {
                Some(all) if all.is_subset(nodes) => Shape::Node(*node).into(),
                _ => Shape::NodeAt(party).into(),
            };
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
        terms
    }

    fn pods(&mut self, pods: &RoaringBitmap) -> Vec<Term> {
        if pods.is_empty() {
            return Vec::new();
        }
        if pods.len() == self.sorts.pods.len() && self.count > 1 {
            return vec![Shape::AllPods.into()];
        }
        let held = Held::of(pods, &self.workload_of);
        if held.workloads.len() >= WORTH_A_LABEL && held.namespaces.len() > 1 {
            let set = self.sets.add(pods.clone());
            if let Some(&number) = self.selected.get(&set) {
                let (label, of_pods) = self.selections[number];
                let shape = if of_pods { Shape::Labelled(label) } else { Shape::Namespaces(label) };
                return vec![shape.into()];
            }
        }
        self.all_but(pods, &held).unwrap_or_else(|| self.listed(pods, &held))
    }

    /// `all pods but …`, where little is missing.
    fn all_but(&self, pods: &RoaringBitmap, held: &Held) -> Option<Vec<Term>> {
        // Each exception is a whole namespace or workload at most: the numbers tell first.
        let missing = self.count.saturating_sub(held.workloads.len());
        let gone = self.namespaces.len().saturating_sub(held.namespaces.len());
        if self.count < WORTH_AN_EXCEPTION
            || gone > MOST_EXCEPTIONS
            || missing > held.workloads.len()
        {
            return None;
        }
        let missing = &self.sorts.pods - pods;
        let rest = Held::of(&missing, &self.workload_of);
        let but = self.plain(&missing, &rest);
        let is_few = but.len() <= MOST_EXCEPTIONS
            && but.len() * WORTH_AN_EXCEPTION <= held.workloads.len()
            && but.len() < held.namespaces.len();
        is_few.then(|| vec![Term { shape: Shape::AllPods, but }])
    }

    /// Whole namespaces by their names, workloads by theirs.
    fn plain(&self, pods: &RoaringBitmap, held: &Held) -> Vec<Term> {
        let mut terms = Vec::new();
        for (&namespace, own) in &held.namespaces {
            if let Some((all, count)) = self.namespaces.get(&namespace)
                && all.len() == own.parties
                && *count > 1
            {
                terms.push(Shape::Namespace(namespace).into());
                continue;
            }
            terms.extend(own.workloads.iter().map(|&workload| self.workload(workload, pods)));
        }
        terms
    }

    /// As [`Self::plain`], with namespaces of which little is missing.
    fn listed(&self, pods: &RoaringBitmap, held: &Held) -> Vec<Term> {
        let mut terms = Vec::new();
        for (&namespace, own) in &held.namespaces {
            let Some((all, count)) = self.namespaces.get(&namespace) else { continue };
            if all.len() == own.parties && *count > 1 {
                terms.push(Shape::Namespace(namespace).into());
                continue;
            }
            let missing = all - pods;
            let rest = Held::of(&missing, &self.workload_of);
            let gone = rest.workloads.len();
            let is_few =
                gone <= MOST_EXCEPTIONS && gone * WORTH_AN_EXCEPTION <= own.workloads.len();
            if is_few && gone > 0 {
                let but = self.plain(&missing, &rest);
                terms.push(Term { shape: Shape::Namespace(namespace), but });
            } else {
                terms.extend(own.workloads.iter().map(|&workload| self.workload(workload, pods)));
            }
        }
        terms
    }

    fn workload(&self, workload: u32, pods: &RoaringBitmap) -> Term {
        match self.workloads.get(&workload) {
            Some(all) if !all.is_subset(pods) => {
                Shape::Variants(workload, (all & pods).into_iter().collect()).into()
            }
            _ => Shape::Workload(workload).into(),
        }
    }
}

impl From<Shape> for Term {
    fn from(shape: Shape) -> Self {
        Self { shape, but: Vec::new() }
    }
}

/// What a set of pods has of each namespace.
struct Held {
    namespaces: BTreeMap<u32, Own>,
    workloads: Vec<u32>,
}

#[derive(Default)]
struct Own {
    parties: u64,
    workloads: Vec<u32>,
}

impl Held {
    fn of(pods: &RoaringBitmap, workload_of: &[Option<(u32, u32)>]) -> Self {
        let mut held = Self { namespaces: BTreeMap::new(), workloads: Vec::new() };
        let mut found: Vec<(u32, u32)> =
            pods.iter().filter_map(|party| *workload_of.get(party as usize)?).collect();
        found.sort_unstable_by_key(|&(workload, namespace)| (namespace, workload));
        for group in found.chunk_by(|(_, left), (_, right)| left == right) {
            let mut own = Own { parties: group.len() as u64, workloads: Vec::new() };
            own.workloads.extend(group.iter().map(|&(workload, _)| workload));
            own.workloads.dedup();
            held.workloads.extend(&own.workloads);
            held.namespaces.insert(group[0].1, own);
        }
        held
    }
}

/// The labels of pods and of namespaces that policies ask for.
pub(super) fn keys(world: &World) -> (FxHashSet<Text>, FxHashSet<Text>) {
    let mut of_pods = FxHashSet::default();
    let mut of_namespaces = FxHashSet::default();
    let mut add = |pods: &policy::Pods| {
        let requirements = pods.pods.requirements().iter();
        of_pods.extend(requirements.filter_map(|one| world.texts.find(one.key())));
        if let policy::Namespaces::Selected(selector) = &pods.namespaces {
            let requirements = selector.requirements().iter();
            of_namespaces.extend(requirements.filter_map(|one| world.texts.find(one.key())));
        }
    };
    for policy in &world.policies {
        add(&policy.subject);
        for direction in policy::Direction::ALL {
            let rules = &policy.section(direction).rules;
            let peers = rules.iter().filter_map(|rule| rule.peers.as_ref()).flatten();
            for peer in peers {
                if let policy::Who::Pods(pods) = &peer.who {
                    add(pods);
                }
            }
        }
    }
    (of_pods, of_namespaces)
}
