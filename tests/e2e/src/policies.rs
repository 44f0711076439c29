//! Policies of the network as text, so that two readings can be compared.

use std::fmt::Write as _;

use kubectl_netpol::policy::{Namespaces, Peer, Pods, Policy, Port, Rule, Who};
use posture::model::labels::LabelSelector;

/// Everything that a policy says but where it stands, a line each.
///
/// # Panics
/// Never: writing to text cannot fail.
pub fn described(policy: &Policy) -> String {
    let mut text = String::new();
    let line = |text: &mut String, line: &str| {
        writeln!(text, "{line}").expect("writing to text cannot fail");
    };
    let Policy { object, tier, priority, subject, ingress, egress, .. } = policy;
    line(&mut text, &format!("{object:?} {tier:?} {priority} {}", pods(subject)));
    for (name, section) in [("ingress", ingress), ("egress", egress)] {
        line(&mut text, &format!("{name} {}", section.active));
        for Rule { path, name, action, peers, ports, .. } in &section.rules {
            line(&mut text, &format!("{path} {name:?} {action:?}"));
            for Peer { path, who, .. } in peers.iter().flatten() {
                line(&mut text, &format!("{path} {}", described_who(who)));
            }
            let ports: Option<Vec<String>> =
                ports.as_ref().map(|ports| ports.iter().map(described_port).collect());
            line(&mut text, &format!("{} {ports:?}", peers.is_some()));
        }
    }
    text
}

/// Whether some peer is unknown.
pub fn has_unknown(policy: &Policy) -> bool {
    let rules = policy.ingress.rules.iter().chain(&policy.egress.rules);
    let mut peers = rules.flat_map(|rule| rule.peers.iter().flatten());
    peers.any(|peer| matches!(peer.who, Who::Unknown(_)))
}

/// In the order of the keys: labels have none.
fn selector(selector: &LabelSelector) -> String {
    let mut requirements: Vec<String> =
        selector.requirements().iter().map(|requirement| format!("{requirement:?}")).collect();
    requirements.sort();
    requirements.join(",")
}

fn pods(pods: &Pods) -> String {
    let namespaces = match &pods.namespaces {
        Namespaces::Own => "own".to_owned(),
        Namespaces::Selected(selected) => selector(selected),
    };
    format!("[{namespaces}] [{}]", selector(&pods.pods))
}

fn described_who(who: &Who) -> String {
    match who {
        Who::Pods(selected) => pods(selected),
        Who::Nodes(nodes) => format!("nodes {}", selector(nodes)),
        other => format!("{other:?}"),
    }
}

fn described_port(port: &Port) -> String {
    format!("{port:?}")
}
