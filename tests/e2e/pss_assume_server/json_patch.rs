//! JSON Patch and merge patch of a custom resource.

use std::thread;
use std::time::{Duration, Instant};

use posture::model::json_patch;
use posture_generators::random::Random;
use posture_harness::cluster::Cluster;
use posture_harness::{score, seed};
use serde_json::{Value, json};

use super::{DEADLINE, read};

/// Patches, normally and in the long run; and how many must apply, and must not.
const PATCHES: [usize; 2] = [400, 5_000];
const LEAST_OF_PATCHES: usize = 60;

/// What random patches are applied to.
fn document() -> Value {
    json!({
        "a": { "b": [1, 2, { "c": "d" }], "e": {}, "f": "g" },
        "h/i": { "j~k": [true] }, "l": [], "m": [[1], [2, 3]], "n": 5, "o": "", "": { "": 1 },
    })
}

/// A path below `spec` that exists, or nearly.
fn pointer(random: &mut Random) -> String {
    const STEPS: [&str; 21] = [
        "a", "b", "c", "e", "f", "h~1i", "j~0k", "l", "m", "n", "o", "", "0", "1", "2", "3", "-1",
        "-2", "-", "x", "~01",
    ];
    let known = [
        "/spec/a",
        "/spec/a/b",
        "/spec/a/b/0",
        "/spec/a/b/2",
        "/spec/a/b/2/c",
        "/spec/a/e",
        "/spec/h~1i",
        "/spec/h~1i/j~0k",
        "/spec/l",
        "/spec/m/1",
        "/spec/m/1/-1",
        "/spec/n",
        "/spec/",
    ];
    let mut path =
        if random.percent(70) { random.pick(&known).to_owned() } else { "/spec".to_owned() };
    for _ in 0..random.below(3) {
        path.push('/');
        path.push_str(random.pick(&STEPS));
    }
    if path == "/spec" { "/spec/a".to_owned() } else { path }
}

fn random_patch(random: &mut Random) -> Value {
    let values = [
        json!(1),
        json!("d"),
        json!(true),
        json!({}),
        json!([]),
        json!({ "c": "d" }),
        json!([1, 2]),
        json!("g"),
    ];
    let operation = |random: &mut Random| {
        let path = pointer(random);
        let value = values[random.below(values.len())].clone();
        match random.below(6) {
            0 => json!({ "op": "add", "path": path, "value": value }),
            1 => json!({ "op": "remove", "path": path }),
            2 => json!({ "op": "replace", "path": path, "value": value }),
            3 => json!({ "op": "move", "from": pointer(random), "path": path }),
            4 => json!({ "op": "copy", "from": pointer(random), "path": path }),
            _ => {
                // Half of them compare with what is there.
                let there = json!({ "spec": document() }).pointer(&path).cloned();
                let value = if random.percent(10) { Value::Null } else { value };
                let value = there.filter(|_| random.percent(70)).unwrap_or(value);
                json!({ "op": "test", "path": path, "value": value })
            }
        }
    };
    (0..=random.below(3)).map(|_| operation(random)).collect()
}

fn random_merge(random: &mut Random) -> Value {
    let mut patch = json!({});
    for _ in 0..=random.below(3) {
        let key = random.pick(&["a", "h/i", "l", "n", "x"]).to_owned();
        patch[key] = match random.below(5) {
            0 => Value::Null,
            1 => json!({ "b": null, "f": { "y": null, "z": 1 } }),
            2 => json!([1, { "c": null }]),
            3 => json!({ "e": { "deep": {} } }),
            _ => json!("text"),
        };
    }
    json!({ "spec": patch })
}

#[test]
fn patches_change_what_the_server_says_they_change() {
    let cluster = Cluster::shared();
    let group = "patches.example.com";
    let schema = json!({ "type": "object", "properties": {
        "spec": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
    } });
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("things.{group}") },
        "spec": {
            "group": group, "scope": "Cluster",
            "names": { "kind": "Thing", "plural": "things", "singular": "thing", "listKind": "ThingList" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": schema } }],
        },
    });
    cluster.create_all(&[definition]);
    let collection = format!("/apis/{group}/v1/things");
    let thing = json!({
        "apiVersion": format!("{group}/v1"), "kind": "Thing",
        "metadata": { "name": "t" }, "spec": document(),
    });
    let started = Instant::now();
    while !cluster.create(&collection, &thing, "").is_success() {
        assert!(started.elapsed() < DEADLINE, "the kind is not served");
        thread::sleep(Duration::from_millis(200));
    }
    let mut random = Random::new(seed::seed());
    let (mut applied, mut failed, mut differ) = (0, 0, 0);
    for number in 0..PATCHES[usize::from(seed::long())] {
        let is_merge = number % 4 == 3;
        let patch = if is_merge { random_merge(&mut random) } else { random_patch(&mut random) };
        let kind = if is_merge { "merge-patch" } else { "json-patch" };
        let target = format!("{collection}/t?dryRun=All");
        let body = patch.to_string();
        let content_type = format!("application/{kind}+json");
        let theirs = cluster
            .admin()
            .request("PATCH", &target, &content_type, Some(body.as_bytes()))
            .expect("an answer");
        let mut ours = json!({ "spec": document() });
        let result = if is_merge {
            json_patch::merge(&mut ours, &patch);
            Ok(())
        } else {
            read(&patch).apply(&mut ours)
        };
        let same = match (&result, theirs.is_success()) {
            (Ok(()), true) => {
                applied += 1;
                theirs.json()["spec"] == ours["spec"]
            }
            (Err(_), false) => {
                failed += 1;
                true
            }
            _ => false,
        };
        if !same {
            differ += 1;
            println!(
                "{patch}\n  server: {} {}\n  ours: {result:?} {ours}",
                theirs.status,
                theirs.text()
            );
        }
    }
    println!("{applied} patches apply, {failed} do not, {differ} differ");
    assert_eq!(differ, 0, "see above");
    assert!(applied >= LEAST_OF_PATCHES && failed >= LEAST_OF_PATCHES, "too few of a kind");
    let what = "a real API server's JSON Patch and merge patch of a custom resource";
    score::record(
        "9_assume_json_patch",
        what,
        &format!("{applied} results, {failed} failures"),
        differ,
    );
}
