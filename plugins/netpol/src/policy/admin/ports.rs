//! Ports: `protocols` of a `ClusterNetworkPolicy`, `ports` of the older kinds.

use posture::model::node::Value;

use super::super::network_policy::number;
use super::super::{PolicyKind, Port};
use crate::ports::Protocol;

/// What is of no form that is known.
struct Unknown;

/// Reads an entry: nothing where it has no port of a protocol that policies know. Fails with what it
/// is where it is not known.
pub(super) fn read(value: Value<'_>, kind: PolicyKind) -> Result<Option<Port>, String> {
    let mut entries = value.entries().filter(|(_, value)| !value.is_null());
    let (Some((key, inner)), None) = (entries.next(), entries.next()) else {
        return Err("an entry of another form".to_owned());
    };
    let key = key.as_str().unwrap_or_default();
    let read = match kind {
        PolicyKind::ClusterNetworkPolicy => protocol(key, inner).map(Some).ok_or(Unknown),
        _ => port(key, inner),
    };
    read.map_err(|Unknown| key.to_owned())
}

/// `tcp: {destinationPort: {number: 80}}`
fn protocol(key: &str, value: Value<'_>) -> Option<Port> {
    let protocol = match key {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "sctp" => Protocol::Sctp,
        "destinationNamedPort" => return named(value),
        _ => return None,
    };
    only(value, &["destinationPort"])?;
    let port = value.field("destinationPort")?;
    only(port, &["number", "range"])?;
    let (first, last) = match (port.field("number"), port.field("range")) {
        (Some(port), None) => (number(port)?, number(port)?),
        (None, Some(range)) => stretch(range)?,
        _ => return None,
    };
    Some(Port::Range { protocol, first, last })
}

/// `portNumber: {protocol: TCP, port: 80}`
fn port(key: &str, value: Value<'_>) -> Result<Option<Port>, Unknown> {
    if key == "namedPort" {
        return named(value).map(Some).ok_or(Unknown);
    }
    let (first, last) = ends(key, value).ok_or(Unknown)?;
    let protocol = match value.field("protocol") {
        None => Protocol::Tcp,
        // The definition takes any text; what is none of the three is no traffic that is judged.
        Some(text) => match Protocol::of(text.as_str().ok_or(Unknown)?) {
            None => return Ok(None),
            Some(protocol) => protocol,
        },
    };
    // Nor does it compare the ends.
    Ok((first <= last).then_some(Port::Range { protocol, first, last }))
}

fn ends(key: &str, value: Value<'_>) -> Option<(u16, u16)> {
    match key {
        "portNumber" => {
            only(value, &["protocol", "port"])?;
            let port = number(value.field("port")?)?;
            Some((port, port))
        }
        "portRange" => {
            only(value, &["protocol", "start", "end"])?;
            stretch(value)
        }
        _ => None,
    }
}

/// The port of a name, whatever its protocol.
fn named(value: Value<'_>) -> Option<Port> {
    Some(Port::Named { protocol: None, name: value.as_str()?.to_owned() })
}

fn stretch(range: Value<'_>) -> Option<(u16, u16)> {
    Some((number(range.field("start")?)?, number(range.field("end")?)?))
}

/// Nothing where an object has fields that are not known: they could narrow it.
fn only(value: Value<'_>, known: &[&str]) -> Option<()> {
    value
        .entries()
        .all(|(key, _)| key.as_str().is_some_and(|key| known.contains(&key)))
        .then_some(())
}
