//! Patches, by the words of RFC 6902 and RFC 7386 and of what the API server makes of them.

use std::sync::Arc;

use posture::input::yaml;
use posture::model::json_patch::{Malformed, Patch, merge};
use posture::model::source::Source;
use serde_json::{Value as Json, json};

fn patch(text: &str) -> Result<Patch, Malformed> {
    let source = Arc::new(Source::new("p", text.into()));
    let tree = yaml::single_document(&source).expect("it can be read").expect("a document");
    Patch::read(tree.root())
}

fn applied(text: &str) -> Result<Json, String> {
    let mut document = json!({ "a": { "b": [1, 2, 3] }, "x/y": 1, "~": 2, "n": null });
    let patch = patch(text).expect("a patch");
    patch.apply(&mut document).map(|()| document).map_err(|failed| failed.to_string())
}

#[test]
fn operations_change_the_document() {
    let same = json!({ "a": { "b": [1, 2, 3] }, "x/y": 1, "~": 2, "n": null });
    for (text, path, value) in [
        ("[{op: add, path: /a/b/-, value: 4}]", "/a/b", json!([1, 2, 3, 4])),
        ("[{op: add, path: /a/b/-1, value: 4}]", "/a/b", json!([1, 2, 3, 4])),
        ("[{op: add, path: /a/b/0, value: 4}]", "/a/b", json!([4, 1, 2, 3])),
        ("[{op: add, path: /a/c, value: {}}]", "/a/c", json!({})),
        ("[{op: remove, path: /a/b/-1}]", "/a/b", json!([1, 2])),
        ("[{op: replace, path: /a/none, value: 1}]", "/a/none", json!(1)),
        ("[{op: replace, path: /a/b/1, value: 7}]", "/a/b", json!([1, 7, 3])),
        ("[{op: move, from: /a/b/0, path: /first}]", "/first", json!(1)),
        ("[{op: copy, from: /x~1y, path: /~0}]", "/~0", json!(1)),
        ("[{op: test, path: /none, value: null}]", "/x~1y", json!(1)),
        ("[{op: replace, path: '', value: {k: 1}}]", "", json!({ "k": 1 })),
        ("[]", "", same.clone()),
    ] {
        let document = applied(text).expect(text);
        assert_eq!(document.pointer(path), Some(&value), "{text}");
    }
}

#[test]
fn what_does_not_apply_says_which_and_why() {
    for (text, why) in [
        (
            "[{op: add, path: /q/w, value: 1}]",
            "operation 1 (add /q/w): there is nothing at the path above",
        ),
        (
            "[{op: add, path: /n/w, value: 1}]",
            "operation 1 (add /n/w): there is nothing at the path above",
        ),
        (
            "[{op: test, path: /x~1y, value: 1}, {op: test, path: /x~1y, value: 2}]",
            "operation 2 (test /x~1y): the value is another one",
        ),
        ("[{op: remove, path: /q}]", "operation 1 (remove /q): there is nothing at the path"),
        ("[{op: remove, path: /a/b/3}]", "operation 1 (remove /a/b/3): the list has no such index"),
        (
            "[{op: add, path: /a/b/5, value: 1}]",
            "operation 1 (add /a/b/5): the list has no such index",
        ),
        (
            "[{op: add, path: '', value: 1}]",
            "operation 1 (add ): there is nothing at the path above",
        ),
        (
            "[{op: move, from: /q, path: /r}]",
            "operation 1 (move /q to /r): there is nothing at the path",
        ),
    ] {
        assert_eq!(applied(text).expect_err(text), why);
    }
}

#[test]
fn what_is_no_patch_says_where() {
    for (text, why) in [
        ("a: 1", "a JSON Patch is a list of operations"),
        ("[1]", "an operation is a mapping with op and path"),
        ("[{path: /a}]", "the operation has no op"),
        ("[{op: 1, path: /a}]", "op is a string"),
        ("[{op: put, path: /a}]", "op is add, remove, replace, move, copy or test"),
        ("[{op: add, path: /a}]", "the operation has no value"),
        ("[{op: move, path: /a}]", "the operation has no from"),
        ("[{op: remove, path: a}]", "path begins with a slash"),
    ] {
        assert_eq!(patch(text).expect_err(text).why, why);
    }
}

#[test]
fn a_merge_patch_merges() {
    let mut document = json!({ "a": { "b": 1, "c": [1] }, "d": 2 });
    merge(
        &mut document,
        &json!({ "a": { "b": null, "c": [2], "e": { "f": null } }, "d": { "g": 1 } }),
    );
    assert_eq!(document, json!({ "a": { "c": [2], "e": {} }, "d": { "g": 1 } }));
}
