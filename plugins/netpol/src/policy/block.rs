//! Blocks of addresses as the API takes them: leading zeros, addresses of IPv4 in the form of
//! IPv6, bits behind the prefix.
//!
//! Source: `ParseCIDRSloppy` in k8s.io/utils/net, whose parser is that of Go before 1.17.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::address::Cidr;

/// What a number is counted up to before it is no part of an address.
const TOO_BIG: u32 = 0x00ff_ffff;

/// The first 12 bytes of an IPv4 address in the form of IPv6.
const MAPPED: u128 = 0xffff_0000_0000;

/// A block as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// All 128 bits; an IPv4 address is in the form of IPv6.
    address: u128,
    /// Whether it is written as IPv4.
    dotted: bool,
    /// The length of the prefix, as it is written.
    prefix: u8,
    /// Whether a number has zeros in front that newer parsers refuse.
    zeros: bool,
}

impl Block {
    /// Reads a block; `None` where no release of the API server takes it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let quad = dotted_quad(address.as_bytes());
        let dotted = quad.is_some();
        let (address, mut zeros) = match quad {
            Some((address, zeros)) => (MAPPED | u128::from(address), zeros),
            None => groups(address.as_bytes())?,
        };
        let (number, length) = decimal(prefix.as_bytes())?;
        zeros |= length > 1 && prefix.starts_with('0');
        let most = if dotted { 32 } else { 128 };
        let prefix = u8::try_from(number).ok().filter(|prefix| *prefix <= most)?;
        (length == text.len() - text.find('/')? - 1).then_some(Self {
            address,
            dotted,
            prefix,
            zeros,
        })
    }

    /// Whether a number has zeros in front (`netip.ParsePrefix` refuses it).
    pub(super) fn has_zeros(self) -> bool {
        self.zeros
    }

    /// Whether an IPv4 address is written in the form of IPv6.
    pub(super) fn is_mapped(self) -> bool {
        !self.dotted && self.address >> 32 == MAPPED >> 32
    }

    /// Whether bits behind the prefix are set.
    pub(super) fn has_host_bits(self) -> bool {
        self.address & !self.mask() != 0
    }

    /// The block that is meant: IPv4 in the form of IPv6 is IPv4, as for Go's `IPNet`.
    pub(super) fn cidr(self) -> Cidr {
        let address = self.address & self.mask();
        let (address, prefix) = if address >> 32 == MAPPED >> 32 {
            let short = u32::try_from(address & u128::from(u32::MAX)).unwrap_or_default();
            let prefix = if self.dotted { self.prefix } else { self.prefix.saturating_sub(96) };
            (IpAddr::V4(Ipv4Addr::from(short)), prefix)
        } else {
            (IpAddr::V6(Ipv6Addr::from(address)), self.prefix)
        };
        // The prefix was checked when it was read.
        Cidr::new(address, prefix).unwrap_or_else(|| Cidr::everything(crate::address::Family::V4))
    }

    /// Whether another block is an exception of this one: inside, and its prefix longer as it is
    /// written (`ValidateIPBlock`).
    pub(super) fn takes_exception(self, except: Self) -> bool {
        let (own, other) = (self.cidr(), except.cidr());
        own.family() == other.family()
            && (own.first()..=own.last()).contains(&other.first())
            && self.prefix < except.prefix
    }

    fn mask(self) -> u128 {
        let prefix = u32::from(self.prefix) + if self.dotted { 96 } else { 0 };
        u128::MAX.checked_shl(128 - prefix).unwrap_or(0)
    }
}

/// Reads digits of a base: the number, and how many there were.
fn number(text: &[u8], radix: u32) -> Option<(u32, usize)> {
    let mut number = 0;
    let mut length = 0;
    for byte in text {
        let Some(digit) = char::from(*byte).to_digit(radix) else { break };
        number = number * radix + digit;
        if number >= TOO_BIG {
            return None;
        }
        length += 1;
    }
    (length > 0).then_some((number, length))
}

fn decimal(text: &[u8]) -> Option<(u32, usize)> {
    number(text, 10)
}

/// An IPv4 address, and whether a number in it has zeros in front.
fn dotted_quad(mut text: &[u8]) -> Option<(u32, bool)> {
    let (mut address, mut zeros) = (0, false);
    for position in 0..4 {
        if position > 0 {
            text = text.strip_prefix(b".")?;
        }
        let (octet, length) = decimal(text)?;
        if octet > 0xff {
            return None;
        }
        zeros |= length > 1 && text.starts_with(b"0");
        address = address << 8 | octet;
        text = &text[length..];
    }
    text.is_empty().then_some((address, zeros))
}

