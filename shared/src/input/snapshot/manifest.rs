//! Objects as manifests: YAML that reads back as what the server has sent, less what may be secret.

use std::fmt::Write as _;

use serde_json::Value;

use super::redact::redact;
use crate::client::list::List;
use crate::model::object::Object;
use crate::model::scalar::{Scalar, resolve_plain};

/// A document of a stream, with its separator.
pub(super) fn of(object: &Object, list: &List) -> String {
    let mut value = object.value().to_json();
    if let Some(fields) = value.as_object_mut() {
        // The items of a list do not name their kind. Where only metadata was read, nobody shall
        // take it for an object without a spec.
        let (api_version, kind) = if list.metadata_only {
            ("meta.k8s.io/v1", "PartialObjectMetadata")
        } else {
            (object.api_version(), object.kind())
        };
        fields.insert("apiVersion".to_owned(), api_version.into());
        fields.insert("kind".to_owned(), kind.into());
    }
    redact(&mut value);
    text(&value)
}

/// A value as a document. Not by the YAML writer of the other formats: it leaves texts plain that
/// mean something else to kubectl (`y` is true), and characters that YAML does not allow.
pub(super) fn text(value: &Value) -> String {
    let mut out = "---".to_owned();
    write(value, 0, false, &mut out);
    out.push('\n');
    out
}

/// The longest key that stands on a line with its value.
const MAX_SIMPLE_KEY: usize = 256;

/// Writes a value behind its key, its dash or the separator.
fn write(value: &Value, indent: usize, behind_dash: bool, out: &mut String) {
    // The first line of what is in a list stands on that of its dash.
    let mut stay = behind_dash;
    let mut begin_line = |out: &mut String| {
        if std::mem::take(&mut stay) {
            out.push(' ');
        } else {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
        }
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                begin_line(out);
                let start = out.len();
                scalar(key, out);
                let is_long = out.len() - start > MAX_SIMPLE_KEY;
                if is_long {
                    out.insert_str(start, "? ");
                    begin_line(out);
                }
                out.push(':');
                // As kubectl writes it, a list stands no deeper than its key.
                let deeper = if value.is_array() && !is_long { indent } else { indent + 2 };
                write(value, deeper, false, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                begin_line(out);
                out.push('-');
                write(item, indent + 2, true, out);
            }
        }
        Value::Object(_) => out.push_str(" {}"),
        Value::Array(_) => out.push_str(" []"),
        Value::String(text) => {
            out.push(' ');
            scalar(text, out);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            out.push(' ');
            out.push_str(&value.to_string());
        }
    }
}

/// Writes text, in quotes unless it can mean nothing else.
fn scalar(text: &str, out: &mut String) {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/' | b'-' | b'_');
    if text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(plain)
        && matches!(resolve_plain(text), Scalar::Str)
    {
        out.push_str(text);
        return;
    }
    out.push('"');
    for character in text.chars() {
        let code = u32::from(character);
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            _ if !needs_escape(character) => out.push(character),
            // Writing to a string cannot fail.
            '\0'..='\u{ffff}' => drop(write!(out, "\\u{code:04x}")),
            _ => drop(write!(out, "\\U{code:08x}")),
        }
    }
    out.push('"');
}

