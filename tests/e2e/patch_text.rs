//! Changes in the text of manifests: read by kubectl as they were meant, and nothing else touched.
#![cfg(test)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::{env, fs};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use posture::input::inventory::Inventory;
use posture::input::yaml;
use posture::model::source::Source;
use posture::patch::plan::{Change, Refused};
use posture::patch::text::{self, Rewritten};
use posture_generators::manifest::{self, Manifest, Sharing};
use posture_generators::pod::{Pods, Values};
use posture_generators::random::Random;
use posture_generators::workload;
use posture_harness::judge::{self, LineJudge};
use posture_harness::seed;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

#[path = "patch_text/edits.rs"]
mod edits;
#[path = "patch_text/outside.rs"]
mod outside;

/// A file of which some objects are to change.
struct Case {
    text: String,
    /// Its comments; `None` where nobody has noted them.
    comments: Option<Vec<String>>,
    /// What its documents say; what cannot be read is not among them.
    documents: Vec<Value>,
    /// The changes, and the way to each object: a document and perhaps an item of its list.
    changes: Vec<(Change, (usize, Option<usize>))>,
}

impl Case {
    /// A file with random changes of its objects.
    fn new(
        random: &mut Random,
        name: &str,
        text: String,
        comments: Option<Vec<String>>,
        count: usize,
    ) -> Self {
        let source = Arc::new(Source::new(name, text.into_bytes()));
        let trees: Vec<_> =
            yaml::read(&source).into_iter().flatten().map(|document| document.tree).collect();
        let mut inventory = Inventory::default();
        inventory.add(&source);
        let mut changes = Vec::new();
        let objects = inventory.objects.len();
        for object in inventory.objects {
            if !random.percent((count * 100).div_ceil(objects.max(1)).max(1)) {
                continue;
            }
            let before = object.value().to_json();
            let mut after = before.clone();
            for _ in 0..=random.below(3) {
                edits::edit(random, &mut after);
            }
            // The loader ends where a tree does, and so begins each with its own.
            let base = object.tree().base();
            let document = trees.iter().position(|tree| tree.base() == base).expect("its document");
            let item = match object.path().segments() {
                [_, posture::model::path::Segment::Index(item)] => Some(*item),
                _ => None,
            };
            let reference = object.reference(None);
            let change =
                Change { object, reference, steps: Vec::new(), before, after, notes: Vec::new() };
            if !change.is_empty() {
                changes.push((change, (document, item)));
            }
        }
        let documents = trees.iter().map(|tree| tree.root().to_json()).collect();
        Self { text: source.text().to_owned(), comments, documents, changes }
    }

    /// What the documents must say when the changes at `done` have been made.
    fn intended(&self, done: &[bool]) -> Vec<Value> {
        let mut documents = self.documents.clone();
        for ((change, (document, item)), _) in
            self.changes.iter().zip(done).filter(|(_, done)| **done)
        {
            let place = match item {
                Some(item) => &mut documents[*document]["items"][*item],
                None => &mut documents[*document],
            };
            *place = change.after.clone();
        }
        documents
    }
}

/// What came of many cases.
#[derive(Default)]
struct Tally {
    files: usize,
    changes: usize,
    reasons: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

impl Tally {
    fn refused(&self) -> usize {
        self.reasons.values().sum()
    }

