//! Random pods before Kubernetes' own library, as each minor release carries it: verdict, reasons
//! and details must be the same, byte for byte.
#![cfg(test)]

use std::fmt::Write as _;
use std::thread;

use kubectl_pss::evaluate::Evaluator;
use kubectl_pss::level::PolicyVersion;
use kubectl_pss::pod::Pod;
use posture::model::version::Minor;
use posture_e2e::object;
use posture_e2e::pss::judge::{PodAnswer, PodQuestion};
use posture_e2e::pss::policy::{NEWEST, policies, texts, versions};
use posture_e2e::pss::row;
use posture_e2e::pss::table::{Seen, Table};
use posture_generators::pod::{Pods, Values};
use posture_generators::random::Random;
use posture_harness::judge::{LineJudge, PodSecurityJudge, pod_security};
use posture_harness::{score, seed};
use serde_json::Value;

/// How many pods the newest judge sees, and each of the older ones; in a normal and a long run.
const PODS: [usize; 2] = [20_000, 100_000];
const PODS_OF_OLDER: [usize; 2] = [2_000, 20_000];

/// How often each check must have fired, and stayed silent, at each of its revisions.
const LEAST: usize = 200;

/// How many versions besides the newest each pod is judged by.
const VERSIONS: usize = 6;

/// How many pods are sent to a judge at once.
const BATCH: usize = 500;

/// How many differences are printed in full.
const PRINTED: usize = 3;

/// What came of one judge.
#[derive(Default)]
struct Tally {
    pods: usize,
    verdicts: usize,
    allowed: [usize; 2],
    undecodable: usize,
    table: Table,
    differences: usize,
    report: String,
}

#[test]
fn every_release_says_the_same() {
    let seed = seed::seed();
    let judges = pod_security();
    let tallies: Vec<(u32, Tally)> = thread::scope(|scope| {
        let running: Vec<_> = judges
            .iter()
            .map(|judge| (judge.minor, scope.spawn(move || compare(judge, seed))))
            .collect();
        running.into_iter().map(|(minor, run)| (minor, run.join().expect("no panic"))).collect()
    });
    let mut table = Table::default();
    let (mut pods, mut verdicts, mut differences) = (0, 0, 0);
    for (minor, tally) in &tallies {
        println!(
            "1.{minor}: {} pods, {} verdicts; {} pass baseline and {} restricted, {} undecodable; {} differ",
            tally.pods,
            tally.verdicts,
            tally.allowed[0],
            tally.allowed[1],
            tally.undecodable,
            tally.differences
        );
        print!("{}", tally.report);
        table.merge(&tally.table);
        pods += tally.pods;
        verdicts += tally.verdicts;
        differences += tally.differences;
    }
    println!("\n{table}");
    let what = "random pods: upstream's library in each release";
    let compared = format!("{pods} pods, {verdicts} verdicts");
    score::record("3_random", what, &compared, differences);
    assert_eq!(differences, 0, "see above; seed {seed}");
    let thin = table.thin(LEAST);
    assert!(thin.is_empty(), "seen too rarely: {thin:#?}");
}

/// Sends pods to one judge and holds its answers against ours.
fn compare(judge: &PodSecurityJudge, seed: u64) -> Tally {
    let newest = judge.minor == u32::from(NEWEST);
    let count = if newest { PODS } else { PODS_OF_OLDER }[usize::from(seed::long())];
    // Each judge gets pods of its own.
    let seed = seed.wrapping_add(u64::from(judge.minor));
    let mut random = Random::new(seed);
    let mut pods = Pods::new(seed, Values::Odd);
    let mut oracle = LineJudge::start(&judge.name);
    let server = Minor(u16::try_from(judge.minor).expect("a small number"));
    let evaluator = Evaluator::new(server);
    let mut tally = Tally::default();
    while tally.pods < count {
        let asked: Vec<_> = (0..BATCH.min(count - tally.pods))
            .map(|_| {
                let policies = policies(&some_versions(&mut random));
                let pod = pods.next().expect("there is always another one");
                let question = PodQuestion { pod, policies: texts(&policies) };
                (policies, question)
            })
            .collect();
        let questions: Vec<&PodQuestion> = asked.iter().map(|(_, question)| question).collect();
        let answers: Vec<PodAnswer> = oracle.ask_all(&questions);
        for ((policies, question), answer) in asked.iter().zip(&answers) {
            tally.pods += 1;
            if answer.error.is_some() {
                tally.undecodable += 1;
                continue;
            }
            let object = object::from_json(&question.pod);
            let template = object::template(&object);
            let pod = Pod::as_written(&template, server);
            let mut session = evaluator.session(&pod);
            let mut counted = Seen::default();
            for (&policy, verdict) in policies.iter().zip(&answer.results) {
                tally.verdicts += 1;
                let ours = row::ours(&evaluator, &mut session, policy);
                let rows = row::rows(&evaluator, policy);
                let theirs = row::theirs(&rows, verdict);
                let same = theirs.as_ref() == Ok(&ours)
                    && ours.detail() == verdict.detail
                    && session.evaluate(policy).detail() == verdict.detail
                    && session.evaluate(policy).allowed() == verdict.allowed;
                if same {
                    counted.add(&ours);
                } else {
                    tally.differ(&question.pod, &verdict.policy, &ours.detail(), &verdict.detail);
                }
                if policy.version == PolicyVersion::Latest {
                    let level = usize::from(policy.level == kubectl_pss::level::Level::Restricted);
                    tally.allowed[level] += usize::from(verdict.allowed);
                }
            }
            tally.table.count(&counted);
        }
    }
    tally
}

/// The newest version, and some others.
fn some_versions(random: &mut Random) -> Vec<PolicyVersion> {
    let all = versions();
    let mut chosen = vec![PolicyVersion::Latest];
    chosen.extend((0..VERSIONS).map(|_| all[random.below(all.len())]));
    chosen
}

impl Tally {
    fn differ(&mut self, pod: &Value, policy: &str, ours: &str, theirs: &str) {
        self.differences += 1;
        if self.differences <= PRINTED {
            let _ = writeln!(
                self.report,
                "{policy}\n  ours:   {ours:?}\n  theirs: {theirs:?}\n  pod: {pod}"
            );
        }
    }
}
