//! Where text came from: the file, its lines, and places in it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer};

/// One input as it was read: a file, standard input, or the output of a program.
#[derive(Debug)]
pub struct Source {
    name: String,
    path: Option<PathBuf>,
    text: String,
    line_starts: OnceLock<Vec<usize>>,
    /// How many characters begin before each block of bytes.
    characters: OnceLock<Vec<usize>>,
    encoding: Encoding,
    live: bool,
}

/// How the bytes of an input stand for its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, without a byte order mark.
    Utf8,
    /// UTF-8 behind a byte order mark.
    Utf8Marked,
    /// UTF-16 behind its byte order mark, the low byte first.
    Utf16Little,
    /// UTF-16 behind its byte order mark, the high byte first.
    Utf16Big,
    /// Some bytes were no text: they cannot be written again.
    Lossy,
}

impl Encoding {
    /// The bytes of a text, with the byte order mark; `None` where bytes of the input were lost.
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        let marked = || std::iter::once('\u{feff}').chain(text.chars());
        match self {
            Self::Utf8 => Some(text.as_bytes().to_vec()),
            Self::Utf8Marked => Some(marked().collect::<String>().into_bytes()),
            Self::Utf16Little => Some(units(marked()).flat_map(u16::to_le_bytes).collect()),
            Self::Utf16Big => Some(units(marked()).flat_map(u16::to_be_bytes).collect()),
            Self::Lossy => None,
        }
    }
}

/// Characters in UTF-16.
fn units(text: impl Iterator<Item = char>) -> impl Iterator<Item = u16> {
    text.flat_map(|character| {
        let mut units = [0; 2];
        let count = character.encode_utf16(&mut units).len();
        units.into_iter().take(count)
    })
}

/// The size of such a block. Lines that are shorter are counted as they are.
const BLOCK: usize = 1 << 12;

impl Source {
    /// Takes the bytes of an input and decodes them as kubectl's reader does: a byte order mark
    /// at the start is dropped, one of UTF-16 makes it UTF-16, and what is no UTF-8 becomes U+FFFD.
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        let (text, encoding) = decode(bytes);
        Self {
            name: name.into(),
            path: None,
            text,
            line_starts: OnceLock::new(),
            characters: OnceLock::new(),
            encoding,
            live: false,
        }
    }

    /// A file, which goes by its path as it was given.
    pub fn file(path: &Path, bytes: Vec<u8>) -> Self {
        let name = path.to_string_lossy().into_owned();
        Self { path: Some(path.to_owned()), ..Self::new(name, bytes) }
    }

    /// An answer of the API server: what is read from it has no place that a person could look up.
    pub fn live(bytes: Vec<u8>) -> Self {
        Self { live: true, ..Self::new(String::new(), bytes) }
    }

    /// The name to show: the path as given, or `STDIN` as kubectl calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that it was read from; none for standard input, the output of a program or a
    /// revision of git.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How the bytes stood for the text.
    pub fn encoding(&self) -> Encoding {
        self.encoding
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

fn decode(mut bytes: Vec<u8>) -> (String, Encoding) {
    let encoding = match bytes[..] {
        [0xff, 0xfe, ..] => return decode_utf16(&bytes, Encoding::Utf16Little, u16::from_le_bytes),
        [0xfe, 0xff, ..] => return decode_utf16(&bytes, Encoding::Utf16Big, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, ..] => {
            drop(bytes.drain(..3));
            Encoding::Utf8Marked
        }
        _ => Encoding::Utf8,
    };
    match String::from_utf8(bytes) {
        Ok(text) => (text, encoding),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), Encoding::Lossy),
    }
}

fn decode_utf16(bytes: &[u8], encoding: Encoding, unit: fn([u8; 2]) -> u16) -> (String, Encoding) {
    let units = bytes[2..].chunks(2).map(|pair| match *pair {
        [first, second] => unit([first, second]),
        _ => 0xfffd,
    });
    let text: String = char::decode_utf16(units)
        .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    let is_whole = encoding.encode(&text).is_some_and(|again| again == bytes);
    (text, if is_whole { encoding } else { Encoding::Lossy })
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

    #[test]
    fn text_goes_back_to_the_bytes_that_it_came_from() {
        let inputs: [(&[u8], Encoding); 4] = [
            (b"a\xc3\xbc", Encoding::Utf8),
            (b"\xef\xbb\xbfab", Encoding::Utf8Marked),
            (b"\xff\xfea\0\x3d\xd8\0\xde", Encoding::Utf16Little),
            (b"\xfe\xff\0a\xd8\x3d\xde\0", Encoding::Utf16Big),
        ];
        for (bytes, encoding) in inputs {
            let source = Source::new("x", bytes.to_vec());
            assert_eq!(source.encoding(), encoding);
            assert_eq!(encoding.encode(source.text()).as_deref(), Some(bytes));
        }
        for bytes in [&b"a\xff"[..], b"\xff\xfea\0b", b"\xff\xfe\0\xde"] {
            assert_eq!(Source::new("x", bytes.to_vec()).encoding(), Encoding::Lossy);
        }
    }
}
