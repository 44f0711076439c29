//! The loader against kubectl's own: what is read, what it means, and what is refused.
#![cfg(test)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use posture::input::yaml;
use posture::model::source::Source;
use posture_generators::random::Random;
use posture_generators::yaml as generate;
use posture_harness::judge::LineJudge;
use posture_harness::{score, seed};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct Question {
    stream: String,
}

#[derive(Deserialize)]
struct Answer {
    docs: Option<Vec<Box<RawValue>>>,
    #[serde(rename = "docError")]
    doc_error: Option<String>,
    panic: Option<String>,
}

/// What one side made of a stream: the documents up to the first refusal, and that refusal.
#[derive(Debug, PartialEq)]
struct Reading {
    docs: Vec<Value>,
    refusal: Option<String>,
}

impl Reading {
    /// Whether both sides read the same documents and stop, or do not stop, at the same place.
    fn agrees_with(&self, other: &Self) -> bool {
        self.docs == other.docs && self.refusal.is_some() == other.refusal.is_some()
    }
}

fn ours(text: &[u8]) -> Reading {
    let source = Arc::new(Source::new("x.yaml", text.to_vec()));
    let mut reading = Reading { docs: Vec::new(), refusal: None };
    let mut last_base = None;
    for outcome in yaml::read(&source) {
        match outcome {
            Ok(document) => {
                last_base = Some(document.tree.base());
                reading.docs.push(document.tree.root().to_json());
            }
            Err(gap) => {
                // We judge the document before a bad separator; kubectl loses it.
                let end = gap.place.as_ref().map_or(0, |place| place.span().start);
                if let Some(base) = last_base
                    && gap.why.starts_with("invalid Yaml document separator")
                    && !source.text()[base..end].contains("\n---")
                    && reading.docs.len() > json_values(source.text())
                {
                    reading.docs.pop();
                }
                reading.refusal = Some(gap.why);
                break;
            }
        }
    }
    reading
}

/// How many values a stream begins with that are read as JSON.
fn json_values(text: &str) -> usize {
    if !text.trim_start().starts_with('{') {
        return 0;
    }
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    values.map_while(Result::ok).filter(|value| !value.is_null()).count()
}

impl Answer {
    fn into_reading(self) -> Reading {
        let mut docs = Vec::new();
        for raw in self.docs.unwrap_or_default() {
            match serde_json::from_str::<Value>(raw.get()) {
                Ok(doc) => docs.push(settle(&doc)),
                Err(error) => {
                    // kubectl decodes numbers after it has cut the stream.
                    let error = error.to_string();
                    assert!(error.starts_with("number out of range"), "{error}: {raw}");
                    return Reading { docs, refusal: Some(error) };
                }
            }
        }
        docs.retain(|doc| !doc.is_null());
        let refusal = self.doc_error.as_deref().map(problem);
        Reading { docs, refusal }
    }
}

