//! The other kinds: what their definitions refuse, as far as the reader knows them.
//!
//! Which objects are refused is that of the experimental definitions (v0.1.7 and v0.2.0); the words
//! are those of the server for each rule, without what it adds of rules that it did not get to ask.
//! What a newer definition could allow, an unknown peer or port, is left to the reader.

use posture::model::node::{Type, Value};
use posture::model::object::Object;
use posture::model::path::FieldPath;

use super::faults::Faults;
use crate::policy::admin::ports_field;
use crate::policy::block::Block;
use crate::policy::{Direction, PolicyKind};

/// The highest priority.
const MOST_OF_PRIORITY: i64 = 1000;
/// The longest name of a rule, in characters.
const MOST_OF_NAME: usize = 100;
/// The most networks or names of a peer.
const MOST_OF_PEER: usize = 25;
/// The longest network, in characters.
const MOST_OF_NETWORK: usize = 43;

/// The fields of a subject, of which it has one.
const SUBJECT: [&str; 2] = ["namespaces", "pods"];
/// The fields of a peer, of which it has one.
const PEER: [&str; 5] = ["namespaces", "pods", "nodes", "networks", "domainNames"];

/// The most rules of a direction, peers and ports of a rule.
fn most(kind: PolicyKind) -> usize {
    if kind == PolicyKind::ClusterNetworkPolicy { 25 } else { 100 }
}

/// The words for what a rule does.
fn actions(kind: PolicyKind) -> &'static [&'static str] {
    match kind {
        PolicyKind::ClusterNetworkPolicy => &["Accept", "Deny", "Pass"],
        PolicyKind::BaselineAdminNetworkPolicy => &["Allow", "Deny"],
        _ => &["Allow", "Deny", "Pass"],
    }
}

/// What is wrong with the spec.
pub(super) fn validate(object: &Object, kind: PolicyKind, faults: &mut Faults) {
    let path = FieldPath::of("spec");
    let Some(spec) = object.value().field("spec") else {
        return faults.required(&path, "");
    };
    if !is_a(spec, Type::Object, &path, faults) {
        return;
    }
    if kind == PolicyKind::ClusterNetworkPolicy {
        choice(spec, "tier", &["Admin", "Baseline"], &path, faults);
    }
    if kind != PolicyKind::BaselineAdminNetworkPolicy {
        let at = path.clone().field("priority");
        match spec.field("priority") {
            None => faults.required(&at, ""),
            Some(priority) => whole(priority, 0, MOST_OF_PRIORITY, &at, faults),
        }
    }
    let at = path.clone().field("subject");
    match spec.field("subject") {
        None => faults.required(&at, ""),
        Some(subject) => {
            if is_a(subject, Type::Object, &at, faults) && one_field(subject, &SUBJECT, &at, faults)
            {
                pods_or_namespaces(subject, kind, &at, faults);
            }
        }
    }
    for direction in [Direction::Ingress, Direction::Egress] {
        let Some(list) = items(spec, direction.name(), 0, most(kind), &path, faults) else {
            continue;
        };
        for (index, value) in list.into_iter().enumerate() {
            rule(value, kind, direction, &path.element(direction.name(), index), faults);
        }
    }
    let name = object.name();
    if kind == PolicyKind::BaselineAdminNetworkPolicy && name != "default" {
        let why = "Only one baseline admin network policy with metadata.name=\"default\" can be \
                   created in the cluster";
        faults.invalid(&FieldPath::root(), "\"object\"", why);
    }
}

/// Whether a value is of a type; if not, that is said.
fn is_a(value: Value<'_>, wanted: Type, path: &FieldPath, faults: &mut Faults) -> bool {
    let found = value.value_type();
    if found == wanted {
        return true;
    }
    let name = |of: Type| match of {
        Type::Null => "null",
        Type::Bool => "boolean",
        Type::Number => "integer",
        Type::String => "string",
        Type::Array => "array",
        Type::Object => "object",
    };
    let why = format!("{path} in body must be of type {}: {:?}", name(wanted), name(found));
    faults.invalid(path, &format!("{:?}", name(found)), &why);
    false
}

