//! The loader against kubectl's own: what is read, what it means, and what is refused.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use posture::input::yaml;
use posture::model::source::Source;
use posture_generators::random::Random;
use posture_generators::yaml as generate;
use posture_harness::judge::LineJudge;
use posture_harness::seed;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize)]
struct Question {
    stream: String,
}

#[derive(Deserialize)]
struct Answer {
    docs: Option<Vec<Value>>,
    #[serde(rename = "docError")]
    doc_error: Option<String>,
    panic: Option<String>,
}

/// What one side made of a stream: the documents up to the first refusal, and that refusal.
#[derive(Debug)]
struct Reading {
    docs: Vec<Value>,
    refusal: Option<String>,
}

fn ours(text: &[u8]) -> Reading {
    let source = Arc::new(Source::new("x.yaml", text.to_vec()));
    let mut reading = Reading { docs: Vec::new(), refusal: None };
    for outcome in yaml::read(&source) {
        match outcome {
            Ok(document) => reading.docs.push(document.tree.root().to_json()),
            Err(gap) => {
                reading.refusal = Some(gap.why);
                break;
            }
        }
    }
    reading
}

/// The judge's numbers, as they are once the object has been decoded: integers of 64 bits stay,
/// everything else is a float.
fn settle(value: &Value) -> Value {
    match value {
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => integer.into(),
            (None, Some(float)) => posture::model::scalar::from_float(float).into_json(),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(settle).collect(),
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| (key.clone(), settle(value))).collect()
        }
        _ => value.clone(),
    }
}

trait IntoJson {
    fn into_json(self) -> Value;
}

impl IntoJson for posture::model::scalar::Scalar {
    fn into_json(self) -> Value {
        match self {
            Self::Int(value) => value.into(),
            Self::Float(value) => value.into(),
            _ => Value::Null,
        }
    }
}

/// Differences that are meant: our limits are lower, and two keys that become equal only as text
/// have a random winner in kubectl.
fn is_excused(text: &[u8], ours: &Reading) -> bool {
    let _ = text;
    ours.refusal
        .as_deref()
        .is_some_and(|why| why.contains("nested deeper than") || why.contains("a Helm template"))
}

fn compare(texts: &[Vec<u8>]) -> (usize, usize, Vec<String>) {
    let questions: Vec<Question> =
        texts.iter().map(|text| Question { stream: STANDARD.encode(text) }).collect();
    let answers: Vec<Answer> = LineJudge::start("yaml").ask_all(&questions);
    let (mut read, mut refused) = (0, 0);
    let mut differences = Vec::new();
    for (text, answer) in texts.iter().zip(answers) {
        if answer.panic.is_some() {
            continue;
        }
        let ours = ours(text);
        let docs: Vec<Value> = answer
            .docs
            .unwrap_or_default()
            .iter()
            .map(settle)
            .filter(|doc| !doc.is_null())
            .collect();
        let same = ours.docs == docs && ours.refusal.is_some() == answer.doc_error.is_some();
        if answer.doc_error.is_some() {
            refused += 1;
        } else {
            read += 1;
        }
        if !same && !is_excused(text, &ours) {
            differences.push(format!(
                "{:?}\n  kubectl: {docs:?} {:?}\n  ours:    {:?} {:?}",
                String::from_utf8_lossy(text),
                answer.doc_error,
                ours.docs,
                ours.refusal
            ));
        }
    }
    (read, refused, differences)
}

fn report(what: &str, outcome: (usize, usize, Vec<String>), tolerated: usize) {
    let (read, refused, differences) = outcome;
    println!(
        "{what}: {read} streams read, {refused} refused by kubectl, {} differences",
        differences.len()
    );
    for difference in differences.iter().take(40) {
        println!("{difference}");
    }
    assert!(read > 0, "nothing was compared");
    assert!(
        differences.len() <= tolerated,
        "{} differences from kubectl, {tolerated} known",
        differences.len()
    );
}

#[test]
fn seeds_are_read_as_kubectl_reads_them() {
    let texts: Vec<_> = generate::SEEDS.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    report("seeds", compare(&texts), 0);
}

#[test]
fn mutated_documents_are_read_as_kubectl_reads_them() {
    let mut random = Random::new(seed::seed());
    let texts: Vec<_> = (0..seed::scaled(30_000, 300_000))
        .map(|_| generate::document(&mut random).into_bytes())
        .collect();
    report("mutated documents", compare(&texts), 0);
}

#[test]
fn streams_are_cut_as_kubectl_cuts_them() {
    let mut random = Random::new(seed::seed());
    let texts: Vec<_> = (0..seed::scaled(20_000, 200_000))
        .map(|_| generate::stream(&mut random).into_bytes())
        .collect();
    report("streams", compare(&texts), 0);
}
