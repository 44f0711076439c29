//! `ClusterNetworkPolicy`, `AdminNetworkPolicy` and `BaselineAdminNetworkPolicy`.
//!
//! Their definitions are installed apart from the server, in releases of their own. What a newer one
//! has and this reader does not know is kept as unknown: the engine closes what it cannot judge.
//!
//! Source: the types in apis/v1alpha1 (v0.1.7) and apis/v1alpha2 (v0.2.0) of
//! sigs.k8s.io/network-policy-api.

mod peers;
mod ports;

use posture::model::object::Object;
use posture::model::path::FieldPath;

use super::reader::{self, Fields, Places};
use super::{Action, Direction, Peer, Policy, PolicyKind, Rule, Section, Tier, Who};

/// Reads one; `None` where tier, priority, subject or an action are not to be read: what it would
/// do is not known at all then.
pub(super) fn read(object: &Object, kind: PolicyKind) -> Option<Policy> {
    let places = Places::of(object);
    let spec = Fields::of(object.value().get("spec"))?;
    let tier = match kind {
        PolicyKind::ClusterNetworkPolicy => tier(spec.field("tier")?.as_str()?)?,
        PolicyKind::BaselineAdminNetworkPolicy => Tier::Baseline,
        _ => Tier::Admin,
    };
    let priority = match kind {
        PolicyKind::BaselineAdminNetworkPolicy => 0,
        _ => i32::try_from(spec.field("priority")?.as_i64()?).ok()?,
    };
    let section = |direction| {
        let rules = rules(spec, kind, direction, places)?;
        Some(Section { active: true, rules })
    };
    Some(Policy {
        object: reader::reference(object, None),
        mark: object.mark(),
        tier,
        priority,
        subject: peers::subject(spec.field("subject")?)?,
        ingress: section(Direction::Ingress)?,
        egress: section(Direction::Egress)?,
    })
}

fn tier(text: &str) -> Option<Tier> {
    match text {
        "Admin" => Some(Tier::Admin),
        "Baseline" => Some(Tier::Baseline),
        _ => None,
    }
}

/// What a rule does, by the words of its kind.
pub(super) fn action(kind: PolicyKind, text: &str) -> Option<Action> {
    match (kind, text) {
        (PolicyKind::ClusterNetworkPolicy, "Accept")
        | (PolicyKind::AdminNetworkPolicy | PolicyKind::BaselineAdminNetworkPolicy, "Allow") => {
            Some(Action::Allow)
        }
        (_, "Deny") => Some(Action::Deny),
        // Below the last tier there is nothing to pass to.
        (PolicyKind::ClusterNetworkPolicy | PolicyKind::AdminNetworkPolicy, "Pass") => {
            Some(Action::Pass)
        }
        _ => None,
    }
}

/// The field of a rule that says which ports.
pub(super) fn ports_field(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::ClusterNetworkPolicy => "protocols",
        _ => "ports",
    }
}

fn rules(
    spec: Fields<'_>,
    kind: PolicyKind,
    direction: Direction,
    places: Places,
) -> Option<Vec<Rule>> {
    let base = FieldPath::of("spec");
    let mut rules = Vec::new();
    for (index, value) in spec.list(direction.name())?.enumerate() {
        let fields = Fields::of(Some(value))?;
        let path = base.element(direction.name(), index);
        let action = action(kind, fields.field("action")?.as_str()?)?;
        let name = fields.field("name").and_then(|name| name.as_str());
        let mut peers = Vec::new();
        for (index, peer) in fields.list(direction.peers_field())?.enumerate() {
            let path = path.element(direction.peers_field(), index);
            peers::read(peer, path, kind, direction, places, &mut peers);
        }
        // Every definition wants a peer; what has none says nothing that is known.
        if peers.is_empty() {
            return None;
        }
        let field = ports_field(kind);
        let mut ports = Vec::new();
        for (index, port) in fields.list(field)?.enumerate() {
            match ports::read(port, kind) {
                Ok(port) => ports.extend(port),
                // A rule that allows matches nothing by it; the others deny everything.
                Err(_) if action == Action::Allow => {}
                Err(what) => peers.push(Peer {
                    path: path.element(field, index),
                    mark: places.mark(port),
                    who: Who::Unknown(what),
                }),
            }
        }
        rules.push(Rule {
            mark: places.mark(value),
            name: name.map(str::to_owned),
            peers: Some(peers),
            path,
            action,
            // A list of which nothing is left is no absent one.
            ports: fields.field(field).map(|_| ports),
        });
    }
    Some(rules)
}
