//! Areas: parties and the ports at which something holds for them.

use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use crate::ports::PortSet;

/// The number of a set of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PortsId(u32);

impl PortsId {
    /// No port.
    pub(super) const NONE: Self = Self(0);
    /// Every port.
    pub(super) const ALL: Self = Self(1);
}

/// What is done with two sets of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operation {
    Union,
    Intersection,
    Minus,
}

/// Sets of ports, each once, and what came of two of them.
#[derive(Clone, Debug)]
pub(super) struct PortSets {
    sets: Vec<PortSet>,
    known: FxHashMap<PortSet, PortsId>,
    results: FxHashMap<(Operation, PortsId, PortsId), PortsId>,
}

impl Default for PortSets {
    fn default() -> Self {
        let mut sets =
            Self { sets: Vec::new(), known: FxHashMap::default(), results: FxHashMap::default() };
        sets.add(PortSet::none());
        sets.add(PortSet::all());
        sets
    }
}

impl PortSets {
    pub(super) fn add(&mut self, set: PortSet) -> PortsId {
        if let Some(&known) = self.known.get(&set) {
            return known;
        }
        let id = PortsId(u32::try_from(self.sets.len()).unwrap_or(u32::MAX));
        self.sets.push(set.clone());
        self.known.insert(set, id);
        id
    }

    pub(super) fn get(&self, id: PortsId) -> &PortSet {
        &self.sets[id.0 as usize]
    }

    pub(super) fn union(&mut self, one: PortsId, other: PortsId) -> PortsId {
        match (one, other) {
            (PortsId::NONE, same) | (same, PortsId::NONE) => same,
            (PortsId::ALL, _) | (_, PortsId::ALL) => PortsId::ALL,
            _ => self.result(Operation::Union, one.min(other), one.max(other)),
        }
    }

    pub(super) fn intersection(&mut self, one: PortsId, other: PortsId) -> PortsId {
        match (one, other) {
            (PortsId::ALL, same) | (same, PortsId::ALL) => same,
            (PortsId::NONE, _) | (_, PortsId::NONE) => PortsId::NONE,
            _ => self.result(Operation::Intersection, one.min(other), one.max(other)),
        }
    }

    pub(super) fn minus(&mut self, one: PortsId, other: PortsId) -> PortsId {
        match (one, other) {
            (PortsId::NONE, _) | (_, PortsId::ALL) => PortsId::NONE,
            (same, PortsId::NONE) => same,
            _ => self.result(Operation::Minus, one, other),
        }
    }

    fn result(&mut self, operation: Operation, one: PortsId, other: PortsId) -> PortsId {
        if one == other {
            return if operation == Operation::Minus { PortsId::NONE } else { one };
        }
        if let Some(&known) = self.results.get(&(operation, one, other)) {
            return known;
        }
        let (left, right) = (self.get(one), self.get(other));
        let set = match operation {
            Operation::Union => left.union(right),
            Operation::Intersection => left.intersection(right),
            Operation::Minus => left.minus(right),
        };
        let id = self.add(set);
        self.results.insert((operation, one, other), id);
        id
    }
}

/// Parties with the ports at which something holds for them. No party is in two entries, and no two
/// entries have the same ports.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Areas(Vec<(PortsId, RoaringBitmap)>);

impl Areas {
    /// Parties at all ports.
    pub(super) fn everything(everybody: &RoaringBitmap) -> Self {
        Self(vec![(PortsId::ALL, everybody.clone())])
    }

    pub(super) fn entries(&self) -> &[(PortsId, RoaringBitmap)] {
        &self.0
    }

    /// Adds ports for parties.
    pub(super) fn add(&mut self, parties: &RoaringBitmap, ports: PortsId, sets: &mut PortSets) {
        if ports == PortsId::NONE || parties.is_empty() {
            return;
        }
        let mut rest = parties.clone();
        let mut changed = Vec::new();
        for (own, members) in &mut self.0 {
            if rest.is_disjoint(members) {
                continue;
            }
            let both = &*members & &rest;
            rest -= &both;
            let together = sets.union(*own, ports);
            if together != *own {
                *members -= &both;
                changed.push((together, both));
            }
            if rest.is_empty() {
                break;
            }
        }
        if !rest.is_empty() {
            changed.push((ports, rest));
        }
        self.merge(changed);
    }

    /// Takes ports from parties; returns what was taken.
    pub(super) fn take(
        &mut self,
        parties: &RoaringBitmap,
        ports: PortsId,
        sets: &mut PortSets,
    ) -> Self {
        let mut taken = Self::default();
        if ports == PortsId::NONE || parties.is_empty() {
            return taken;
        }
        let mut changed = Vec::new();
        for (own, members) in &mut self.0 {
            let lost = sets.intersection(*own, ports);
            if lost == PortsId::NONE || members.is_disjoint(parties) {
                continue;
            }
            let both = &*members & parties;
            *members -= &both;
            let kept = sets.minus(*own, ports);
            if kept != PortsId::NONE {
                changed.push((kept, both.clone()));
            }
            taken.merge(vec![(lost, both)]);
        }
        self.merge(changed);
        taken
    }

    /// What of parties and ports is here.
    pub(super) fn common(
        &self,
        parties: &RoaringBitmap,
        ports: PortsId,
        sets: &mut PortSets,
    ) -> Self {
        let mut common = Self::default();
        for (own, members) in &self.0 {
            let both = sets.intersection(*own, ports);
            if both != PortsId::NONE && !members.is_disjoint(parties) {
                common.merge(vec![(both, members & parties)]);
            }
        }
        common
    }

    /// Adds all of another.
    pub(super) fn add_all(&mut self, other: &Self, sets: &mut PortSets) {
        for (ports, parties) in &other.0 {
            self.add(parties, *ports, sets);
        }
    }

    /// Takes all of another away.
    pub(super) fn take_all(&mut self, other: &Self, sets: &mut PortSets) {
        for (ports, parties) in &other.0 {
            self.take(parties, *ports, sets);
        }
    }

    /// Adds entries of parties that are in no other entry, and puts equal ports together.
    fn merge(&mut self, entries: Vec<(PortsId, RoaringBitmap)>) {
        for (ports, parties) in entries {
            match self.0.binary_search_by_key(&ports, |(own, _)| *own) {
                Ok(position) => self.0[position].1 |= parties,
                Err(position) => self.0.insert(position, (ports, parties)),
            }
        }
        self.0.retain(|(_, parties)| !parties.is_empty());
    }
}
