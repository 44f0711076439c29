//! Small worlds, judged by hand.
#![cfg(test)]

use super::Engine;
use super::testing::{
    address, block, cluster_policy, named, network_policy, pod, pods, rule, tcp, world,
};
use super::verdict::{Cause, Decided, End, Exempt, Point, Verdict};
use crate::dialect::Dialect;
use crate::policy::{Action, Port, Tier, Who};
use crate::ports::Protocol;
use crate::world::World;

fn asked(world: &World, dialect: &Dialect, from: End, to: End, port: u16) -> Verdict {
    let engine = Engine::new(world, dialect);
    let point = Point { from, to, protocol: Protocol::Tcp, port, family: None };
    engine.answer(&point).verdict
}

fn spec(world: &World, from: u32, to: u32, port: u16) -> Verdict {
    asked(world, &Dialect::spec(), End::Pod(from), End::Pod(to), port)
}

fn two() -> (World, u32, u32) {
    let mut world = world(&[("data", &[("team", "data")]), ("shop", &[("team", "shop")])]);
    let db = pod(&mut world, "data", "db", &[("app", "db")]);
    let web = pod(&mut world, "shop", "web", &[("app", "web")]);
    (world, db, web)
}

#[test]
fn without_policies_everything_is_allowed() {
    let (world, db, web) = two();
    assert_eq!(spec(&world, web, db, 5432), Verdict::Allowed);
}

#[test]
fn a_policy_isolates_and_its_rules_allow() {
    let (mut world, db, web) = two();
    world.policies.push(network_policy("data", "deny", "", Some(Vec::new()), None));
    assert_eq!(spec(&world, web, db, 5432), Verdict::Denied);
    assert_eq!(spec(&world, db, web, 80), Verdict::Allowed);
    let from_shop = Who::Pods(pods(Some("team=shop"), "app=web"));
    let allows = rule(Action::Allow, Some(vec![from_shop]), Some(vec![tcp(5432, 5432)]));
    world.policies.push(network_policy("data", "db", "app=db", Some(vec![allows]), None));
    assert_eq!(spec(&world, web, db, 5432), Verdict::Allowed);
    assert_eq!(spec(&world, web, db, 5433), Verdict::Denied);
}

#[test]
fn both_directions_must_allow() {
    let (mut world, db, web) = two();
    world.policies.push(network_policy("shop", "out", "", None, Some(Vec::new())));
    assert_eq!(spec(&world, web, db, 1), Verdict::Denied);
    let engine = Engine::new(&world, &Dialect::spec());
    let point = Point {
        from: End::Pod(web),
        to: End::Pod(db),
        protocol: Protocol::Udp,
        port: 53,
        family: None,
    };
    let answer = engine.answer(&point);
    assert_eq!(answer.egress.decided, Decided::Isolated);
    assert_eq!(answer.egress.isolated_by, [0]);
    assert_eq!(answer.ingress.decided, Decided::Default);
    let itself = Point { to: End::Pod(web), ..point };
    assert_eq!(engine.answer(&itself).egress.decided, Decided::Exempt(Exempt::Itself));
}

#[test]
fn a_named_port_is_that_of_the_destination_and_its_protocol() {
    let (mut world, db, web) = two();
    named(&mut world, db, "sql", Protocol::Tcp, 5432);
    let port = |protocol| Port::Named { protocol: Some(protocol), name: "sql".to_owned() };
    let of = |protocol| rule(Action::Allow, None, Some(vec![port(protocol)]));
    world.policies.push(network_policy("data", "db", "", Some(vec![of(Protocol::Tcp)]), None));
    assert_eq!(spec(&world, web, db, 5432), Verdict::Allowed);
    assert_eq!(spec(&world, web, db, 5433), Verdict::Denied);
    world.policies[0] = network_policy("data", "db", "", Some(vec![of(Protocol::Udp)]), None);
    assert_eq!(spec(&world, web, db, 5432), Verdict::Denied);
}