/// A text of a few; it must be there.
fn choice(of: Value<'_>, key: &'static str, known: &[&str], path: &FieldPath, faults: &mut Faults) {
    let at = path.clone().field(key);
    let Some(value) = of.field(key) else {
        return faults.required(&at, "");
    };
    if is_a(value, Type::String, &at, faults) {
        let text = value.as_str().unwrap_or_default();
        if !known.contains(&text) {
            faults.unsupported(&at, text, known);
        }
    }
}

/// A number without a fraction, between two.
fn whole(value: Value<'_>, least: i64, most: i64, path: &FieldPath, faults: &mut Faults) {
    let Some(number) = value.as_i64() else {
        is_a(value, Type::Number, path, faults);
        if value.value_type() == Type::Number {
            let why = format!("{path} in body must be of type integer: \"number\"");
            faults.invalid(path, "\"number\"", &why);
        }
        return;
    };
    let (limit, how) = if number < least {
        (least, "greater")
    } else if number > most {
        (most, "less")
    } else {
        return;
    };
    let why = format!("{path} in body should be {how} than or equal to {limit}");
    faults.invalid_number(path, number, &why);
}

/// The elements of a list, if it is one of the right length.
fn items<'a>(
    of: Value<'a>,
    key: &'static str,
    least: usize,
    most: usize,
    path: &FieldPath,
    faults: &mut Faults,
) -> Option<Vec<Value<'a>>> {
    let at = path.clone().field(key);
    let list = of.field(key)?;
    if !is_a(list, Type::Array, &at, faults) {
        return None;
    }
    let items: Vec<_> = list.items().collect();
    if items.len() > most {
        faults.too_many(&at, items.len(), most);
    }
    if items.len() < least {
        let why = format!("{at} in body should have at least {least} items");
        faults.invalid(&at, &items.len().to_string(), &why);
    }
    Some(items)
}

/// Whether an object has one field of those that are known; if not, that is said. With a field that
/// is not known it is left to the reader.
fn one_field(value: Value<'_>, known: &[&str], path: &FieldPath, faults: &mut Faults) -> bool {
    let is_known = |key: Value<'_>| key.as_str().is_some_and(|key| known.contains(&key));
    if value.entries().any(|(key, _)| !is_known(key)) {
        return true;
    }
    let count = value.entries().count();
    let which = match count {
        0 => "at least 1",
        1 => return true,
        _ => "at most 1",
    };
    let why = format!("{path} in body should have {which} properties");
    faults.invalid(path, &count.to_string(), &why);
    false
}

fn rule(
    value: Value<'_>,
    kind: PolicyKind,
    direction: Direction,
    path: &FieldPath,
    faults: &mut Faults,
) {
    if !is_a(value, Type::Object, path, faults) {
        return;
    }
    choice(value, "action", actions(kind), path, faults);
    if let Some(name) = value.field("name") {
        let at = path.clone().field("name");
        let length = name.as_str().unwrap_or_default().chars().count();
        if is_a(name, Type::String, &at, faults) && length > MOST_OF_NAME {
            faults.too_long(&at, MOST_OF_NAME);
        }
    }
    let field = direction.peers_field();
    if value.field(field).is_none() {
        faults.required(&path.clone().field(field), "");
    }
    let peers = items(value, field, 1, most(kind), path, faults).unwrap_or_default();
    for (index, value) in peers.iter().enumerate() {
        peer(*value, kind, direction, &path.element(field, index), faults);
    }
    let field = ports_field(kind);
    let ports = items(value, field, 1, most(kind), path, faults).unwrap_or_default();
    for (index, value) in ports.iter().enumerate() {
        port(*value, kind, &path.element(field, index), faults);
    }
    let has = |values: &[Value<'_>], keys: &[&str]| {
        values.iter().any(|value| keys.iter().any(|key| value.field(key).is_some()))
    };
    let named = ["destinationNamedPort", "namedPort"];
    if direction == Direction::Egress
        && has(&peers, &["networks", "nodes", "domainNames"])
        && has(&ports, &named)
    {
        let why = "networks/nodes/domainNames peer cannot be set with namedPorts since there are \
                   no namedPorts for networks/nodes/domainNames";
        faults.invalid(path, "\"object\"", why);
    }
}

