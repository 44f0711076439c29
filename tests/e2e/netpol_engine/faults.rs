//! A fault in one rule of the engine must show in the comparison with the reference: otherwise the
//! comparison would prove nothing about that rule.

use std::collections::BTreeSet;

use kubectl_netpol::dialect::Dialect;
use kubectl_netpol::engine::Engine;
use kubectl_netpol::engine::faults::{self, Fault};
use posture_generators::cluster::Cluster;
use posture_generators::cluster::points::{Limits, Question};
use posture_harness::seed;

use crate::judges::{Answer, Judges};
use crate::ours;

/// How many clusters each fault gets, at most.
const CLUSTERS: usize = 400;

const LIMITS: Limits = Limits { pairs: 60, ports: 36 };

#[test]
fn each_fault_is_seen() {
    let seed = seed::seed();
    let clusters: Vec<Cluster> =
        (0..).map(|number| Cluster::any(seed.wrapping_add(number))).take(CLUSTERS).collect();
    let questions: Vec<Question<'_>> =
        clusters.iter().map(|cluster| cluster.question(seed, LIMITS)).collect();
    let right: Vec<Answer> = Judges::start().reference(&questions);
    let mut unseen = BTreeSet::new();
    for fault in Fault::ALL {
        let injected = faults::inject(fault);
        let first = questions.iter().zip(&right).position(|(question, right)| {
            let world = ours::world(&question.objects);
            ours::answers(&Engine::new(&world, &Dialect::spec()), question) != right.verdicts
        });
        drop(injected);
        println!("{fault:?}: seen in cluster {first:?}");
        if first.is_none() {
            unseen.insert(format!("{fault:?}"));
        }
    }
    assert!(unseen.is_empty(), "no difference by {unseen:?}");
    let whole = questions.iter().zip(&right).position(|(question, right)| {
        let world = ours::world(&question.objects);
        ours::answers(&Engine::new(&world, &Dialect::spec()), question) != right.verdicts
    });
    assert_eq!(whole, None, "without a fault nothing differs");
}
