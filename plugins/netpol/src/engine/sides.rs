//! For each party what its policies allow in one direction: parties with the same policies share it.

use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use super::Engine;
use super::areas::{Areas, PortSets, PortsId};
use super::compiled::{CompiledPort, CompiledRule, ports_at};
use super::fold::{FoldedPolicy, FoldedRule, Manner, fold};
use super::matching::Reading;
use super::parties::Parties;
use super::sets::{Pair, Sets};
use crate::policy::{Direction, Tier};
use crate::world::NamedPort;

/// Parties and ports that are allowed, and in which readings: one bit a reading.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Zone {
    pub(super) parties: RoaringBitmap,
    pub(super) ports: PortsId,
    /// Where they may be allowed.
    pub(super) possible: u8,
    /// Where they are for certain.
    pub(super) sure: u8,
}

/// One direction of all parties.
#[derive(Debug)]
pub(super) struct Sides {
    /// For each class its profile; nodes and the outside have profile 0, in which everything is
    /// allowed.
    pub(super) profile_of: Vec<u32>,
    /// What is allowed in a profile. No party and port is in two zones.
    pub(super) profiles: Vec<Vec<Zone>>,
}

/// The profiles of one reading.
struct OfReading {
    profile_of: Vec<u32>,
    profiles: Vec<(Areas, Option<Areas>)>,
}

/// What classes are selected by, in one reading.
struct Selected {
    /// For each class its policies, in the order in which they are asked; odd where it is not
    /// certain that they select it.
    lists: Vec<Vec<u32>>,
}

/// Both directions: egress, then ingress.
pub(super) fn sides(
    engine: &Engine<'_>,
    parties: &Parties,
    readings: &[Reading],
    ports: &mut PortSets,
) -> [Sides; 2] {
    let mut of: [Vec<OfReading>; 2] = [Vec::new(), Vec::new()];
    for &reading in readings {
        let mut sets = Sets::new(engine, parties, reading);
        let selected = Selected::new(engine, parties, &mut sets);
        let mut signatures = None;
        for (direction, into) in Direction::ALL.into_iter().zip(&mut of) {
            let mut builder = Builder {
                engine,
                parties,
                sets: &mut sets,
                ports,
                direction,
                signatures: &mut signatures,
                policies: FxHashMap::default(),
            };
            into.push(builder.build(&selected));
        }
    }
    let mut everybody = RoaringBitmap::new();
    everybody.insert_range(0..parties.len());
    of.map(|readings| overlay(&readings, &everybody, ports))
}

impl Selected {
    fn new(engine: &Engine<'_>, parties: &Parties, sets: &mut Sets<'_>) -> Self {
        let mut lists = vec![Vec::new(); parties.classes.len()];
        let own = engine.by_namespace.iter().flatten();
        let tier = |number: &u32| engine.compiled.policies[*number as usize].tier;
        let admin =
            engine.everywhere.iter().take_while(|number| tier(number) == Tier::Admin).count();
        let (admin, baseline) = engine.everywhere.split_at(admin);
        for &number in admin.iter().chain(own).chain(baseline) {
            let pair = sets.of_subject(engine.compiled.policies[number as usize].subject);
            for class in sets.get(pair.possible) {
                let certain = pair.is_certain() || sets.get(pair.sure).contains(class);
                lists[class as usize].push(number << 1 | u32::from(!certain));
            }
        }
        Self { lists }
    }
}

struct Builder<'a, 'b> {
    engine: &'b Engine<'b>,
    parties: &'b Parties,
    sets: &'a mut Sets<'b>,
    ports: &'a mut PortSets,
    direction: Direction,
    /// The named ports of classes, and which have them.
    signatures: &'a mut Option<Vec<(Vec<NamedPort>, RoaringBitmap)>>,
    /// Policies that are folded already, where it does not matter for which class.
    policies: FxHashMap<u32, FoldedPolicy>,
}