/// A subject or a peer with one field: its selectors.
fn pods_or_namespaces(value: Value<'_>, kind: PolicyKind, path: &FieldPath, faults: &mut Faults) {
    if let Some(namespaces) = value.field("namespaces") {
        selector(namespaces, &path.clone().field("namespaces"), faults);
    }
    let Some(pods) = value.field("pods") else { return };
    let path = path.clone().field("pods");
    if !is_a(pods, Type::Object, &path, faults) {
        return;
    }
    for key in ["namespaceSelector", "podSelector"] {
        let at = path.clone().field(key);
        // Older definitions have `namespaces` in its place.
        let is_needed = key == "podSelector"
            || (kind != PolicyKind::ClusterNetworkPolicy && pods.field("namespaces").is_none());
        match pods.field(key) {
            Some(value) => selector(value, &at, faults),
            None if is_needed => faults.required(&at, ""),
            None => {}
        }
    }
}

/// A selector: the definitions ask for types alone, and for key and operator.
fn selector(value: Value<'_>, path: &FieldPath, faults: &mut Faults) {
    if !is_a(value, Type::Object, path, faults) {
        return;
    }
    let at = path.clone().field("matchLabels");
    if let Some(labels) = value.field("matchLabels")
        && is_a(labels, Type::Object, &at, faults)
    {
        for (key, value) in labels.entries() {
            let key = key.as_str().unwrap_or_default().to_owned();
            is_a(value, Type::String, &at.clone().field(key), faults);
        }
    }
    let expressions = items(value, "matchExpressions", 0, usize::MAX, path, faults);
    for (index, value) in expressions.unwrap_or_default().into_iter().enumerate() {
        let path = path.element("matchExpressions", index);
        if !is_a(value, Type::Object, &path, faults) {
            continue;
        }
        for key in ["key", "operator"] {
            let at = path.clone().field(key);
            match value.field(key) {
                Some(text) => drop(is_a(text, Type::String, &at, faults)),
                None => faults.required(&at, ""),
            }
        }
        let values = items(value, "values", 0, usize::MAX, &path, faults).unwrap_or_default();
        for (index, text) in values.into_iter().enumerate() {
            is_a(text, Type::String, &path.element("values", index), faults);
        }
    }
}

fn peer(
    value: Value<'_>,
    kind: PolicyKind,
    direction: Direction,
    path: &FieldPath,
    faults: &mut Faults,
) {
    // One without any field is left to the reader: its field may have been dropped.
    if !is_a(value, Type::Object, path, faults)
        || (value.entries().next().is_some() && !one_field(value, &PEER, path, faults))
    {
        return;
    }
    pods_or_namespaces(value, kind, path, faults);
    if direction == Direction::Ingress {
        return;
    }
    if let Some(nodes) = value.field("nodes") {
        selector(nodes, &path.clone().field("nodes"), faults);
    }
    let networks = items(value, "networks", 1, MOST_OF_PEER, path, faults);
    each_text("networks", networks.as_deref().unwrap_or_default(), path, faults, |network| {
        let block = Block::parse(network);
        let is_taken = block.is_some_and(|block| !block.has_zeros() && !block.is_mapped());
        (!is_taken || network.chars().count() > MOST_OF_NETWORK)
            .then_some("Invalid CIDR format provided")
    });
    if kind != PolicyKind::BaselineAdminNetworkPolicy {
        let names = items(value, "domainNames", 1, MOST_OF_PEER, path, faults);
        each_text("domainNames", names.as_deref().unwrap_or_default(), path, faults, |name| {
            (!is_domain_name(name)).then_some("is no domain name")
        });
    }
}

/// Texts of a list, of which each may be there once.
fn each_text(
    key: &'static str,
    values: &[Value<'_>],
    path: &FieldPath,
    faults: &mut Faults,
    fault: impl Fn(&str) -> Option<&'static str>,
) {
    let mut seen: Vec<&str> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let at = path.element(key, index);
        if !is_a(*value, Type::String, &at, faults) {
            continue;
        }
        let text = value.as_str().unwrap_or_default();
        if let Some(why) = fault(text) {
            faults.invalid_text(&at, text, why);
        }
        if seen.contains(&text) {
            faults.duplicate(&at, text);
        }
        seen.push(text);
    }
}

