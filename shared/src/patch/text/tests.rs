//! What becomes of a file: one case for each way in which people write what is to be changed.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{Rewritten, Splice, check, rewrite};
use crate::input::yaml;
use crate::model::object::Object;
use crate::model::path::FieldPath;
use crate::model::source::Source;
use crate::patch::plan::{Change, Refused};

/// The changes of a text's objects: what `edit` makes of each, by its name.
fn changes(text: &str, edit: impl Fn(&str, &mut Json)) -> Vec<Change> {
    let source = Arc::new(Source::new("x.yaml", text.into()));
    let mut objects = Vec::new();
    for document in yaml::read(&source).into_iter().flatten() {
        let tree = document.tree;
        if let Some(items) = tree.root().get("items") {
            objects.extend(items.items().enumerate().map(|(at, item)| {
                let path = FieldPath::of("items").index(at);
                Object::new(Arc::clone(&tree), item.id(), path, None)
            }));
        } else {
            let root = tree.root().id();
            objects.push(Object::new(tree, root, FieldPath::root(), None));
        }
    }
    objects
        .into_iter()
        .map(|object| {
            let before = object.value().to_json();
            let mut after = before.clone();
            edit(object.name(), &mut after);
            let reference = object.reference(None);
            Change { object, reference, steps: Vec::new(), before, after, notes: Vec::new() }
        })
        .collect()
}

fn rewritten(text: &str, edit: impl Fn(&str, &mut Json)) -> (Vec<Rewritten>, Vec<Refused>) {
    rewrite(&changes(text, edit))
}

/// The text after an edit of all its objects.
fn edited(text: &str, edit: impl Fn(&mut Json)) -> String {
    match rewritten(text, |_, object| edit(object)) {
        (done, refused) if refused.is_empty() => match &done[..] {
            [one] => one.after.clone(),
            [] => text.to_owned(),
            _ => "several".to_owned(),
        },
        (_, refused) => {
            let line = |refused: &Refused| format!("{}: {}", refused.place.line(), refused.why);
            refused.iter().map(line).collect::<Vec<_>>().join("\n")
        }
    }
}

/// Sets what stands at a JSON pointer, and makes what is missing on the way.
fn set(object: &mut Json, pointer: &str, value: Json) {
    let mut at = object;
    for key in pointer.split('/').skip(1) {
        at = match key.parse::<usize>() {
            Ok(index) => &mut at[index],
            Err(_) => &mut at[key],
        };
    }
    *at = value;
}

fn remove(object: &mut Json, pointer: &str) {
    let (parent, last) = pointer.rsplit_once('/').expect("a pointer");
    match object.pointer_mut(parent).expect("there") {
        Json::Object(fields) => drop(fields.remove(last)),
        Json::Array(items) => drop(items.remove(last.parse().expect("an index"))),
        _ => {}
    }
}

fn profile(object: &mut Json) {
    let value = json!({"type": "RuntimeDefault"});
    set(object, "/spec/containers/0/securityContext/seccompProfile", value);
}

#[track_caller]
fn profiled(text: &str, expected: &str) {
    assert_eq!(edited(text, profile), expected);
}

#[test]
fn a_missing_parent_is_made_by_the_files_own_habits() {
    profiled(
        "spec:\n  containers:\n    - name: a\n      image: b # c\n      # d\n  # e\n  x: 1\n",
        "spec:\n  containers:\n    - name: a\n      image: b # c\n      securityContext:\n        \
         seccompProfile:\n          type: RuntimeDefault\n      # d\n  # e\n  x: 1\n",
    );
    profiled(
        "spec:\n    containers:\n    -   name: a\n        x:\n            y: 1",
        "spec:\n    containers:\n    -   name: a\n        x:\n            y: 1\n        \
         securityContext:\n            seccompProfile:\n                type: RuntimeDefault",
    );
    profiled(
        "spec:\n  containers:\n  -\n    name: a\n",
        "spec:\n  containers:\n  -\n    name: a\n    securityContext:\n      seccompProfile:\n        \
         type: RuntimeDefault\n",
    );
}

