//! Addresses and blocks of them, as policies compare them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A family of addresses. No block says anything of the other family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4
    V4,
    /// IPv6
    V6,
}

impl Family {
    /// Both, IPv4 first.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// How long an address is, in bits.
    pub fn bits(self) -> u8 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }

    /// The last address, as a number.
    pub fn last(self) -> u128 {
        match self {
            Self::V4 => u128::from(u32::MAX),
            Self::V6 => u128::MAX,
        }
    }

    /// The family of an address, and the address as a number.
    pub fn split(address: IpAddr) -> (Self, u128) {
        match address {
            IpAddr::V4(address) => (Self::V4, u128::from(u32::from(address))),
            IpAddr::V6(address) => (Self::V6, u128::from(address)),
        }
    }

    /// The address of a number; what is too large for the family is cut.
    pub fn address(self, number: u128) -> IpAddr {
        match self {
            Self::V4 => IpAddr::V4(Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX))),
            Self::V6 => IpAddr::V6(Ipv6Addr::from(number)),
        }
    }
}

/// A block of addresses: `10.0.0.0/8`. Bits behind the prefix count as zero, as enforcers take them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    family: Family,
    first: u128,
    prefix: u8,
}

impl Cidr {
    /// The block around an address; `None` where the prefix is too long.
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        let (family, number) = Family::split(address);
        (prefix <= family.bits()).then(|| Self {
            family,
            first: number & !tail(family, prefix),
            prefix,
        })
    }

    /// Everything of a family.
    pub fn everything(family: Family) -> Self {
        Self { family, first: 0, prefix: 0 }
    }

    /// Reads `10.0.0.0/8`; `None` where it is none. Leading zeros are refused as Go's
    /// `net.ParseCIDR` does.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let is_number = !prefix.is_empty()
            && prefix.bytes().all(|byte| byte.is_ascii_digit())
            && (prefix == "0" || !prefix.starts_with('0'));
        let address = address.parse().ok()?;
        Self::new(address, prefix.parse().ok().filter(|_| is_number)?)
    }

    /// Which addresses these are.
    pub fn family(self) -> Family {
        self.family
    }

    /// The length of the prefix, in bits.
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// The first address, as a number.
    pub fn first(self) -> u128 {
        self.first
    }

    /// The last address, as a number.
    pub fn last(self) -> u128 {
        self.first | tail(self.family, self.prefix)
    }

    /// Whether it holds an address.
    pub fn contains(self, address: IpAddr) -> bool {
        let (family, number) = Family::split(address);
        family == self.family && (self.first..=self.last()).contains(&number)
    }

    /// Whether it holds all of another block.
    pub fn covers(self, other: Self) -> bool {
        self.family == other.family && self.first <= other.first && other.last() <= self.last()
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.family.address(self.first), self.prefix)
    }
}

/// The bits behind a prefix.
fn tail(family: Family, prefix: u8) -> u128 {
    let free = family.bits().saturating_sub(prefix);
    if free == 128 { u128::MAX } else { (1 << free) - 1 }
}

/// The fewest blocks that make up a stretch of addresses, both ends included.
pub fn blocks(family: Family, first: u128, last: u128) -> Vec<Cidr> {
    let mut blocks = Vec::new();
    let mut first = first;
    loop {
        let mut prefix = family.bits();
        // Widen while the block starts here and ends inside.
        while prefix > 0 {
            let wider = tail(family, prefix - 1);
            if first & wider != 0 || first | wider > last {
                break;
            }
            prefix -= 1;
        }
        let block = Cidr { family, first, prefix };
        blocks.push(block);
        if block.last() >= last {
            return blocks;
        }
        first = block.last() + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_masked_and_printed() {
        let block = Cidr::parse("10.1.2.3/8").unwrap();
        assert_eq!(block.to_string(), "10.0.0.0/8");
        assert!(block.contains("10.255.255.255".parse().unwrap()));
        assert!(!block.contains("::a".parse().unwrap()));
        assert_eq!(Cidr::parse("::/0"), Some(Cidr::everything(Family::V6)));
        assert_eq!(Cidr::parse("10.0.0.0/33"), None);
        assert_eq!(Cidr::parse("10.0.0.0/08"), None);
    }

    #[test]
    fn a_stretch_is_made_of_the_fewest_blocks() {
        let text = |family, first, last| {
            blocks(family, first, last).iter().map(Cidr::to_string).collect::<Vec<_>>()
        };
        assert_eq!(text(Family::V4, 0, u128::from(u32::MAX)), ["0.0.0.0/0"]);
        assert_eq!(text(Family::V6, 0, u128::MAX), ["::/0"]);
        assert_eq!(text(Family::V4, 1, 4), ["0.0.0.1/32", "0.0.0.2/31", "0.0.0.4/32"]);
    }
}
