#![cfg(test)]
//! The map that is shown, taken apart again, says what the engine says of single connections.

use std::fmt::Write as _;

use super::focus::Focus;
use super::report::MapReport;
use super::sample::frame;
use super::{Traffic, Who};
use crate::address::Family;
use crate::dialect::Dialect;
use crate::engine::Engine;
use crate::engine::verdict::{End, Point, Verdict};
use crate::ports::Protocol;
use crate::testing::objects;
use crate::world::World;

fn world(text: &str) -> World {
    World::of(objects(text).iter(), "default")
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Some namespaces with pods of one or two sorts of labels each, and some policies.
fn random(dice: &mut Dice) -> String {
    let mut text = String::new();
    for namespace in 0..3 {
        let team = dice.below(2);
        let _infallible = writeln!(
            text,
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: n{namespace}, labels: {{team: t{team}}}}}}}\n---"
        );
        for workload in 0..2 {
            for pod in 0..2 {
                let (app, number) = (dice.below(2), namespace * 4 + workload * 2 + pod + 1);
                let six = if dice.below(2) == 0 {
                    String::new()
                } else {
                    format!(", {{ip: \"fd00::{number}\"}}")
                };
                let _infallible = writeln!(
                    text,
                    "{{apiVersion: v1, kind: Pod, metadata: {{name: w{workload}-{pod}, namespace: n{namespace}, labels: {{app: a{app}}}, \
                     ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: w{workload}, uid: u{namespace}{workload}, controller: true}}]}}, \
                     spec: {{containers: [{{name: c}}]}}, \
                     status: {{phase: Running, podIPs: [{{ip: 10.0.0.{number}}}{six}]}}}}\n---"
                );
            }
        }
    }
    for policy in 0..dice.below(5) {
        let namespace = dice.below(3);
        let subject = ["{}", "{matchLabels: {app: a0}}"][usize::try_from(dice.below(2)).unwrap()];
        let way = [("Ingress", "ingress", "from"), ("Egress", "egress", "to")];
        let (kind, section, peers) = way[usize::try_from(dice.below(2)).unwrap()];
        let peer = [
            "{podSelector: {matchLabels: {app: a1}}}",
            "{namespaceSelector: {matchLabels: {team: t0}}}",
            "{namespaceSelector: {}, podSelector: {matchLabels: {app: a0}}}",
            "{ipBlock: {cidr: 10.0.0.0/29}}",
            "{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.4/30]}}",
            "{ipBlock: {cidr: \"fd00::/125\"}}",
        ];
        let peer = peer[usize::try_from(dice.below(6)).unwrap()];
        let ports = ["[]", "[{port: 80}]", "[{port: 53, protocol: UDP}]"];
        let ports = ports[usize::try_from(dice.below(3)).unwrap()];
        let _infallible = writeln!(
            text,
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p{policy}, namespace: n{namespace}}}, \
             spec: {{podSelector: {subject}, policyTypes: [{kind}], {section}: [{{{peers}: [{peer}], ports: {ports}}}]}}}}\n---"
        );
    }
    text
}

/// What the report says of a connection.
fn said(report: &MapReport, traffic: &Traffic, from: u32, to: u32, point: &Point) -> Verdict {
    let open = |party: u32| traffic.parties[party as usize].open;
    if open(from).egress && open(to).ingress {
        return Verdict::Allowed;
    }
    let has = |groups: &[usize], party| {
        groups.iter().any(|&group| report.groups[group].members.contains(&party))
    };
    let mut found = report.connections.iter().filter(|connection| {
        connection.port_set.contains(point.protocol, point.port)
            && has(&connection.from, from)
            && has(&connection.to, to)
    });
    let verdict = found.next().map_or(Verdict::Denied, |connection| connection.certainty);
    assert_eq!(found.count(), 0, "said twice");
    verdict
}

