//! Objects with values of the wrong type, and fields that nobody knows, before the API server's
//! own decoder: the same refusal in the same words, and the same unknown fields.
#![cfg(test)]

use std::process::Command;

use posture::model::decode;
use posture::model::path::Segment;
use posture_e2e::object;
use posture_e2e::pss::judge::{ObjectAnswer, ObjectQuestion};
use posture_generators::mistype::mistype;
use posture_generators::pod::{Pods, Values};
use posture_generators::random::Random;
use posture_generators::workload::{KINDS, wrap};
use posture_harness::judge::{self, LineJudge};
use posture_harness::{score, seed};
use serde_json::Value;

/// The judge with the API server's own code.
const JUDGE: &str = "kubernetes-objects";

const OBJECTS: [usize; 2] = [10_000, 100_000];

/// How many objects are sent at once.
const BATCH: usize = 500;

/// How many wrong values an object gets, at most.
const WRONG: usize = 3;

/// How many differences are printed in full.
const PRINTED: usize = 5;

#[test]
fn refusals_are_the_servers() {
    let count = OBJECTS[usize::from(seed::long())];
    let mut random = Random::new(seed::seed());
    let mut objects =
        Pods::new(seed::seed(), Values::Odd).zip(KINDS.iter().cycle()).map(|(pod, kind)| {
            let mut object = wrap(kind, &pod);
            for _ in 0..random.below(WRONG + 1) {
                mistype(&mut random, &mut object);
            }
            object
        });
    let mut judge = LineJudge::start(JUDGE);
    let (mut refused, mut unknown, mut differences) = (0, 0, Vec::new());
    for _ in 0..count / BATCH {
        let questions: Vec<ObjectQuestion> = (&mut objects)
            .take(BATCH)
            .map(|object| ObjectQuestion { object, policies: Vec::new(), omit_spec: true })
            .collect();
        let answers: Vec<ObjectAnswer> = judge.ask_all(&questions);
        for (question, answer) in questions.iter().zip(&answers) {
            refused += usize::from(answer.decode_error.is_some());
            unknown +=
                usize::from(answer.decode_error.is_none() && !answer.strict_errors.is_empty());
            differences.extend(difference(&question.object, answer));
        }
    }
    println!(
        "{count} objects: {refused} refused, {unknown} taken with unknown fields; {} differ",
        differences.len()
    );
    for difference in differences.iter().take(PRINTED) {
        println!("{difference}");
    }
    let what = "what the API server refuses to decode, and its words";
    score::record("5_decoding", what, &format!("{count} objects"), differences.len());
    assert!(differences.is_empty(), "see above");
    assert!(refused > count / 4 && unknown > count / 100, "too few of a kind");
}

/// The table that we decode by is what the judge makes of the Go types today.
#[test]
fn the_table_of_types_is_upstreams() {
    let output = Command::new(judge::path("kubernetes-types")).output().expect("it can be started");
    let made = String::from_utf8(output.stdout).expect("text");
    let ours = include_str!("../../shared/src/model/decode/types.txt");
    assert!(
        made == ours,
        "shared/src/model/decode/types.txt is not what kubernetes-types prints: write it anew"
    );
}

fn difference(value: &Value, answer: &ObjectAnswer) -> Option<String> {
    assert_eq!(answer.error, None, "{value}");
    let decoded = decode::decode(&object::from_json(value));
    let ours = decoded.refusal.map(|refusal| refusal.message);
    if ours != answer.decode_error {
        let theirs = &answer.decode_error;
        return Some(format!("ours:   {ours:?}\ntheirs: {theirs:?}\nobject: {value}"));
    }
    if ours.is_some() {
        return None;
    }
    // Our paths have the names of list items where the server's have indices.
    let last = |path: &posture::model::path::FieldPath| match path.segments().last() {
        Some(Segment::Field(name)) => name.to_string(),
        other => format!("{other:?}"),
    };
    let ours: Vec<String> = decoded.unknown.iter().map(|unknown| last(&unknown.path)).collect();
    let theirs: Vec<&str> = answer
        .strict_errors
        .iter()
        .map(|text| text.trim_end_matches('"').rsplit('.').next().unwrap_or(text))
        .collect();
    (ours != theirs).then(|| {
        format!("unknown, ours: {ours:?}\ntheirs: {:?}\nobject: {value}", answer.strict_errors)
    })
}