#[test]
fn empty_parents_become_blocks() {
    for empty in ["", " null", " ~", " {}", " {  }"] {
        profiled(
            &format!("spec:\n  containers:\n  - securityContext:{empty} # a\n    # b\n    x: 1\n"),
            "spec:\n  containers:\n  - securityContext: # a\n      seccompProfile:\n        \
             type: RuntimeDefault\n    # b\n    x: 1\n",
        );
    }
    profiled(
        "spec:\n  containers:\n  - x: 1\n    securityContext:\n      # none\n",
        "spec:\n  containers:\n  - x: 1\n    securityContext:\n      # none\n      seccompProfile:\n        \
         type: RuntimeDefault\n",
    );
    assert_eq!(
        edited("a: []\nb:\n- 1\n", |object| set(object, "/a", json!(["x", {"w": 1, "z": [2]}]))),
        "a:\n- x\n- w: 1\n  z:\n  - 2\nb:\n- 1\n"
    );
}

#[test]
fn flow_style_stays() {
    profiled(
        "spec: {containers: [{name: a}]}\n",
        "spec: {containers: [{name: a, securityContext: {seccompProfile: {type: RuntimeDefault}}}]}\n",
    );
    profiled(
        "spec:\n  containers:\n  - securityContext: {\n      runAsUser: 1, # a\n      x: 2 # b\n    } # c\n",
        "spec:\n  containers:\n  - securityContext: {\n      runAsUser: 1, # a\n      x: 2, # b\n      \
         seccompProfile: {type: RuntimeDefault}\n    } # c\n",
    );
    profiled(
        "spec:\n  containers: [\n    {name: a,\n     image: b},\n  ]\n",
        "spec:\n  containers: [\n    {name: a,\n     image: b, securityContext: {seccompProfile: \
         {type: RuntimeDefault}}},\n  ]\n",
    );
    let lists = |object: &mut Json| {
        set(object, "/a", json!(["y", "NET_ADMIN"]));
        set(object, "/b", json!([1, 3]));
        set(object, "/c", json!({"e": 2}));
    };
    assert_eq!(
        edited("a: ['ALL', \"x\"]\nb: [1, 2, 3]\nc: { d: 1, e: 2 }\n", lists),
        "a: ['y', \"NET_ADMIN\"]\nb: [1, 3]\nc: { e: 2 }\n"
    );
}

#[test]
fn json_stays_json() {
    profiled(
        "{\n\t\"spec\": {\n\t\t\"containers\": [\n\t\t\t{\n\t\t\t\t\"name\": \"a\"\n\t\t\t}\n\t\t]\n\t}\n}\n",
        "{\n\t\"spec\": {\n\t\t\"containers\": [\n\t\t\t{\n\t\t\t\t\"name\": \"a\",\n\t\t\t\t\
         \"securityContext\": {\n\t\t\t\t\t\"seccompProfile\": {\n\t\t\t\t\t\t\"type\": \
         \"RuntimeDefault\"\n\t\t\t\t\t}\n\t\t\t\t}\n\t\t\t}\n\t\t]\n\t}\n}\n",
    );
    profiled(
        r#"{"spec":{"containers":[{"name":"a","securityContext":{}}]}}"#,
        r#"{"spec":{"containers":[{"name":"a","securityContext":{"seccompProfile":{"type":"RuntimeDefault"}}}]}}"#,
    );
    let text = "{\n  \"a\": 1,\n  \"b\": [\n    1,\n    2\n  ],\n  \"c\": {}\n}";
    let edit = |object: &mut Json| {
        remove(object, "/c");
        remove(object, "/b/1");
    };
    assert_eq!(edited(text, edit), "{\n  \"a\": 1,\n  \"b\": [\n    1\n  ]\n}");
    let edit = |object: &mut Json| {
        remove(object, "/a");
        set(object, "/b", json!([0, 1, 2, "yes"]));
        set(object, "/c/d", json!([true]));
    };
    assert_eq!(
        edited(text, edit),
        "{\n  \"b\": [\n    0,\n    1,\n    2,\n    \"yes\"\n  ],\n  \"c\": {\n    \"d\": [\n      true\n    ]\n  }\n}"
    );
    let stream = "{\"metadata\":{\"name\":\"a\"}} {\"metadata\":{\"name\":\"b\"}}\n";
    let (done, refused) = rewritten(stream, |name, object| {
        if name == "b" {
            set(object, "/x", json!(1));
        }
    });
    assert!(refused.is_empty());
    assert_eq!(
        done[0].after,
        "{\"metadata\":{\"name\":\"a\"}} {\"metadata\":{\"name\":\"b\"},\"x\":1}\n"
    );
}