#[test]
fn a_block_on_a_pod_is_open_unless_decided() {
    let (mut world, db, web) = two();
    address(&mut world, web, "10.0.0.7");
    let allows = rule(Action::Allow, Some(vec![block("10.0.0.0/8", &["10.1.0.0/16"])]), None);
    world.policies.push(network_policy("data", "db", "", Some(vec![allows]), None));
    let (from, to) = (End::Pod(web), End::Pod(db));
    assert_eq!(asked(&world, &Dialect::spec(), from, to, 1), Verdict::Allowed);
    assert_eq!(asked(&world, &Dialect::open(), from, to, 1), Verdict::Depends);
    let outside = |text: &str| End::Address(text.parse().unwrap());
    assert_eq!(asked(&world, &Dialect::open(), outside("10.1.2.3"), to, 1), Verdict::Denied);
    assert_eq!(asked(&world, &Dialect::open(), outside("10.2.2.3"), to, 1), Verdict::Allowed);
    // The address of a pod that does not exist yet is not known.
    world.pods[web as usize].addresses = Box::new([]);
    assert_eq!(asked(&world, &Dialect::spec(), from, to, 1), Verdict::Unknown);
}

#[test]
fn tiers_are_asked_in_order() {
    let (mut world, db, web) = two();
    let everybody = || pods(Some(""), "");
    let decide = |action| vec![rule(action, None, Some(vec![tcp(80, 80)]))];
    let of =
        |name, rank, action| cluster_policy(name, rank, everybody(), decide(action), Vec::new());
    world.policies.push(of("baseline", (Tier::Baseline, 0), Action::Deny));
    assert_eq!(spec(&world, web, db, 80), Verdict::Denied);
    assert_eq!(spec(&world, web, db, 81), Verdict::Allowed);
    let allows = vec![rule(Action::Allow, None, None)];
    world.policies.push(network_policy("data", "all", "", Some(allows), None));
    assert_eq!(spec(&world, web, db, 80), Verdict::Allowed);
    world.policies.push(of("deny", (Tier::Admin, 10), Action::Deny));
    assert_eq!(spec(&world, web, db, 80), Verdict::Denied);
    world.policies.push(of("pass", (Tier::Admin, 5), Action::Pass));
    assert_eq!(spec(&world, web, db, 80), Verdict::Allowed);
    world.policies.push(of("same", (Tier::Admin, 5), Action::Deny));
    assert_eq!(spec(&world, web, db, 80), Verdict::Depends);
}

#[test]
fn a_namespace_that_was_not_seen_is_unknown_where_it_decides() {
    let (mut world, db, web) = two();
    world.namespaces[1].seen = false;
    let from = |text: &str| {
        let peer = Who::Pods(pods(Some(text), ""));
        network_policy(
            "data",
            "db",
            "",
            Some(vec![rule(Action::Allow, Some(vec![peer]), None)]),
            None,
        )
    };
    world.policies.push(from("team=shop"));
    let engine = Engine::new(&world, &Dialect::spec());
    let point = Point {
        from: End::Pod(web),
        to: End::Pod(db),
        protocol: Protocol::Tcp,
        port: 1,
        family: None,
    };
    let answer = engine.answer(&point);
    assert_eq!(answer.verdict, Verdict::Unknown);
    assert_eq!(answer.ingress.causes, [Cause::NamespaceUnknown]);
    world.policies[0] = from("kubernetes.io/metadata.name=shop");
    assert_eq!(spec(&world, web, db, 1), Verdict::Allowed);
    world.policies[0] = from("kubernetes.io/metadata.name=other,team=shop");
    assert_eq!(spec(&world, web, db, 1), Verdict::Denied);
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.roll(from.len())]
    }
}

const PODS: [&str; 6] = ["", "app=a", "app=b", "app!=a", "!app", "tier in (x,y)"];
const SPACES: [&str; 5] = ["", "team=s", "team!=s", "kubernetes.io/metadata.name=n1", "!team"];
const BLOCKS: [&str; 6] =
    ["10.0.0.0/8", "0.0.0.0/0", "10.0.0.0/30", "::/0", "fd00::/64", "192.0.2.0/24"];

