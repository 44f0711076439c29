//! Subjects and peers.

use posture::model::labels::LabelSelector;
use posture::model::node::{Type, Value};
use posture::model::path::FieldPath;

use super::super::block::Block;
use super::super::reader::{self, Places};
use super::super::{Direction, Namespaces, Peer, Pods, PolicyKind, Who};

/// The fields of a selector.
const SELECTOR: [&str; 2] = ["matchLabels", "matchExpressions"];

/// Reads a subject; `None` where it is none that is known.
pub(super) fn subject(value: Value<'_>) -> Option<Pods> {
    match single(value)? {
        ("namespaces", namespaces) => Some(reader::all_pods(selector(namespaces)?)),
        ("pods", pods) => pods_in(pods, PolicyKind::ClusterNetworkPolicy),
        _ => None,
    }
}

/// Reads an entry of `from` or `to`. Each network becomes a peer of its own, since they are
/// alternatives.
pub(super) fn read(
    value: Value<'_>,
    path: FieldPath,
    kind: PolicyKind,
    direction: Direction,
    places: Places,
    peers: &mut Vec<Peer>,
) {
    let mark = places.mark(value);
    let who = match single(value) {
        Some(("namespaces", selected)) => {
            namespaces(selected, kind).map(|selected| Who::Pods(reader::all_pods(selected)))
        }
        Some(("pods", pods)) => pods_in(pods, kind).map(Who::Pods),
        Some(("nodes", nodes)) if direction == Direction::Egress => selector(nodes).map(Who::Nodes),
        Some(("networks", networks))
            if direction == Direction::Egress && networks.value_type() == Type::Array =>
        {
            peers.extend(networks.items().enumerate().map(|(index, network)| Peer {
                path: path.element("networks", index),
                mark: places.mark(network),
                who: block(network).unwrap_or_else(|| Who::Unknown("networks".to_owned())),
            }));
            if networks.items().next().is_some() {
                return;
            }
            None
        }
        Some(("domainNames", names)) if direction == Direction::Egress => domains(names),
        _ => None,
    };
    let who = who.unwrap_or_else(|| Who::Unknown(described(value)));
    peers.push(Peer { path, mark, who });
}

/// The only field of an object that has a value; `None` where there are none or several.
fn single(value: Value<'_>) -> Option<(&str, Value<'_>)> {
    let mut entries = value.entries().filter(|(_, value)| !value.is_null());
    let (key, value) = entries.next()?;
    entries.next().is_none().then_some((key.as_str()?, value))
}

/// A peer that is not understood: the fields that it has.
fn described(value: Value<'_>) -> String {
    let keys = value.entries().filter(|(_, value)| !value.is_null());
    let keys: Vec<&str> = keys.filter_map(|(key, _)| key.as_str()).collect();
    keys.join(", ")
}

/// A selector without fields that are unknown: they could narrow it.
fn selector(value: Value<'_>) -> Option<LabelSelector> {
    let is_known =
        |(key, _): (Value<'_>, _)| key.as_str().is_some_and(|key| SELECTOR.contains(&key));
    if !value.entries().all(is_known) {
        return None;
    }
    LabelSelector::read(value).ok()
}

/// Namespaces of a peer. Up to v0.1.1 the selector stood one level deeper, beside `sameLabels` and
/// `notSameLabels`, which compare with the subject and are not judged.
fn namespaces(value: Value<'_>, kind: PolicyKind) -> Option<LabelSelector> {
    match single(value) {
        Some(("namespaceSelector", nested)) if kind != PolicyKind::ClusterNetworkPolicy => {
            selector(nested)
        }
        _ => selector(value),
    }
}

/// Pods of selected namespaces. Up to v0.1.1 peers had `namespaces` in the place of
/// `namespaceSelector`.
fn pods_in(value: Value<'_>, kind: PolicyKind) -> Option<Pods> {
    let mut pods = None;
    let mut selected = None;
    for (key, value) in value.entries().filter(|(_, value)| !value.is_null()) {
        match key.as_str()? {
            "podSelector" => pods = Some(selector(value)?),
            "namespaceSelector" => selected = Some(selector(value)?),
            "namespaces" if kind != PolicyKind::ClusterNetworkPolicy => {
                selected = Some(namespaces(value, kind)?);
            }
            _ => return None,
        }
    }
    Some(Pods { namespaces: Namespaces::Selected(selected.unwrap_or_default()), pods: pods? })
}

fn block(network: Value<'_>) -> Option<Who> {
    let cidr = Block::parse(network.as_str()?)?.cidr();
    Some(Who::Block { cidr, except: Vec::new(), reaches_pods: true })
}

fn domains(names: Value<'_>) -> Option<Who> {
    if names.value_type() != Type::Array {
        return None;
    }
    let names: Option<Vec<String>> =
        names.items().map(|name| name.as_str().map(str::to_owned)).collect();
    names.filter(|names| !names.is_empty()).map(Who::Domains)
}
