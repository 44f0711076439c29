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
