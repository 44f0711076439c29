//! Patches of all shapes, there and back.

use serde_json::{Value as Json, json};

use super::*;

/// The patch as texts, after it was applied, and its way back.
fn patch(before: &Json, after: &Json) -> Vec<String> {
    let operations = between(before, after);
    let mut document = before.clone();
    apply(&operations, &mut document).expect("it applies to what was seen");
    assert_eq!(document, *after);
    assert!(is_done(&operations, &document));
    assert!(operations.is_empty() || !is_done(&operations, before));
    apply(&between(after, before), &mut document).expect("the way back applies");
    assert_eq!(document, *before);
    let text = text(&operations);
    assert_eq!(serde_json::from_str::<Vec<Operation>>(&text).unwrap(), operations);
    operations
        .iter()
        .map(|operation| match operation {
            Operation::Remove { .. } => operation.to_string(),
            Operation::Test { value, .. }
            | Operation::Add { value, .. }
            | Operation::Replace { value, .. } => format!("{operation} {value}"),
        })
        .collect()
}

#[test]
fn fields_are_tested_and_changed() {
    let before = json!({ "a": 1, "b": { "c": [1, 2], "d/~e": "x" }, "f": null });
    let after = json!({ "a": 2, "b": { "c": [1, 3], "g": { "h": true } }, "f": "y" });
    assert_eq!(
        patch(&before, &after),
        [
            "test /a 1",
            "test /b/c [1,2]",
            "test /b/d~1~0e \"x\"",
            "test /b/g null",
            "test /f null",
            "replace /a 2",
            "replace /b/c [1,3]",
            "remove /b/d~1~0e",
            "add /b/g {\"h\":true}",
            "replace /f \"y\"",
        ]
    );
    assert!(patch(&before, &before).is_empty());
}

#[test]
fn elements_go_by_their_names() {
    let before = json!([{ "name": "a" }, { "name": "b", "x": 1 }, { "name": "c" }]);
    let after = json!([
        { "name": "n" },
        { "name": "b", "x": 2, "y": 1 },
        { "name": "c" },
        { "name": "m" },
    ]);
    assert_eq!(
        patch(&json!({ "l": before }), &json!({ "l": after })),
        [
            "test /l/1/name \"b\"",
            "test /l/1/x 1",
            "test /l/1/y null",
            "test /l/0 {\"name\":\"a\"}",
            "replace /l/1/x 2",
            "add /l/1/y 1",
            "remove /l/0",
            "add /l/0 {\"name\":\"n\"}",
            "add /l/- {\"name\":\"m\"}",
        ]
    );
    // In another order they are replaced.
    let turned = json!([{ "name": "c" }, { "name": "a" }]);
    assert_eq!(patch(&json!({ "l": before }), &json!({ "l": turned })).len(), 2);
}

#[test]
fn elements_without_names_are_tested_whole() {
    let port = |number: u32| json!({ "containerPort": number });
    let ports =
        |numbers: &[u32]| json!({ "p": numbers.iter().map(|n| port(*n)).collect::<Vec<_>>() });
    let of = |before: &[u32], after: &[u32]| patch(&ports(before), &ports(after));
    assert_eq!(of(&[1, 2, 3], &[1, 3]), ["test /p/1 {\"containerPort\":2}", "remove /p/1"]);
    assert_eq!(of(&[1, 2], &[1, 2, 3]), ["add /p/- {\"containerPort\":3}"]);
    assert_eq!(
        of(&[1, 3], &[1, 2, 3]),
        ["test /p/1 {\"containerPort\":3}", "add /p/1 {\"containerPort\":2}"]
    );
    assert_eq!(
        of(&[1, 2, 3], &[1, 4, 3]),
        ["test /p/1 {\"containerPort\":2}", "replace /p/1 {\"containerPort\":4}"]
    );
    assert_eq!(of(&[], &[1]), ["add /p/- {\"containerPort\":1}"]);
    assert_eq!(of(&[1, 2], &[3]).len(), 4);
}

#[test]
fn it_applies_beside_other_changes_and_not_over_them() {
    let before = json!({ "spec": { "l": [{ "name": "a", "x": 1 }], "y": 1 } });
    let after = json!({ "spec": { "l": [{ "name": "a", "x": 2 }], "y": 1 } });
    let operations = between(&before, &after);
    let apply_to = |mut document: Json| apply(&operations, &mut document).map(|()| document);
    let beside = json!({ "spec": { "l": [{ "name": "a", "x": 1, "z": 1 }, { "name": "b" }] } });
    assert_eq!(
        apply_to(beside).unwrap(),
        json!({ "spec": { "l": [{ "name": "a", "x": 2, "z": 1 }, { "name": "b" }] } })
    );
    for over in [
        json!({ "spec": { "l": [{ "name": "a", "x": 3 }] } }),
        json!({ "spec": { "l": [{ "name": "b", "x": 1 }, { "name": "a", "x": 1 }] } }),
        json!({ "spec": {} }),
    ] {
        apply_to(over).expect_err("it is not as it was seen");
    }
}

#[test]
fn another_object_of_the_name_is_left_alone() {
    let object = json!({ "metadata": { "uid": "1" }, "x": 1 });
    let operations = of_object(&object, between(&object, &json!({ "metadata": { "uid": "1" } })));
    apply(&operations, &mut object.clone()).expect("it is the one");
    let mut other = json!({ "metadata": { "uid": "2" }, "x": 1 });
    apply(&operations, &mut other).expect_err("it is another one");
    assert!(of_object(&json!({}), Vec::new()).is_empty());
}

#[test]
fn texts_are_written_as_go_writes_them() {
    let of = |value: Json| {
        let text = text(&[Operation::Test { path: "/a".to_owned(), value }]);
        let value = text.strip_prefix(r#"[{"op":"test","path":"/a","value":"#).unwrap();
        value.strip_suffix("}]").unwrap().to_owned()
    };
    assert_eq!(of(json!("a<b>&\u{2028}ü\"\n")), r#""a\u003cb\u003e\u0026\u2028ü\"\n""#);
    assert_eq!(of(json!({ "<": [1.0, 1e21, 1.5e-7, 123_456_789.25] })), {
        r#"{"\u003c":[1,1e+21,1.5e-7,123456789.25]}"#
    });
    assert_eq!(of(json!(i64::MIN)), "-9223372036854775808");
    assert_eq!(of(Json::Null), "null");
}
