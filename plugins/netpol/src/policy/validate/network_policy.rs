//! The spec of a `NetworkPolicy`.
//!
//! Source: `ValidateNetworkPolicySpec` in pkg/apis/networking/validation/validation.go.

use posture::model::node::{Type, Value};
use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::model::version::Minor;

use super::faults::Faults;
use super::selectors::{self, text};
use crate::policy::Direction;
use crate::policy::block::Block;
use crate::ports::Protocol;

/// The first release that prints `endPort` where it is below `port`; before, it printed `port`.
const PRINTS_END: Minor = Minor(37);

/// The longest name of a port, in bytes.
const MOST_OF_PORT_NAME: usize = 15;

/// What the server says of a number that is no port.
const PORT_RANGE: &str = "must be between 1 and 65535, inclusive";

/// The elements of a list in a field.
fn items<'a>(of: Option<Value<'a>>, key: &str) -> impl Iterator<Item = Value<'a>> + use<'a> {
    of.and_then(|of| of.field(key)).into_iter().flat_map(|list| list.items())
}

/// What is wrong with the spec of an object that can be decoded.
pub(super) fn validate(object: &Object, faults: &mut Faults) {
    let path = FieldPath::of("spec");
    let spec = object.value().field("spec");
    let subject = spec.and_then(|spec| spec.field("podSelector"));
    selectors::validate(subject, &path.clone().field("podSelector"), faults);
    for direction in [Direction::Ingress, Direction::Egress] {
        for (index, rule) in items(spec, direction.name()).enumerate() {
            let path = path.element(direction.name(), index);
            for (index, value) in items(Some(rule), "ports").enumerate() {
                port(value, &path.element("ports", index), faults);
            }
            let field = direction.peers_field();
            for (index, value) in items(Some(rule), field).enumerate() {
                peer(value, &path.element(field, index), faults);
            }
        }
    }
    policy_types(spec, &path, faults);
}

fn policy_types(spec: Option<Value<'_>>, path: &FieldPath, faults: &mut Faults) {
    let known = [Direction::Ingress, Direction::Egress].map(Direction::policy_type);
    let types = items(spec, "policyTypes").map(|entry| entry.as_str().unwrap_or_default());
    let types: Vec<&str> = types.collect();
    if types.len() > known.len() {
        let at = path.clone().field("policyTypes");
        let types = faults.own_types("[]networking.PolicyType", &types);
        return faults.invalid(&at, &types, "may not specify more than two policyTypes");
    }
    for (index, entry) in types.into_iter().enumerate() {
        if !known.contains(&entry) {
            faults.unsupported(&path.element("policyTypes", index), entry, &known);
        }
    }
}

fn port(value: Value<'_>, path: &FieldPath, faults: &mut Faults) {
    if let Some(protocol) = value.field("protocol").and_then(|protocol| protocol.as_str())
        && Protocol::of(protocol).is_none()
    {
        let known = Protocol::ALL.map(Protocol::name);
        faults.unsupported(&path.clone().field("protocol"), protocol, &known);
    }
    let end = value.field("endPort").and_then(|end| end.as_i64());
    let (at, at_end) = (path.clone().field("port"), path.clone().field("endPort"));
    let is_port = |number: i64| (1..=i64::from(u16::MAX)).contains(&number);
    let Some(start) = value.field("port") else {
        if let Some(end) = end {
            let why = "may not be specified when `port` is not specified";
            faults.invalid_number(&at_end, end, why);
        }
        return;
    };
    if start.value_type() == Type::String {
        if let Some(end) = end {
            faults.invalid_number(&at_end, end, "may not be specified when `port` is non-numeric");
        }
        let name = start.as_str().unwrap_or_default();
        for why in port_name_faults(name) {
            faults.invalid_text(&at, name, &why);
        }
        return;
    }
    let start = start.as_i64().unwrap_or_default();
    if !is_port(start) {
        faults.invalid_number(&at, start, PORT_RANGE);
    }
    if let Some(end) = end {
        if end < start {
            let printed = if faults.rules.program < PRINTS_END { start } else { end };
            faults.invalid_number(&at_end, printed, "must be greater than or equal to `port`");
        }
        if !is_port(end) {
            faults.invalid_number(&at_end, end, PORT_RANGE);
        }
    }
}

/// What is wrong with the name of a port (`IsValidPortName` in k8s.io/apimachinery).
pub(super) fn port_name_faults(name: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if name.len() > MOST_OF_PORT_NAME {
        faults.push(format!("must be no more than {MOST_OF_PORT_NAME} characters"));
    }
    let is_taken = |byte: u8| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if name.is_empty() || !name.bytes().all(is_taken) {
        let why = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
        faults.push(why.to_owned());
    }
    if !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        faults.push("must contain at least one letter (a-z)".to_owned());
    }
    if name.contains("--") {
        faults.push("must not contain consecutive hyphens".to_owned());
    }
    if name.starts_with('-') || name.ends_with('-') {
        faults.push("must not begin or end with a hyphen".to_owned());
    }
    faults
}

fn peer(value: Value<'_>, path: &FieldPath, faults: &mut Faults) {
    let pods = value.field("podSelector");
    let namespaces = value.field("namespaceSelector");
    let block = value.field("ipBlock");
    selectors::validate(pods, &path.clone().field("podSelector"), faults);
    selectors::validate(namespaces, &path.clone().field("namespaceSelector"), faults);
    if let Some(block) = block {
        ip_block(block, &path.clone().field("ipBlock"), faults);
    }
    match (pods.or(namespaces), block) {
        (None, None) => faults.required(path, "must specify a peer"),
        (Some(_), Some(_)) => {
            faults.forbidden(path, "may not specify both ipBlock and another peer");
        }
        _ => {}
    }
}

fn ip_block(value: Value<'_>, path: &FieldPath, faults: &mut Faults) {
    let written = text(Some(value), "cidr");
    let at = path.clone().field("cidr");
    if written.is_empty() {
        return faults.required_by_type(&at);
    }
    let Some(own) = block(written, &at, faults) else { return };
    for (index, entry) in items(Some(value), "except").enumerate() {
        let at = path.element("except", index);
        let written = entry.as_str().unwrap_or_default();
        if let Some(except) = block(written, &at, faults)
            && !own.takes_exception(except)
        {
            faults.invalid_text(&at, written, "must be a strict subset of `cidr`");
        }
    }
}

/// Source: `parseCIDR` in pkg/util/validation/ip.go of k8s.io/apimachinery.
fn block(written: &str, path: &FieldPath, faults: &mut Faults) -> Option<Block> {
    let Some(block) = Block::parse(written) else {
        let why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
        faults.invalid_text(path, written, why);
        return None;
    };
    if faults.rules.strict_blocks() {
        let why = if block.has_zeros() {
            Some("must not have leading 0s in IP or prefix length")
        } else if block.is_mapped() {
            Some("must not have an IPv4-mapped IPv6 address")
        } else if block.has_host_bits() {
            Some("must not have bits set beyond the prefix length")
        } else {
            None
        };
        if let Some(why) = why {
            faults.invalid_text(path, written, why);
        }
    }
    Some(block)
}
