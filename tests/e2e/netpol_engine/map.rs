//! The map of all connections against single answers: expanded, it says the same at every point.

use std::net::IpAddr;

use kubectl_netpol::address::Family;
use kubectl_netpol::dialect::Dialect;
use kubectl_netpol::engine::Engine;
use kubectl_netpol::engine::map::View;
use kubectl_netpol::engine::verdict::{Decided, End, Exempt, Point, Verdict};
use posture_generators::cluster::Cluster;
use posture_generators::cluster::points::Limits;
use posture_harness::{score, seed};

use crate::ours;
use crate::ours::Names;

/// How many clusters; in a normal and a long run.
const CLUSTERS: [usize; 2] = [2_000, 40_000];

const LIMITS: Limits = Limits { pairs: 60, ports: 36 };

#[test]
fn the_map_says_what_single_answers_say() {
    let seed = seed::seed();
    let clusters = CLUSTERS[usize::from(seed::long())];
    let dialects = [Dialect::spec(), Dialect::open()];
    let mut compared = 0;
    let mut differences = 0;
    for number in 0..clusters {
        let seed = seed.wrapping_add(u64::try_from(number).expect("small"));
        let cluster = Cluster::any(seed);
        let question = cluster.question(seed, LIMITS);
        let world = ours::world(&question.objects);
        let names = Names::of(&world);
        let engine = Engine::new(&world, &dialects[number % dialects.len()]);
        let map = engine.map();
        for pair in 0..question.pairs.len() {
            for port in 0..question.ports.len() {
                let point = names.point(&question, pair, port);
                let answer = engine.answer(&point);
                // The map leaves out what no policy can forbid.
                if let Decided::Exempt(Exempt::Itself | Exempt::OwnNode) = answer.ingress.decided {
                    continue;
                }
                compared += 1;
                let (from, to) = question.pairs[pair];
                let addresses = (question.ends[from].address, question.ends[to].address);
                let found = verdict(&map.views, &point, addresses);
                let same = found == answer.verdict
                    || found == Verdict::Depends && answer.verdict == Verdict::Unknown
                    || found == Verdict::Unknown && answer.verdict == Verdict::Depends;
                if !same {
                    differences += 1;
                    if differences <= 3 {
                        println!("cluster {seed}: {found:?}, alone {answer:?} of {point:?}");
                    }
                }
            }
        }
    }
    score::record(
        "netpol_map",
        "netpol: the map against single answers",
        &format!("{clusters} clusters, {compared} connections"),
        differences,
    );
    assert_eq!(differences, 0, "see above; seed {seed}");
    assert!(compared > clusters * 1_000, "{compared} connections are too few");
}

/// What the map says of a connection.
fn verdict(views: &[View], point: &Point, (from, to): (IpAddr, IpAddr)) -> Verdict {
    let of_family = |view: &&View| view.family.is_none() || view.family == point.family;
    let view = views.iter().find(of_family).expect("there is a view");
    let (Some(from), Some(to)) = (party(view, point.from, from), party(view, point.to, to)) else {
        panic!("nobody in the map for {point:?}");
    };
    let mut verdict = Verdict::Denied;
    for flow in &view.flows {
        let is_meant = flow.from.contains(from)
            && flow.to.contains(to)
            && flow.ports.contains(point.protocol, point.port);
        if is_meant {
            assert!(verdict == Verdict::Denied, "two flows say something of {point:?}");
            verdict = flow.verdict;
        }
    }
    verdict
}

/// The number of who is at an end.
fn party(view: &View, end: End, address: IpAddr) -> Option<u32> {
    let parties = &view.parties;
    if let End::Pod(pod) = end {
        return Some(parties.class_of[pod as usize]).filter(|class| *class != u32::MAX);
    }
    let of_node = parties.nodes.iter().position(|node| node.address == Some(address));
    if let Some(node) = of_node {
        return Some(parties.node_numbers().start + u32::try_from(node).expect("small"));
    }
    let (family, number) = Family::split(address);
    let holds = |cell: &kubectl_netpol::engine::parties::Cell| {
        cell.family == family && cell.first <= number && number <= cell.last
    };
    let cell = parties.cells.iter().position(holds)?;
    Some(parties.cell_numbers().start + u32::try_from(cell).expect("small"))
}
