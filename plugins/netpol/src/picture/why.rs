//! What decides a connection, asked of the engine.

use super::report::{MapReport, Why, Witness};
use super::{Traffic, Who};
use crate::engine::Engine;
use crate::engine::verdict::{Decided, End, Exempt, Point, RuleId, Side};
use crate::policy::Action;
use crate::world::World;

impl MapReport {
    /// Says of every connection what decides it, as [`Self::explain`] asks.
    pub fn explain_by(&mut self, engine: &Engine<'_>, traffic: &Traffic) {
        self.explain(|witness| decides(engine, traffic, witness));
    }
}

fn decides(engine: &Engine<'_>, traffic: &Traffic, witness: &Witness) -> Vec<Why> {
    let world = engine.world();
    let ends = end(traffic, witness.from).zip(end(traffic, witness.to));
    let Some((from, to)) = ends else { return Vec::new() };
    let Witness { protocol, port, .. } = *witness;
    let answer = engine.answer_of_two(&Point { from, to, protocol, port, family: None });
    [(&answer.egress, from), (&answer.ingress, to)]
        .into_iter()
        .filter_map(|(side, subject)| why(world, side, subject))
        .collect()
}

fn end(traffic: &Traffic, party: u32) -> Option<End> {
    match traffic.parties.get(party as usize)?.who {
        Who::Workload { pod, .. } => Some(End::Pod(pod)),
        Who::External { family, first, .. } => Some(End::Address(family.address(first))),
        Who::Node { node, address } => Some(address.map_or(End::Node(node), End::Address)),
        Who::Possible(_) => None,
    }
}

/// What decides a direction; `None` where no policy is asked.
fn why(world: &World, side: &Side, subject: End) -> Option<Why> {
    let plain = |words: &str| Why {
        direction: side.direction.name(),
        policy: None,
        path: None,
        place: None,
        words: words.to_owned(),
    };
    Some(match side.decided {
        Decided::Rule(id, action) => of_rule(world, side, id, action)?,
        Decided::Isolated => plain("isolated, and for certain no rule fits"),
        Decided::Default => {
            let End::Pod(pod) = subject else { return None };
            let workload = world.pods.get(pod as usize)?.workload;
            let object = &world.workloads.get(workload as usize)?.object;
            let namespace = object.namespace.as_deref().unwrap_or_default();
            plain(&format!("no policy limits {namespace}/{}", object.name))
        }
        Decided::NotSubject => return None,
        Decided::Exempt(Exempt::Itself) => plain("a pod and itself"),
        Decided::Exempt(Exempt::OwnNode) => plain("a node and a pod on it"),
    })
}

fn of_rule(world: &World, side: &Side, id: RuleId, action: Action) -> Option<Why> {
    let policy = world.policies.get(id.policy as usize)?;
    let rule = policy.section(side.direction).rules.get(id.rule as usize)?;
    let words = match action {
        Action::Allow => "a rule allows it",
        Action::Deny => "a rule denies it",
        Action::Pass => "a rule passes it on",
    };
    Some(Why {
        direction: side.direction.name(),
        policy: Some(policy.object.clone()),
        path: Some(rule.path.to_string()),
        place: rule.mark.clone().or_else(|| policy.mark.clone()),
        words: words.to_owned(),
    })
}
