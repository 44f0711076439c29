//! Who can reach whom: what may leave, joined with what may arrive. Pairs are never looped over.

use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use super::areas::{PortSets, PortsId};
use super::parties::Parties;
use super::sides::{Sides, Zone};

/// Up to how many parties are looked up one by one.
const FEW: u64 = 64;

/// Sources that all may reach all destinations at these ports.
#[derive(Clone, Debug)]
pub(super) struct Rectangle {
    pub(super) from: RoaringBitmap,
    pub(super) to: RoaringBitmap,
    pub(super) ports: PortsId,
    /// In which readings they may for certain.
    pub(super) sure: u8,
}

/// What tells most zones apart without a look at all parties: ports, bits, how many parties there
/// are, and the first and last of them.
type Outline = (PortsId, u8, u8, u64, u32, u32);

/// A zone, and all parties that have it.
#[derive(Debug)]
struct Shared<'a> {
    owners: RoaringBitmap,
    zone: &'a Zone,
    is_few: bool,
}

/// The zones of a direction, equal ones together.
struct Direction<'a> {
    zones: Vec<Shared<'a>>,
    /// For each profile its zones, by number.
    of_profile: Vec<Vec<u32>>,
    profile_of: &'a [u32],
}

impl<'a> Direction<'a> {
    fn new(sides: &'a Sides, parties: &Parties) -> Self {
        let mut owners = vec![Vec::new(); sides.profiles.len()];
        for (class, &profile) in (0_u32..).zip(&sides.profile_of) {
            owners[profile as usize].push(class);
        }
        // Nodes and the outside are free, and come behind the classes.
        owners[0].extend(parties.pods().end..parties.len());
        let mut zones: Vec<Shared<'a>> = Vec::new();
        let mut of_profile = Vec::with_capacity(sides.profiles.len());
        let mut known: FxHashMap<Outline, Vec<u32>> = FxHashMap::default();
        for (profile, owners) in sides.profiles.iter().zip(&owners) {
            let mut own = Vec::new();
            for zone in profile.iter().filter(|_| !owners.is_empty()) {
                let bounds = (zone.parties.len(), zone.parties.min(), zone.parties.max());
                let (len, Some(min), Some(max)) = bounds else { continue };
                let key = (zone.ports, zone.possible, zone.sure, len, min, max);
                let alike = known.entry(key).or_default();
                let same = |number: &&u32| zones[**number as usize].zone.parties == zone.parties;
                let number = alike.iter().find(same).copied().unwrap_or_else(|| {
                    let number = u32::try_from(zones.len()).unwrap_or(u32::MAX);
                    zones.push(Shared { owners: RoaringBitmap::new(), zone, is_few: len <= FEW });
                    alike.push(number);
                    number
                });
                zones[number as usize].owners.extend(owners.iter().copied());
                own.push(number);
            }
            of_profile.push(own);
        }
        Self { zones, of_profile, profile_of: &sides.profile_of }
    }

    /// The zones that a party has.
    fn of(&self, party: u32) -> &[u32] {
        let profile = self.profile_of.get(party as usize).copied().unwrap_or(0);
        &self.of_profile[profile as usize]
    }

    /// The zones that any of some parties has, each once.
    fn of_any(&self, parties: &RoaringBitmap) -> Vec<u32> {
        let mut found: Vec<u32> =
            parties.iter().flat_map(|party| self.of(party)).copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Joins both directions.
pub(super) fn join(
    egress: &Sides,
    ingress: &Sides,
    parties: &Parties,
    ports: &mut PortSets,
) -> Vec<Rectangle> {
    let (leaves, arrives) = (Direction::new(egress, parties), Direction::new(ingress, parties));
    let pods: RoaringBitmap = parties.pods().collect();
    let mut join = Join { ports, pods: &pods, rectangles: Vec::new() };
    let wide: Vec<&Shared<'_>> = leaves.zones.iter().filter(|zone| !zone.is_few).collect();
    for arrive in &arrives.zones {
        if arrive.is_few {
            for leave in leaves.of_any(&arrive.zone.parties) {
                join.add(&leaves.zones[leave as usize], arrive);
            }
        } else {
            for leave in &wide {
                join.add(leave, arrive);
            }
        }
    }
    for leave in leaves.zones.iter().filter(|zone| zone.is_few) {
        for arrive in arrives.of_any(&leave.zone.parties) {
            let arrive = &arrives.zones[arrive as usize];
            if !arrive.is_few {
                join.add(leave, arrive);
            }
        }
    }
    join.rectangles
}

struct Join<'a> {
    ports: &'a mut PortSets,
    pods: &'a RoaringBitmap,
    rectangles: Vec<Rectangle>,
}

impl Join<'_> {
    fn add(&mut self, leave: &Shared<'_>, arrive: &Shared<'_>) {
        let possible = leave.zone.possible & arrive.zone.possible;
        let ports = self.ports.intersection(leave.zone.ports, arrive.zone.ports);
        if possible == 0 || ports == PortsId::NONE {
            return;
        }
        let from = &leave.owners & &arrive.zone.parties;
        if from.is_empty() {
            return;
        }
        let to = &leave.zone.parties & &arrive.owners;
        if to.is_empty() {
            return;
        }
        let sure = leave.zone.sure & arrive.zone.sure;
        // What neither comes from a pod nor goes to one is no matter of policies.
        let inside = &from & self.pods;
        let outside = from - self.pods;
        let pods = &to & self.pods;
        let mut push = |from: RoaringBitmap, to: RoaringBitmap| {
            if !from.is_empty() && !to.is_empty() {
                self.rectangles.push(Rectangle { from, to, ports, sure });
            }
        };
        push(inside, to);
        push(outside, pods);
    }
}
