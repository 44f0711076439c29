//! Where text came from: the file, its lines, and places in it.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer};

/// One input as it was read: a file, standard input, or the output of a program.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    line_starts: OnceLock<Vec<usize>>,
    /// How many characters begin before each block of bytes.
    characters: OnceLock<Vec<usize>>,
    live: bool,
}

/// The size of such a block. Lines that are shorter are counted as they are.
const BLOCK: usize = 1 << 12;

impl Source {
    /// Takes the bytes of an input and decodes them as kubectl's reader does: a byte order mark
    /// at the start is dropped, one of UTF-16 makes it UTF-16, and what is no UTF-8 becomes U+FFFD.
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            text: decode(bytes),
            line_starts: OnceLock::new(),
            characters: OnceLock::new(),
            live: false,
        }
    }

    /// An answer of the API server: what is read from it has no place that a person could look up.
    pub fn live(bytes: Vec<u8>) -> Self {
        Self { live: true, ..Self::new(String::new(), bytes) }
    }

    /// The name to show: the path as given, or `STDIN` as kubectl calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
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
        let line = self.line_of(offset);
        let start = starts[line - 1];
        let end = offset.min(self.text.len());
        let column = if end.saturating_sub(start) < BLOCK {
            count(&self.text.as_bytes()[start.min(end)..end])
        } else {
            self.characters_before(end) - self.characters_before(start)
        };
        Place { file: self.name.clone(), line, column: column + 1 }
    }

    /// How many characters begin before a byte offset: a file may be one line of megabytes, and
    /// have findings all over it.
    fn characters_before(&self, offset: usize) -> usize {
        let bytes = self.text.as_bytes();
        let counts = self.characters.get_or_init(|| {
            let blocks = bytes.chunks(BLOCK).scan(0, |before, block| {
                let counted = *before;
                *before += count(block);
                Some(counted)
            });
            blocks.collect()
        });
        let block = (offset / BLOCK).min(counts.len().saturating_sub(1));
        counts.get(block).map_or(0, |before| before + count(&bytes[block * BLOCK..offset]))
    }

    /// The byte offset at which a 1-based line starts.
    pub fn line_start(&self, line: usize) -> usize {
        let starts = self.line_starts();
        line.checked_sub(1).and_then(|line| starts.get(line)).copied().unwrap_or(self.text.len())
    }

    /// The line of a byte offset, from 1.
    pub fn line_of(&self, offset: usize) -> usize {
        self.line_starts().partition_point(|&start| start <= offset).max(1)
    }

    /// The text of a 1-based line, without its line break.
    pub fn line(&self, line: usize) -> Option<&str> {
        let starts = self.line_starts();
        let start = *starts.get(line.checked_sub(1)?)?;
        let end = starts.get(line).map_or(self.text.len(), |&next| next - 1);
        let text = self.text.get(start..end)?;
        Some(text.trim_end_matches('\r'))
    }
}

/// How many characters begin in bytes of UTF-8.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0b1100_0000) != 0b1000_0000).count()
}

fn decode(mut bytes: Vec<u8>) -> String {
    match bytes[..] {
        [0xff, 0xfe, ..] => return decode_utf16(&bytes[2..], u16::from_le_bytes),
        [0xfe, 0xff, ..] => return decode_utf16(&bytes[2..], u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, ..] => drop(bytes.drain(..3)),
        _ => {}
    }
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks(2).map(|pair| match *pair {
        [first, second] => unit([first, second]),
        _ => 0xfffd,
    });
    char::decode_utf16(units)
        .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
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

    /// The line of the first byte, from 1.
    pub fn line(&self) -> usize {
        self.source.line_of(self.span.start)
    }

    /// The marked bytes.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The source.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The mark, if a person can look it up: nothing in an answer of the API server can be.
    pub fn to_show(self) -> Option<Self> {
        (!self.source.live).then_some(self)
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
        assert_eq!(source.place(0).column, 1);
        assert_eq!(source.place(5).column, 5);
        assert_eq!(source.line(1), Some("a: ü"));
        assert_eq!(source.line(2), Some("b: 1"));
        let second = source.place(source.text().find("b:").unwrap_or(0));
        assert_eq!((second.line, second.column), (2, 1));
    }

    #[test]
    fn columns_of_long_lines_are_those_of_short_ones() {
        let text = format!("a: 1\nb: {}\nc: 1\n", "日本 ü x".repeat(3 * BLOCK));
        let source = Source::new("x", text.clone().into());
        for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)).step_by(997) {
            let place = source.place(at);
            let start = source.line_start(place.line);
            assert_eq!(place.column, text[start..at].chars().count() + 1, "{at}");
        }
    }

    #[test]
    fn bytes_are_decoded_as_kubectl_does() {
        assert_eq!(Source::new("x", b"a\xff\xfeb".to_vec()).text(), "a\u{fffd}\u{fffd}b");
        assert_eq!(Source::new("x", b"\xff\xfea\0b\0".to_vec()).text(), "ab");
        assert_eq!(Source::new("x", b"\xfe\xff\0a\0b".to_vec()).text(), "ab");
    }
}
