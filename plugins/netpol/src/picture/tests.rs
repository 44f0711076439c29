#![cfg(test)]
//! Small worlds, and the map that comes of them.

use super::causes;
use super::focus::{Focus, Only};
use super::outside::blocks_of;
use super::pairs::pairs;
use super::report::{MapReport, Why};
use super::sample::{CLOSED, IN, Making, OPEN, OUT, everything, frame, shop};
use super::{Traffic, Who};
use crate::address::Family;
use crate::ports::{PortSet, Protocol};

fn lines(made: &Making, focus: &Focus) -> Vec<String> {
    let report = MapReport::of(&made.world, &made.traffic, focus, frame());
    let names = |groups: &[usize]| {
        groups
            .iter()
            .map(|&group| report.groups[group].words.clone())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let lines = report.connections.iter().map(|connection| {
        let (from, to) = (names(&connection.from), names(&connection.to));
        let verdict = causes::verdict(connection.certainty);
        format!("{to} <- {from}: {} {verdict}", connection.port_set)
    });
    lines.collect()
}

fn listed(made: &Making, focus: &Focus) -> Vec<String> {
    let mut listed = Vec::new();
    let each = |pair: &super::pairs::Pair<'_>| {
        let (from, to) = (&pair.from.words, &pair.to.words);
        listed.push(format!("{from} -> {to}: {} {}", pair.port_set, pair.verdict));
        Ok(())
    };
    pairs(&made.world, &made.traffic, focus, each).unwrap();
    listed
}

#[test]
fn sources_and_destinations_are_grouped() {
    let made = shop();
    assert_eq!(
        lines(&made, &Focus::default()),
        [
            "data/db <- data/db: TCP 1 allowed",
            "data/db <- shop/api: TCP 5432 allowed",
            "data/db <- jobs/report, ops/prometheus: TCP 5432,9187 allowed",
            "data/db <- jobs/sync, ops/grafana: TCP 9187 allowed",
            "data/cache <- data/db: TCP 1 allowed",
            "data/cache <- namespaces with team=a: TCP 9187 allowed",
            "namespace jobs, kube-system/metrics, namespace ops, shop/api (version=v2) <- data/db: \
             TCP 1 allowed",
            "kube-system/coredns <- kube-system/coredns, namespace shop: UDP 53 allowed",
            "kube-system/coredns <- data/db: TCP 1, UDP 53 allowed",
            "shop/web <- data/db: TCP 1 allowed",
            "shop/web <- 10.0.0.0/8: TCP 80,443 allowed",
            "shop/web <- any IPv6; any IPv4 but 10.0.0.0/8: TCP 443 allowed",
            "shop/web <- kube-system/metrics: TCP 443 depends",
            "shop/api (version=v1) <- data/db: TCP 1 allowed",
            "shop/api (version=v1) <- shop/web: TCP 8080 allowed",
            "any IPv6; any IPv4 but 10.0.0.0/8 <- shop/web: TCP 443 allowed",
        ]
    );
}

#[test]
fn every_pair_is_as_the_rectangles_have_it() {
    // The map, taken apart again, says of every pair and port what the rectangles say.
    let made = shop();
    let Traffic { parties, flows, .. } = &made.traffic;
    let report = MapReport::of(
        &made.world,
        &made.traffic,
        &Focus { exposure: true, ..Focus::default() },
        frame(),
    );
    let mut points = 0;
    for from in 0..u32::try_from(parties.len()).unwrap() {
        for to in 0..u32::try_from(parties.len()).unwrap() {
            let mass = parties[from as usize].open.egress && parties[to as usize].open.ingress;
            for (protocol, port) in [
                (Protocol::Tcp, 1),
                (Protocol::Tcp, 443),
                (Protocol::Udp, 53),
                (Protocol::Tcp, 9187),
            ] {
                let mut wanted: Option<_> =
                    mass.then_some(crate::engine::verdict::Verdict::Allowed);
                for flow in flows {
                    if flow.from.contains(from)
                        && flow.to.contains(to)
                        && flow.ports.contains(protocol, port)
                    {
                        wanted = Some(wanted.map_or(flow.verdict, |known| known.min(flow.verdict)));
                    }
                }
                let has = |groups: &[usize], party: u32| {
                    groups.iter().any(|&group| report.groups[group].members.contains(&party))
                };
                let found: Vec<_> = report
                    .connections
                    .iter()
                    .filter(|connection| {
                        has(&connection.from, from)
                            && has(&connection.to, to)
                            && connection.port_set.contains(protocol, port)
                    })
                    .collect();
                if mass {
                    assert!(found.is_empty());
                } else {
                    assert!(found.len() <= 1);
                    assert_eq!(
                        found.first().map(|connection| connection.certainty),
                        wanted,
                        "{from} {to} {port}"
                    );
                    points += found.len();
                }
            }
        }
    }
    assert!(points > 30, "{points}");
}

