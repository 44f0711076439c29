//! `PORT`, behind the colon of a destination.

use std::fmt;
use std::net::IpAddr;

use posture::model::error::{Error, Result};

use crate::address::Cidr;
use crate::ports::{PortSet, Protocol};
use crate::world::{Pod, Texts};

/// A port as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// TCP where nothing is said; for a name it is the one of the container then.
    pub(super) protocol: Option<Protocol>,
    pub(super) which: Which,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// Both ends included.
    Numbers(u16, u16),
    Name(String),
}

/// A word and the port behind it. The colons of an IPv6 address are none, unless it stands in
/// brackets.
pub(super) fn split(text: &str) -> (&str, Option<&str>) {
    if text.parse::<IpAddr>().is_ok() || Cidr::parse(text).is_some() {
        return (text, None);
    }
    match text.rsplit_once(':') {
        Some((word, port)) if !port.ends_with(']') => (word, Some(port)),
        _ => (text, None),
    }
}

impl Asked {
    /// Reads `443`, `8000-8080`, `http`, `53/UDP`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            let message = format!("{text:?} is no port: {why}");
            Error::usage(message).hint("write 443, 8000-8080, http or 53/UDP")
        };
        let (port, protocol) = match text.split_once('/') {
            Some((port, protocol)) => {
                let known = Protocol::of(&protocol.to_uppercase());
                (port, Some(known.ok_or_else(|| refuse("protocols are TCP, UDP and SCTP"))?))
            }
            None => (text, None),
        };
        let number = |text: &str| text.parse::<u16>().ok().filter(|number| *number > 0);
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let range = port.split_once('-').unwrap_or((port, port));
        let which = if is_number(range.0) && is_number(range.1) {
            let (Some(first), Some(last)) = (number(range.0), number(range.1)) else {
                return Err(refuse("numbers go from 1 to 65535"));
            };
            if first > last {
                return Err(refuse("the first is above the last"));
            }
            Which::Numbers(first, last)
        } else {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            if port.is_empty() || !port.bytes().all(fits) {
                return Err(refuse("it is neither a number nor a name"));
            }
            Which::Name(port.to_owned())
        };
        Ok(Self { protocol, which })
    }

    /// The ports by number; none for a name.
    pub(super) fn numbers(&self) -> PortSet {
        match self.which {
            Which::Numbers(first, last) => {
                PortSet::range(self.protocol.unwrap_or(Protocol::Tcp), first, last)
            }
            Which::Name(_) => PortSet::none(),
        }
    }

    /// The ports that it means at a pod.
    pub(super) fn at(&self, pod: &Pod, texts: &Texts) -> PortSet {
        match &self.which {
            Which::Numbers(..) => self.numbers(),
            Which::Name(name) => named(pod, texts, name, self.protocol),
        }
    }
}

/// The ports of a name at a pod. One name may be several: of one a container.
pub(super) fn named(pod: &Pod, texts: &Texts, name: &str, protocol: Option<Protocol>) -> PortSet {
    let Some(name) = texts.find(name) else { return PortSet::none() };
    let of_name = pod.ports.iter().filter(|port| port.name == name);
    let fitting = of_name.filter(|port| protocol.is_none_or(|protocol| protocol == port.protocol));
    fitting.fold(PortSet::none(), |set, port| {
        set.union(&PortSet::range(port.protocol, port.number, port.number))
    })
}

impl fmt::Display for Asked {
    /// `TCP 443`, `port http`, `UDP port dns`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.which {
            Which::Numbers(..) => self.numbers().fmt(f),
            Which::Name(name) => match self.protocol {
                Some(protocol) => write!(f, "{protocol} port {name}"),
                None => write!(f, "port {name}"),
            },
        }
    }
}