/// Whether a name is one by the pattern of the definitions: two labels or more, `*.` in front or a
/// dot at the end where one likes. Its `A-z` takes a few signs for letters.
fn is_domain_name(name: &str) -> bool {
    let is_first = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'z').contains(&byte);
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &str| match label.as_bytes() {
        [] => false,
        [only] => is_first(*only),
        [first, inner @ .., last] => {
            is_first(*first)
                && last.is_ascii_alphanumeric()
                && inner.iter().all(|byte| is_inner(*byte))
        }
    };
    let name = name.strip_prefix("*.").unwrap_or(name);
    let name = name.strip_suffix('.').unwrap_or(name);
    name.contains('.') && name.split('.').all(is_label)
}

fn port(value: Value<'_>, kind: PolicyKind, path: &FieldPath, faults: &mut Faults) {
    let known: &[&'static str] = match kind {
        PolicyKind::ClusterNetworkPolicy => &["tcp", "udp", "sctp", "destinationNamedPort"],
        _ => &["portNumber", "portRange", "namedPort"],
    };
    if !is_a(value, Type::Object, path, faults) || !one_field(value, known, path, faults) {
        return;
    }
    let found = known.iter().find_map(|key| Some((*key, value.field(key)?)));
    let Some((key, inner)) = found else { return };
    let path = path.clone().field(key);
    match key {
        "destinationNamedPort" | "namedPort" => drop(is_a(inner, Type::String, &path, faults)),
        _ if !is_a(inner, Type::Object, &path, faults) => {}
        "portNumber" | "portRange" => {
            let numbers: &[_] = if key == "portNumber" { &["port"] } else { &["start", "end"] };
            for number in numbers {
                required_port(inner, number, &path, faults);
            }
            if let Some(protocol) = inner.field("protocol") {
                is_a(protocol, Type::String, &path.field("protocol"), faults);
            }
        }
        _ => destination(inner, &path, faults),
    }
}

/// `tcp`, `udp` or `sctp` of a `ClusterNetworkPolicy`.
fn destination(value: Value<'_>, path: &FieldPath, faults: &mut Faults) {
    if !one_field(value, &["destinationPort"], path, faults) {
        return;
    }
    let Some(port) = value.field("destinationPort") else { return };
    let path = path.clone().field("destinationPort");
    if !is_a(port, Type::Object, &path, faults)
        || !one_field(port, &["number", "range"], &path, faults)
    {
        return;
    }
    if port.field("number").is_some() {
        required_port(port, "number", &path, faults);
    }
    let path = path.field("range");
    let Some(range) = port.field("range") else { return };
    if !is_a(range, Type::Object, &path, faults) {
        return;
    }
    required_port(range, "start", &path, faults);
    required_port(range, "end", &path, faults);
    let end = |key| range.field(key).and_then(|end| end.as_i64());
    if let (Some(start), Some(end)) = (end("start"), end("end"))
        && start >= end
    {
        faults.invalid(&path, "\"object\"", "Start port must be less than End port");
    }
}

fn required_port(of: Value<'_>, key: &'static str, path: &FieldPath, faults: &mut Faults) {
    let at = path.clone().field(key);
    match of.field(key) {
        Some(port) => whole(port, 1, i64::from(u16::MAX), &at, faults),
        None => faults.required(&at, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::admin::action;

    #[test]
    fn all_words_for_actions_are_read() {
        for kind in [
            PolicyKind::ClusterNetworkPolicy,
            PolicyKind::AdminNetworkPolicy,
            PolicyKind::BaselineAdminNetworkPolicy,
        ] {
            for word in ["Accept", "Allow", "Deny", "Pass", "allow", ""] {
                let is_known = actions(kind).contains(&word);
                assert_eq!(action(kind, word).is_some(), is_known, "{kind:?} {word}");
            }
        }
    }

    #[test]
    fn names_of_the_outside() {
        for (name, is_one) in [
            ("example.com", true),
            ("*.example.com", true),
            ("example.com.", true),
            ("*.com", false),
            ("com", false),
            ("a.*.com", false),
            ("-a.com", false),
            ("a-.com", false),
            ("a..com", false),
            ("", false),
        ] {
            assert_eq!(is_domain_name(name), is_one, "{name}");
        }
    }
}