    /// Prints what came, and fails on anything wrong or with more than `most` of 10,000 refused.
    fn settle(&self, what: &str, most: usize) {
        let (changes, refused) = (self.changes, self.refused());
        println!("{what}: {changes} changes in {} files, {refused} refused", self.files);
        for (reason, count) in &self.reasons {
            println!("  {count} times: {reason}");
        }
        for wrong in self.wrong.iter().take(5) {
            println!("{wrong}\n========");
        }
        assert!(self.wrong.is_empty(), "{} results are wrong", self.wrong.len());
        assert!(refused * 10_000 <= changes * most, "{refused} of {changes} were refused");
    }
}

#[derive(Serialize)]
struct Question {
    stream: String,
}

#[derive(Deserialize)]
struct Answer {
    docs: Option<Vec<Box<RawValue>>>,
    #[serde(rename = "docError")]
    doc_error: Option<String>,
}

/// Rewrites the cases' files, all at once, and lets kubectl's reader and plain looks at the bytes
/// judge what came of it.
fn judge_all(cases: &[Case], judge: &mut LineJudge, tally: &mut Tally) {
    let changes: Vec<Change> = cases
        .iter()
        .flat_map(|case| case.changes.iter().map(|(change, _)| change.clone()))
        .collect();
    let (rewritten, refused) = text::rewrite(&changes);
    let mut done = vec![false; changes.len()];
    for position in rewritten.iter().flat_map(|rewritten| &rewritten.positions) {
        assert!(!done[*position], "a change is made once");
        done[*position] = true;
    }
    for Refused { position, why, place } in &refused {
        assert!(!done[*position], "a change is made or refused");
        let source = changes[*position].object.tree().source();
        assert!(Arc::ptr_eq(place.source(), source), "a refusal stands in its own file");
        let why = why.split_once(": ").map_or(why.as_str(), |(why, _)| why);
        *tally.reasons.entry(why.to_owned()).or_default() += 1;
    }
    tally.changes += changes.len();
    let made = done.iter().filter(|done| **done).count();
    assert_eq!(made + refused.len(), changes.len(), "every change is made or refused");
    let mut by_source: BTreeMap<_, &Rewritten> = BTreeMap::new();
    for rewritten in &rewritten {
        by_source.insert(Arc::as_ptr(&rewritten.source), rewritten);
    }
    let mut from = 0;
    let mut asked = Vec::new();
    for case in cases {
        tally.files += 1;
        let count = case.changes.len();
        let done = &done[from..from + count];
        let source =
            case.changes.first().map(|(change, _)| Arc::as_ptr(change.object.tree().source()));
        from += count;
        let Some(rewritten) = source.and_then(|source| by_source.get(&source)) else { continue };
        let mut faults = outside::faults(case, done, &rewritten.after);
        faults.extend(outside::wrong_breaks(&case.text, &rewritten.after));
        if !faults.is_empty() {
            let (text, after) = (&case.text, &rewritten.after);
            tally.wrong.push(format!("{}\n{text}\n--------\n{after}", faults.join("\n")));
        }
        asked.push((case, rewritten.after.as_str(), case.intended(done)));
    }
    let questions: Vec<_> =
        asked.iter().map(|(_, after, _)| Question { stream: STANDARD.encode(after) }).collect();
    let answers: Vec<Answer> = judge.ask_all(&questions);
    for ((case, after, intended), answer) in asked.iter().zip(answers) {
        let docs = answer.docs.unwrap_or_default();
        let docs: Vec<Value> = docs
            .iter()
            .filter_map(|raw| serde_json::from_str(raw.get()).ok())
            .map(|doc| settle(&doc))
            .filter(|doc| !doc.is_null())
            .collect();
        // kubectl stops at the first document that it cannot read.
        let is_cut_short = answer.doc_error.is_some() && intended.starts_with(&docs);
        let intended: Vec<_> = intended.iter().map(settle).collect();
        if docs != intended && !(is_cut_short && outside::has_gap(&case.text)) {
            let mut found = Vec::new();
            outside::differences(&intended.into(), &docs.into(), "", &mut found);
            let error = answer.doc_error;
            tally.wrong.push(format!(
                "kubectl reads something else: {error:?} {found:?}\n{}\n--------\n{after}",
                case.text
            ));
        }
    }
}

/// Numbers as they are once kubectl has decoded an object.
fn settle(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.as_i64().is_none() => {
            match number.as_f64().map(posture::model::scalar::from_float) {
                Some(posture::model::scalar::Scalar::Int(number)) => number.into(),
                Some(posture::model::scalar::Scalar::Float(number)) => number.into(),
                _ => value.clone(),
            }
        }
        Value::Array(items) => items.iter().map(settle).collect(),
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| (key.clone(), settle(value))).collect()
        }
        _ => value.clone(),
    }
}

/// Random documents: workloads of all kinds, lists of them, and what else lies in files.
fn documents(random: &mut Random, pods: &mut Pods) -> Vec<Value> {
    let mut object = |random: &mut Random| {
        if random.percent(20) {
            return edits::config(random);
        }
        let kinds: Vec<_> = workload::KINDS.to_vec();
        let mut object = workload::wrap(random.pick(&kinds), &pods.next().expect("endless"));
        object["metadata"]["name"] = format!("w{}", random.below(1000)).into();
        object
    };
    let count = 1 + random.below(3);
    (0..count)
        .map(|_| {
            if random.percent(20) {
                let items: Vec<_> = (0..=random.below(3)).map(|_| object(random)).collect();
                return json!({ "apiVersion": "v1", "kind": "List", "items": items });
            }
            object(random)
        })
        .collect()
}

/// Changes of generated manifests until there are so many.
fn generated(sharing: Sharing, wanted: usize) -> Tally {
    let seed = seed::seed();
    let mut random = Random::new(seed);
    let mut pods = Pods::new(seed, Values::Plausible);
    let mut judge = LineJudge::start("yaml");
    let mut tally = Tally::default();
    while tally.changes < wanted {
        let cases: Vec<_> = (0..200)
            .map(|at| {
                let documents = documents(&mut random, &mut pods);
                let Manifest { text, comments } = manifest::write(&mut random, &documents, sharing);
                Case::new(&mut random, &format!("{at}.yaml"), text, Some(comments), 2)
            })
            .collect();
        judge_all(&cases, &mut judge, &mut tally);
    }
    tally
}

#[test]
fn generated_manifests_are_changed_as_meant() {
    generated(Sharing::None, seed::scaled(10_000, 100_000)).settle("generated manifests", 99);
}

#[test]
fn what_aliases_share_is_refused_or_right() {
    let tally = generated(Sharing::Aliases, seed::scaled(3_000, 30_000));
    tally.settle("manifests with aliases and merge keys", 5_000);
    let is_known = |why: &String| {
        why.contains("alias") || why.contains("merge key") || why.contains("template")
    };
    // A last line that goes from behind a `|+` leaves its empty line without a line break.
    let unknown: Vec<_> = tally.reasons.iter().filter(|(why, _)| !is_known(why)).collect();
    let count: usize = unknown.iter().map(|(_, count)| **count).sum();
    assert!(count * 500 <= tally.changes, "{unknown:?}");
}