#[test]
fn pairs_have_the_open_ones_too() {
    let made = shop();
    let listed = listed(&made, &Focus::default());
    let has = |line: &str| listed.iter().any(|known| known == line);
    assert_eq!(listed.len(), listed.iter().collect::<std::collections::BTreeSet<_>>().len());
    assert!(has("ops/grafana -> ops/grafana: all ports allowed"), "two pods: {listed:#?}");
    assert!(has("ops/grafana -> kube-system/coredns: all ports allowed"));
    assert!(has("any IPv4, any IPv6 -> kube-system/coredns: all ports allowed"));
    assert!(has("data/cache -> 10.0.0.0/8: all ports allowed"));
    assert!(has("shop/web -> kube-system/coredns: UDP 53 allowed"));
    assert!(has("kube-system/metrics -> shop/web: TCP 443 depends"));
    assert!(!has("ops/grafana -> data/db: all ports allowed"));
}

#[test]
fn a_part_of_the_map_can_be_asked_for() {
    let made = shop();
    let workload = |name: &str| {
        let is_it = |number: u32| made.world.workloads[number as usize].object.name == name;
        made.traffic.of_workloads(is_it)
    };
    let to = Focus { to: Some(workload("db")), ..Focus::default() };
    assert_eq!(
        lines(&made, &to),
        [
            "data/db <- data/db: TCP 1 allowed",
            "data/db <- shop/api: TCP 5432 allowed",
            "data/db <- jobs/report, ops/prometheus: TCP 5432,9187 allowed",
            "data/db <- jobs/sync, ops/grafana: TCP 9187 allowed",
        ]
    );
    let from = Focus { from: Some(workload("web")), ..Focus::default() };
    assert_eq!(
        lines(&made, &from),
        [
            "kube-system/coredns <- shop/web: UDP 53 allowed",
            "shop/api (version=v1) <- shop/web: TCP 8080 allowed",
            "any IPv6; any IPv4 but 10.0.0.0/8 <- shop/web: TCP 443 allowed",
        ]
    );
    let either = Focus { either: Some(workload("api")), ..Focus::default() };
    assert_eq!(
        lines(&made, &either),
        [
            "data/db <- shop/api: TCP 5432 allowed",
            "kube-system/coredns <- shop/api: UDP 53 allowed",
            "shop/api (version=v1) <- data/db: TCP 1 allowed",
            "shop/api (version=v1) <- shop/web: TCP 8080 allowed",
            "shop/api (version=v2) <- data/db: TCP 1 allowed",
        ]
    );
    let port = PortSet::range(Protocol::Tcp, 5000, 6000);
    let ports = Focus { ports: Some(port), exposure: true, ..Focus::default() };
    assert_eq!(
        lines(&made, &ports),
        ["data/db <- pods with role=client, \
             pods labelled app=x in namespaces with team=b (none now): TCP 5432 allowed",]
    );
    let only = Focus { only: Some(Only::Depends), ..Focus::default() };
    assert_eq!(lines(&made, &only), ["shop/web <- kube-system/metrics: TCP 443 depends"]);
}

