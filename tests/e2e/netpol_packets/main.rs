//! Packets really sent: pods are network namespaces, the kernel filters what their nodes forward, and
//! what arrives is held against what the engine says.
//!
//! The filter is written from the policies by a small program of its own (tests/oracles/netpol-packets).
//! Scenarios that were written down say themselves what must arrive; others are generated.
#![cfg(test)]
#![cfg(target_os = "linux")]

mod network;
mod random;
mod said;
mod scenario;

use std::collections::BTreeMap;
use std::path::Path;

use kubectl_netpol::address::Family;
use kubectl_netpol::engine::faults::{Fault, inject};
use kubectl_netpol::engine::verdict::Verdict;
use kubectl_netpol::ports::Protocol;
use posture_generators::random::Random;
use posture_harness::judge::LineJudge;
use posture_harness::{score, seed};
use serde_json::{Value, json};

use self::network::{Network, Outcome};
use self::random::Generator;
use self::said::{Sayer, world};
use self::scenario::Scenario;

/// The judge, or nothing where this machine lacks what it needs: then that is said.
fn judge() -> Option<LineJudge> {
    let mut judge = LineJudge::start("netpol-packets");
    let said: Value = judge.ask(&json!({"ready": true}));
    if let Some(kernel) = said["kernel"].as_str() {
        println!("packets are filtered by Linux {kernel}");
        return Some(judge);
    }
    println!("NOT RUN: no packet was sent, for what is missing here: {}", said["missing"]);
    None
}

fn scenarios() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/netpol/packets");
    scenario::read(&folder)
}

/// What was counted.
#[derive(Debug, Default)]
struct Count {
    /// By protocol, family and whether the packets arrived.
    tried: BTreeMap<(Protocol, Family, bool), usize>,
    rules: usize,
    wrong: Vec<String>,
}

impl Count {
    fn total(&self) -> usize {
        self.tried.values().sum()
    }

    /// Holds what came of a network against the engine, and against what must come of it.
    fn compare(
        &mut self,
        name: &str,
        network: &Network,
        outcomes: &[Outcome],
        expected: Option<&Scenario>,
    ) {
        let world = world(network);
        let sayer = Sayer::new(network, &world);
        for (probe, outcome) in network.probes.iter().zip(outcomes) {
            for (family, arrived) in outcome.families() {
                let wrong = |said: &str| format!("{name}: {probe:?} {family:?}: {said}");
                let arrived = match arrived {
                    Ok(arrived) => arrived,
                    Err(words) => {
                        self.wrong.push(wrong(words));
                        continue;
                    }
                };
                *self.tried.entry((probe.protocol, family, arrived)).or_default() += 1;
                if let Some(scenario) = expected
                    && scenario.allows(probe, family) != arrived
                {
                    self.wrong.push(wrong(&format!("arrived: {arrived}; the scenario differs")));
                }
                let verdict = sayer.verdict(probe, family);
                if verdict != of(arrived) {
                    self.wrong.push(wrong(&format!("arrived: {arrived}; we say {verdict:?}")));
                }
            }
        }
    }

    fn print(&self) {
        for ((protocol, family, arrived), count) in &self.tried {
            let what = if *arrived { "arrived" } else { "were stopped" };
            println!("{protocol} over {family:?}: {count} {what}");
        }
        println!("{} rules of nftables; {} differ", self.rules, self.wrong.len());
        for one in self.wrong.iter().take(10) {
            println!("{one}");
        }
    }
}

fn of(arrived: bool) -> Verdict {
    if arrived { Verdict::Allowed } else { Verdict::Denied }
}

#[test]
fn packets_arrive_as_the_engine_says() {
    let Some(mut judge) = judge() else { return };
    let scenarios = scenarios();
    let mut count = Count::default();
    for scenario in &scenarios {
        let (outcomes, rules) = scenario.network.send(&mut judge);
        count.rules += rules;
        count.compare(&scenario.name, &scenario.network, &outcomes, Some(scenario));
    }
    let mut generator = Generator { random: Random::new(seed::seed()) };
    let generated = seed::scaled(60, 2_000);
    for number in 0..generated {
        let network = generator.network();
        let (outcomes, rules) = network.send(&mut judge);
        count.rules += rules;
        let before = count.wrong.len();
        count.compare(&format!("generated {number}"), &network, &outcomes, None);
        if before == 0 && !count.wrong.is_empty() {
            println!("{}", json!(network.objects));
        }
    }
    let named = scenarios.len();
    println!("{named} scenarios written down, {generated} generated, each with IPv4 and IPv6");
    count.print();
    score::record(
        "netpol_packets",
        "netpol: connections really tried between network namespaces, against the kernel's filter",
        &format!("{} connections in {} scenarios", count.total(), named + generated),
        count.wrong.len(),
    );
    assert!(count.wrong.is_empty());
    assert!(named >= 50);
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        for family in Family::ALL {
            for arrived in [true, false] {
                assert!(count.tried[&(protocol, family, arrived)] > 1_000);
            }
        }
    }
}

/// Faults that no packet shows: the server takes no peer that is not understood.
const UNSEEN: [Fault; 1] = [Fault::UnknownPeerIgnored];

#[test]
fn a_fault_of_the_engine_shows() {
    let Some(mut judge) = judge() else { return };
    let scenarios = scenarios();
    let sent: Vec<Vec<Outcome>> =
        scenarios.iter().map(|scenario| scenario.network.send(&mut judge).0).collect();
    let shows = |fault: Fault| {
        let _injected = inject(fault);
        scenarios.iter().zip(&sent).find(|(scenario, outcomes)| {
            let world = world(&scenario.network);
            let sayer = Sayer::new(&scenario.network, &world);
            scenario.network.probes.iter().zip(*outcomes).any(|(probe, outcome)| {
                outcome.families().any(|(family, arrived)| {
                    arrived.is_ok_and(|arrived| sayer.verdict(probe, family) != of(arrived))
                })
            })
        })
    };
    let mut unseen = Vec::new();
    for fault in Fault::ALL {
        match shows(fault) {
            Some((scenario, _)) => println!("{fault:?} shows in {}", scenario.name),
            None => unseen.push(fault),
        }
    }
    assert_eq!(unseen, UNSEEN);
}
