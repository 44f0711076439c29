//! `NetworkPolicy`, with what the server fills in.
//!
//! Source: `SetDefaults_NetworkPolicy` and `SetDefaults_NetworkPolicyPort` in
//! pkg/apis/networking/v1/defaults.go, and the comments of k8s.io/api/networking/v1/types.go.

use posture::model::node::{Type, Value};
use posture::model::object::Object;
use posture::model::path::FieldPath;

use super::block::Block;
use super::reader::{self, Fields, Places};
use super::{
    Action, Direction, Namespaces, Peer, Pods, Policy, Port, Rule, Section, Tier, Who, validate,
};
use crate::ports::{FIRST, Protocol};

/// Most entries that `policyTypes` may have.
const MOST_TYPES: usize = 2;

impl Direction {
    /// The field of a rule that says who is on the other side.
    pub fn peers_field(self) -> &'static str {
        match self {
            Self::Ingress => "from",
            Self::Egress => "to",
        }
    }

    /// `Ingress`, as `policyTypes` has it.
    pub fn policy_type(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }
}

/// Reads one; `None` where no release of the server takes it.
pub(super) fn read(object: &Object, namespace: &str) -> Option<Policy> {
    if object.api_version() != "networking.k8s.io/v1" {
        return None;
    }
    let places = Places::of(object);
    let spec = Fields::of(object.value().get("spec"))?;
    let subject = spec.field("podSelector");
    let ingress = rules(spec, Direction::Ingress, places)?;
    let egress = rules(spec, Direction::Egress, places)?;
    let [in_active, out_active] = types(spec, !egress.is_empty())?;
    Some(Policy {
        object: reader::reference(object, Some(namespace)),
        mark: object.mark(),
        tier: Tier::NetworkPolicy,
        priority: 0,
        subject: Pods { namespaces: Namespaces::Own, pods: reader::selector(subject)? },
        ingress: Section { active: in_active, rules: ingress },
        egress: Section { active: out_active, rules: egress },
    })
}

/// Whether ingress and egress count: as `policyTypes` says; where it says nothing, ingress does, and
/// egress where it has rules.
fn types(spec: Fields<'_>, egress_has_rules: bool) -> Option<[bool; 2]> {
    let mut found = [false; 2];
    let mut count = 0;
    for entry in spec.list("policyTypes")? {
        match entry.as_str() {
            Some("Ingress") => found[0] = true,
            Some("Egress") => found[1] = true,
            _ => return None,
        }
        count += 1;
    }
    match count {
        0 => Some([true, egress_has_rules]),
        1..=MOST_TYPES => Some(found),
        _ => None,
    }
}

fn rules(spec: Fields<'_>, direction: Direction, places: Places) -> Option<Vec<Rule>> {
    let base = FieldPath::of("spec");
    let mut rules = Vec::new();
    for (index, value) in spec.list(direction.name())?.enumerate() {
        let fields = Fields::of(Some(value))?;
        let path = base.element(direction.name(), index);
        let mut ports = Vec::new();
        for port in fields.list("ports")? {
            ports.push(read_port(Fields::of(Some(port))?)?);
        }
        let mut peers = Vec::new();
        let field = direction.peers_field();
        for (index, peer) in fields.list(field)?.enumerate() {
            let who = read_peer(Fields::of(Some(peer))?)?;
            peers.push(Peer { path: path.element(field, index), mark: places.mark(peer), who });
        }
        rules.push(Rule {
            path,
            mark: places.mark(value),
            name: None,
            action: Action::Allow,
            peers: (!peers.is_empty()).then_some(peers),
            ports: (!ports.is_empty()).then_some(ports),
        });
    }
    Some(rules)
}

/// Reads an entry of `ports`; one without anything is all of TCP.
fn read_port(port: Fields<'_>) -> Option<Port> {
    let protocol = match port.field("protocol") {
        None => Protocol::Tcp,
        Some(text) => Protocol::of(text.as_str()?)?,
    };
    let end = port.field("endPort");
    let Some(start) = port.field("port") else {
        return end.is_none().then_some(Port::Range { protocol, first: FIRST, last: u16::MAX });
    };
    if start.value_type() == Type::String {
        let name = start.as_str()?;
        let is_taken = end.is_none() && validate::is_port_name(name);
        return is_taken.then(|| Port::Named { protocol: Some(protocol), name: name.to_owned() });
    }
    let first = number(start)?;
    let last = end.map_or(Some(first), number)?;
    (first <= last).then_some(Port::Range { protocol, first, last })
}

/// The number of a port.
pub(super) fn number(value: Value<'_>) -> Option<u16> {
    u16::try_from(value.as_i64()?).ok().filter(|port| *port >= FIRST)
}

fn read_peer(peer: Fields<'_>) -> Option<Who> {
    let pods = peer.field("podSelector");
    let namespaces = peer.field("namespaceSelector");
    if let Some(block) = peer.field("ipBlock") {
        return (pods.is_none() && namespaces.is_none()).then(|| read_block(block))?;
    }
    if pods.is_none() && namespaces.is_none() {
        return None;
    }
    let namespaces = match namespaces {
        None => Namespaces::Own,
        Some(selector) => Namespaces::Selected(reader::selector(Some(selector))?),
    };
    Some(Who::Pods(Pods { namespaces, pods: reader::selector(pods)? }))
}

fn read_block(block: Value<'_>) -> Option<Who> {
    let block = Fields::of(Some(block))?;
    let own = Block::parse(block.field("cidr")?.as_str()?)?;
    let mut except = Vec::new();
    for entry in block.list("except")? {
        let hole = Block::parse(entry.as_str()?).filter(|hole| own.takes_exception(*hole))?;
        except.push(hole.cidr());
    }
    Some(Who::Block { cidr: own.cidr(), except, reaches_pods: false })
}