/// Names a folder of real manifests.
const CORPUS_VARIABLE: &str = "POSTURE_CORPUS";

#[test]
fn real_manifests_are_changed_as_meant() {
    /// What the judge reads in no time.
    const LONGEST: usize = 200_000;
    let Some(folder) = env::var_os(CORPUS_VARIABLE) else {
        println!("{CORPUS_VARIABLE} names no folder of manifests: nothing is changed");
        return;
    };
    let mut files = Vec::new();
    collect(Path::new(&folder), &mut files);
    files.sort();
    let read = |file: &PathBuf| String::from_utf8(fs::read(file).ok()?).ok();
    let texts: Vec<_> = files.iter().filter_map(read).filter(|text| text.len() < LONGEST).collect();
    let mut random = Random::new(seed::seed());
    let mut judge = LineJudge::start("yaml");
    let mut tally = Tally::default();
    while tally.changes < seed::scaled(10_000, 50_000) {
        let cases: Vec<_> = texts
            .iter()
            .map(|text| Case::new(&mut random, "real.yaml", text.clone(), None, 3))
            .collect();
        judge_all(&cases, &mut judge, &mut tally);
    }
    tally.settle("real manifests", 300);
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

#[test]
fn kubectl_itself_reads_what_was_meant() {
    let seed = seed::seed();
    let mut random = Random::new(seed);
    let mut pods = Pods::new(seed, Values::Plausible);
    let folder = tempfile::tempdir().expect("a folder");
    let mut expected = Vec::new();
    for at in 0..100 {
        let mut object = workload::wrap("CronJob", &pods.next().expect("endless"));
        object["metadata"]["name"] = format!("w{at}").into();
        let Manifest { text, comments } = manifest::write(&mut random, &[object], Sharing::None);
        let case = Case::new(&mut random, &format!("{at}.yaml"), text, Some(comments), 1);
        let changes: Vec<_> = case.changes.iter().map(|(change, _)| change.clone()).collect();
        let (done, refused) = text::rewrite(&changes);
        assert!(refused.is_empty(), "{refused:?}");
        for done in done {
            fs::write(folder.path().join(format!("{at:03}.yaml")), &done.after).expect("written");
            expected.push(changes[0].after.clone());
        }
    }
    let output = Command::new(judge::kubectl())
        .env("KUBECONFIG", "/dev/null")
        .args(["label", "--local", "--overwrite", "posture-test=x", "-o", "json", "-f"])
        .arg(folder.path())
        .output()
        .expect("kubectl runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    let read: Vec<_> = read.map(|object| edits::unlabelled(object.expect("JSON"))).collect();
    assert!(expected.len() > 80, "{} files", expected.len());
    let expected: Vec<_> = expected.into_iter().map(edits::unlabelled).collect();
    for (read, expected) in read.iter().zip(&expected) {
        assert_eq!(settle(read), settle(expected));
    }
    assert_eq!(read.len(), expected.len());
}

/// What the verifier is for: of 1,000 results that are each damaged in one place of the file none
/// passes unless the file still says the same.
#[test]
fn damage_does_not_pass() {
    let seed = seed::seed();
    let mut random = Random::new(seed);
    let mut pods = Pods::new(seed, Values::Plausible);
    let (mut caught, mut harmless) = (0, 0);
    while caught < seed::scaled(1_000, 10_000) {
        let documents = documents(&mut random, &mut pods);
        let Manifest { text, comments } = manifest::write(&mut random, &documents, Sharing::None);
        let case = Case::new(&mut random, "x.yaml", text, Some(comments), 2);
        let changes: Vec<_> = case.changes.iter().map(|(change, _)| change.clone()).collect();
        let (done, _) = text::rewrite(&changes);
        let Some(good) = done.first() else { continue };
        text::check(good, &changes).expect("what was written holds");
        let Some(bad) = edits::damage(&mut random, good) else { continue };
        let done: Vec<_> = (0..changes.len()).map(|at| good.positions.contains(&at)).collect();
        let faults = outside::faults(&case, &done, &bad.after);
        let source = Arc::new(Source::new("x.yaml", bad.after.clone().into_bytes()));
        let read: Vec<_> = yaml::read(&source)
            .into_iter()
            .flatten()
            .map(|document| document.tree.root().to_json())
            .collect();
        let is_harmless = faults.is_empty() && read == case.intended(&done);
        match text::check(&bad, &changes) {
            Ok(()) if is_harmless => harmless += 1,
            Ok(()) => {
                let mut found = faults;
                let intended = case.intended(&done).into();
                outside::differences(&intended, &read.into(), "", &mut found);
                panic!("passed: {found:?}\n{}\n--------\n{}", good.after, bad.after);
            }
            Err(_) => caught += 1,
        }
    }
    println!("{caught} damaged results were caught, {harmless} say the same as before");
}