/// go-yaml's words without what stands before them and without the line.
fn problem(error: &str) -> String {
    let error = error.strip_prefix("error converting YAML to JSON: ").unwrap_or(error);
    match error.strip_prefix("yaml: line ").and_then(|rest| rest.split_once(": ")) {
        Some((_, problem)) => format!("yaml: {problem}"),
        None => error.to_owned(),
    }
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

/// Whether a difference is meant: our depth is limited, and templates are told from manifests.
fn is_meant(ours: &Reading, kubectl: &Reading) -> bool {
    let depth = format!("nested deeper than {} levels", yaml::limits::MAX_DEPTH);
    let refusal = ours.refusal.as_deref().unwrap_or_default();
    (refusal.starts_with(&depth) || refusal == "a Helm template, not a manifest")
        && kubectl.docs.starts_with(&ours.docs)
}

/// Whether a byte order mark stands where go-yaml refills its buffer, every 512 bytes: with the
/// mark at the buffer's beginning it drops the first character of each line.
fn meets_a_mark(text: &[u8]) -> bool {
    const MARK: char = '\u{feff}';
    /// As far as it looks ahead, in characters.
    const AHEAD: usize = 4;
    let meets = |document: &str| {
        let marks: Vec<usize> = document.match_indices(MARK).map(|(at, _)| at).collect();
        let mut refill = 0;
        while !marks.is_empty() && refill < document.len() {
            refill = document.floor_char_boundary(refill + 512);
            let near =
                |&mark: &usize| mark <= refill && document[mark..refill].chars().count() < AHEAD;
            if marks.iter().any(near) {
                return true;
            }
        }
        false
    };
    let text = String::from_utf8_lossy(text).replace("\r\n", "\n");
    let mut document = String::new();
    for line in text.trim_start_matches(MARK).split_inclusive('\n') {
        if line.starts_with("---") && !document.is_empty() {
            if meets(&document) {
                return true;
            }
            document.clear();
        } else {
            document.push_str(line);
        }
    }
    meets(&document)
}

/// Whether kubectl's own answer is left to chance, as it is for two keys that become equal only
/// as text, and ours is one of those that it gives.
fn is_chance(judge: &mut LineJudge, text: &[u8], ours: &Reading) -> bool {
    const ASKED: usize = 100;
    let questions: Vec<_> =
        (0..ASKED).map(|_| Question { stream: STANDARD.encode(text) }).collect();
    let answers: Vec<Answer> = judge.ask_all(&questions);
    answers.into_iter().any(|answer| ours.agrees_with(&answer.into_reading()))
}

/// What a comparison found.
#[derive(Default)]
struct Tally {
    read: usize,
    refused: usize,
    same_words: usize,
    /// The words of kubectl and ours where they differ.
    other_words: BTreeMap<(String, String), usize>,
    chance: usize,
    marks: usize,
    meant: usize,
    differences: Vec<String>,
}

fn compare(texts: &[Vec<u8>]) -> Tally {
    /// More differences than anybody will read.
    const ENOUGH: usize = 200;
    let questions: Vec<Question> =
        texts.iter().map(|text| Question { stream: STANDARD.encode(text) }).collect();
    let mut judge = LineJudge::start("yaml");
    let answers: Vec<Answer> = judge.ask_all(&questions);
    let mut tally = Tally::default();
    for (text, answer) in texts.iter().zip(answers) {
        if answer.panic.is_some() || tally.differences.len() >= ENOUGH {
            continue;
        }
        let (ours, kubectl) = (ours(text), answer.into_reading());
        if kubectl.refusal.is_some() {
            tally.refused += 1;
        } else {
            tally.read += 1;
        }
        if ours.agrees_with(&kubectl) {
            if let (Some(words), Some(our_words)) = (kubectl.refusal, ours.refusal) {
                if words == our_words {
                    tally.same_words += 1;
                } else {
                    *tally.other_words.entry((words, our_words)).or_default() += 1;
                }
            }
        } else if is_meant(&ours, &kubectl) {
            tally.meant += 1;
        } else if meets_a_mark(text) {
            tally.marks += 1;
        } else if is_chance(&mut judge, text, &ours) {
            tally.chance += 1;
        } else {
            tally.differences.push(format!(
                "{:?}\n  kubectl: {kubectl:?}\n  ours:    {ours:?}",
                String::from_utf8_lossy(text)
            ));
        }
    }
    tally
}

fn report(what: &str, tally: &Tally) {
    println!(
        "{what}: {} streams read, {} refused by kubectl ({} of them in the same words), \
         {} left to chance, {} left to a mark in a buffer, {} differ on purpose, {} differ",
        tally.read,
        tally.refused,
        tally.same_words,
        tally.chance,
        tally.marks,
        tally.meant,
        tally.differences.len()
    );
    let mut words: Vec<_> = tally.other_words.iter().collect();
    words.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for ((kubectl, ours), count) in words.into_iter().take(10) {
        println!("{count} times {kubectl:?} is {ours:?}");
    }
    for difference in tally.differences.iter().take(40) {
        println!("{difference}");
    }
    let compared = format!("{} texts", tally.read + tally.refused);
    let row = match what {
        "mutated documents" => Some("8_yaml"),
        "streams" => Some("8_yaml_streams"),
        _ => None,
    };
    if let Some(row) = row {
        score::record(
            row,
            &format!("{what} of YAML and JSON, as kubectl reads them"),
            &compared,
            tally.differences.len(),
        );
    }
    assert!(tally.read > 0, "nothing was compared");
    assert!(tally.differences.is_empty(), "{} differences from kubectl", tally.differences.len());
}

#[test]
fn seeds_are_read_as_kubectl_reads_them() {
    let texts: Vec<_> = generate::SEEDS.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    report("seeds", &compare(&texts));
}

#[test]
fn mutated_documents_are_read_as_kubectl_reads_them() {
    let mut random = Random::new(seed::seed());
    let texts: Vec<_> = (0..seed::scaled(30_000, 300_000))
        .map(|_| generate::document(&mut random).into_bytes())
        .collect();
    report("mutated documents", &compare(&texts));
}

#[test]
fn soup_is_read_as_kubectl_reads_it() {
    let mut random = Random::new(seed::seed());
    let texts: Vec<_> = (0..seed::scaled(40_000, 400_000))
        .map(|_| generate::soup(&mut random).into_bytes())
        .collect();
    report("soup", &compare(&texts));
}

#[test]
fn streams_are_cut_as_kubectl_cuts_them() {
    let mut random = Random::new(seed::seed());
    let texts: Vec<_> = (0..seed::scaled(20_000, 200_000))
        .map(|_| generate::stream(&mut random).into_bytes())
        .collect();
    report("streams", &compare(&texts));
}

/// Names a folder of real manifests.
const CORPUS_VARIABLE: &str = "POSTURE_CORPUS";

#[test]
fn real_manifests_are_read_as_kubectl_reads_them() {
    let Some(folder) = env::var_os(CORPUS_VARIABLE) else {
        println!("{CORPUS_VARIABLE} names no folder of manifests: nothing is compared");
        return;
    };
    let mut files = Vec::new();
    collect(Path::new(&folder), &mut files);
    files.sort();
    let whole: Vec<_> = files.iter().map(|file| fs::read(file).expect("a readable file")).collect();
    report("real manifests", &compare(&whole));
    // Long files take the judge long; their beginnings have the same traps.
    let parts: Vec<String> = whole
        .iter()
        .map(|bytes| String::from_utf8_lossy(bytes).chars().take(4000).collect())
        .collect();
    let mut random = Random::new(seed::seed());
    let texts: Vec<_> = (0..seed::scaled(10_000, 100_000))
        .map(|_| {
            let part = parts[random.below(parts.len())].clone();
            generate::mutated(&mut random, part).into_bytes()
        })
        .collect();
    report("mutated manifests", &compare(&texts));
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            collect(&path, files);
        } else if matches!(extension, Some("yaml" | "yml" | "json")) {
            files.push(path);
        }
    }
}
