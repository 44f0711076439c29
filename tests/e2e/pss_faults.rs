//! A fault in one check must turn that check's row red, and no other: otherwise the comparison
//! with the judge would prove nothing about it.
#![cfg(test)]

use std::collections::BTreeSet;

use kubectl_pss::checks::ALL;
use kubectl_pss::evaluate::Evaluator;
use kubectl_pss::faults;
use kubectl_pss::level::{LevelVersion, PolicyVersion};
use kubectl_pss::pod::Pod;
use posture::model::version::Minor;
use posture_e2e::object;
use posture_e2e::pss::judge::{PodAnswer, PodQuestion};
use posture_e2e::pss::policy::{NEWEST, policies, texts};
use posture_e2e::pss::row::{self, Rows};
use posture_generators::pod::{Pods, Values};
use posture_harness::judge::{LineJudge, pod_security};
use posture_harness::seed;

const PODS: usize = 300;

/// A version at which each revision of each check runs.
const VERSIONS: [u16; 7] = [18, 22, 25, 27, 31, 34, NEWEST];

#[test]
fn each_fault_turns_its_own_row_red() {
    let seed = seed::seed();
    let policies = policies(&VERSIONS.map(PolicyVersion::of));
    let newest = pod_security().pop().expect("there is a judge");
    let questions: Vec<PodQuestion> = Pods::new(seed, Values::Odd)
        .take(PODS)
        .map(|pod| PodQuestion { pod, policies: texts(&policies) })
        .collect();
    let answers: Vec<PodAnswer> = LineJudge::start(&newest.name).ask_all(&questions);
    let asked: Vec<(&PodQuestion, &PodAnswer)> = questions.iter().zip(&answers).collect();
    assert_eq!(red(&asked, &policies), BTreeSet::new(), "without a fault no row is red");
    for check in ALL {
        let fault = faults::inject(check.id());
        let red = red(&asked, &policies);
        drop(fault);
        println!("{}: {red:?}", check.id());
        assert_eq!(red, BTreeSet::from([check.id()]), "a fault in {}", check.id());
    }
}

/// The checks in whose rows we and the judge differ.
fn red(asked: &[(&PodQuestion, &PodAnswer)], policies: &[LevelVersion]) -> BTreeSet<&'static str> {
    let evaluator = Evaluator::new(Minor(NEWEST));
    let mut red = BTreeSet::new();
    for (question, answer) in asked {
        let object = object::from_json(&question.pod);
        let template = object::template(&object);
        let pod = Pod::as_written(&template, evaluator.server());
        let mut session = evaluator.session(&pod);
        for (&policy, verdict) in policies.iter().zip(&answer.results) {
            let rows = row::rows(&evaluator, policy);
            let theirs: Rows = row::theirs(&rows, verdict).expect("every reason has its check");
            let ours = row::ours(&evaluator, &mut session, policy);
            red.extend(ours.differences(&theirs).into_iter().map(|row| row.id));
        }
    }
    red
}
