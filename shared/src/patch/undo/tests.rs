//! Undo files: written, read, and carried out in memory.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::input::yaml::json;
use crate::model::path::FieldPath;
use crate::model::source::Source;

fn object(value: &Json) -> Object {
    let source = Arc::new(Source::live(value.to_string().into_bytes()));
    let (tree, _) = json::read(&source, 0).expect("JSON");
    let tree = Arc::new(tree);
    let root = tree.root().id();
    Object::new(tree, root, FieldPath::root(), None)
}

fn entry(before: &Json, after: &Json) -> ObjectUndo {
    ObjectUndo {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        namespace: Some("on".to_owned()),
        name: "0x1f".to_owned(),
        resource: "pods".to_owned(),
        operations: operations::of_object(after, operations::between(after, before)),
    }
}

#[test]
fn a_file_reads_as_it_was_written() {
    let text = "yes\n\ttab \"quoted\" ü \u{1f600} # no comment\r\n";
    let before = json!({ "a": text, "b": "null", "c": [i64::MIN, 1.5, true, null, {}, []] });
    let mut undo = Undo::new("kubectl-seccomp", Clock::System);
    undo.server = Some("https://a:6443".to_owned());
    undo.objects.push(entry(&before, &json!({ "metadata": { "uid": "1e3" } })));
    undo.files.push(FileUndo::of(Path::new("/x"), "old", "new", [(0..3, "new")].into_iter()));
    let written = undo.to_text().expect("YAML");
    assert!(written.starts_with("# To take these changes back: kubectl seccomp undo FILE\n"));
    assert_eq!(Undo::parse(&written), Ok(undo));
}

#[test]
fn other_files_are_refused_without_what_is_in_them() {
    for text in ["", "secret", "apiVersion: v1\nkind: Secret\ndata: secret\n", "a: [", "- 1"] {
        let why = Undo::parse(text).expect_err(text);
        assert!(why.starts_with("no undo file") && !why.contains("secret"), "{why}");
    }
    let other = Undo { kind: "Report".to_owned(), ..Undo::new("x", Clock::System) };
    let why = Undo::parse(&other.to_text().expect("YAML")).expect_err("another kind");
    assert_eq!(why, "no Undo of posture/v1");
}

#[test]
fn objects_are_restored_unless_somebody_was_there() {
    let before = json!({ "metadata": { "uid": "1" }, "spec": { "a": 1 } });
    let after = json!({ "metadata": { "uid": "1" }, "spec": { "a": 2, "b": 3 } });
    let entry = entry(&before, &after);
    let Planned::Change(change) = entry.plan(object(&after)) else { panic!("it can be") };
    assert_eq!(change.after, before);
    let beside = json!({ "metadata": { "uid": "1" }, "spec": { "a": 2, "b": 3, "c": 4 } });
    let Planned::Change(change) = entry.plan(object(&beside)) else { panic!("it can be") };
    assert_eq!(change.after["spec"], json!({ "a": 1, "c": 4 }));
    assert!(matches!(entry.plan(object(&before)), Planned::Already(_)));
    for other in [
        json!({ "metadata": { "uid": "1" }, "spec": { "a": 3, "b": 3 } }),
        json!({ "metadata": { "uid": "2" }, "spec": { "a": 2, "b": 3 } }),
    ] {
        let Planned::Left(left) = entry.plan(object(&other)) else { panic!("{other}") };
        assert!(left.why.starts_with("it has been changed since"), "{}", left.why);
    }
}

#[test]
fn texts_are_restored_byte_for_byte() {
    let before = "aü: 1\r\nb: 2 # two\nc: 3";
    let edits = [(0..0, "new\n"), (8..12, "b: twö"), (18..19, ""), (23..23, "é")];
    let mut after = String::new();
    let mut end = 0;
    for (span, insert) in &edits {
        after.push_str(&before[end..span.start]);
        after.push_str(insert);
        end = span.end;
    }
    after.push_str(&before[end..]);
    let undo = FileUndo::of(Path::new("x"), before, &after, edits.into_iter());
    assert_eq!(undo.restore(&after).as_deref(), Ok(before));
    assert_eq!(undo.restore(before), Err("it has been changed since"));
    let mut damaged = undo.clone();
    damaged.splices[1].start = 10_000;
    assert_eq!(damaged.restore(&after), Err("the undo file does not fit it"));
    assert_eq!(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