fn random_rule(dice: &mut Dice, action: Action) -> crate::policy::Rule {
    let peer = |dice: &mut Dice| match dice.roll(6) {
        0..=2 => {
            let spaces = dice.pick(&SPACES);
            let own = action == Action::Allow && dice.roll(2) == 0;
            Who::Pods(pods((!own).then_some(spaces), dice.pick(&PODS)))
        }
        3 => block(dice.pick(&BLOCKS), &[]),
        4 => block("10.0.0.0/8", &["10.0.0.2/32"]),
        _ => Who::Nodes(super::testing::select("")),
    };
    let peers: Vec<Who> = (0..=dice.roll(2)).map(|_| peer(dice)).collect();
    let port = |dice: &mut Dice| match dice.roll(4) {
        0 => tcp(80, 80),
        1 => tcp(79, 443),
        2 => Port::Named { protocol: None, name: "web".to_owned() },
        _ => Port::Range { protocol: Protocol::Udp, first: 1, last: u16::MAX },
    };
    let ports: Vec<Port> = (0..=dice.roll(2)).map(|_| port(dice)).collect();
    let peers = (dice.roll(5) > 0).then_some(peers);
    rule(action, peers, (dice.roll(3) > 0).then_some(ports))
}

fn random_world(dice: &mut Dice) -> World {
    let mut world = world(&[("n0", &[("team", "s")]), ("n1", &[("team", "t")]), ("n2", &[])]);
    world.namespaces[2].seen = dice.roll(2) == 0;
    // Each pod in the network of its node has one of its own: what comes from the node of a pod is
    // left out of maps.
    for number in 0..8 {
        world.nodes.push(crate::world::Node {
            name: format!("node{number}"),
            labels: Box::new([]),
            addresses: vec![format!("192.0.2.{}", 1 + number).parse().unwrap()],
            control_plane: false,
        });
    }
    for number in 0..7 {
        let labels: &[(&str, &str)] =
            dice.pick(&[&[("app", "a")][..], &[("app", "b")], &[("app", "a"), ("tier", "x")], &[]]);
        let namespace = ["n0", "n0", "n0", "n1", "n1", "n2", "n2"][number];
        let own = pod(&mut world, namespace, &format!("p{number}"), labels);
        if dice.roll(4) == 0 {
            world.pods[own as usize].host_network = true;
            world.pods[own as usize].node = Some(own);
        } else {
            if dice.roll(4) > 0 {
                address(&mut world, own, &format!("10.0.0.{}", number + 1));
            }
            if dice.roll(3) == 0 {
                address(&mut world, own, &format!("fd00::{}", number + 1));
            }
        }
        if dice.roll(2) == 0 {
            named(&mut world, own, "web", Protocol::Tcp, [80, 8080][dice.roll(2)]);
        }
    }
    for number in 0..dice.roll(4) {
        let section = |dice: &mut Dice| {
            let rules = (0..dice.roll(3)).map(|_| random_rule(dice, Action::Allow)).collect();
            (dice.roll(3) > 0).then_some(rules)
        };
        let namespace = dice.pick(&["n0", "n1", "n2"]);
        let (ingress, egress) = (section(dice), section(dice));
        let name = format!("v{number}");
        let policy = network_policy(namespace, &name, dice.pick(&PODS), ingress, egress);
        world.policies.push(policy);
    }
    for number in 0..dice.roll(4) {
        let section = |dice: &mut Dice| {
            let action =
                |dice: &mut Dice| [Action::Allow, Action::Deny, Action::Pass][dice.roll(3)];
            (0..dice.roll(3))
                .map(|_| {
                    let action = action(dice);
                    random_rule(dice, action)
                })
                .collect()
        };
        let tier = [Tier::Admin, Tier::Baseline][dice.roll(2)];
        let rank = (tier, i32::try_from(dice.roll(3)).unwrap());
        let subject = pods(Some(dice.pick(&SPACES)), dice.pick(&PODS));
        let (ingress, egress) = (section(dice), section(dice));
        world.policies.push(cluster_policy(&format!("c{number}"), rank, subject, ingress, egress));
    }
    world
}

