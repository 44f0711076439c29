//! Where text came from: the file, its lines, and places in it.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer};

/// One input as it was read: a file, standard input, or the output of a program.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    invalid: Vec<usize>,
    line_starts: OnceLock<Vec<usize>>,
}

/// The byte that stands for one byte of invalid UTF-8: refused by YAML and JSON alike, so that
/// the document that holds it cannot pass, while every other offset stays true.
const STAND_IN: u8 = 0x1A;

impl Source {
    /// Takes the bytes of an input. Bytes that are no UTF-8 are remembered and replaced one by
    /// one, so that the other documents of the same input can still be read.
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        let mut invalid = Vec::new();
        let text = String::from_utf8(bytes).unwrap_or_else(|error| {
            let mut bytes = error.into_bytes();
            let mut at = 0;
            while let Err(error) = std::str::from_utf8(&bytes[at..]) {
                let start = at + error.valid_up_to();
                let end = error.error_len().map_or(bytes.len(), |length| start + length);
                for (offset, byte) in bytes[start..end].iter_mut().enumerate() {
                    *byte = STAND_IN;
                    invalid.push(start + offset);
                }
                at = end;
            }
            // Cannot fail any more: every invalid sequence has been replaced.
            String::from_utf8(bytes).unwrap_or_default()
        });
        Self { name: name.into(), text, invalid, line_starts: OnceLock::new() }
    }

    /// The name to show: the path as given, or `STDIN` as kubectl calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The offset of the first byte in `range` that was no UTF-8.
    pub fn first_invalid(&self, range: Range<usize>) -> Option<usize> {
        let at = self.invalid.partition_point(|&offset| offset < range.start);
        self.invalid.get(at).copied().filter(|&offset| offset < range.end)
    }

    fn line_starts(&self) -> &[usize] {
        self.line_starts.get_or_init(|| {
            let newlines = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0).chain(newlines.map(|at| at + 1)).collect()
        })
    }

    /// The place of a byte offset.
    pub fn place(&self, offset: usize) -> Place {
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset).max(1);
        let start = starts[line - 1];
        let end = offset.min(self.text.len());
        let column = self.text.get(start..end).map_or(end - start, |text| text.chars().count());
        // A byte order mark is no character of the line.
        let bom = usize::from(start == 0 && self.text.starts_with('\u{feff}') && column > 0);
        Place { file: self.name.clone(), line, column: column + 1 - bom }
    }

    /// The text of a 1-based line, without its line break and without a byte order mark.
    pub fn line(&self, line: usize) -> Option<&str> {
        let starts = self.line_starts();
        let start = *starts.get(line.checked_sub(1)?)?;
        let end = starts.get(line).map_or(self.text.len(), |&next| next - 1);
        let text = self.text.get(start..end)?;
        Some(text.trim_end_matches('\r').trim_start_matches('\u{feff}'))
    }
}

/// A place in a source: line and column are 1-based, columns count characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Place {
    /// The file as it was named, or `STDIN`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// A stretch of a source, turned into a [`Place`] only when somebody looks.
#[derive(Clone, Debug)]
pub struct Mark {
    source: Arc<Source>,
    span: Range<usize>,
}

impl Mark {
    /// Marks bytes of a source.
    pub fn new(source: &Arc<Source>, span: Range<usize>) -> Self {
        Self { source: Arc::clone(source), span }
    }

    /// The place of the first byte.
    pub fn place(&self) -> Place {
        self.source.place(self.span.start)
    }

    /// The marked bytes.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The source.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }
}

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.place().serialize(serializer)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Mark {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Place::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Place::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_skip_the_byte_order_mark() {
        let source = Source::new("a.yaml", "\u{feff}a: ü\nb: 1\r\n".into());
        assert_eq!(source.place(3).column, 1);
        assert_eq!(source.place(6).column, 4);
        assert_eq!(source.line(1), Some("a: ü"));
        assert_eq!(source.line(2), Some("b: 1"));
        let second = source.place(source.text().find("b:").unwrap_or(0));
        assert_eq!((second.line, second.column), (2, 1));
    }

    #[test]
    fn invalid_bytes_are_found_again() {
        let source = Source::new("a.yaml", b"a: 1\n---\nb: \xff\xfe\n".to_vec());
        assert_eq!(source.first_invalid(0..8), None);
        assert_eq!(source.first_invalid(5..15), Some(12));
    }
}
