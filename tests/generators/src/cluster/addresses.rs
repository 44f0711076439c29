//! Blocks of addresses around those of pods and nodes, and outside.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::random::Random;

use super::Writer;

/// A block of addresses: its first one, and how many bits it fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    first: IpAddr,
    prefix: u32,
}

impl Block {
    /// The block of so many fixed bits around an address.
    fn around(address: IpAddr, prefix: u32) -> Self {
        let free = bits(address) - prefix;
        let mask = u128::MAX.checked_shl(free).unwrap_or(0);
        Self { first: with_number(address, number(address) & mask), prefix }
    }

    /// The first address, the last, and what comes before and after, where there is something.
    pub fn edges(&self) -> Vec<IpAddr> {
        let (first, bits) = (number(self.first), bits(self.first));
        let most = u128::MAX >> (128 - bits);
        let last = first | !u128::MAX.checked_shl(bits - self.prefix).unwrap_or(0) & most;
        let before = first.checked_sub(1);
        let after = Some(last).filter(|&last| last < most).map(|last| last + 1);
        let edges = [before, Some(first), Some(last), after].into_iter().flatten();
        edges.map(|edge| with_number(self.first, edge)).collect()
    }

    /// A smaller block in it; `None` where it is a single address.
    fn hole(&self, random: &mut Random) -> Option<Self> {
        let free = bits(self.first) - self.prefix;
        if free == 0 {
            return None;
        }
        let deeper = 1 + u32::try_from(random.below(free.min(12) as usize)).unwrap_or_default();
        // Near an end of the block, where its pods are, or anywhere.
        let inside = match random.below(3) {
            0 => 0,
            1 => u128::MAX,
            _ => u128::from(random.number()),
        };
        let tail = !u128::MAX.checked_shl(free).unwrap_or(0);
        let address = with_number(self.first, number(self.first) | (inside & tail));
        Some(Self::around(address, self.prefix + deeper))
    }

    fn holds(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && Self::around(address, self.prefix) == *self
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

fn bits(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// The address of a number, of the family of another.
fn with_number(like: IpAddr, number: u128) -> IpAddr {
    match like {
        IpAddr::V4(_) => {
            let low = u32::try_from(number & u128::from(u32::MAX)).unwrap_or_default();
            IpAddr::V4(Ipv4Addr::from(low))
        }
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from(number)),
    }
}

/// Addresses of the outside.
const OUTSIDE: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 77)),
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x77)),
];

impl Writer {
    /// A block: everything, around a pod or a node, or outside.
    pub(super) fn block(&mut self) -> Block {
        let outside = OUTSIDE[self.random.below(OUTSIDE.len())];
        let home = match self.homes.len() {
            0 => outside,
            homes => self.homes[self.random.below(homes)],
        };
        let block = match self.random.below(10) {
            0 => {
                self.has("block of everything");
                Block::around(home, 0)
            }
            1..3 => {
                self.has("block of one address");
                Block::around(home, bits(home))
            }
            3..8 => {
                let free = 1 + u32::try_from(self.random.below(10)).unwrap_or_default();
                Block::around(home, bits(home) - free)
            }
            _ => {
                let free = u32::try_from(self.random.below(20)).unwrap_or_default();
                Block::around(outside, bits(outside) - free)
            }
        };
        self.note(block)
    }

    /// Blocks that are left out of one; mostly none.
    pub(super) fn holes(&mut self, block: Block) -> Vec<Block> {
        if self.random.percent(60) {
            return Vec::new();
        }
        let mut holes: Vec<Block> = self
            .some(1, 2, |writer| block.hole(&mut writer.random))
            .into_iter()
            .flatten()
            .collect();
        // One around a home, so that some pod falls through it.
        let home =
            (!self.homes.is_empty()).then(|| self.homes[self.random.below(self.homes.len())]);
        if let Some(home) = home.filter(|&home| block.holds(home) && block.prefix < bits(home)) {
            holes.push(Block::around(home, bits(home)));
        }
        for &hole in &holes {
            self.has("except");
            self.note(hole);
        }
        holes
    }

    fn note(&mut self, block: Block) -> Block {
        self.has(if block.first.is_ipv4() { "IPv4 block" } else { "IPv6 block" });
        self.cluster.blocks.insert(block);
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(address: &str, prefix: u32) -> Vec<String> {
        let block = Block::around(address.parse().unwrap(), prefix);
        block.edges().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn edges_are_inside_and_beside() {
        assert_eq!(edges("10.0.0.77", 30), ["10.0.0.75", "10.0.0.76", "10.0.0.79", "10.0.0.80"]);
        assert_eq!(edges("10.0.0.77", 0), ["0.0.0.0", "255.255.255.255"]);
        assert_eq!(edges("fd00::7", 128), ["fd00::6", "fd00::7", "fd00::7", "fd00::8"]);
        let everything = ["::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"];
        assert_eq!(edges("fd00::7", 0), everything);
    }

    #[test]
    fn holes_are_smaller_and_inside() {
        let mut random = Random::new(1);
        for text in ["10.0.0.0", "fd00::"] {
            for prefix in [0, 8, 24, 31] {
                let block = Block::around(text.parse().unwrap(), prefix);
                let hole = block.hole(&mut random).unwrap();
                assert!(hole.prefix > prefix && block.holds(hole.first), "{hole} in {block}");
            }
        }
    }
}
