//! A JSON Patch as text. The API server compares the values of a `test` letter by letter with its
//! own JSON: so it is written as Go writes it.

use std::io;

use serde::Serialize as _;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use super::Operation;

/// The operations as JSON, in one line.
pub fn text(operations: &[Operation]) -> String {
    let mut written = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut written, Go);
    // Neither writing to memory nor keys that are text can fail.
    let is_written = operations.serialize(&mut serializer).is_ok();
    debug_assert!(is_written, "operations are JSON");
    String::from_utf8(written).unwrap_or_default()
}

/// As Go's `encoding/json` writes: what HTML would take for markup is escaped, and numbers are the
/// shortest that read the same.
struct Go;

impl Formatter for Go {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut start = 0;
        for (at, character) in fragment.char_indices() {
            if matches!(character, '<' | '>' | '&' | '\u{2028}' | '\u{2029}') {
                writer.write_all(&fragment.as_bytes()[start..at])?;
                write!(writer, "\\u{:04x}", u32::from(character))?;
                start = at + character.len_utf8();
            }
        }
        writer.write_all(&fragment.as_bytes()[start..])
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let size = value.abs();
        if size != 0.0 && !(1e-6..1e21).contains(&size) {
            let text = format!("{value:e}");
            // Two digits at most are padded by Go, and it names the sign.
            let (number, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            return match exponent.strip_prefix('-') {
                Some(exponent) => write!(writer, "{number}e-{exponent}"),
                None => write!(writer, "{number}e+{exponent}"),
            };
        }
        write!(writer, "{value}")
    }
}