fn end(who: &Who) -> Option<End> {
    match *who {
        Who::Workload { pod, .. } => Some(End::Pod(pod)),
        Who::External { family, first, .. } => Some(End::Address(family.address(first))),
        Who::Node { .. } | Who::Possible(_) => None,
    }
}

fn families(world: &World, end: End) -> Vec<Family> {
    match end {
        End::Pod(pod) => {
            let addresses = world.pods[pod as usize].addresses.iter();
            addresses.map(|address| Family::split(*address).0).collect()
        }
        End::Address(address) => vec![Family::split(address).0],
        _ => Family::ALL.to_vec(),
    }
}

#[test]
fn the_map_says_what_the_engine_says() {
    let mut dice = Dice(11);
    let mut counts = [0; 4];
    for round in 0..60 {
        let text = random(&mut dice);
        let world = world(&text);
        for dialect in [Dialect::spec(), Dialect::open()] {
            let engine = Engine::new(&world, &dialect);
            let traffic = Traffic::of(&world, &engine.map());
            let report = MapReport::of(&world, &traffic, &Focus::default(), frame());
            let numbers = 0..u32::try_from(traffic.parties.len()).unwrap();
            for (from, to) in
                numbers.clone().flat_map(|from| numbers.clone().map(move |to| (from, to)))
            {
                let ends = [from, to].map(|party| end(&traffic.parties[party as usize].who));
                let [Some(one), Some(other)] = ends else { continue };
                let is_pod = |end| matches!(end, End::Pod(_));
                // Cells of addresses begin with addresses of pods, and are no pods.
                let is_of_pod = |end| {
                    matches!(end, End::Address(address)
                    if world.pods.iter().any(|pod| pod.addresses.contains(&address)))
                };
                if from == to
                    || !is_pod(one) && !is_pod(other)
                    || is_of_pod(one)
                    || is_of_pod(other)
                {
                    continue;
                }
                // By no address of one the other can be reached: no policy is asked.
                let [one_has, other_has] = [one, other].map(|end| families(&world, end));
                if !one_has.iter().any(|family| other_has.contains(family)) {
                    continue;
                }
                for (protocol, port) in
                    [(Protocol::Tcp, 80), (Protocol::Udp, 53), (Protocol::Tcp, 9)]
                {
                    let point = Point { from: one, to: other, protocol, port, family: None };
                    let wanted = engine.answer(&point).verdict;
                    let found = said(&report, &traffic, from, to, &point);
                    counts[found as usize] += 1;
                    let certain = |verdict| matches!(verdict, Verdict::Allowed | Verdict::Denied);
                    assert!(
                        if certain(wanted) { wanted == found } else { !certain(found) },
                        "round {round}: {point:?}: {found:?} and not {wanted:?}:\n{text}"
                    );
                }
            }
        }
    }
    let [allowed, denied, depends, _] = counts;
    assert!(allowed > 1000 && denied > 1000 && depends > 100, "{counts:?}");
}

#[test]
fn pods_of_one_workload_are_told_apart() {
    let text = "
{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x, labels: {app: web, version: v1},
  ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: w, uid: u, controller: true}]},
  spec: {containers: [{name: c}]}, status: {podIP: 10.0.0.1}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: x, labels: {app: web, version: v2},
  ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: w, uid: u, controller: true}]},
  spec: {containers: [{name: c}]}, status: {podIP: 10.0.0.2}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: x},
  spec: {podSelector: {matchLabels: {version: v1}}}}
";
    let world = world(text);
    let traffic = Traffic::of(&world, &Engine::new(&world, &Dialect::spec()).map());
    let variants: Vec<&str> = traffic
        .parties
        .iter()
        .filter_map(|party| match &party.who {
            Who::Workload { variant, pods: 1, .. } => Some(variant.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(variants, ["version=v1", "version=v2"]);
    let report = MapReport::of(&world, &traffic, &Focus::default(), frame());
    assert_eq!(report.closed.words, ["x/w (version=v1)"]);
    assert_eq!(report.open.words[0], ["x/w (version=v2)"]);
    assert_eq!(report.summary.open, 1);
}