/// An IPv6 address, and whether a number in it has more zeros in front than newer parsers take.
fn groups(mut text: &[u8]) -> Option<(u128, bool)> {
    let mut parts: Vec<u16> = Vec::with_capacity(8);
    let mut gap = None;
    let mut zeros = false;
    if let Some(rest) = text.strip_prefix(b"::") {
        gap = Some(0);
        text = rest;
    }
    // Nothing but the gap is an address; nothing at all is none.
    let mut is_done = gap.is_some() && text.is_empty();
    while !is_done && parts.len() < 8 {
        let (group, length) = number(text, 16)?;
        let group = u16::try_from(group).ok()?;
        if text.get(length) == Some(&b'.') {
            // An IPv4 address may stand at the end.
            if (gap.is_none() && parts.len() != 6) || parts.len() > 6 {
                return None;
            }
            let (address, quad_zeros) = dotted_quad(text)?;
            zeros |= quad_zeros;
            let [a, b, c, d] = address.to_be_bytes();
            parts.extend([u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]);
            text = b"";
            break;
        }
        zeros |= length > 4;
        parts.push(group);
        text = &text[length..];
        if text.is_empty() {
            break;
        }
        text = text.strip_prefix(b":").filter(|rest| !rest.is_empty())?;
        if let Some(rest) = text.strip_prefix(b":") {
            if gap.replace(parts.len()).is_some() {
                return None;
            }
            text = rest;
            is_done = text.is_empty();
        }
    }
    if !text.is_empty() {
        return None;
    }
    match gap {
        Some(at) if parts.len() < 8 => {
            let missing = 8 - parts.len();
            parts.splice(at..at, std::iter::repeat_n(0, missing));
        }
        None if parts.len() == 8 => {}
        _ => return None,
    }
    let address = parts.iter().fold(0, |address, part| address << 16 | u128::from(*part));
    Some((address, zeros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_and_what_it_means() {
        for (text, meant) in [
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            ("10.1.2.3/8", Some("10.0.0.0/8")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("010.001.0.0/016", Some("10.1.0.0/16")),
            ("1.2.3.4/32", Some("1.2.3.4/32")),
            ("::/0", Some("::/0")),
            ("2001:db8::/32", Some("2001:db8::/32")),
            ("2001:DB8:0:0::/64", Some("2001:db8::/64")),
            ("1:2:3:4:5:6:7:8/128", Some("1:2:3:4:5:6:7:8/128")),
            ("00001::/16", Some("1::/16")),
            ("1::2:0/112", Some("1::2:0/112")),
            ("::ffff:10.0.0.0/104", Some("10.0.0.0/8")),
            ("::ffff:a00:0/104", Some("10.0.0.0/8")),
            ("::ffff:10.0.0.0/90", Some("::ffc0:0:0/90")),
            ("64:ff9b::1.2.3.4/128", Some("64:ff9b::102:304/128")),
            ("1:2:3:4:5:6:1.2.3.4/128", Some("1:2:3:4:5:6:102:304/128")),
            ("10.0.0.0/33", None),
            ("::/129", None),
            ("10.0.0/8", None),
            ("10.0.0.0", None),
            ("10.0.0.256/8", None),
            ("10.0.0.0/", None),
            ("10.0.0.0/8x", None),
            ("10.0.0.0/8/8", None),
            ("10.0.0.0/+8", None),
            ("10.0.0.0/-8", None),
            (" 10.0.0.0/8", None),
            ("/8", None),
            ("", None),
            ("x/8", None),
            ("10.0.0.0.0/8", None),
            ("1::2::3/64", None),
            ("1:2:3:4:5:6:7::8/64", None),
            ("1:2:3:4:5:6:7:8:9/64", None),
            ("1:2:3/64", None),
            (":1::/64", None),
            ("1:/64", None),
            ("1:2:3:1.2.3.4/64", None),
            ("fffff::/16", None),
            ("fe80::1%eth0/64", None),
            ("1.2.3.4:0::/64", None),
        ] {
            let read = Block::parse(text).map(|block| block.cidr().to_string());
            assert_eq!(read.as_deref(), meant, "{text}");
        }
    }

    #[test]
    fn what_newer_releases_refuse() {
        let parse = |text| Block::parse(text).unwrap();
        for text in ["010.0.0.0/8", "10.0.0.0/08", "00001::/16", "::ffff:10.00.0.0/104"] {
            assert!(parse(text).has_zeros(), "{text}");
        }
        for text in ["10.0.0.0/8", "0.0.0.0/0", "0001::/16", "::/0"] {
            assert!(!parse(text).has_zeros(), "{text}");
        }
        assert!(parse("::ffff:10.0.0.0/104").is_mapped());
        assert!(!parse("10.0.0.0/8").is_mapped() && !parse("::/0").is_mapped());
        assert!(parse("10.0.0.1/8").has_host_bits() && parse("1::1/64").has_host_bits());
        assert!(!parse("10.0.0.1/32").has_host_bits() && !parse("0.0.0.0/0").has_host_bits());
        assert!(parse("0.0.0.1/0").has_host_bits() && !parse("::/0").has_host_bits());
    }

    #[test]
    fn an_exception_lies_inside() {
        for (cidr, except, is_taken) in [
            ("10.0.0.0/8", "10.1.0.0/16", true),
            ("10.0.0.0/8", "10.0.0.0/8", false),
            ("10.0.0.0/8", "0.0.0.0/0", false),
            ("10.0.0.0/8", "11.0.0.0/16", false),
            ("10.0.0.0/8", "::/64", false),
            ("::/0", "1::/16", true),
            // The prefixes are compared as they are written.
            ("10.0.0.0/8", "::ffff:10.0.0.0/104", true),
            ("::ffff:10.0.0.0/104", "10.1.0.0/16", false),
        ] {
            let (own, except) = (Block::parse(cidr).unwrap(), Block::parse(except).unwrap());
            assert_eq!(own.takes_exception(except), is_taken, "{cidr} {except:?}");
        }
    }
}
