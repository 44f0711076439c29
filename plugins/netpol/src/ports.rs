//! Ports: which of which protocol.

use std::fmt;

use serde::Serialize;

/// The protocols that network policies know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Protocol {
    /// TCP
    #[serde(rename = "TCP")]
    Tcp,
    /// UDP
    #[serde(rename = "UDP")]
    Udp,
    /// SCTP
    #[serde(rename = "SCTP")]
    Sctp,
}

impl Protocol {
    /// All of them, in the order in which they are printed.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// Reads `TCP`, as the API writes it.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == text)
    }

    /// `TCP`, as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The first port there is.
pub const FIRST: u16 = 1;

/// A set of ports: for each protocol stretches in order, with both ends, that neither touch nor
/// overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortSet([Vec<(u16, u16)>; 3]);

impl PortSet {
    /// No port.
    pub fn none() -> Self {
        Self::default()
    }

    /// Every port of every protocol.
    pub fn all() -> Self {
        Self([const { (FIRST, u16::MAX) }; 3].map(|stretch| vec![stretch]))
    }

    /// Every port of a protocol.
    pub fn of(protocol: Protocol) -> Self {
        Self::range(protocol, FIRST, u16::MAX)
    }

    /// Ports of a protocol, both ends included; none where the first is above the last.
    pub fn range(protocol: Protocol, first: u16, last: u16) -> Self {
        let mut set = Self::none();
        if first.max(FIRST) <= last {
            set.0[protocol as usize].push((first.max(FIRST), last));
        }
        set
    }

    /// The stretches of a protocol, in order.
    pub fn stretches(&self, protocol: Protocol) -> &[(u16, u16)] {
        &self.0[protocol as usize]
    }

    /// Whether it has no port.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Vec::is_empty)
    }

    /// Whether it has every port of every protocol.
    pub fn is_all(&self) -> bool {
        self.0.iter().all(|stretches| stretches.as_slice() == [(FIRST, u16::MAX)])
    }

    /// Whether it has a port.
    pub fn contains(&self, protocol: Protocol, port: u16) -> bool {
        let stretches = self.stretches(protocol);
        let next = stretches.partition_point(|&(first, _)| first <= port);
        next > 0 && stretches[next - 1].1 >= port
    }

    /// The ports that are in one of the two.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.combined(other, |own, other| own || other)
    }

    /// The ports that are in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.combined(other, |own, other| own && other)
    }

    /// The ports that are not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.combined(other, |own, other| own && !other)
    }

    /// The smallest port, of the first protocol that has one.
    pub fn first(&self) -> Option<(Protocol, u16)> {
        let mut first = Protocol::ALL.into_iter();
        first.find_map(|protocol| Some((protocol, self.stretches(protocol).first()?.0)))
    }

    fn combined(&self, other: &Self, keep: impl Fn(bool, bool) -> bool) -> Self {
        let mut set = Self::none();
        for (index, into) in set.0.iter_mut().enumerate() {
            combine(&self.0[index], &other.0[index], &keep, into);
        }
        set
    }
}

/// Walks the ends of two lists of stretches, and keeps what is to be kept.
fn combine(
    own: &[(u16, u16)],
    other: &[(u16, u16)],
    keep: &impl Fn(bool, bool) -> bool,
    into: &mut Vec<(u16, u16)>,
) {
    // Ends are where a stretch begins, and one behind where it ends: they need more than 16 bits.
    let ends = |stretches: &[(u16, u16)], at: usize| -> u32 {
        stretches.get(at / 2).map_or(u32::MAX, |&(first, last)| {
            if at.is_multiple_of(2) { u32::from(first) } else { u32::from(last) + 1 }
        })
    };
    let (mut left, mut right) = (0, 0);
    let mut open: Option<u32> = None;
    loop {
        let at = ends(own, left).min(ends(other, right));
        if at == u32::MAX {
            return;
        }
        left += usize::from(ends(own, left) == at);
        right += usize::from(ends(other, right) == at);
        match (open, keep(left % 2 == 1, right % 2 == 1)) {
            (None, true) => open = Some(at),
            (Some(first), false) => {
                let end = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
                into.push((end(first), end(at - 1)));
                open = None;
            }
            _ => {}
        }
    }
}

impl fmt::Display for PortSet {
    /// `TCP 80,443, UDP 53`; `all ports`; `no port`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return f.write_str("all ports");
        }
        if self.is_empty() {
            return f.write_str("no port");
        }
        let mut separator = "";
        for protocol in Protocol::ALL {
            let stretches = self.stretches(protocol);
            if stretches.is_empty() {
                continue;
            }
            write!(f, "{separator}{protocol}")?;
            separator = ", ";
            if stretches == [(FIRST, u16::MAX)] {
                continue;
            }
            for (position, &(first, last)) in stretches.iter().enumerate() {
                f.write_str(if position == 0 { " " } else { "," })?;
                if first == last {
                    write!(f, "{first}")?;
                } else {
                    write!(f, "{first}-{last}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_combined_as_sets() {
        let tcp = |first, last| PortSet::range(Protocol::Tcp, first, last);
        let web = tcp(80, 80).union(&tcp(443, 443));
        assert_eq!(web.to_string(), "TCP 80,443");
        assert_eq!(PortSet::all().minus(&web).to_string(), "TCP 1-79,81-442,444-65535, UDP, SCTP");
        assert_eq!(PortSet::all().minus(&web).union(&web), PortSet::all());
        assert_eq!(tcp(1, 10).union(&tcp(11, 20)), tcp(1, 20));
        assert_eq!(web.intersection(&tcp(100, 500)), tcp(443, 443));
        assert!(web.contains(Protocol::Tcp, 443) && !web.contains(Protocol::Udp, 443));
        assert!(web.minus(&PortSet::of(Protocol::Tcp)).is_empty());
    }
}
