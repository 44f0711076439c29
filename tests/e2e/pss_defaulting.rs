//! What the API server makes of an object before Pod Security sees it: its own decoding, defaults
//! and validation, on pods and on the workloads around them.
#![cfg(test)]

use kubectl_pss::checks::ALL;
use kubectl_pss::evaluate::Evaluator;
use kubectl_pss::level::{Level, LevelVersion, PolicyVersion};
use kubectl_pss::pod::Pod;
use posture::finding::document::Document;
use posture::model::version::Minor;
use posture_e2e::object;
use posture_e2e::pss::judge::{Admitted, ObjectAnswer, ObjectQuestion};
use posture_e2e::pss::policy::{NEWEST, policies, texts};
use posture_generators::pod::{Pods, Values};
use posture_generators::workload::{KINDS, claim, wrap};
use posture_harness::judge::LineJudge;
use posture_harness::{score, seed};
use serde_json::Value;

/// The judge with the API server's own code.
const JUDGE: &str = "kubernetes-objects";

const OBJECTS: [usize; 2] = [6_000, 40_000];

/// How many objects are sent at once.
const BATCH: usize = 500;

/// How many differences are printed in full.
const PRINTED: usize = 5;

/// A valid object must turn up this often, and one whose verdict the server's defaults change.
const LEAST: usize = 300;

#[test]
fn the_created_pod_gets_the_verdict_that_we_foretell() {
    let versions = [0, 18, 24, 31, NEWEST].map(PolicyVersion::of);
    let policies = policies(&versions);
    let (mut compared, mut valid, mut undecodable) = (0, 0, 0);
    let (mut defaulted, mut differ) = (0, Vec::new());
    each_answer(&policies, |object, answer| {
        if answer.decode_error.is_some() {
            undecodable += 1;
            return;
        }
        compared += 1;
        valid +=
            usize::from(answer.object.as_ref().is_some_and(|admitted| admitted.invalid.is_empty()));
        differ.extend(differences(object, answer, &policies));
        defaulted += usize::from(is_defaulted(object, answer, &policies));
    });
    println!("{compared} objects compared, {valid} of them valid; {undecodable} undecodable");
    println!("{defaulted} get another verdict than without the server's defaults");
    for difference in differ.iter().take(PRINTED) {
        println!("{difference}");
    }
    let what = "random pods and workloads after the API server's own defaulting";
    score::record("4_defaulting", what, &format!("{compared} objects"), differ.len());
    assert!(differ.is_empty(), "{} differences", differ.len());
    assert!(valid >= LEAST && defaulted >= LEAST, "too few of a kind");
}

/// Upstream's library breaks this elsewhere: for Windows, and for pods that validation refuses.
#[test]
fn valid_linux_pods_that_pass_restricted_pass_baseline() {
    let versions: Vec<_> = (0..=NEWEST).map(PolicyVersion::of).collect();
    let of = |level| {
        let policy = move |&version: &PolicyVersion| LevelVersion { level, version };
        versions.iter().map(policy).collect::<Vec<_>>()
    };
    let (restricted, baseline) = (of(Level::Restricted), of(Level::Baseline));
    let evaluator = Evaluator::new(Minor(NEWEST));
    let mut passed = 0;
    each_answer(&restricted, |object, answer| {
        let admitted = [answer.object.as_ref(), answer.pod.as_ref()];
        let valid = admitted.into_iter().flatten().all(|admitted| admitted.invalid.is_empty());
        let read = object::from_json(object);
        let template = object::template(&read);
        let pod = Pod::created_from(&template, evaluator.server());
        if answer.decode_error.is_some() || !valid || pod.is_windows() {
            return;
        }
        let mut session = evaluator.session(&pod);
        for (&restricted, &baseline) in restricted.iter().zip(&baseline) {
            if session.evaluate(restricted).allowed() {
                passed += 1;
                let outcome = session.evaluate(baseline);
                assert!(
                    outcome.allowed(),
                    "{restricted} passes, {baseline}: {}\n{object}",
                    outcome.detail()
                );
            }
        }
    });
    println!("{passed} verdicts of restricted that let a pod pass");
    assert!(passed >= LEAST, "too few");
}