/// Characters that YAML does not allow, or that steer terminals.
fn needs_escape(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::input::yaml;
    use crate::model::source::Source;

    /// Texts that YAML is fond of misreading.
    const ODD: &[&str] = &[
        "",
        " ",
        "~",
        "null",
        "Null",
        "y",
        "Y",
        "n",
        "yes",
        "Yes",
        "no",
        "on",
        "off",
        "OFF",
        "true",
        "True",
        "0",
        "-1",
        "+1",
        "0644",
        "0o644",
        "0x1f",
        "0b11",
        "1_000",
        "1e3",
        "1.",
        ".5",
        "1.5e-3",
        ".inf",
        "-.INF",
        ".nan",
        "NaN",
        "190:20:30",
        "2001-01-01",
        "2001-12-14t21:59:43.10-05:00",
        "2001-12-14 21:59:43.10 -5",
        "<<",
        "=",
        "-",
        "- a",
        "?",
        "? a",
        ":",
        "a: b",
        "a:",
        " a",
        "a ",
        "#a",
        "a #b",
        "a#b",
        "---",
        "--- a",
        "...",
        "&a",
        "*a",
        "!a",
        "!!str a",
        "%a",
        "@a",
        "`a",
        "|",
        "|-",
        ">",
        "[",
        "[]",
        "{",
        "{}",
        "{a: b}",
        ",",
        "'",
        "''",
        "\"",
        "\"a\"",
        "\\",
        "\\n",
        "\n",
        "\n\n",
        "a\nb",
        "a\nb\n",
        "a\n\nb\n\n",
        " a\n b",
        "\ta\n\tb",
        "a\n---\nb",
        "---\n---",
        "a\r\nb",
        "\r",
        "\t",
        "a\tb",
        "# Source: x/y.yaml\na",
        "+.5",
        "0x",
        "1__0",
        "0.0",
        "-0",
        "12e03",
        "123456789012345678901234567890",
        "😀",
        "ü",
        "日本",
    ];

    /// What a manifest of a value reads back as.
    fn read_back(value: &Value) -> Value {
        let text = text(value);
        let source = Arc::new(Source::live(text.clone().into_bytes()));
        match &yaml::read(&source)[..] {
            [Ok(document)] => document.tree.root().to_json(),
            other => panic!("{text:?}: {other:?}"),
        }
    }

    #[test]
    fn what_looks_like_something_else_stays_text() {
        let mut texts: Vec<String> = ODD.iter().map(|text| (*text).to_owned()).collect();
        let odd = (0..0x100u32).chain([0x200e, 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff, 0xe0001]);
        let odd = odd.chain([0x1f600, 0x10_ffff]).filter_map(char::from_u32);
        texts
            .extend(odd.flat_map(|odd| [odd.to_string(), format!("a{odd}b"), format!("x\n{odd}")]));
        for text in texts {
            let value = json!({ "a": text, "b": [text], "c": { (text.clone()): text } });
            assert_eq!(read_back(&value), value);
        }
    }

    #[test]
    fn numbers_and_empty_collections_come_back() {
        let value = json!({
            "a": [0, -1, i64::MAX, i64::MIN, 1.5, -0.25, 1e300, true, false, null],
            "b": {}, "c": [], "d": [[], {}, [[1]], [{ "a": [{ "b": [[2, { "c": 3, "d": {} }]] }] }]],
        });
        assert_eq!(read_back(&value), value);
    }

    #[test]
    fn it_looks_as_kubectl_writes_it() {
        let value = json!({
            "kind": "Pod",
            "metadata": { "labels": { "app.kubernetes.io/name": "web", "on": "no" } },
            "spec": { "containers": [{ "args": ["a b", "c"], "name": "x" }], "volumes": [] },
        });
        let expected = r#"---
kind: Pod
metadata:
  labels:
    app.kubernetes.io/name: web
    "on": "no"
spec:
  containers:
  - args:
    - "a b"
    - c
    name: x
  volumes: []
"#;
        assert_eq!(text(&value), expected);
    }

    #[test]
    fn long_keys_come_back() {
        let key = |length| "k".repeat(length);
        let value = json!({
            (key(255)): 1, (key(257)): [{ (key(2000)): { "a": 1 } }], (key(2000)): "x",
        });
        assert_eq!(read_back(&value), value);
    }

    #[test]
    fn long_text_comes_back() {
        let lines = " a long line that ends in blanks  \n".repeat(500);
        let value = json!({ "lines": lines, "line": "word ".repeat(5_000) });
        assert_eq!(read_back(&value), value);
    }
}