#[test]
fn line_ends_are_those_of_the_file() {
    profiled(
        "spec:\r\n  containers:\r\n  - name: a\r\n    securityContext: {}\r\n---\r\nx: |\r\n  y\r\n"
            .split("---").next().expect("one"),
        "spec:\r\n  containers:\r\n  - name: a\r\n    securityContext:\r\n      seccompProfile:\r\n        \
         type: RuntimeDefault\r\n",
    );
    profiled(
        "spec:\n  containers:\n  - name: a",
        "spec:\n  containers:\n  - name: a\n    securityContext:\n      seccompProfile:\n        type: RuntimeDefault",
    );
}

#[test]
fn scalars_keep_their_quotes() {
    let text = "a: 'x' # 1\nb: \"x\"\nc: x\nd: |\n  x\n  y\ne: yes\nf: !!str 5\ng: &g 1\nh:\ni:\n  z\nj: 7\n";
    let edit = |object: &mut Json| {
        for key in ["a", "b", "c"] {
            set(object, &format!("/{key}"), json!("no"));
        }
        set(object, "/d", json!("x\nz\n"));
        set(object, "/e", json!(false));
        set(object, "/f", json!(6));
        set(object, "/g", json!("it's"));
        set(object, "/h", json!(true));
        set(object, "/i", json!("w"));
        set(object, "/j", json!("1.2"));
    };
    assert_eq!(
        edited(text, edit),
        "a: 'no' # 1\nb: \"no\"\nc: \"no\"\nd: |\n  x\n  z\ne: false\nf: 6\ng: &g it's\nh: true\ni: w\nj: \"1.2\"\n"
    );
}

#[test]
fn comments_outlive_what_they_stand_at() {
    let text = "# 0\na: # 1\n  # 2\n  - name: x # 3\n    v: 1 # 4\n    # 5\n  # 6\n  - name: y\n    v: 2\n    # 7\n# 8\nb: 2 # 9\nc: |\n  z\n# 10\nd: 1 # 11\n# 12";
    assert_eq!(
        edited(text, |object| remove(object, "/a/0")),
        "# 0\na: # 1\n  # 2\n  # 3\n  # 4\n  # 5\n  # 6\n  - name: y\n    v: 2\n    # 7\n# 8\nb: 2 # 9\nc: |\n  z\n# 10\nd: 1 # 11\n# 12"
    );
    assert_eq!(
        edited(text, |object| {
            remove(object, "/a/1");
            remove(object, "/b");
            remove(object, "/d");
        }),
        "# 0\na: # 1\n  # 2\n  - name: x # 3\n    v: 1 # 4\n    # 5\n  # 6\n  # 7\n# 8\n# 9\nc: |\n  z\n# 10\n# 11\n# 12"
    );
    assert_eq!(
        edited(text, |object| set(object, "/a", json!([]))),
        "# 0\na: [] # 1\n# 2\n# 3\n# 4\n# 5\n# 6\n# 7\n# 8\nb: 2 # 9\nc: |\n  z\n# 10\nd: 1 # 11\n# 12"
    );
    assert_eq!(
        edited("a:\n- x: 1 # 1\n  # 2\n  y: 2\n- z: 3\n", |object| remove(object, "/a/0/x")),
        "a:\n- # 1\n  # 2\n  y: 2\n- z: 3\n"
    );
}