#[test]
fn what_is_said_in_few_words() {
    let mut made = Making::default();
    let mut all = Vec::new();
    for name in ["a", "b", "c"] {
        made.namespace(name, &[]);
        all.extend(["v", "w", "x", "y", "z"].map(|name| made.workload(name, &[], CLOSED)));
    }
    made.namespace("d", &[]);
    let to = made.workload("target", &[], CLOSED);
    let words = |made: &Making, from: &[u32]| {
        let traffic = Traffic { parties: made.traffic.parties.clone(), ..Traffic::default() };
        let mut other = Making { world: made.world.clone(), traffic };
        other.flow(from, &[to], "TCP 80");
        lines(&other, &Focus::default()).remove(0)
    };
    let of = |positions: &[usize]| positions.iter().map(|&at| all[at]).collect::<Vec<_>>();
    assert_eq!(words(&made, &all), "d/target <- all pods but d/target: TCP 80 allowed");
    assert_eq!(
        words(&made, &[all.clone(), vec![to]].concat()),
        "d/target <- all pods: TCP 80 allowed"
    );
    assert_eq!(words(&made, &all[..5]), "d/target <- namespace a: TCP 80 allowed");
    assert_eq!(words(&made, &all[..4]), "d/target <- namespace a but a/z: TCP 80 allowed");
    assert_eq!(words(&made, &all[..10]), "d/target <- namespace a, namespace b: TCP 80 allowed");
    assert_eq!(words(&made, &all[1..]), "d/target <- all pods but a/v, d/target: TCP 80 allowed");
    assert_eq!(words(&made, &of(&[0, 6])), "d/target <- a/v, b/w: TCP 80 allowed");
}

#[test]
fn addresses_are_put_together_again() {
    let mut made = Making::default();
    let low = made.outside("0.0.0.0", "9.255.255.255");
    let ten = made.outside("10.0.0.0", "10.255.255.255");
    let high = made.outside("11.0.0.0", "255.255.255.255");
    let (first, last) = everything(Family::V6);
    let six = made.party(Who::External { family: Family::V6, first, last }, OPEN);
    let words = |parties: &[u32]| {
        let found = blocks_of(&made.traffic, &parties.iter().copied().collect());
        let blocks: Vec<String> = found.blocks.iter().map(ToString::to_string).collect();
        let but = found.but.iter().map(|(around, but)| format!("{around} but {}", but[0]));
        blocks.into_iter().chain(but).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(words(&[ten]), "10.0.0.0/8");
    assert_eq!(words(&[low, ten, high, six]), "0.0.0.0/0, ::/0");
    assert_eq!(words(&[low, high]), "0.0.0.0/0 but 10.0.0.0/8");
    assert_eq!(words(&[low]), "0.0.0.0/5, 8.0.0.0/7");
    assert_eq!(words(&[high, six]), "::/0, 0.0.0.0/0 but 0.0.0.0/5");
}

#[test]
fn open_is_said_once() {
    let mut made = Making::default();
    made.namespace("a", &[]);
    let both = made.workload("both", &[], OPEN);
    let arrives = made.workload("arrives", &[], IN);
    let leaves = made.workload("leaves", &[], OUT);
    let closed = made.workload("closed", &[], CLOSED);
    made.flow(&[both, leaves], &[both, arrives], "all");
    let report = MapReport::of(&made.world, &made.traffic, &Focus::default(), frame());
    assert!(report.connections.is_empty());
    let open = &report.open;
    assert_eq!(
        (&open.both, &open.ingress, &open.egress),
        (&vec![both], &vec![arrives], &vec![leaves])
    );
    assert_eq!(report.closed.ingress, [leaves, closed]);
    assert_eq!(listed(&made, &Focus::default()).len(), 4);
}

#[test]
fn deciding_rules_are_asked_for_each_pair_of_groups() {
    let made = shop();
    let mut report = MapReport::of(&made.world, &made.traffic, &Focus::default(), frame());
    let mut asked = 0;
    report.explain(|witness| {
        asked += 1;
        let words = format!("{} {}", witness.protocol, witness.port);
        vec![Why { direction: "ingress", policy: None, path: None, place: None, words }]
    });
    assert!(asked > report.connections.len());
    for connection in &report.connections {
        let why = connection.why.as_ref().unwrap();
        assert_eq!(why.len(), 1, "equal reasons are one");
    }
}