/// What the map says of a point.
fn mapped(map: &super::map::Map, from: End, to: End, point: &Point) -> Verdict {
    let views =
        map.views.iter().filter(|view| view.family.is_none() || view.family == point.family);
    let mut found = Vec::new();
    for view in views {
        let party = |end: End| match end {
            End::AnyPod | End::Outside => panic!("not in a map"),
            End::Pod(pod) => view.parties.class_of[pod as usize],
            End::Node(node) => {
                let of = |party: &crate::engine::parties::NodeParty| party.node == node;
                let position = view.parties.nodes.iter().position(of).unwrap();
                view.parties.node_numbers().start + u32::try_from(position).unwrap()
            }
            End::Address(address) => {
                let (family, number) = crate::address::Family::split(address);
                let holds = |cell: &crate::engine::parties::Cell| {
                    cell.family == family && (cell.first..=cell.last).contains(&number)
                };
                let position = view.parties.cells.iter().position(holds).unwrap();
                view.parties.cell_numbers().start + u32::try_from(position).unwrap()
            }
        };
        let (from, to) = (party(from), party(to));
        let fits = |flow: &&super::map::Flow| {
            flow.from.contains(from)
                && flow.to.contains(to)
                && flow.ports.contains(point.protocol, point.port)
        };
        found.extend(view.flows.iter().filter(fits).map(|flow| flow.verdict));
    }
    assert!(found.len() < 2, "{point:?} is in {} flows", found.len());
    found.first().copied().unwrap_or(Verdict::Denied)
}

#[test]
fn the_map_says_what_single_answers_say() {
    let mut dice = Dice(7);
    let mut counts = [0; 4];
    for round in 0..400 {
        let world = random_world(&mut dice);
        for dialect in [Dialect::spec(), Dialect::open()] {
            let engine = Engine::new(&world, &dialect);
            let map = engine.map();
            let mut ends: Vec<End> = (0..7).map(End::Pod).collect();
            ends.push(End::Node(7));
            for text in ["10.0.0.200", "8.8.8.8", "fd00::99", "2001:db8::1", "192.0.2.99"] {
                ends.push(End::Address(text.parse().unwrap()));
            }
            for (from, to) in ends.iter().flat_map(|a| ends.iter().map(move |b| (*a, *b))) {
                let is_pod = |end| matches!(end, End::Pod(_));
                if from == to || !is_pod(from) && !is_pod(to) {
                    continue;
                }
                for (protocol, port) in [
                    (Protocol::Tcp, 80),
                    (Protocol::Tcp, 8080),
                    (Protocol::Tcp, 443),
                    (Protocol::Udp, 1),
                    (Protocol::Sctp, 9),
                ] {
                    let point = Point { from, to, protocol, port, family: None };
                    for family in engine.families(&point) {
                        let point = Point { family, ..point };
                        let answer = engine.answer(&point);
                        let exempt = |side: &super::verdict::Side| {
                            matches!(side.decided, Decided::Exempt(_))
                        };
                        if exempt(&answer.egress) || exempt(&answer.ingress) {
                            continue;
                        }
                        // A pod of which no address is known is in both views.
                        if family.is_none() && map.views.len() > 1 {
                            continue;
                        }
                        let said = mapped(&map, from, to, &point);
                        counts[answer.verdict as usize] += 1;
                        let certain =
                            |verdict| matches!(verdict, Verdict::Allowed | Verdict::Denied);
                        let same = if certain(answer.verdict) {
                            said == answer.verdict
                        } else {
                            !certain(said)
                        };
                        assert!(
                            same,
                            "round {round}, {dialect:?}: {point:?}: {answer:?}, but {said:?}"
                        );
                    }
                }
            }
        }
    }
    assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
}
