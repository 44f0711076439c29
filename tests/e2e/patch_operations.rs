//! JSON Patches between random states of an object: there, back, and not over anybody else.
#![cfg(test)]

use posture::patch::operations::{self, Operation};
use posture_generators::random::Random;
use posture_harness::seed;
use serde_json::{Map, Value, json};

/// Keys that need escapes among others.
const KEYS: [&str; 7] = ["a", "b/c", "d~e", "name", "", "~1", "x"];

/// How many pairs of states are tried.
const PAIRS: usize = 20_000;

fn scalar(random: &mut Random) -> Value {
    match random.below(6) {
        0 => json!(random.below(3)),
        1 => json!(random.percent(50)),
        2 => json!(1.5),
        _ => json!(["a", "<&>", "ü\u{2028}", "", "b"][random.below(5)]),
    }
}

fn value(random: &mut Random, depth: usize) -> Value {
    match if depth == 0 { 0 } else { random.below(7) } {
        0..=2 => scalar(random),
        3 | 4 => {
            let keys = random.below(4);
            let mut fields = Map::new();
            for _ in 0..keys {
                fields.insert((*random.pick(&KEYS)).to_owned(), value(random, depth - 1));
            }
            Value::Object(fields)
        }
        5 => {
            // A list whose elements go by their names, most of the time.
            let mut names: Vec<&str> = vec!["n1", "n2", "n3", "n4", "n5"];
            let count = random.below(5);
            let items = (0..count).map(|_| {
                let at = if random.percent(80) { 0 } else { random.below(names.len()) };
                let name = if random.percent(95) { names.remove(at) } else { "n1" };
                let mut item = json!({ "name": name });
                if random.percent(60) {
                    item["v"] = value(random, depth - 1);
                }
                item
            });
            Value::Array(items.collect())
        }
        _ => {
            let count = random.below(5);
            Value::Array((0..count).map(|_| value(random, depth - 1)).collect())
        }
    }
}

/// A later state of a value: most of it stays.
fn changed(random: &mut Random, value: &Value, depth: usize) -> Value {
    if random.percent(8) {
        return self::value(random, depth.min(2));
    }
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter_map(|(key, value)| {
                let is_kept = !random.percent(5);
                is_kept.then(|| (key.clone(), changed(random, value, depth)))
            });
            let mut fields: Map<String, Value> = kept.collect();
            if random.percent(15) {
                let key = (*random.pick(&KEYS)).to_owned();
                fields.insert(key, self::value(random, 2));
            }
            Value::Object(fields)
        }
        Value::Array(items) => {
            let mut items: Vec<Value> =
                items.iter().map(|item| changed(random, item, depth)).collect();
            if !items.is_empty() && random.percent(15) {
                items.remove(random.below(items.len()));
            }
            if random.percent(20) {
                let at = random.below(items.len() + 1);
                let name = ["n6", "n7"][random.below(2)];
                items.insert(at, json!({ "name": name, "v": scalar(random) }));
            }
            Value::Array(items)
        }
        other => other.clone(),
    }
}

fn state(random: &mut Random) -> Value {
    let mut state = json!({ "metadata": { "uid": "1" } });
    state["spec"] = value(random, 5);
    state
}

/// Whether some list holds an element twice.
fn has_twins(value: &Value) -> bool {
    match value {
        Value::Array(items) => {
            let is_twin = |(at, item): (usize, &Value)| items[..at].contains(item);
            items.iter().enumerate().any(is_twin) || items.iter().any(has_twins)
        }
        Value::Object(fields) => fields.values().any(has_twins),
        _ => false,
    }
}

#[test]
fn there_and_back() {
    let mut random = Random::new(seed::seed());
    let (mut sizes, mut same) = (0, 0);
    for _ in 0..PAIRS {
        let before = state(&mut random);
        let after = changed(&mut random, &before["spec"], 4);
        let after = json!({ "metadata": { "uid": "1" }, "spec": after });
        let there = operations::of_object(&before, operations::between(&before, &after));
        let back = operations::of_object(&after, operations::between(&after, &before));
        let context = || format!("{before}\n{after}\n{}", operations::text(&there));
        let mut document = before.clone();
        operations::apply(&there, &mut document)
            .unwrap_or_else(|why| panic!("{why}\n{}", context()));
        assert_eq!(document, after, "{}", context());
        // Of two equal elements it cannot be seen that one is gone.
        if !has_twins(&before) {
            assert!(operations::is_done(&there, &document), "{}", context());
        }
        operations::apply(&back, &mut document)
            .unwrap_or_else(|why| panic!("{why}\n{}", context()));
        assert_eq!(document, before, "{}", context());
        // Only tests where nothing changes; else at least one thing is relied on.
        let changes = there.iter().filter(|operation| !operation.is_test()).count();
        assert_eq!(changes == 0, before == after, "{}", context());
        same += usize::from(before == after);
        sizes += changes;
        let read: Vec<Operation> = serde_json::from_str(&operations::text(&there)).expect("JSON");
        assert_eq!(read, there);
    }
    println!("{PAIRS} pairs, {same} of them equal, {sizes} changes");
    assert!(PAIRS - same > PAIRS / 4, "{same} are equal");
}

#[test]
fn what_is_elsewhere_does_not_matter_and_what_is_changed_does() {
    let mut random = Random::new(seed::seed());
    let (mut beside, mut over) = (0, 0);
    for _ in 0..PAIRS {
        let before = json!({ "one": value(&mut random, 4), "other": value(&mut random, 3) });
        let mut after = before.clone();
        after["one"] = changed(&mut random, &before["one"], 3);
        let there = operations::between(&before, &after);
        let mut elsewhere = before.clone();
        elsewhere["other"] = value(&mut random, 3);
        let theirs = elsewhere["other"].clone();
        operations::apply(&there, &mut elsewhere).expect("it applies beside");
        assert_eq!((&elsewhere["one"], &elsewhere["other"]), (&after["one"], &theirs));
        beside += 1;
        // Every value that is replaced or removed, changed by somebody else before.
        for operation in there.iter().filter(|operation| !operation.is_test()) {
            let path = operation.path();
            if path.ends_with("/-") || matches!(operation, Operation::Add { .. }) {
                continue;
            }
            let mut touched = before.clone();
            let Some(place) = touched.pointer_mut(path) else { continue };
            *place = json!("somebody else's");
            // Removals from the end on change no position before them, others are not moved.
            operations::apply(&there, &mut touched).expect_err("it was seen otherwise");
            over += 1;
        }
    }
    println!("{beside} beside, {over} over");
    assert!(over > PAIRS / 10);
}