#[test]
fn block_scalars_are_neighbours() {
    let add = |object: &mut Json| set(object, "/a/z", json!("1"));
    for (before, after) in [
        ("a:\n  b: |\n    x\n\n\nc: 1\n", "a:\n  b: |\n    x\n  z: \"1\"\n\n\nc: 1\n"),
        ("a:\n  b: |+\n    x\n\nc: 1\n", "a:\n  b: |+\n    x\n\n  z: \"1\"\nc: 1\n"),
        ("a:\n  b: |-\n    x", "a:\n  b: |-\n    x\n  z: \"1\""),
        ("a:\n  b: |+\n    x", "a:\n  b: |+\n    x\n  z: \"1\""),
        ("a:\n  b: >\n    x\n    y\n     \n", "a:\n  b: >\n    x\n    y\n     \n  z: \"1\"\n"),
        ("a:\n  b: | # d\n    # x\n  # e\n", "a:\n  b: | # d\n    # x\n  z: \"1\"\n  # e\n"),
    ] {
        assert_eq!(edited(before, add), after);
    }
    assert_eq!(
        edited("a:\n  b: | # 1\n    x\n  c: 1\nd: 2\n", |object| remove(object, "/a/b")),
        "a:\n  # 1\n  c: 1\nd: 2\n"
    );
    assert_eq!(
        edited("a:\n  b: |\n    x\n  c: 1 # 1\nd: 2\n", |object| remove(object, "/a/c")),
        "a:\n  b: |\n    x\n  # 1\nd: 2\n"
    );
    assert_eq!(
        edited("a: 1\n", |object| set(object, "/b", json!({"c": "x\n  y\n\nz"}))),
        "a: 1\nb:\n  c: |-\n    x\n      y\n\n    z\n"
    );
}

#[test]
fn lists_are_told_by_name() {
    let text =
        "l:\n  - name: a\n    v: 1\n  - name: b # b\n    v: 2\n  # c\n  - name: c\n    v: 3\n";
    let edit = |object: &mut Json| {
        set(
            object,
            "/l",
            json!([
                {"name": "0", "v": 0}, {"name": "b", "v": 5}, {"name": "m"}, {"name": "c", "v": 3}, {"name": "z"},
            ]),
        );
    };
    assert_eq!(
        edited(text, edit),
        "l:\n  - name: \"0\"\n    v: 0\n  - name: b # b\n    v: 5\n  - name: m\n  # c\n  - name: c\n    v: 3\n  - name: z\n"
    );
    assert_eq!(
        edited("l: # 1\n- \"NET_ADMIN\"\n- 'CHOWN' # 2\n- \"X\"\n", |object| {
            set(object, "/l", json!(["CHOWN", "ALL"]));
        }),
        "l: # 1\n- 'CHOWN' # 2\n- \"ALL\"\n"
    );
    assert_eq!(
        edited("l:\n- - 1\n  - 2\n- - 3\n- x: 1\n  y: 2\n", |object| {
            remove(object, "/l/0/0");
            set(object, "/l/1", json!([4, 3]));
            remove(object, "/l/2/x");
        }),
        "l:\n- - 2\n- - 4\n  - 3\n- y: 2\n"
    );
}

#[test]
fn odd_keys() {
    let text = "? a\n: b: 1\n\"c\" : 1\n? d\n:\n  - 1\n&x e: 2\n";
    let edit = |object: &mut Json| {
        set(object, "/a/z", json!(1));
        set(object, "/c", json!({"x": 1}));
        set(object, "/d/0", json!(2));
        set(object, "/yes", json!(null));
        remove(object, "/e");
    };
    assert_eq!(
        edited(text, edit),
        "? a\n: b: 1\n  z: 1\n\"c\" :\n  x: 1\n? d\n:\n  - 2\n\"yes\": null\n"
    );
}

