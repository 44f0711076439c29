//! Manifests as YAML that every reader of YAML reads alike, 1.1 and 1.2: a namespace called `on`
//! is no boolean to kubectl.

use std::fmt::Write as _;

use serde_json::Value;

use super::machine::quoted;

/// Words that YAML 1.1 or 1.2 takes for something other than text, in lower case.
const WORDS: [&str; 10] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan"];

/// A value as a block of YAML; keys are written in the order of the value's map.
pub(super) fn block(value: &Value) -> String {
    let mut text = String::new();
    write_block(value, 0, &mut text);
    text
}

/// Writes a value that starts where the line stands; `indent` is that of the lines below it.
fn write_block(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (position, (key, value)) in map.iter().enumerate() {
                start_line(position, indent, text);
                text.push_str(&scalar(key));
                text.push(':');
                match value {
                    Value::Object(inner) if !inner.is_empty() => {
                        text.push('\n');
                        text.extend(std::iter::repeat_n(' ', indent + 2));
                        write_block(value, indent + 2, text);
                    }
                    // As kubectl does: items stand below their key.
                    Value::Array(items) if !items.is_empty() => {
                        text.push('\n');
                        text.extend(std::iter::repeat_n(' ', indent));
                        write_block(value, indent, text);
                    }
                    _ => {
                        text.push(' ');
                        write_block(value, indent, text);
                    }
                }
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (position, item) in items.iter().enumerate() {
                start_line(position, indent, text);
                text.push_str("- ");
                write_block(item, indent + 2, text);
            }
        }
        Value::String(own) => {
            text.push_str(&scalar(own));
            text.push('\n');
        }
        _ => {
            // Numbers, booleans, null and what is empty look as in JSON.
            let _infallible = writeln!(text, "{value}");
        }
    }
}

fn start_line(position: usize, indent: usize, text: &mut String) {
    if position > 0 {
        text.extend(std::iter::repeat_n(' ', indent));
    }
}

/// A string: as it is where nobody can take it for anything else.
fn scalar(text: &str) -> String {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte);
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(is_inner)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { quoted(text) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn looks_as_kubectl_writes_it() {
        let value = json!({
            "apiVersion": "v1",
            "items": [{"a": 1, "b": ["x", "on", [1, 2]], "c": {}}, {"d": {"e": "0x1f"}}],
            "y": {"z": "", "text": "two words\n\u{1b}\u{e0041}"},
        });
        let text = block(&value);
        let expected = "apiVersion: v1\nitems:\n- a: 1\n  b:\n  - x\n  - \"on\"\n  - - 1\n    - 2\n  c: {}\n- d:\n    e: \"0x1f\"\n\"y\":\n  text: \"two words\\n\\u001b\\U000e0041\"\n  z: \"\"\n";
        assert_eq!(text, expected);
        let again: Value = serde_yaml::from_str(&text).expect("YAML");
        assert_eq!(again, value);
    }
}