impl Builder<'_, '_> {
    fn build(&mut self, selected: &Selected) -> OfReading {
        let everybody = self.sets.get(Pair::EVERYBODY.sure).clone();
        let mut of = OfReading {
            profile_of: vec![0; self.parties.classes.len()],
            profiles: vec![(Areas::everything(&everybody), None)],
        };
        let skips = self.engine.dialect.isolation_skips_baseline;
        let mut known: FxHashMap<(Vec<u32>, Vec<NamedPort>), u32> = FxHashMap::default();
        let mut same: FxHashMap<(Vec<FoldedPolicy>, bool), u32> = FxHashMap::default();
        for (class, list) in selected.lists.iter().enumerate() {
            let policy = |entry: u32| &self.engine.compiled.policies[(entry >> 1) as usize];
            let speaks = |entry: &&u32| policy(**entry).rules(self.direction).is_some();
            let asked: Vec<u32> = list.iter().filter(speaks).copied().collect();
            let isolates = |entry: &u32| policy(*entry).tier == Tier::NetworkPolicy;
            let skips_baseline = skips && list.iter().any(isolates);
            if asked.is_empty() {
                continue;
            }
            let rules = asked.iter().filter_map(|&entry| policy(entry).rules(self.direction));
            let by_name = self.direction == Direction::Ingress && rules.flatten().any(has_name);
            let named = if by_name { self.named_ports(class) } else { Vec::new() };
            let key = (asked, named);
            if let Some(&profile) = known.get(&key) {
                of.profile_of[class] = profile;
                continue;
            }
            let folded: Vec<FoldedPolicy> =
                key.0.iter().map(|&entry| self.policy(entry, &key.1)).collect();
            let content = (folded, skips_baseline);
            let profile = *same.entry(content).or_insert_with_key(|(folded, _)| {
                let by_name = self.engine.dialect.equal_priority_by_name;
                let manner = Manner { by_name, skips_baseline };
                of.profiles.push(fold(folded, manner, self.sets, self.ports));
                u32::try_from(of.profiles.len() - 1).unwrap_or(u32::MAX)
            });
            known.insert(key, profile);
            of.profile_of[class] = profile;
        }
        of
    }

    fn named_ports(&self, class: usize) -> Vec<NamedPort> {
        let example = self.parties.classes[class].example;
        self.engine.world.pods[example as usize].ports.to_vec()
    }

    /// A policy with its peers as sets; `named` are the named ports of the class, where they count.
    fn policy(&mut self, entry: u32, named: &[NamedPort]) -> FoldedPolicy {
        if let Some(known) = self.policies.get(&entry).filter(|_| named.is_empty()) {
            return known.clone();
        }
        let compiled = &self.engine.compiled.policies[(entry >> 1) as usize];
        let rules = compiled.rules(self.direction).unwrap_or_default();
        let folded = FoldedPolicy {
            tier: compiled.tier,
            priority: compiled.priority,
            certain: entry & 1 == 0,
            rules: rules.iter().map(|rule| self.rule(rule, named)).collect(),
        };
        if named.is_empty() {
            self.policies.insert(entry, folded.clone());
        }
        folded
    }

    fn rule(&mut self, rule: &CompiledRule, named: &[NamedPort]) -> FoldedRule {
        let pair = self.sets.of_peers(rule.peers.as_deref());
        let fixed = self.ports.add(ports_at(rule.ports.as_deref(), named));
        let mut parts = vec![(pair, fixed)];
        if self.direction == Direction::Egress && has_name(rule) {
            for (signature, classes) in self.signatures().to_vec() {
                let own = self.ports.add(ports_at(rule.ports.as_deref(), &signature));
                if own != fixed {
                    parts.push((self.sets.common(pair, &classes), own));
                }
            }
        }
        parts.retain(|(_, ports)| *ports != PortsId::NONE);
        FoldedRule { action: rule.action, parts }
    }

    /// The named ports of classes that can be peers, and which have them.
    fn signatures(&mut self) -> &[(Vec<NamedPort>, RoaringBitmap)] {
        let (parties, sets, world) = (self.parties, &self.sets, self.engine.world);
        self.signatures.get_or_insert_with(|| {
            let mut known: FxHashMap<&[NamedPort], RoaringBitmap> = FxHashMap::default();
            for class in sets.selectable() {
                let example = parties.classes[class as usize].example;
                let ports = &world.pods[example as usize].ports;
                if !ports.is_empty() {
                    known.entry(ports).or_default().insert(class);
                }
            }
            let mut signatures: Vec<_> =
                known.into_iter().map(|(ports, classes)| (ports.to_vec(), classes)).collect();
            signatures.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            signatures
        })
    }
}

