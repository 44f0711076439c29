//! `kubectl pss diff` on random objects: nothing differs from itself, directions mirror, and the
//! order of documents and files is of no concern.
#![cfg(test)]

use std::path::Path;

use posture_e2e::folder::with as folder;
use posture_generators::pod::{Pods, Values};
use posture_generators::random::Random;
use posture_generators::workload::{KINDS, wrap};
use posture_harness::binary::{Finished, Run};
use posture_harness::seed;
use serde_json::{Value, json};

/// How many random objects there are on each side.
const OBJECTS: usize = 400;

fn diff(folder: &Path, arguments: &[&str]) -> Finished {
    Run::new("kubectl-pss")
        .args(["diff"])
        .args(arguments.iter().copied())
        .in_folder(folder)
        .finish()
}

fn counts(difference: &Value) -> [u64; 6] {
    ["worse", "changed", "added", "removed", "better", "unchanged"]
        .map(|key| difference["summary"][key].as_u64().expect("a number"))
}

/// Random objects of all kinds in some namespaces, as documents.
fn documents(pods: &mut Pods) -> Vec<String> {
    let mut documents: Vec<String> = (0..OBJECTS)
        .map(|number| {
            let kind = KINDS[number % KINDS.len()];
            let mut object = wrap(kind, &pods.next().expect("there is always another one"));
            object["metadata"]["name"] = json!(format!("o{number}"));
            object["metadata"]["namespace"] = json!(format!("n{}", number % 3));
            object.to_string()
        })
        .collect();
    let levels = [("n0", "restricted"), ("n1", "baseline")];
    documents.extend(levels.map(|(name, level)| {
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name,
            "labels": { "pod-security.kubernetes.io/enforce": level, "pod-security.kubernetes.io/warn": "restricted" } } })
        .to_string()
    }));
    documents
}

/// What stays the same when documents move: all but places.
fn without_places(mut value: Value) -> Value {
    match &mut value {
        Value::Object(map) => {
            map.remove("place");
            map.remove("files");
            map.remove("state");
            for value in map.values_mut() {
                *value = without_places(value.take());
            }
        }
        Value::Array(values) => {
            for value in values {
                *value = without_places(value.take());
            }
        }
        _ => {}
    }
    value
}

#[test]
fn nothing_differs_from_itself_and_directions_mirror() {
    let mut random = Random::new(seed::seed());
    let mut pods = Pods::new(random.number(), Values::Plausible);
    let mut one = documents(&mut pods);
    // Half of the objects are others, some are gone, some are new.
    let mut other = documents(&mut pods);
    for (number, document) in one.iter().enumerate() {
        if number.is_multiple_of(2) {
            other[number].clone_from(document);
        }
    }
    other.drain(10..20);
    one.drain(30..40);
    let stream = |documents: &[String]| documents.join("\n---\n");
    let mut shuffled = one.clone();
    for number in (1..shuffled.len()).rev() {
        shuffled.swap(number, random.below(number + 1));
    }
    let half = shuffled.len() / 2;
    let folder = folder(&[
        ("one/a.yaml", &stream(&one)),
        ("other/a.yaml", &stream(&other)),
        ("shuffled/a.yaml", &stream(&shuffled[half..])),
        ("shuffled/b.yaml", &stream(&shuffled[..half])),
    ]);
    let run =
        |from: &str, to: &str| diff(folder.path(), &["--from", from, "--to", to, "-o", "json"]);
    for (from, to) in [("one", "one"), ("one", "shuffled"), ("shuffled", "one"), ("other", "other")]
    {
        let same = run(from, to);
        assert!(
            same.code == 0 && same.json()["changes"] == json!([]),
            "{from} {to}: {}",
            same.stdout
        );
    }
    let (there, back) = (run("one", "other").json(), run("other", "one").json());
    let mirrored = |count: [u64; 6]| [count[4], count[1], count[3], count[2], count[0], count[5]];
    assert_eq!(counts(&there), mirrored(counts(&back)));
    assert!(counts(&there).iter().all(|count| *count >= 5), "{:?}", counts(&there));
    let turned = |difference: &Value| {
        let mut lines: Vec<String> =
            difference["changes"].as_array().expect("changes").iter().map(mirror).collect();
        lines.sort();
        lines
    };
    let mut straight: Vec<String> =
        there["changes"].as_array().expect("changes").iter().map(plain).collect();
    straight.sort();
    assert_eq!(straight, turned(&back));
    // The order of documents and files changes nothing.
    let moved = run("shuffled", "other").json();
    assert_eq!(without_places(moved), without_places(there));
    // Two servers mirror too.
    for (from, to) in [("1.30", "1.37"), ("1.24", "1.33")] {
        let run = |from: &str, to: &str| {
            let args = ["--from", from, "--to", to, "-f", "one", "-o", "json"];
            diff(folder.path(), &args).json()
        };
        let (there, back) = (run(from, to), run(to, from));
        let mut straight: Vec<String> =
            there["changes"].as_array().expect("changes").iter().map(plain).collect();
        straight.sort();
        assert!(!straight.is_empty(), "{from} {to}");
        assert_eq!(straight, turned(&back), "{from} {to}");
    }
}

/// A change in one line.
fn plain(change: &Value) -> String {
    line(change, ["from", "to"], |word| word)
}

/// The same as it looks from the other end.
fn mirror(change: &Value) -> String {
    line(change, ["to", "from"], |word| match word {
        "worse" => "better",
        "better" => "worse",
        "added" => "removed",
        "removed" => "added",
        "started" => "stopped",
        "stopped" => "started",
        "raised" => "lowered",
        "lowered" => "raised",
        same => same,
    })
}

fn line(change: &Value, [from, to]: [&str; 2], turn: impl Fn(&str) -> &str) -> String {
    let mut controls: Vec<String> = change["controls"]
        .as_array()
        .expect("controls")
        .iter()
        .map(|control| {
            let turned = turn(control["change"].as_str().expect("a word"));
            format!("{turned} {} {}", control["check"], control["fingerprint"])
        })
        .collect();
    controls.sort();
    format!(
        "{} {} {} {} {} {} {controls:?}",
        turn(change["direction"].as_str().expect("a word")),
        change["kind"],
        change["namespace"],
        change["name"],
        change[from]["verdict"],
        change[to]["verdict"],
    )
}
