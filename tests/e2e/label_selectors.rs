//! Label selectors against the API server: what it refuses and with which words, and what it
//! selects.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

use posture::model::labels::LabelSelector;
use posture_generators::random::Random;
use posture_harness::cluster::{ADMIN, Cluster, Namespace};
use posture_harness::{score, seed};
use serde_json::{Value, json};

const NORMAL: usize = 4000;
const LONG: usize = 60_000;

/// What at least must have been refused and selected, of a hundred.
const EACH: usize = 10;

const PIECES: &str = "a;b;app;tier;x.y/a;n;in;notin;web;db;7;12;-1;A_b;-;a.;/a;a/b/c;X.Y/a;é;%;+3;\
    =;==;!=;!;>;<;,;,;(;); ;  ;in (;notin (;a=;a in (a,b);!a";

/// Texts that resemble selectors; one in twenty is too long somewhere.
fn selector(random: &mut Random) -> String {
    let pieces: Vec<&str> = PIECES.split(';').collect();
    let keys = ["a", "b", "app", "n", "x.y/a", "in"];
    let values = ["", "a", "web", "7", "12", "db"];
    if random.percent(50) {
        let one = |random: &mut Random| {
            let (key, value) = (random.pick(&keys), random.pick(&values));
            let other = random.pick(&values);
            match random.below(9) {
                0 => key.to_owned(),
                1 => format!("!{key}"),
                2 => format!("{key}={value}"),
                3 => format!("{key} == {value}"),
                4 => format!("{key}!={value}"),
                5 => format!("{key} in ({value},{other})"),
                6 => format!("{key} notin ( {value} )"),
                7 => format!("{key}>{}", random.below(20)),
                _ => format!("{key}<{}", random.below(20)),
            }
        };
        let count = 1 + random.below(3);
        return (0..count).map(|_| one(random)).collect::<Vec<_>>().join(",");
    }
    let count = 1 + random.below(6);
    let mut text: String = (0..count).map(|_| random.pick(&pieces)).collect();
    if random.percent(5) {
        text += &"x".repeat(60 + random.below(8));
    }
    text
}

fn escape(text: &str) -> String {
    text.bytes().flat_map(|byte| format!("%{byte:02X}").into_bytes()).map(char::from).collect()
}

/// Objects with every combination of a few labels.
fn objects() -> BTreeMap<String, BTreeMap<&'static str, &'static str>> {
    let mut random = Random::new(1);
    let one = |random: &mut Random| {
        let choices = [
            ("a", &["a", "b", ""][..]),
            ("b", &["a", "7"]),
            ("app", &["web", "db"]),
            ("n", &["7", "12", "x", "3"]),
            ("x.y/a", &["a", "web"]),
            ("in", &["7", "a"]),
        ];
        let mut labels = BTreeMap::new();
        for (key, values) in choices {
            if random.percent(60) {
                labels.insert(key, random.pick(values));
            }
        }
        labels
    };
    (0..60).map(|number| (format!("o{number}"), one(&mut random))).collect()
}

#[test]
fn selectors_mean_what_the_server_takes_them_for() {
    let cluster = Cluster::shared();
    let objects = objects();
    let seeded = objects.iter().map(|(name, labels)| {
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name, "labels": labels } })
    });
    let namespace = seeded.fold(Namespace::new("labelled"), Namespace::object);
    cluster.seed(&[namespace]);
    let client = cluster.client(ADMIN);
    let mut random = Random::new(seed::seed());
    let count = seed::scaled(NORMAL, LONG);
    let (mut refused, mut chosen, mut differences) = (0, 0, Vec::new());
    for _ in 0..count {
        let selector = selector(&mut random);
        let path = "/api/v1/namespaces/labelled/configmaps";
        let answer = client.get(&format!("{path}?labelSelector={}", escape(&selector)));
        let expected = if answer.is_success() {
            let list = answer.json();
            let items = list["items"].as_array().cloned().unwrap_or_default();
            let name = |item: &Value| item["metadata"]["name"].as_str().unwrap().to_owned();
            Ok(items.iter().map(name).collect::<BTreeSet<_>>())
        } else {
            assert_eq!(answer.status, 400, "{}", answer.text());
            Err(answer.message())
        };
        let actual = LabelSelector::parse(&selector).map(|parsed| {
            let selected =
                objects.iter().filter(|(_, labels)| parsed.matches(|key| labels.get(key).copied()));
            selected.map(|(name, _)| name.clone()).collect::<BTreeSet<_>>()
        });
        refused += usize::from(expected.is_err());
        chosen += usize::from(
            expected.as_ref().is_ok_and(|names| !names.is_empty() && names.len() < objects.len()),
        );
        if expected != actual {
            differences.push(format!("{selector:?}\n  server {expected:?}\n  ours   {actual:?}"));
        }
    }
    println!(
        "{count} selectors: {refused} refused, {chosen} chose some of {} objects",
        objects.len()
    );
    assert!(refused * 100 >= count * EACH && chosen * 100 >= count * EACH);
    score::record(
        "label_selectors",
        "label selectors against the API server",
        &format!("{count} selectors"),
        differences.len(),
    );
    assert!(
        differences.is_empty(),
        "{} differ\n{}",
        differences.len(),
        differences[..differences.len().min(12)].join("\n")
    );
}
