//! Packets really sent: pods are network namespaces, the kernel filters what their nodes forward, and
//! what arrives is held against what the engine says.
//!
//! The filter is written from the policies by a small program of its own (tests/oracles/netpol-packets).
//! Scenarios that were written down say themselves what must arrive; others are generated.
#![cfg(test)]
#![cfg(target_os = "linux")]

mod network;
mod scenario;

use std::path::Path;

use posture_harness::judge::LineJudge;
use serde_json::{Value, json};

/// The judge, or nothing where this machine lacks what it needs: then that is said.
fn judge() -> Option<LineJudge> {
    let mut judge = LineJudge::start("netpol-packets");
    let said: Value = judge.ask(&json!({"ready": true}));
    if let Some(kernel) = said["kernel"].as_str() {
        println!("packets are filtered by Linux {kernel}");
        return Some(judge);
    }
    println!("NOT RUN: no packets were sent, for this machine lacks {said}");
    None
}

#[test]
fn packets_go_where_the_scenarios_say() {
    let Some(mut judge) = judge() else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/netpol/packets");
    let scenarios = scenario::read(&folder);
    let (mut sent, mut wrong) = (0, Vec::new());
    for scenario in &scenarios {
        let (outcomes, _) = scenario.network.send(&mut judge);
        for (probe, outcome) in scenario.network.probes.iter().zip(&outcomes) {
            for (family, arrived) in outcome.families() {
                sent += 1;
                let expected = scenario.allows(probe, family);
                if arrived != Ok(expected) {
                    wrong.push(format!("{}: {probe:?} {family:?}: {arrived:?}", scenario.name));
                }
            }
        }
    }
    println!("{} scenarios, {sent} connections tried; {} differ", scenarios.len(), wrong.len());
    for one in wrong.iter().take(20) {
        println!("{one}");
    }
    assert!(wrong.is_empty());
}
