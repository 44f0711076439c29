//! The template of every kind, in every style in which files are written.

use std::fs;

use posture_e2e::folder;
use serde_json::{Value, json};

use super::{documents, keeps, set, written};

const POD: &str = "containers: [{name: c, image: x}]";

/// Every kind with the way to its pod, from the object's root.
const KINDS: [(&str, &str, &str); 10] = [
    ("v1", "Pod", "/spec"),
    ("v1", "PodTemplate", "/template/spec"),
    ("v1", "ReplicationController", "/spec/template/spec"),
    ("apps/v1", "Deployment", "/spec/template/spec"),
    ("apps/v1", "StatefulSet", "/spec/template/spec"),
    ("apps/v1", "DaemonSet", "/spec/template/spec"),
    ("apps/v1", "ReplicaSet", "/spec/template/spec"),
    ("batch/v1", "Job", "/spec/template/spec"),
    ("batch/v1", "CronJob", "/spec/jobTemplate/spec/template/spec"),
    ("argoproj.io/v1alpha1", "Rollout", "/spec/template/spec"),
];

/// A manifest of a kind, in block style, with comments.
fn manifest(api_version: &str, kind: &str, pointer: &str) -> String {
    let name = kind.to_lowercase();
    let head = format!(
        "# The {kind}.\napiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: {name} # its name\n"
    );
    let parts: Vec<&str> = pointer.trim_start_matches('/').split('/').collect();
    let way = parts.iter().enumerate();
    let way: Vec<String> =
        way.map(|(depth, part)| format!("{}{part}:\n", "  ".repeat(depth))).collect();
    let indent = "  ".repeat(parts.len());
    let pod = format!(
        "{indent}containers:\n{indent}  # The only one.\n{indent}  - name: c\n{indent}    image: x\n"
    );
    head + &way.concat() + &pod
}

fn profile<'a>(object: &'a Value, pod: &str) -> &'a Value {
    object.pointer(&format!("{pod}/securityContext/seccompProfile")).unwrap_or(&Value::Null)
}

#[test]
fn every_kind_in_one_stream() {
    let texts = KINDS.map(|(api_version, kind, pointer)| manifest(api_version, kind, pointer));
    let text = texts.join("---\n") + "---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\n";
    let (folder, finished, after) = written(&text, &["RuntimeDefault"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(keeps(&text, &after), "{after}");
    assert!(finished.stderr.contains("the template of a Job cannot be changed"));
    let objects = documents(&folder.path().join("x.yaml"));
    for ((_, kind, pod), object) in KINDS.iter().zip(&objects) {
        assert_eq!(*profile(object, pod), json!({"type": "RuntimeDefault"}), "{kind}");
    }
    // The diff shows each, and without --write the file stays.
    let folder = folder::with(&[("x.yaml", &text)]);
    let shown = set(folder.path(), &["RuntimeDefault", "-f", "x.yaml"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert_eq!(
        shown.stdout.matches("\n+").count(),
        after.lines().count() - text.lines().count() + 1
    );
    assert_eq!(fs::read_to_string(folder.path().join("x.yaml")).expect("it is there"), text);
}

#[test]
fn every_kind_in_a_list_and_in_json() {
    let items: Vec<String> = KINDS
        .iter()
        .map(|(api_version, kind, pointer)| {
            let text = manifest(api_version, kind, pointer);
            let lines = text.lines().skip(1).enumerate();
            let dash = |(at, line)| format!("{}{line}\n", if at == 0 { "- " } else { "  " });
            lines.map(dash).collect()
        })
        .collect();
    let text = format!("apiVersion: v1\nkind: List\nitems:\n{}", items.concat());
    let (folder, finished, after) = written(&text, &["Localhost=a/b.json"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(keeps(&text, &after), "{after}");
    let expected = json!({"type": "Localhost", "localhostProfile": "a/b.json"});
    let list = documents(&folder.path().join("x.yaml")).remove(0);
    for (index, (_, kind, pod)) in KINDS.iter().enumerate() {
        assert_eq!(*profile(&list["items"][index], pod), expected, "{kind}");
    }
    let json = serde_json::to_string_pretty(&list).expect("JSON").replace("b.json", "c.json");
    let (folder, finished, _) = written(&json, &["Localhost=a/b.json"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(documents(&folder.path().join("x.yaml"))[0], list);
}

#[test]
fn styles_stay_as_they_are() {
    let head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n";
    let flow = format!("{head}spec: {{template: {{spec: {{{POD}}}}}}} # one line\n");
    let block = manifest("apps/v1", "Deployment", "/spec/template/spec");
    let crlf = block.replace('\n', "\r\n");
    let cut = block.trim_end().to_owned();
    let there = "    spec:\n      securityContext:\n        # Why.\n        runAsUser: 1\n      containers:\n      - name: c\n        image: x\n";
    let context = format!("{head}spec:\n  template:\n{there}");
    for (name, text) in [
        ("flow", &flow),
        ("block", &block),
        ("CRLF", &crlf),
        ("no end", &cut),
        ("context", &context),
    ] {
        let (folder, finished, after) = written(text, &["Unconfined"]);
        assert_eq!(finished.code, 0, "{name}: {finished:?}");
        let object = documents(&folder.path().join("x.yaml")).remove(0);
        assert_eq!(
            *profile(&object, "/spec/template/spec"),
            json!({"type": "Unconfined"}),
            "{name}"
        );
        let ends = |text: &str| text.matches("\r\n").count() == text.matches('\n').count();
        assert_eq!(
            ends(text) && text.contains('\n'),
            ends(&after) && after.contains('\n'),
            "{name}"
        );
        if name != "flow" {
            assert!(keeps(text, &after), "{name}: {after}");
        }
        assert!(after.contains("# one line") == text.contains("# one line"), "{name}");
    }
}

#[test]
fn what_was_written_is_taken_back() {
    let text = manifest("apps/v1", "Deployment", "/spec/template/spec").replace('\n', "\r\n");
    let folder = folder::with(&[("x.yaml", &text)]);
    let arguments = ["RuntimeDefault", "-f", "x.yaml", "--write", "--undo-file", "undo.yaml"];
    let finished = set(folder.path(), &arguments);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stderr.contains("kubectl seccomp undo undo.yaml"), "{finished:?}");
    let undo = || {
        posture_harness::binary::Run::new("kubectl-seccomp")
            .in_folder(folder.path())
            .args(["undo", "undo.yaml"])
            .finish()
    };
    let undone = undo();
    assert_eq!(undone.code, 0, "{undone:?}");
    assert_eq!(fs::read_to_string(folder.path().join("x.yaml")).expect("it is there"), text);
    // It is as it was; what it holds now is not what was written.
    let again = undo();
    assert_eq!(again.code, 1, "{again:?}");
}
