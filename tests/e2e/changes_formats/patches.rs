//! Patches: kubectl and kustomize make of the old objects the new ones.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use posture::finding::report::{Target, Tool};
use posture::input::files::FileArgs;
use posture::input::inventory::{self, Inventory};
use posture::model::source::Source;
use posture::patch::files;
use posture::patch::plan::{Change, Plan};
use posture::patch::report::{Carried, PlanReport};
use posture::render::plan::{self, PlanFormat};
use posture::render::style::Style;
use posture_generators::random::Random;
use posture_harness::{judge, score, seed};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::edited::{Edited, without_nulls};

/// The objects of a text, as our loader reads them.
fn objects(text: &str) -> Vec<posture::model::object::Object> {
    let mut inventory = Inventory::default();
    inventory.add(&Arc::new(Source::new("x.yaml", text.into())));
    assert!(inventory.gaps.is_empty(), "{:?}\n{text}", inventory.gaps);
    inventory.objects
}

/// What a change of an object becomes in a format.
fn written(changes: &[(Json, Json)], format: PlanFormat) -> String {
    let changes = changes.iter().map(|(before, after)| {
        let object = objects(&before.to_string()).remove(0);
        let reference = object.reference(Some(object.namespace().unwrap_or("default")));
        let mut change = Change::new(object, reference, Vec::new(), Vec::new()).expect("no edits");
        change.after = after.clone();
        change
    });
    let plan = Plan { changes: changes.collect(), ..Plan::default() };
    let tool = Tool { name: String::new(), version: String::new(), verb: String::new() };
    let report: PlanReport<()> = PlanReport::new(tool, Target::default(), plan, Carried::default());
    let mut out = Vec::new();
    plan::write(&report, format, Style::plain(80), &mut out).expect("written");
    String::from_utf8(out).expect("text")
}

