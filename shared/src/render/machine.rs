//! `-o json` and `-o yaml`: the same tree. Machine formats reach terminals too, so what could
//! steer one is written as an escape that parsers undo.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use super::escape::is_unsafe;
use crate::model::error::{Error, Result};

/// Writes the value as indented JSON.
pub fn json<T: Serialize>(value: &T, out: &mut impl Write) -> Result<()> {
    write_json(value, Dialect::Json, out)
}

fn write_json<T: Serialize>(value: &T, dialect: Dialect, out: &mut impl Write) -> Result<()> {
    let escaping = Escaping { dialect, out: &mut *out };
    written(serde_json::to_writer_pretty(escaping, value), out)
}

/// Ends what was written with a line break.
fn written(outcome: serde_json::Result<()>, out: &mut impl Write) -> Result<()> {
    outcome.map_err(|error| match error.io_error_kind() {
        Some(kind) => Error::from(io::Error::from(kind)),
        None => Error::could_not_run("cannot write JSON").caused_by(error),
    })?;
    out.write_all(b"\n")?;
    Ok(())
}

/// Writes the value as JSON in one line.
pub fn json_line<T: Serialize>(value: &T, out: &mut impl Write) -> Result<()> {
    let escaping = Escaping { dialect: Dialect::Json, out: &mut *out };
    written(serde_json::to_writer(escaping, value), out)
}

/// Writes the value as YAML; in JSON's style, which is YAML too, where it holds what has to be
/// escaped: the writer leaves it in plain scalars.
pub fn yaml<T: Serialize>(value: &T, out: &mut impl Write) -> Result<()> {
    // Through one string: the YAML writer turns a closed pipe into a message of its own.
    let text = serde_yaml::to_string(value)
        .map_err(|error| Error::could_not_run("cannot write YAML").caused_by(error))?;
    if text.contains(steers) {
        return write_json(value, Dialect::Yaml, out);
    }
    out.write_all(text.as_bytes())?;
    Ok(())
}

/// JSON that was written elsewhere, with such characters as escapes.
pub(super) fn inline(json: &str) -> Cow<'_, str> {
    escaped(json, Dialect::Json)
}

/// A string in the double quotes of YAML.
pub(super) fn quoted(text: &str) -> String {
    // A string is JSON whatever is in it.
    let json = serde_json::Value::from(text).to_string();
    escaped(&json, Dialect::Yaml).into_owned()
}

/// What may stand in a string of JSON or YAML as it is, and should not reach a terminal. The
/// control characters of ASCII are escaped by the writers themselves, or are line breaks.
fn steers(character: char) -> bool {
    // The last two of the first plane are no characters of YAML.
    character >= '\u{7f}' && (is_unsafe(character) || matches!(character, '\u{fffe}' | '\u{ffff}'))
}

/// Which escapes a parser knows for characters beyond 16 bits.
#[derive(Clone, Copy)]
enum Dialect {
    /// Surrogate pairs.
    Json,
    /// `\U` and eight digits; surrogates are an error.
    Yaml,
}

/// Passes JSON on with such characters as escapes: they can only stand in strings.
struct Escaping<W> {
    dialect: Dialect,
    out: W,
}

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        // The writer hands over whole fragments of text, never half a character.
        let text = std::str::from_utf8(buffer).map_err(io::Error::other)?;
        self.out.write_all(escaped(text, self.dialect).as_bytes())?;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn escaped(text: &str, dialect: Dialect) -> Cow<'_, str> {
    if text.is_ascii() && !text.contains('\u{7f}') || !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        let number = u32::from(character);
        if !steers(character) {
            safe.push(character);
        } else if matches!(dialect, Dialect::Yaml) && number > 0xffff {
            let _infallible = write!(safe, "\\U{number:08x}");
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _infallible = write!(safe, "\\u{unit:04x}");
            }
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_a_terminal_and_nothing_is_lost() {
        let value = "a\u{9b}31m \u{202e}ü \u{7f} \u{e0041}\u{1b}[0m 日本";
        let mut out = Vec::new();
        json(&value, &mut out).expect("written");
        let text = String::from_utf8(out).expect("text");
        assert!(!text.trim_end().contains(is_unsafe), "{text:?}");
        assert_eq!(serde_json::from_str::<String>(&text).expect("JSON"), value);
        let mut out = Vec::new();
        yaml(&value, &mut out).expect("written");
        let text = String::from_utf8(out).expect("text");
        assert!(!text.trim_end().contains(is_unsafe), "{text:?}");
        assert_eq!(serde_yaml::from_str::<String>(&text).expect("YAML"), value);
    }
}