/// What a document shows must be something that the API server would take, but for the violation.
#[test]
fn the_examples_of_the_documents_are_valid() {
    let mut questions = Vec::new();
    for check in ALL {
        let document = Document::parse(check.check.document).expect("a document");
        let judged = document.front("judged").unwrap_or_default();
        for example in
            ["Fails", "Passes"].into_iter().flat_map(|heading| document.examples(heading))
        {
            for object in object::from_yaml(check.id(), example) {
                let object = object.value().to_json();
                let policies = vec![judged.to_owned()];
                questions.push(ObjectQuestion { object, policies, omit_spec: true });
            }
        }
    }
    let answers: Vec<ObjectAnswer> = LineJudge::start(JUDGE).ask_all(&questions);
    for (question, answer) in questions.iter().zip(&answers) {
        let object = &question.object;
        assert_eq!((&answer.error, &answer.decode_error), (&None, &None), "{object}");
        assert_eq!(answer.strict_errors, Vec::<String>::new(), "{object}");
        for admitted in [&answer.object, &answer.pod].into_iter().flatten() {
            assert_eq!(admitted.invalid, Vec::<String>::new(), "{object}");
        }
    }
}

/// Asks the judge about generated objects of every kind, plausible and odd ones by turns.
fn each_answer(policies: &[LevelVersion], mut each: impl FnMut(&Value, &ObjectAnswer)) {
    let seed = seed::seed();
    let plausible = Pods::new(seed, Values::Plausible);
    let odd = Pods::new(seed, Values::Odd);
    let pods = plausible.zip(odd).flat_map(|(plausible, odd)| [plausible, odd]);
    // A pod every other time, since nothing else is refused by enforce.
    let kinds = KINDS[1..].iter().flat_map(|kind| ["Pod", "Pod", kind, kind]).cycle();
    let mut stateful_sets = 0;
    let mut objects = pods.zip(kinds).map(|(pod, kind)| {
        let mut object = wrap(kind, &pod);
        if kind == "StatefulSet" {
            stateful_sets += 1;
            match stateful_sets % 3 {
                0 => claim(&mut object, "v0"),
                1 => claim(&mut object, "unused"),
                _ => {}
            }
        }
        object
    });
    let mut judge = LineJudge::start(JUDGE);
    for _ in 0..OBJECTS[usize::from(seed::long())] / BATCH {
        let questions: Vec<ObjectQuestion> = (&mut objects)
            .take(BATCH)
            .map(|object| ObjectQuestion { object, policies: texts(policies), omit_spec: true })
            .collect();
        let answers: Vec<ObjectAnswer> = judge.ask_all(&questions);
        for (question, answer) in questions.iter().zip(&answers) {
            assert_eq!(answer.error, None, "{}", question.object);
            each(&question.object, answer);
        }
    }
}

/// Where our verdicts on the object and on its pod are not the server's.
fn differences(value: &Value, answer: &ObjectAnswer, policies: &[LevelVersion]) -> Vec<String> {
    let evaluator = Evaluator::new(Minor(NEWEST));
    let object = object::from_json(value);
    let template = object::template(&object);
    let mut found = Vec::new();
    let mut compare = |what: &str, pod: &Pod<'_>, admitted: Option<&Admitted>| {
        let mut session = evaluator.session(pod);
        let results = admitted.map_or(&[][..], |admitted| &admitted.results);
        for (&policy, verdict) in policies.iter().zip(results) {
            let ours = session.evaluate(policy);
            if (ours.allowed(), ours.detail()) != (verdict.allowed, verdict.detail.clone()) {
                let (ours, theirs) = (ours.detail(), &verdict.detail);
                found.push(format!(
                    "{what}, {policy}\n  ours:   {ours:?}\n  theirs: {theirs:?}\n  object: {value}"
                ));
            }
        }
    };
    let server = evaluator.server();
    compare("the object", &Pod::of_template(&template, server), answer.object.as_ref());
    compare("the pod", &Pod::created_from(&template, server), answer.pod.as_ref());
    found
}

/// Whether the judge's verdict on the pod is another than that on what is written: had we no
/// defaults, this is where we would differ.
fn is_defaulted(value: &Value, answer: &ObjectAnswer, policies: &[LevelVersion]) -> bool {
    let evaluator = Evaluator::new(Minor(NEWEST));
    let object = object::from_json(value);
    let template = object::template(&object);
    let pod = Pod::as_written(&template, evaluator.server());
    let mut session = evaluator.session(&pod);
    let admitted = answer.pod.as_ref().or(answer.object.as_ref());
    let results = admitted.map_or(&[][..], |admitted| &admitted.results);
    let mut pairs = policies.iter().zip(results);
    pairs.any(|(&policy, verdict)| session.evaluate(policy).detail() != verdict.detail)
}
