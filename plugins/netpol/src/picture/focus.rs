//! What part of the map is asked for.

use roaring::RoaringBitmap;

use super::{Traffic, Who};
use crate::engine::verdict::Verdict;
use crate::ports::PortSet;

/// What part of the map is asked for: what is `None` is not limited.
#[derive(Clone, Debug, Default)]
pub struct Focus {
    /// Only what these parties open.
    pub from: Option<RoaringBitmap>,
    /// Only what goes to these parties.
    pub to: Option<RoaringBitmap>,
    /// Only what has one of these parties on either side.
    pub either: Option<RoaringBitmap>,
    /// Only these ports.
    pub ports: Option<PortSet>,
    /// Only what is certain, or only what is not.
    pub only: Option<Only>,
    /// Whether pods that do not exist are shown.
    pub exposure: bool,
}

/// Which connections are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// Those that are allowed for certain.
    Allowed,
    /// Those that are not certain.
    Depends,
}

/// A part of a flow: who to whom.
pub(super) type Rectangle = (RoaringBitmap, RoaringBitmap);

impl Focus {
    /// Whether a part of the parties is asked for.
    pub fn is_narrow(&self) -> bool {
        self.from.is_some() || self.to.is_some() || self.either.is_some()
    }

    /// Whether connections with this verdict are asked for.
    pub(super) fn wants(&self, verdict: Verdict) -> bool {
        match (verdict, self.only) {
            (Verdict::Denied, _) => false,
            (_, None) => true,
            (verdict, Some(Only::Allowed)) => verdict == Verdict::Allowed,
            (verdict, Some(Only::Depends)) => verdict != Verdict::Allowed,
        }
    }

    /// The ports that are asked for.
    pub(super) fn ports(&self, ports: &PortSet) -> PortSet {
        self.ports.as_ref().map_or_else(|| ports.clone(), |wanted| ports.intersection(wanted))
    }

    /// The parts of a rectangle that are asked for: none, one or two that share no pair.
    pub(super) fn parts(&self, from: RoaringBitmap, to: RoaringBitmap) -> Vec<Rectangle> {
        let (mut from, mut to) = (from, to);
        if let Some(wanted) = &self.from {
            from &= wanted;
        }
        if let Some(wanted) = &self.to {
            to &= wanted;
        }
        let mut parts = match &self.either {
            None => vec![(from, to)],
            Some(wanted) => vec![(&from & wanted, to.clone()), (from - wanted, to & wanted)],
        };
        parts.retain(|(from, to)| !from.is_empty() && !to.is_empty());
        parts
    }

    /// The parties that are asked for on either side; `None` is all.
    pub(super) fn parties(&self) -> Option<RoaringBitmap> {
        let sides = [&self.from, &self.to, &self.either];
        let mut sides = sides.into_iter().flatten();
        let first = sides.next()?.clone();
        Some(sides.fold(first, |all, side| all | side))
    }
}

/// Parties by what they are, for filters and names.
#[derive(Clone, Debug, Default)]
pub(super) struct Sorts {
    /// Pods that exist, and those of templates.
    pub(super) pods: RoaringBitmap,
    /// Addresses outside.
    pub(super) outside: RoaringBitmap,
    /// Nodes.
    pub(super) nodes: RoaringBitmap,
    /// Pods that do not exist.
    pub(super) possible: RoaringBitmap,
    /// Those that nothing limits what arrives at.
    pub(super) open_ingress: RoaringBitmap,
    /// Those that nothing limits what leaves.
    pub(super) open_egress: RoaringBitmap,
}

impl Sorts {
    pub(super) fn of(traffic: &Traffic) -> Self {
        let mut sorts = Self::default();
        for (number, party) in (0u32..).zip(&traffic.parties) {
            let sort = match party.who {
                Who::Workload { .. } => &mut sorts.pods,
                Who::External { .. } => &mut sorts.outside,
                Who::Node { .. } => &mut sorts.nodes,
                Who::Possible(_) => &mut sorts.possible,
            };
            sort.insert(number);
            if party.open.ingress {
                sorts.open_ingress.insert(number);
            }
            if party.open.egress {
                sorts.open_egress.insert(number);
            }
        }
        sorts
    }
}
