//! How kubectl cuts a stream into documents: by lines, before any of them is parsed.
//!
//! The rules are those of `YAMLReader` in k8s.io/apimachinery/pkg/util/yaml: a line that starts
//! with `---` separates, whatever the YAML grammar says at that point; behind the dashes only
//! blanks and a comment may stand. kubectl gives a file up at its first bad separator; here the
//! separator becomes a gap and both neighbours are judged.

use std::ops::Range;

use memchr::memmem;

use super::limits::MAX_LINE_BYTES;

/// One document's text, or what stands in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// The bytes of a document.
    Document(Range<usize>),
    /// A line that starts with `---` and is no separator: its offset and kubectl's words.
    BadSeparator(usize, String),
    /// A line longer than [`MAX_LINE_BYTES`], at this offset; the document around it is skipped.
    LongLine(usize),
}

/// Cuts `text[start..]` into documents. Documents without any text in them are left out.
pub(super) fn cut(text: &str, start: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut from = start;
    let bytes = text.as_bytes();
    for at in separators(bytes, start) {
        let end = line_end(bytes, at);
        let rest = text.get(at + 3..end).unwrap_or_default().trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            push_document(text, from..at, &mut pieces);
            let words = format!("invalid Yaml document separator: {rest}");
            pieces.push(Piece::BadSeparator(at, words));
        } else if at == from {
            // With nothing collected yet, the line is no separator but the document's first.
            continue;
        } else {
            push_document(text, from..at, &mut pieces);
        }
        from = (end + 1).min(bytes.len());
    }
    let end = bytes.len() - lost_length(&bytes[from..]);
    push_document(text, from..end, &mut pieces);
    pieces
}

/// The length of the last line if kubectl loses it: a line without a line break that fills the
/// buffer of its line reader to the last byte.
fn lost_length(bytes: &[u8]) -> usize {
    const BUFFER: usize = 4096;
    let start = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    let mut rest = &bytes[start..];
    while rest.len() >= BUFFER {
        // A `\r` at the end of the buffer waits for what follows it.
        let taken = if rest[BUFFER - 1] == b'\r' { BUFFER - 1 } else { BUFFER };
        rest = &rest[taken..];
        if rest.is_empty() {
            return bytes.len() - start;
        }
    }
    0
}

/// The offsets of the lines that start with three dashes.
fn separators(bytes: &[u8], start: usize) -> impl Iterator<Item = usize> {
    let first = bytes[start..].starts_with(b"---").then_some(start);
    first
        .into_iter()
        .chain(memmem::find_iter(&bytes[start..], b"\n---").map(move |at| start + at + 1))
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length)
}

fn push_document(text: &str, range: Range<usize>, pieces: &mut Vec<Piece>) {
    let bytes = &text.as_bytes()[range.clone()];
    // A tab alone is an error to kubectl.
    if bytes.iter().all(|byte| matches!(byte, b' ' | b'\r' | b'\n')) {
        return;
    }
    if bytes.len() > MAX_LINE_BYTES {
        let mut line = 0;
        let ends = memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]);
        for end in ends {
            if end - line > MAX_LINE_BYTES {
                pieces.push(Piece::LongLine(range.start + line));
                return;
            }
            line = end + 1;
        }
    }
    pieces.push(Piece::Document(range));
}

/// Whether kubectl takes a stream for JSON: an opening brace first, within the 4,096 bytes that
/// it looks at.
pub(super) fn looks_like_json(text: &str) -> bool {
    let mut window = text.len().min(4096);
    while !text.is_char_boundary(window) {
        window -= 1;
    }
    text[..window].trim_start().starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        cut(text, 0)
            .into_iter()
            .map(|piece| match piece {
                Piece::Document(range) => &text[range],
                Piece::BadSeparator(..) => "!",
                Piece::LongLine(_) => "long",
            })
            .collect()
    }

    #[test]
    fn cuts_at_lines_of_dashes() {
        assert_eq!(texts("a: 1\n---\nb: 2\n"), ["a: 1\n", "b: 2\n"]);
        assert_eq!(
            texts("---\r\na: 1\r\n--- # x\r\n---   \r\nb: 2"),
            ["---\r\na: 1\r\n", "---   \r\nb: 2"]
        );
        assert_eq!(texts("a: |\n  x\n---\n  y\n"), ["a: |\n  x\n", "  y\n"]);
        assert_eq!(texts("a: 1\n ---\nb: 2\n"), ["a: 1\n ---\nb: 2\n"]);
        assert_eq!(texts(""), Vec::<&str>::new());
        assert_eq!(texts("\n\n---\n---\n\n"), ["---\n\n"]);
    }

    #[test]
    fn bad_separators_are_said_and_both_sides_kept() {
        assert_eq!(texts("a: 1\n---foo\nb: 2\n"), ["a: 1\n", "!", "b: 2\n"]);
        let pieces = cut("a: 1\n--- {a: b}\n", 0);
        assert_eq!(
            pieces[1],
            Piece::BadSeparator(5, "invalid Yaml document separator: {a: b}".into())
        );
    }

    #[test]
    fn a_last_line_that_fills_the_buffer_is_lost() {
        let line = "x".repeat(4096);
        assert_eq!(texts(&format!("a: 1\n{line}")), ["a: 1\n"]);
        assert_eq!(texts(&format!("a: 1\n{line}{line}")), ["a: 1\n"]);
        assert_eq!(texts(&format!("a: 1\n{line}\n")).len(), 1);
        assert_eq!(texts(&format!("a: 1\n{line}x"))[0].len(), 5 + 4097);
        assert_eq!(texts(&format!("a: 1\n{}\r", &line[1..]))[0].len(), 5 + 4096);
        assert_eq!(texts(&line), Vec::<&str>::new());
    }

    #[test]
    fn json_is_told_by_its_first_character() {
        assert!(looks_like_json(" \n{}"));
        assert!(!looks_like_json("[]"));
        assert!(!looks_like_json("# c\n{}"));
        assert!(!looks_like_json(&format!("{}{{}}", " ".repeat(5000))));
    }
}