fn has_name(rule: &CompiledRule) -> bool {
    rule.ports.iter().flatten().any(|port| matches!(port, CompiledPort::Named(..)))
}

/// The profiles of all readings as one.
fn overlay(readings: &[OfReading], everybody: &RoaringBitmap, ports: &mut PortSets) -> Sides {
    let classes = readings.first().map_or(0, |reading| reading.profile_of.len());
    let mut sides = Sides { profile_of: Vec::with_capacity(classes), profiles: Vec::new() };
    let mut known: FxHashMap<Vec<u32>, u32> = FxHashMap::default();
    let all = u8::MAX >> (8 - readings.len().min(8));
    let whole = Zone { parties: everybody.clone(), ports: PortsId::ALL, possible: all, sure: all };
    sides.profiles.push(vec![whole]);
    known.insert(vec![0; readings.len()], 0);
    for class in 0..classes {
        let key: Vec<u32> = readings.iter().map(|reading| reading.profile_of[class]).collect();
        let profile = *known.entry(key).or_insert_with_key(|key| {
            let mut layers = Vec::new();
            for (reading, profile) in readings.iter().zip(key) {
                let (possible, sure) = &reading.profiles[*profile as usize];
                layers.push((possible, sure.as_ref()));
            }
            sides.profiles.push(zones(&layers, all, ports));
            u32::try_from(sides.profiles.len() - 1).unwrap_or(u32::MAX)
        });
        sides.profile_of.push(profile);
    }
    sides
}

/// What is allowed in each reading, cut so that each piece is the same in all its parts.
fn zones(layers: &[(&Areas, Option<&Areas>)], all: u8, ports: &mut PortSets) -> Vec<Zone> {
    let first = layers[0].0;
    let are_equal = layers.iter().all(|(possible, sure)| *possible == first && sure.is_none());
    if are_equal {
        let zone = |(ports, parties): &(PortsId, RoaringBitmap)| Zone {
            parties: parties.clone(),
            ports: *ports,
            possible: all,
            sure: all,
        };
        return first.entries().iter().map(zone).collect();
    }
    let mut zones = Vec::new();
    for (reading, (possible, sure)) in layers.iter().enumerate() {
        let bit = 1 << reading;
        for (own, parties) in possible.entries() {
            mark(&mut zones, (parties, *own), (bit, 0), ports);
        }
        for (own, parties) in sure.unwrap_or(possible).entries() {
            mark(&mut zones, (parties, *own), (0, bit), ports);
        }
    }
    // What is sure but not possible cannot be; a zone without any bit says nothing.
    zones.retain(|zone| zone.possible != 0);
    zones
}

/// Sets bits for parties and ports.
fn mark(
    zones: &mut Vec<Zone>,
    (parties, own): (&RoaringBitmap, PortsId),
    (possible, sure): (u8, u8),
    ports: &mut PortSets,
) {
    // What is left to mark: parties with the ports that no zone has of them.
    let mut rest = vec![(parties.clone(), own)];
    let mut cut = Vec::new();
    for zone in zones.iter_mut() {
        let mut next = Vec::new();
        for (parties, own) in rest {
            let both = ports.intersection(zone.ports, own);
            let common = &zone.parties & &parties;
            if both == PortsId::NONE || common.is_empty() {
                next.push((parties, own));
                continue;
            }
            let kept = ports.minus(zone.ports, own);
            if kept != PortsId::NONE {
                cut.push(Zone { parties: common.clone(), ports: kept, ..*zone });
            }
            let left = ports.minus(own, zone.ports);
            if left != PortsId::NONE {
                next.push((common.clone(), left));
            }
            next.push((parties - &common, own));
            cut.push(Zone {
                ports: both,
                possible: zone.possible | possible,
                sure: zone.sure | sure,
                parties: common.clone(),
            });
            zone.parties -= common;
        }
        next.retain(|(parties, _)| !parties.is_empty());
        rest = next;
    }
    zones.retain(|zone| !zone.parties.is_empty());
    zones.extend(cut);
    zones.extend(rest.into_iter().map(|(parties, ports)| Zone { parties, ports, possible, sure }));
}
