//! Scalars as text: plain where kubectl and every other reader take them for what they are, in
//! quotes where not.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::model::node::Style;
use crate::model::scalar::{self, Raw};

/// A scalar, or an empty collection, on one line. `wish` is how a string is written if it can be.
pub(super) fn inline(value: &Json, wish: Style, in_flow: bool) -> String {
    match value {
        Json::String(text) => string(text, wish, in_flow).into_owned(),
        Json::Array(_) => "[]".to_owned(),
        Json::Object(_) => "{}".to_owned(),
        other => other.to_string(),
    }
}

/// A string on one line.
pub(super) fn string(text: &str, wish: Style, in_flow: bool) -> Cow<'_, str> {
    match wish {
        Style::SingleQuoted if text.chars().all(is_printable) => {
            Cow::Owned(format!("'{}'", text.replace('\'', "''")))
        }
        Style::Plain | Style::Flow | Style::Block if is_plain(text, in_flow) => Cow::Borrowed(text),
        _ => Cow::Owned(quoted(text)),
    }
}

/// A string in double quotes, as YAML and JSON both read it.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            character if is_printable(character) => out.push(character),
            character => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
        }
    }
    out.push('"');
    out
}

/// Whether a character may stand in a text as it is, for every reader, on one line.
fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether a string can go without quotes: no reader takes it for anything else.
fn is_plain(text: &str, in_flow: bool) -> bool {
    let (Some(first), Some(last)) = (text.chars().next(), text.chars().last()) else {
        return false;
    };
    let starts_well = match first {
        '-' => {
            let next = text[1..].chars().next();
            next.is_some_and(|next| next.is_alphanumeric() || next == '-')
                && !text.starts_with("---")
        }
        '?' | ':' | ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\''
        | '"' | '%' | '@' | '`' | '=' | ' ' => false,
        _ => true,
    };
    starts_well
        && !matches!(last, ' ' | ':')
        && text.chars().all(is_printable)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("...")
        && !text.starts_with("<<")
        && !(in_flow && text.contains([',', '[', ']', '{', '}', '?', ':']))
        && !is_word_or_number(text)
}

/// Whether some reader of YAML, of whatever version, sees a boolean, a null, a number or a date.
fn is_word_or_number(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let looks_like_number = || {
        text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.'))
            && text.bytes().all(|byte| {
                byte.is_ascii_hexdigit()
                    || matches!(byte, b'+' | b'-' | b'.' | b'_' | b':' | b'x' | b'X' | b'o' | b'O')
            })
    };
    let looks_like_date = || {
        let bytes = text.as_bytes();
        bytes.len() >= 8 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-'
    };
    text.starts_with('~')
        || WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
        || scalar::resolve_raw(text) != Raw::Str
        || looks_like_number()
        || looks_like_date()
}

/// A literal block: what stands behind the key, and the lines below it.
pub(super) fn literal(text: &str) -> Option<(&'static str, std::str::Lines<'_>)> {
    let ends = text.len() - text.trim_end_matches('\n').len();
    let header = match ends {
        0 => "|-",
        1 => "|",
        _ => return None,
    };
    let first = text.chars().next()?;
    let is_fit = |character: char| matches!(character, '\n' | '\t') || is_printable(character);
    (text.trim_end_matches('\n').contains('\n')
        && !matches!(first, ' ' | '\t' | '\n')
        && text.chars().all(is_fit)
        // Lines of nothing but blanks are lost on people's editors.
        && !text.lines().any(|line| !line.is_empty() && line.trim().is_empty()))
    .then(|| (header, text.lines()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::input::yaml;
    use crate::model::source::Source;

    const TEXTS: [&str; 60] = [
        "",
        "a",
        "yes",
        "No",
        "yEs",
        "on",
        "OFF",
        "y",
        "N",
        "null",
        "~",
        "~x",
        "true",
        "0",
        "010",
        "0o7",
        "0x1F",
        "1_000",
        "1e3",
        ".5",
        "-1",
        "+1",
        "08",
        "1.0",
        "12:30:45",
        "2001-01-01",
        ".inf",
        ".nan",
        " a",
        "a ",
        "a: b",
        "a:",
        "a #b",
        "a#b",
        "- a",
        "-",
        "-a",
        "--flag=x",
        "---",
        "--- a",
        "...",
        "? a",
        "[a",
        "{a",
        "a, b",
        "a]",
        "a?b",
        "nginx:1.2",
        "*a",
        "&a",
        "!a",
        "|",
        "%a",
        "@a",
        "`a`",
        "'",
        "\"",
        "it's",
        "a\nb",
        "a\tb",
    ];
    const ODD: [&str; 8] =
        ["\u{85}", "\u{2028}", "\u{feff}", "\u{7f}", "\u{1f600}", "é", "<<", "="];

    #[test]
    fn strings_are_read_back_as_strings() {
        for text in TEXTS.iter().chain(&ODD) {
            for wish in [Style::Plain, Style::SingleQuoted, Style::DoubleQuoted] {
                for (before, after, in_flow) in [("a: ", "\n", false), ("a: [x, ", "]\n", true)] {
                    let written = format!("{before}{}{after}", string(text, wish, in_flow));
                    let source = Arc::new(Source::new("x", written.clone().into_bytes()));
                    let outcomes = yaml::read(&source);
                    let document = outcomes[0].as_ref().expect(&written);
                    let value = document.tree.root().get("a").expect("a value");
                    let value = if in_flow { value.items().nth(1).expect("two") } else { value };
                    assert_eq!(value.as_str(), Some(*text), "{written}");
                }
            }
        }
    }

    #[test]
    fn quotes_only_where_they_are_needed() {
        for text in ["RuntimeDefault", "--flag=x", "nginx:1.2", "500m", "a#b", "it's", "/tmp", "é"]
        {
            assert_eq!(string(text, Style::Plain, false), *text);
        }
        for text in ["yes", "0644", "1_000", "2001-01-01", "12:30:45", "0o17", "", "null", "nO"] {
            assert_eq!(string(text, Style::Plain, false), format!("\"{text}\""));
        }
        assert_eq!(string("it's", Style::SingleQuoted, false), "'it''s'");
        assert_eq!(string("a", Style::DoubleQuoted, false), "\"a\"");
    }

    #[test]
    fn quoted_text_is_json_too() {
        for text in TEXTS.iter().chain(&ODD) {
            assert_eq!(serde_json::from_str::<String>(&quoted(text)).expect("json"), *text);
        }
    }
}
