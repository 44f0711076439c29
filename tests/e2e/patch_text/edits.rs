//! Random edits of objects, and random damage to what came of them.

use posture::patch::text::{Rewritten, Splice};
use posture_generators::random::Random;
use serde_json::{Map, Value, json};

/// Strings that a writer can get wrong.
const STRINGS: [&str; 34] = [
    "RuntimeDefault",
    "ALL",
    "yes",
    "No",
    "on",
    "y",
    "n",
    "0644",
    "1_000",
    "1e3",
    "0x1F",
    "null",
    "~",
    "",
    " a",
    "a ",
    "a: b",
    "a #b",
    "- a",
    "[a",
    "{{ a }}",
    "*a",
    "&a",
    "!a",
    "2001-01-01",
    "12:30:45",
    "it's",
    "say \"x\"",
    "x\ny\n",
    "x\n\n  y",
    "tab\there",
    "\u{e9}\u{1f600}",
    "\u{85}\u{7f}",
    "---",
];

/// Keys that security contexts, and others, have.
const KEYS: [&str; 12] = [
    "securityContext",
    "seccompProfile",
    "runAsNonRoot",
    "capabilities",
    "drop",
    "annotations",
    "hostNetwork",
    "a.b/c",
    "yes",
    "8080",
    "odd key: x",
    "",
];

/// A random value, not too deep.
fn value(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth > 2 { 5 } else { 9 }) {
        0 => Value::Null,
        1 => random.percent(50).into(),
        2 => [0, 1, -1, 65_534, i64::MAX][random.below(5)].into(),
        3 => [0.5, 1e21, -2.25e-7][random.below(3)].into(),
        4 => random.pick(&STRINGS).into(),
        5 | 6 => (0..random.below(3)).map(|_| value(random, depth + 1)).collect(),
        _ => {
            let mut fields = Map::new();
            for _ in 0..random.below(4) {
                fields.insert(random.pick(&KEYS).to_owned(), value(random, depth + 1));
            }
            fields.into()
        }
    }
}

/// Changes something somewhere in an object, but for what it is called.
pub(super) fn edit(random: &mut Random, object: &mut Value) {
    let Some(fields) = object.as_object_mut() else { return };
    let is_free = |key: &&String| !matches!(key.as_str(), "apiVersion" | "kind" | "metadata");
    let free: Vec<_> = fields.keys().filter(is_free).cloned().collect();
    if free.is_empty() || random.percent(5) {
        fields.insert("extra".to_owned(), value(random, 0));
        return;
    }
    if random.percent(15)
        && let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut)
    {
        let text = random.pick(&STRINGS).to_owned();
        match metadata.entry("annotations").or_insert(json!({})) {
            Value::Object(annotations) => {
                annotations.insert(format!("example.com/a{}", random.below(3)), text.into());
            }
            other => *other = json!({ "a": text }),
        }
        return;
    }
    let key = &free[random.below(free.len())];
    if let Some(value) = fields.get_mut(key) {
        inside(random, value);
    }
}

/// Changes something at or below a value.
fn inside(random: &mut Random, at: &mut Value) {
    let deeper = random.percent(85);
    match at {
        Value::Object(fields) if deeper && !fields.is_empty() => {
            let key = fields.keys().nth(random.below(fields.len())).cloned().unwrap_or_default();
            if let Some(value) = fields.get_mut(&key) {
                inside(random, value);
            }
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let at = random.below(items.len());
            inside(random, &mut items[at]);
        }
        Value::Object(fields) => match random.below(3) {
            0 if !fields.is_empty() => {
                let key = fields.keys().nth(random.below(fields.len())).cloned();
                fields.remove(&key.unwrap_or_default());
            }
            1 if random.percent(20) => *at = value(random, 1),
            _ => {
                fields.insert(random.pick(&KEYS).to_owned(), value(random, 0));
            }
        },
        Value::Array(items) => match random.below(4) {
            0 | 1 if !items.is_empty() => {
                let at = random.below(items.len());
                items.remove(at);
            }
            2 if random.percent(20) => *at = value(random, 1),
            _ => {
                let at = random.below(items.len() + 1);
                items.insert(at, value(random, 0));
            }
        },
        _ => {
            let depth = if random.percent(70) { 3 } else { 0 };
            *at = value(random, depth);
        }
    }
}

/// An object full of text.
pub(super) fn config(random: &mut Random) -> Value {
    let mut data = Map::new();
    for at in 0..=random.below(4) {
        let text = match random.below(3) {
            0 => random.pick(&STRINGS).to_owned(),
            1 => "#!/bin/sh\nset -e\n\nif x; then\n  y # no comment\nfi\n".to_owned(),
            _ => "one\ntwo\n".to_owned() + &"\n".repeat(random.below(3)),
        };
        data.insert(format!("key{at}"), text.into());
    }
    let name = format!("c{}", random.below(100));
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": data })
}

/// An object without the label that made kubectl print it, and without what that leaves empty.
pub(super) fn unlabelled(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.remove("posture-test");
        }
        let is_empty =
            |value: &Value| value.is_null() || value.as_object().is_some_and(Map::is_empty);
        if metadata.get("labels").is_some_and(is_empty) {
            metadata.remove("labels");
        }
    }
    object
}

/// A result with one more splice, or one that puts in something else.
pub(super) fn damage(random: &mut Random, good: &Rewritten) -> Option<Rewritten> {
    let text = good.source.text();
    let mut bad = good.clone();
    if random.percent(50) {
        let at = random.below(bad.splices.len());
        let insert = &mut bad.splices[at].insert;
        match random.below(3) {
            0 => insert.push('x'),
            1 => insert.insert(0, ' '),
            _ => drop(insert.pop()),
        }
    } else {
        let at = (0..=random.below(text.len())).rev().find(|at| text.is_char_boundary(*at))?;
        let length = text[at..].chars().next()?.len_utf8();
        let insert = random.pick(&["", "x", " ", "\n", "#", ": ", "---\n", "\""]).to_owned();
        bad.splices.push(Splice { span: at..at + length, insert });
        bad.splices.sort_by_key(|splice| (splice.span.start, splice.span.end));
    }
    let mut after = String::new();
    let mut at = 0;
    for Splice { span, insert } in &bad.splices {
        if span.start < at {
            return None;
        }
        after.push_str(&text[at..span.start]);
        after.push_str(insert);
        at = span.end;
    }
    after.push_str(&text[at..]);
    (after != good.after).then(|| Rewritten { after, ..bad })
}
