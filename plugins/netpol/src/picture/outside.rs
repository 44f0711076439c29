//! Cells of addresses, put together again.

use roaring::RoaringBitmap;

use super::{Traffic, Who};
use crate::address::{Cidr, Family, blocks};

/// Addresses as blocks, but for others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Blocks {
    /// The blocks, by family and address.
    pub(super) blocks: Vec<Cidr>,
    /// What of them is not meant; only of a single block of a family.
    pub(super) but: Vec<(Cidr, Vec<Cidr>)>,
}

/// The fewest blocks of one cell.
pub(super) fn blocks_of_cell(who: &Who) -> Vec<Cidr> {
    match *who {
        Who::External { family, first, last } => blocks(family, first, last),
        _ => Vec::new(),
    }
}

/// The fewest blocks that these parties make up. Where that is shorter, those of a family are one
/// block but for others.
pub(super) fn blocks_of(traffic: &Traffic, parties: &RoaringBitmap) -> Blocks {
    let mut found = Blocks::default();
    for family in Family::ALL {
        let stretches = stretches(traffic, parties, family);
        let (Some(&(first, _)), Some(&(_, last))) = (stretches.first(), stretches.last()) else {
            continue;
        };
        let made: Vec<Cidr> =
            stretches.iter().flat_map(|&(first, last)| blocks(family, first, last)).collect();
        let around = around(family, first, last);
        let missing: Vec<Cidr> = holes(&stretches, around)
            .into_iter()
            .flat_map(|(first, last)| blocks(family, first, last))
            .collect();
        if missing.len() + 1 < made.len() {
            found.but.push((around, missing));
        } else {
            found.blocks.extend(made);
        }
    }
    found
}

/// The addresses of these parties: stretches in order that do not touch.
fn stretches(traffic: &Traffic, parties: &RoaringBitmap, wanted: Family) -> Vec<(u128, u128)> {
    let mut stretches: Vec<(u128, u128)> = parties
        .iter()
        .filter_map(|party| match traffic.parties.get(party as usize)?.who {
            Who::External { family, first, last } if family == wanted => Some((first, last)),
            _ => None,
        })
        .collect();
    stretches.sort_unstable();
    let mut merged: Vec<(u128, u128)> = Vec::new();
    for (first, last) in stretches {
        match merged.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    merged
}

/// The smallest block that holds both.
fn around(family: Family, first: u128, last: u128) -> Cidr {
    let address = family.address(first);
    (0..=family.bits())
        .rev()
        .filter_map(|prefix| Cidr::new(address, prefix))
        .find(|block| block.last() >= last)
        .unwrap_or(Cidr::everything(family))
}

/// What a block has besides.
fn holes(stretches: &[(u128, u128)], around: Cidr) -> Vec<(u128, u128)> {
    let mut holes = Vec::new();
    let mut next = Some(around.first());
    for &(first, last) in stretches {
        if let Some(start) = next.filter(|start| *start < first) {
            holes.push((start, first - 1));
        }
        next = last.checked_add(1);
    }
    if let Some(start) = next.filter(|start| *start <= around.last()) {
        holes.push((start, around.last()));
    }
    holes
}
