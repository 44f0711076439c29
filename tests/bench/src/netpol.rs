//! How long the engine of `kubectl netpol` takes for clusters that are in memory: for the map of
//! everything, and for one answer.

use std::time::Instant;

use kubectl_netpol::address::Cidr;
use kubectl_netpol::dialect::Dialect;
use kubectl_netpol::engine::Engine;
use kubectl_netpol::engine::verdict::{End, Point};
use kubectl_netpol::picture::Traffic;
use kubectl_netpol::picture::build::Frame;
use kubectl_netpol::picture::focus::Focus;
use kubectl_netpol::picture::report::MapReport;
use kubectl_netpol::policy::{
    Action, Namespaces, Peer, Pods, Policy, Port, Rule, Section, Tier, Who,
};
use kubectl_netpol::ports::Protocol;
use kubectl_netpol::world::{NAME_LABEL, Namespace, Pod, Workload, World};
use posture::finding::report::{Target, Tool};
use posture::model::labels::LabelSelector;
use posture::model::object::ObjectRef;
use posture::model::path::FieldPath;
use posture_generators::random::Random;

/// How often each is measured.
const ROUNDS: usize = 9;

/// Pods, namespaces and policies of the clusters.
const SIZES: [(u32, u32, usize); 3] =
    [(1_000, 50, 100), (10_000, 500, 1_000), (100_000, 5_000, 10_000)];

/// Measures all of them.
#[expect(clippy::print_stdout, reason = "the figures are this command's output")]
pub(crate) fn measure() -> Result<(), String> {
    println!(
        "{:<44}{:>10}{:>10}{:>12}{:>12}{:>10}{:>12}",
        "", "median", "fastest", "rectangles", "answer", "list", "lines"
    );
    for (pods, namespaces, policies) in SIZES {
        let world = world(pods, namespaces, policies, false)?;
        row(&format!("{pods} pods, {namespaces} namespaces, {policies} policies"), &world);
    }
    let (pods, namespaces, policies) = SIZES[2];
    row("the same, adversarial", &world(pods, namespaces, policies, true)?);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the figures are this command's output")]
fn row(name: &str, world: &World) {
    let dialect = Dialect::spec();
    let mut times = Vec::new();
    let mut rectangles = 0;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let map = Engine::new(world, &dialect).map();
        times.push(started.elapsed().as_secs_f64() * 1e3);
        rectangles = map.views.iter().map(|view| view.flows.len()).sum();
    }
    times.sort_by(f64::total_cmp);
    let started = Instant::now();
    let engine = Engine::new(world, &dialect);
    let pods = u32::try_from(world.pods.len()).unwrap_or(u32::MAX);
    let point = Point {
        from: End::Pod(0),
        to: End::Pod(pods - 1),
        protocol: Protocol::Tcp,
        port: 8080,
        family: None,
    };
    let ready = started.elapsed().as_secs_f64() * 1e3;
    let answer = engine.answer(&point);
    let all = started.elapsed().as_secs_f64() * 1e3;
    let (list, lines) = list(world, &engine);
    println!(
        "{name:<44}{:>7.2} ms{:>7.2} ms{rectangles:>12}{:>9.3} ms{list:>7.1} ms{lines:>12} ({ready:.1} ms to make ready) {:?}",
        times[times.len() / 2],
        times[0],
        all - ready,
        answer.verdict,
    );
}

/// How long it takes to say the map in few words, once it is there, and in how many lines.
fn list(world: &World, engine: &Engine<'_>) -> (f64, usize) {
    let map = engine.map();
    let mut times = Vec::new();
    let mut lines = 0;
    for _ in 0..ROUNDS {
        let frame = Frame {
            tool: Tool::new("kubectl netpol", "", "list"),
            target: Target::default(),
            enforcer: String::new(),
            gaps: Vec::new(),
        };
        let started = Instant::now();
        let traffic = Traffic::of(world, &map);
        let report = MapReport::of(world, &traffic, &Focus::default(), frame);
        times.push(started.elapsed().as_secs_f64() * 1e3);
        lines = report.connections.len();
    }
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], lines)
}

fn reference(api_version: &str, kind: &str, namespace: &str, name: &str) -> ObjectRef {
    ObjectRef {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
    }
}

fn select(text: &str) -> Result<LabelSelector, String> {
    LabelSelector::parse(text)
}

fn who(namespaces: Option<&str>, pods: &str) -> Result<Who, String> {
    let namespaces = match namespaces {
        None => Namespaces::Own,
        Some(text) => Namespaces::Selected(select(text)?),
    };
    Ok(Who::Pods(Pods { namespaces, pods: select(pods)? }))
}

fn rule(peers: Vec<Who>, port: Option<u16>) -> Rule {
    let peer = |who| Peer { path: FieldPath::root(), mark: None, who };
    let only = |port| Port::Range { protocol: Protocol::Tcp, first: port, last: port };
    Rule {
        path: FieldPath::root(),
        mark: None,
        name: None,
        action: Action::Allow,
        peers: Some(peers.into_iter().map(peer).collect()),
        ports: port.map(|number| vec![only(number)]),
    }
}