#[test]
fn aliases_and_merge_keys_are_refused() {
    let text = "b: &b {x: 1}\nc: *b\nd:\n  <<: *b\n  w: 2\ne: &e [1]\nf: &f\n  g: 1\n";
    let why = |edit: &dyn Fn(&mut Json)| edited(text, edit);
    assert_eq!(why(&|object| set(object, "/c/x", json!(2))), "2: the value is an alias");
    assert_eq!(
        why(&|object| set(object, "/b/x", json!(2))),
        "1: an alias elsewhere in the document refers to it"
    );
    assert_eq!(
        why(&|object| remove(object, "/b")),
        "1: an alias elsewhere in the document refers to it"
    );
    assert_eq!(why(&|object| set(object, "/d/x", json!(2))), "4: the value comes from a merge key");
    assert_eq!(why(&|object| remove(object, "/d/x")), "4: the value comes from a merge key");
    let edit = |object: &mut Json| {
        set(object, "/d/w", json!(3));
        set(object, "/d/z", json!(4));
        set(object, "/e", json!({"h": 1}));
        set(object, "/f/g", json!(2));
    };
    assert_eq!(
        edited(text, edit),
        "b: &b {x: 1}\nc: *b\nd:\n  <<: *b\n  w: 3\n  z: 4\ne: &e {h: 1}\nf: &f\n  g: 2\n"
    );
    assert_eq!(edited("a: 1\nb: 2\na: 3\n", |object| remove(object, "/a")), "b: 2\n");
    assert_eq!(
        edited("a: 'x{{ y }}'\n", |object| set(object, "/a", json!("z"))),
        "1: the value holds template syntax"
    );
}

const MANY: &str = "# head
apiVersion: v1
kind: List
items:
- metadata: {name: a}
  spec: &s
    x: 1
- metadata:
    name: b
  spec: *s
- metadata:
    name: c
--- # next
{broken
---
metadata: {name: d}
...
# tail
---
metadata:
  name: e
";

#[test]
fn objects_stand_for_themselves() {
    let (done, refused) = rewritten(MANY, |name, object| {
        if name != "e" {
            set(object, "/spec/w", json!(1));
        }
    });
    let why: Vec<_> =
        refused.iter().map(|refused| (refused.position, refused.why.as_str())).collect();
    assert_eq!(
        why,
        [(0, "an alias elsewhere in the document refers to it"), (1, "the value is an alias")]
    );
    let expected = MANY
        .replace("    name: c\n", "    name: c\n  spec:\n    w: 1\n")
        .replace("metadata: {name: d}\n", "metadata: {name: d}\nspec:\n  w: 1\n");
    assert_eq!(done[0].after, expected);
    assert_eq!(done[0].positions, [2, 3]);
}

#[test]
fn damage_is_found() {
    let changes = changes(MANY, |name, object| {
        if matches!(name, "c" | "d") {
            set(object, "/spec/w", json!(1));
        }
    });
    let good = rewrite(&changes).0.remove(0);
    assert!(check(&good, &changes).is_ok());
    let damaged = |text: &str, insert: &str| {
        let mut bad = good.clone();
        let at = MANY.find(text).expect("there");
        bad.splices.push(Splice { span: at..at + text.len(), insert: insert.to_owned() });
        bad.splices.sort_by_key(|splice| splice.span.start);
        bad.after = super::apply(MANY, &bad.splices).expect("apart");
        check(&bad, &changes)
    };
    for (text, insert) in [
        ("x: 1", "x: 2"),
        ("name: e", "name:  e"),
        ("# head", "# hea"),
        ("{broken", "{broke"),
        ("# tail", ""),
        ("--- # next\n", ""),
        ("kind: List", "kind: [List"),
        ("name: d", "name: D"),
        ("metadata: {name: a}", "metadata: {name: a, b: c}"),
    ] {
        assert!(damaged(text, insert).is_err(), "{text} -> {insert}");
    }
    let mut bad = good.clone();
    bad.after = bad.after.replace("name: e", "name: f");
    assert!(check(&bad, &changes).is_err());
}
