//! Ends of connections, and what of a rule does not fit them, in words.

use std::collections::BTreeMap;

use super::Side;
use crate::address::{Family, blocks};
use crate::engine::Engine;
use crate::engine::miss::{Unmet, Wrong};
use crate::engine::verdict::{End, Point};
use crate::policy::Direction;
use crate::world::World;

/// Who is meant: workloads with the number of their pods, nodes, addresses as blocks.
pub(super) fn sides(world: &World, sides: &[Side]) -> Vec<String> {
    let mut workloads: BTreeMap<u32, usize> = BTreeMap::new();
    let mut stretches: Vec<(Family, u128, u128)> = Vec::new();
    let mut others = Vec::new();
    for side in sides {
        match *side {
            Side::End(End::Pod(pod)) => {
                *workloads.entry(world.pods[pod as usize].workload).or_default() += 1;
            }
            Side::Addresses(End::Address(first), last) => {
                let (family, first) = Family::split(first);
                match stretches.last_mut() {
                    Some((known, _, end))
                        if *known == family && end.checked_add(1) == Some(first) =>
                    {
                        *end = last;
                    }
                    _ => stretches.push((family, first, last)),
                }
            }
            Side::End(end) | Side::Addresses(end, _) => others.push(self::end(world, end)),
        }
    }
    let mut words: Vec<String> = workloads
        .into_iter()
        .map(|(workload, pods)| {
            let workload = &world.workloads[workload as usize];
            let name = format!(
                "{} {}/{}",
                workload.object.kind,
                workload.object.namespace.as_deref().unwrap_or_default(),
                workload.object.name
            );
            match pods {
                1 => name,
                count => format!("{name} ({count} pods)"),
            }
        })
        .collect();
    words.extend(others);
    for (family, first, last) in stretches {
        words.extend(blocks(family, first, last).iter().map(ToString::to_string));
    }
    words
}

fn end(world: &World, end: End) -> String {
    match end {
        End::Pod(pod) => {
            let pod = &world.pods[pod as usize];
            let namespace = &world.namespaces[pod.namespace as usize].name;
            format!("Pod {namespace}/{}", world.texts.get(pod.name))
        }
        End::Node(node) => format!("Node {}", world.nodes[node as usize].name),
        End::Address(address) => address.to_string(),
        End::AnyPod => "some pod".to_owned(),
        End::Outside => "something outside".to_owned(),
    }
}

/// What of a rule does not fit, in words.
pub(super) fn wrong(
    engine: &Engine<'_>,
    point: Option<&Point>,
    direction: Direction,
    wrong: &Wrong,
) -> String {
    let world = engine.world();
    let other = point.map(|point| match direction {
        Direction::Ingress => point.from,
        Direction::Egress => point.to,
    });
    let pod = match other {
        Some(End::Pod(pod)) => Some(&world.pods[pod as usize]),
        _ => None,
    };
    let namespace = pod.map_or("it", |pod| &world.namespaces[pod.namespace as usize].name);
    let who = other.map_or_else(|| "it".to_owned(), |other| end(world, other));
    match wrong {
        Wrong::NamespaceLabels(all) => format!("wants namespace label {}", unmet(all, namespace)),
        Wrong::OtherNamespace => {
            format!("means only pods of the policy's own namespace; this is one of {namespace}")
        }
        Wrong::PodLabels(all) => format!("wants pod label {}", unmet(all, &who)),
        Wrong::NodeLabels(all) => format!("wants node label {}", unmet(all, &who)),
        Wrong::NoPod => format!("means pods; {who} is none"),
        Wrong::HostNetwork => {
            format!("means pods with an address of their own; {who} is in the network of its node")
        }
        Wrong::NoNode => format!("means nodes; {who} is none"),
        Wrong::NotInBlock(block, Some(address)) => {
            format!("means {block}; the address is {address}")
        }
        Wrong::NotInBlock(block, None) => format!("means {block}; the address is not known"),
        Wrong::Excepted(block, hole) => format!("means {block}, but excepts {hole}"),
        Wrong::BlockMeansNoPods(block) => {
            format!("means {block}, which is no pod for this enforcer")
        }
        Wrong::Domain => format!("means names of the outside; {who} is none"),
        Wrong::Unknown(what) => format!("has a peer that is not understood: {what}"),
        Wrong::Ports(set) => match point {
            Some(point) => format!("is for {set}, not for {} {}", point.protocol, point.port),
            None => format!("is for {set}"),
        },
        Wrong::NoPortOfName(name) => {
            format!("is for the port {name}, which no container there has")
        }
    }
}

/// `team=shop; shop has team=store`
fn unmet(all: &[Unmet], who: &str) -> String {
    let wants: Vec<&str> = all.iter().map(|one| one.wants.as_str()).collect();
    let has = |one: &Unmet| match &one.has {
        Some(value) => format!("{}={value}", one.key),
        None if one.known => format!("no {}", one.key),
        None => format!("nobody knows which {}", one.key),
    };
    let mut has: Vec<String> = all.iter().map(has).collect();
    has.dedup();
    format!("{}; {who} has {}", wants.join(","), has.join(", "))
}
