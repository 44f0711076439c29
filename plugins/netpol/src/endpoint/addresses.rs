//! Addresses: who has them, and what is left where nobody has.

use std::fmt;
use std::net::IpAddr;

use rustc_hash::FxHashMap;

use crate::address::{Cidr, Family, blocks};
use crate::engine::verdict::End;
use crate::world::World;

/// Addresses in a row, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stretch {
    /// Which addresses these are.
    pub family: Family,
    /// The first, as a number.
    pub first: u128,
    /// The last, as a number.
    pub last: u128,
}

impl Stretch {
    /// The fewest blocks that make it up.
    pub fn blocks(self) -> Vec<Cidr> {
        blocks(self.family, self.first, self.last)
    }

    /// One address.
    pub(super) fn of(address: IpAddr) -> Self {
        let (family, number) = Family::split(address);
        Self { family, first: number, last: number }
    }
}

impl From<Cidr> for Stretch {
    fn from(block: Cidr) -> Self {
        Self { family: block.family(), first: block.first(), last: block.last() }
    }
}

impl fmt::Display for Stretch {
    /// `10.0.0.0-10.0.0.9`, or the one address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.family.address(self.first))?;
        if self.first < self.last {
            write!(f, "-{}", self.family.address(self.last))?;
        }
        Ok(())
    }
}

/// What is left of addresses without others; both need no order.
pub(super) fn without(mut from: Vec<Stretch>, mut others: Vec<Stretch>) -> Vec<Stretch> {
    from.sort_unstable();
    others.sort_unstable();
    let mut left = Vec::new();
    let mut next = 0;
    for stretch in from {
        let is_before = |other: &Stretch| {
            other.family < stretch.family
                || other.family == stretch.family && other.last < stretch.first
        };
        // Others may reach over each other: only what lies wholly before is done with.
        while others.get(next).is_some_and(is_before) {
            next += 1;
        }
        let mut first = Some(stretch.first);
        for other in others[next..]
            .iter()
            .take_while(|other| other.family == stretch.family && other.first <= stretch.last)
        {
            let Some(start) = first else { break };
            if other.first > start {
                left.push(Stretch { first: start, last: other.first - 1, ..stretch });
            }
            first = other.last.checked_add(1).map(|behind| behind.max(start));
        }
        if let Some(first) = first.filter(|first| *first <= stretch.last) {
            left.push(Stretch { first, ..stretch });
        }
    }
    left
}

/// Blocks of IPv4 that are no part of the internet.
///
/// Source: the IANA IPv4 Special-Purpose Address Registry, and what lies above 224.0.0.0.
const SPECIAL: [&str; 13] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
];

/// The block of IPv6 that is given out, and what in it is for documents.
///
/// Source: the IANA IPv6 Global Unicast Address Assignments.
const GLOBAL: (&str, [&str; 2]) = ("2000::/3", ["2001:db8::/32", "3fff::/20"]);

/// The internet: every address that is given out and that no pod, node or Service has.
pub(super) fn internet(world: &World) -> Vec<Stretch> {
    let read = |text: &&str| Cidr::parse(text).map(Stretch::from);
    let all = [Stretch::from(Cidr::everything(Family::V4))].into_iter().chain(read(&GLOBAL.0));
    let mut others: Vec<Stretch> = SPECIAL.iter().chain(&GLOBAL.1).filter_map(read).collect();
    let own = world.pods.iter().flat_map(|pod| &pod.addresses);
    let own = own.chain(world.nodes.iter().flat_map(|node| &node.addresses));
    let own = own.chain(world.services.iter().flat_map(|service| &service.cluster_addresses));
    others.extend(own.map(|address| Stretch::of(*address)));
    without(all.collect(), others)
}

/// Whose addresses are.
pub(super) struct Owners(FxHashMap<IpAddr, End>);

impl Owners {
    /// Of these addresses. Pods go before nodes, but those in the network of their node have no
    /// address of their own.
    pub(super) fn of(world: &World, addresses: impl Iterator<Item = IpAddr>) -> Self {
        let mut owners: FxHashMap<IpAddr, End> =
            addresses.map(|address| (address, End::Address(address))).collect();
        let mut note = |end: End, own: &[IpAddr]| {
            for address in own {
                if let Some(owner @ End::Address(_)) = owners.get_mut(address) {
                    *owner = end;
                }
            }
        };
        for (number, pod) in (0..).zip(&world.pods).filter(|(_, pod)| !pod.host_network) {
            note(End::Pod(number), &pod.addresses);
        }
        for (number, node) in (0..).zip(&world.nodes) {
            note(End::Node(number), &node.addresses);
        }
        Self(owners)
    }

    /// Who has an address; the address where nobody is known to.
    pub(super) fn owner(&self, address: IpAddr) -> End {
        self.0.get(&address).copied().unwrap_or(End::Address(address))
    }
}

/// Who has addresses of a block: pods and nodes, by number; and their addresses in it.
pub(super) fn inside(block: Cidr, world: &World) -> (Vec<End>, Vec<IpAddr>) {
    let (mut ends, mut addresses) = (Vec::new(), Vec::new());
    let mut add = |end: End, own: &[IpAddr]| {
        let before = addresses.len();
        addresses.extend(own.iter().copied().filter(|address| block.contains(*address)));
        if addresses.len() > before {
            ends.push(end);
        }
    };
    for (number, pod) in (0..).zip(&world.pods).filter(|(_, pod)| !pod.host_network) {
        add(End::Pod(number), &pod.addresses);
    }
    for (number, node) in (0..).zip(&world.nodes) {
        add(End::Node(number), &node.addresses);
    }
    (ends, addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretches(texts: &[&str]) -> Vec<Stretch> {
        texts.iter().map(|text| Cidr::parse(text).unwrap().into()).collect()
    }

    #[test]
    fn holes_are_cut_out() {
        let left = |from: &[&str], others: &[&str]| {
            let left = without(stretches(from), stretches(others));
            left.iter().map(Stretch::to_string).collect::<Vec<_>>()
        };
        assert_eq!(left(&["10.0.0.0/30"], &["10.0.0.1/32"]), ["10.0.0.0", "10.0.0.2-10.0.0.3"]);
        assert_eq!(left(&["0.0.0.0/0"], &["0.0.0.0/1", "128.0.0.0/1"]), [""; 0]);
        assert_eq!(left(&["::/0"], &["::/0", "0.0.0.0/0"]), [""; 0]);
        assert_eq!(left(&["10.0.0.0/24", "10.0.2.0/24"], &["10.0.0.0/16", "10.0.2.0/24"]), [""; 0]);
        assert_eq!(left(&["10.0.0.0/31"], &["10.0.1.0/24", "::/0"]), ["10.0.0.0-10.0.0.1"]);
    }

    #[test]
    fn the_internet_has_no_private_address() {
        let internet = internet(&World::default());
        let has = |text: &str| {
            let own = Stretch::of(text.parse().unwrap());
            internet.iter().any(|stretch| {
                stretch.family == own.family && (stretch.first..=stretch.last).contains(&own.first)
            })
        };
        for address in ["8.8.8.8", "1.0.0.0", "223.255.255.255", "2a00::1"] {
            assert!(has(address), "{address}");
        }
        for address in ["10.1.2.3", "169.254.169.254", "240.0.0.1", "fd00::1", "2001:db8::1"] {
            assert!(!has(address), "{address}");
        }
    }
}