/// A `NetworkPolicy`; `None` does not isolate.
fn policy(
    namespace: &str,
    name: &str,
    subject: &str,
    [ingress, egress]: [Option<Vec<Rule>>; 2],
) -> Result<Policy, String> {
    let section = |rules: Option<Vec<Rule>>| Section {
        active: rules.is_some(),
        rules: rules.unwrap_or_default(),
    };
    Ok(Policy {
        object: reference("networking.k8s.io/v1", "NetworkPolicy", namespace, name),
        mark: None,
        tier: Tier::NetworkPolicy,
        priority: 0,
        subject: Pods { namespaces: Namespaces::Own, pods: select(subject)? },
        ingress: section(ingress),
        egress: section(egress),
    })
}

/// How many apps a namespace has, and teams there are.
const APPS: u32 = 4;
const TEAMS: u32 = 10;

/// A cluster: each namespace denies what arrives by default, and lets its apps talk to each other,
/// to those of a team and to the outside. An adversarial one has selectors at random, in both
/// directions, and a block in every policy.
fn world(pods: u32, namespaces: u32, policies: usize, adversarial: bool) -> Result<World, String> {
    let mut random = Random::new(1);
    let mut world = World::default();
    let name = |number: u32| format!("ns-{number:05}");
    for number in 0..namespaces {
        let own = [(NAME_LABEL, name(number)), ("team", format!("team-{}", number % TEAMS))];
        let labels = labels(&mut world, &own);
        world.namespaces.push(Namespace { name: name(number), labels, seen: true });
    }
    let per_namespace = pods / namespaces;
    for number in 0..pods {
        let namespace = number / per_namespace;
        let app = number % APPS;
        let own = [
            ("app", format!("app-{app}")),
            ("tier", format!("tier-{}", app / 2)),
            ("pod-template-hash", format!("{:x}", number / 3)),
        ];
        let labels = labels(&mut world, &own);
        let pod_name = world.texts.add(&format!("pod-{number}"));
        if number % per_namespace < APPS {
            world.workloads.push(Workload {
                object: reference("apps/v1", "Deployment", &name(namespace), &format!("app-{app}")),
                namespace,
                mark: None,
                replicas: None,
            });
        }
        let octets = number.to_be_bytes();
        world.pods.push(Pod {
            name: pod_name,
            namespace,
            workload: namespace * APPS + app,
            exists: true,
            labels,
            ports: Box::new([]),
            host_network: false,
            addresses: Box::new([std::net::IpAddr::from([10, octets[1], octets[2], octets[3]])]),
            node: None,
        });
    }
    for number in 0..policies {
        let space = name(u32::try_from(number).unwrap_or_default() % namespaces);
        let own = format!("policy-{number}");
        let made = if adversarial {
            adversary(&space, &own, &mut random)?
        } else if number < namespaces as usize {
            policy(&space, &own, "", [Some(Vec::new()), None])?
        } else {
            let app = |random: &mut Random| format!("app=app-{}", random.below(APPS as usize));
            let team = format!("team=team-{}", random.below(TEAMS as usize));
            let near = rule(vec![who(None, &app(&mut random))?], Some(8080));
            let far = rule(vec![who(Some(&team), &app(&mut random))?], Some(8443));
            let outside =
                random.percent(20).then(|| vec![rule(vec![block("0.0.0.0/0")], Some(443))]);
            let ingress = if random.percent(30) { vec![near, far] } else { vec![near] };
            policy(&space, &own, &app(&mut random), [Some(ingress), outside])?
        };
        world.policies.push(made);
    }
    Ok(world)
}

/// A policy with selectors at random.
fn adversary(space: &str, name: &str, random: &mut Random) -> Result<Policy, String> {
    let app = |random: &mut Random| match random.below(4) {
        0 => format!("app!=app-{}", random.below(APPS as usize)),
        1 => format!("tier=tier-{}", random.below(2)),
        _ => format!("app=app-{}", random.below(APPS as usize)),
    };
    let rules = |random: &mut Random| -> Result<Vec<Rule>, String> {
        let team = format!("team=team-{}", random.below(TEAMS as usize));
        let octets = [random.below(256), random.below(256)];
        let cidr = format!("10.{}.{}.0/24", octets[0], octets[1]);
        let port = |random: &mut Random| u16::try_from(8000 + random.below(20)).ok();
        Ok(vec![
            rule(vec![who(Some(&team), &app(random))?, block(&cidr)], port(random)),
            rule(vec![who(None, &app(random))?], port(random)),
        ])
    };
    let sections = [Some(rules(random)?), Some(rules(random)?)];
    policy(space, name, &app(random), sections)
}

fn block(cidr: &str) -> Who {
    let cidr = Cidr::parse(cidr).unwrap_or(Cidr::everything(kubectl_netpol::address::Family::V4));
    Who::Block { cidr, except: Vec::new(), reaches_pods: false }
}

fn labels(world: &mut World, own: &[(&str, String)]) -> kubectl_netpol::world::Labels {
    let mut labels: Vec<_> =
        own.iter().map(|(key, value)| (world.texts.add(key), world.texts.add(value))).collect();
    labels.sort_unstable();
    labels.into()
}