fn kubectl(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(judge::kubectl())
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .output()
        .expect("kubectl runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "kubectl {arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("text")
}

/// An object as JSON that is YAML too, where fewer characters may stand for themselves.
fn as_yaml(object: &Json) -> String {
    let text = object.to_string();
    let escaped = text.chars().map(|character| match character {
        '\u{2028}' | '\u{2029}' | '\u{feff}' => {
            format!("\\u{:04x}", u32::from(character))
        }
        _ => character.to_string(),
    });
    escaped.collect()
}

/// What kubectl makes of an object by a patch.
fn patched(folder: &Path, before: &Json, kind: &str, patch: &str) -> Json {
    fs::write(folder.join("object.json"), before.to_string()).expect("written");
    fs::write(folder.join("patch"), patch).expect("written");
    let kind = format!("--type={kind}");
    let arguments =
        ["patch", "--local", "-f", "object.json", &kind, "--patch-file", "patch", "-o", "json"];
    serde_json::from_str(&kubectl(folder, &arguments)).expect("JSON")
}

#[test]
fn kubectl_makes_the_new_object_of_the_old_one() {
    let seed = seed::seed();
    let folder = TempDir::new().expect("a temporary folder");
    let count = seed::scaled(120, 3_000);
    let mut kinds = [0, 0];
    for (before, after) in Edited::new(seed).take(count) {
        let change = [(before.clone(), after.clone())];
        let patch = written(&change, PlanFormat::Patch);
        // What a comment says of the kind of patch is what kubectl is told.
        let is_plain = patch.contains("# kubectl patch --type=merge");
        let kind = if is_plain { "merge" } else { "strategic" };
        kinds[usize::from(is_plain)] += 1;
        let made = patched(folder.path(), &before, kind, &patch);
        assert_eq!(without_nulls(&made), without_nulls(&after), "{before}\n{patch}");
        let list: Json =
            serde_json::from_str(&written(&change, PlanFormat::Jsonpatch)).expect("JSON");
        let made = patched(folder.path(), &before, "json", &list[0]["patch"].to_string());
        assert_eq!(made, after, "{before}\n{list}");
    }
    assert!(kinds[0] > count / 2, "strategic and plain: {kinds:?}");
    score::record(
        "changes_patches",
        "patches of changes, applied by kubectl",
        &format!("{} patches", 2 * count),
        0,
    );
}

/// The objects that kubectl reads from a file, all with the same label.
fn labelled(folder: &Path, file: &str) -> Vec<Json> {
    let text = kubectl(folder, &["label", "--local", "-f", file, "read=1", "-o", "json"]);
    // One behind the other.
    let all = serde_json::Deserializer::from_str(&text).into_iter();
    all.map(|object| object.expect("JSON")).collect()
}

#[test]
fn kubectl_reads_the_whole_result() {
    let mut random = Random::new(seed::seed());
    let folder = TempDir::new().expect("a temporary folder");
    let all = folder.path().join("all");
    fs::create_dir(&all).expect("made");
    let mut wanted = Vec::new();
    for (number, (before, after)) in
        Edited::new(seed::seed()).take(seed::scaled(40, 400)).enumerate()
    {
        // In every style, some without a line's end, some behind a separator, some as JSON.
        let text = match random.below(4) {
            0 => before.to_string(),
            1 => serde_json::to_string_pretty(&before).expect("JSON"),
            _ => serde_yaml::to_string(&before).expect("YAML"),
        };
        let text = if random.percent(30) && !text.starts_with('{') {
            format!("# {number}\n---\n{text}")
        } else {
            text
        };
        let text = if random.percent(30) { text.trim_end() } else { text.as_str() };
        fs::write(all.join(format!("{number:03}.yaml")), text).expect("written");
        // Every third one stays as it is.
        wanted.push(if number % 3 == 0 { (before.clone(), before) } else { (before, after) });
    }
    let names = vec![all.to_string_lossy().into_owned()];
    let inventory =
        inventory::read(&FileArgs { names, ..FileArgs::default() }, None).expect("it can be read");
    assert!(inventory.gaps.is_empty(), "{:?}", inventory.gaps);
    let mut changes = Vec::new();
    for (object, (_, after)) in inventory.objects.into_iter().zip(&wanted) {
        let reference = object.reference(None);
        let mut change = Change::new(object, reference, Vec::new(), Vec::new()).expect("no edits");
        change.after = after.clone();
        changes.push(change);
    }
    let carried = files::carry_out(&changes, None).expect("it can be shown");
    // What could not be changed in its text stays as it was.
    for refused in &carried.refused {
        wanted[refused.position].1 = wanted[refused.position].0.clone();
    }
    let refused = carried.refused.len();
    let plan = Plan { changes, ..Plan::default() };
    let tool = Tool { name: String::new(), version: String::new(), verb: String::new() };
    let mut report: PlanReport<()> = PlanReport::new(tool, Target::default(), plan, carried);
    report.sources = inventory.sources;
    let mut out = Vec::new();
    plan::write(&report, PlanFormat::Yaml, Style::plain(80), &mut out).expect("written");
    fs::write(folder.path().join("out.yaml"), &out).expect("written");
    let read = labelled(folder.path(), "out.yaml");
    assert_eq!(read.len(), wanted.len());
    for (read, (_, after)) in read.iter().zip(&wanted) {
        let mut after = without_nulls(after);
        after["metadata"]["labels"]["read"] = "1".into();
        assert_eq!(without_nulls(read), after);
    }
    println!("{} objects, {refused} refused", wanted.len());
    assert!(refused * 10 < wanted.len(), "{refused} refused");
}

#[test]
fn kubectl_takes_plain_patches_of_other_kinds() {
    let folder = TempDir::new().expect("a temporary folder");
    for (mut before, mut after) in Edited::new(seed::seed()).take(10) {
        for object in [&mut before, &mut after] {
            object["apiVersion"] = "example.org/v1".into();
            object["kind"] = "Rollout".into();
        }
        let patch = written(&[(before.clone(), after.clone())], PlanFormat::Patch);
        assert!(patch.contains("# kubectl patch --type=merge"), "{patch}");
        let made = patched(folder.path(), &before, "merge", &patch);
        assert_eq!(without_nulls(&made), without_nulls(&after), "{before}\n{patch}");
    }
}

#[test]
fn kustomize_makes_the_new_objects_of_the_old_ones() {
    let folder = TempDir::new().expect("a temporary folder");
    // kustomize refuses some control characters, however they are written.
    let is_taken = |(before, _): &(Json, Json)| {
        !before.to_string().contains(|character| ('\u{7f}'..='\u{9f}').contains(&character))
    };
    let changes = Edited::new(seed::seed()).filter(is_taken);
    let mut changes: Vec<_> = changes.take(seed::scaled(120, 1_000)).collect();
    // A kind that kustomize does not know, in a namespace that the kustomization sets.
    for (number, (before, after)) in changes.iter_mut().enumerate() {
        if number % 10 == 0 {
            for object in [before, after] {
                object["apiVersion"] = "example.org/v1".into();
                object["kind"] = "Rollout".into();
            }
        }
    }
    let resources: Vec<String> = changes.iter().map(|(before, _)| as_yaml(before)).collect();
    fs::write(folder.path().join("all.yaml"), resources.join("\n---\n")).expect("written");
    let patches = written(&changes, PlanFormat::Kustomize);
    let kustomization = format!("resources: [all.yaml]\n{patches}");
    fs::write(folder.path().join("kustomization.yaml"), kustomization).expect("written");
    let made = objects(&kubectl(folder.path(), &["kustomize", "."]));
    let of = |object: &Json| format!("{}/{}", object["kind"], object["metadata"]["name"]);
    let made: Vec<Json> = made.iter().map(|object| object.value().to_json()).collect();
    assert_eq!(made.len(), changes.len());
    let mut differences = 0;
    for (before, after) in &changes {
        let made = made.iter().find(|made| of(made) == of(after)).expect("it is there");
        if without_nulls(made) != without_nulls(after) {
            differences += 1;
            let patch = written(&[(before.clone(), after.clone())], PlanFormat::Kustomize);
            println!("{}\n{patch}made: {made}\nwant: {}\n", of(after), json!(after));
        }
    }
    assert_eq!(differences, 0);
    score::record(
        "changes_kustomize",
        "patches of changes, applied by kustomize",
        &format!("{} objects", changes.len()),
        0,
    );
}
