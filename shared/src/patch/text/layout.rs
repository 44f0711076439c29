//! Lines, columns and what stands between values: the little that edits need to know of a text.

use std::ops::Range;

/// Where the line of an offset starts, behind the byte order mark that a document may begin with.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    const MARK: &str = "\u{feff}";
    let start = memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |newline| newline + 1);
    if text[start..at].starts_with(MARK) { start + MARK.len() } else { start }
}

/// The column of an offset, from 0. Before it stand only ASCII characters where this matters.
pub(super) fn column(text: &str, at: usize) -> usize {
    at - line_start(text, at)
}

/// Where the line of an offset ends, before its line break.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    match memchr::memchr(b'\n', &bytes[at..]) {
        Some(length) if length > 0 && bytes[at + length - 1] == b'\r' => at + length - 1,
        Some(length) => at + length,
        None => bytes.len(),
    }
}

/// Where the line before that of an offset ends, before its line break.
pub(super) fn line_end_before(text: &str, at: usize) -> Option<usize> {
    let newline = memchr::memrchr(b'\n', &text.as_bytes()[..at])?;
    Some(if text[..newline].ends_with('\r') { newline - 1 } else { newline })
}

/// The blanks that the line of an offset begins with.
pub(super) fn margin(text: &str, at: usize) -> &str {
    let line = &text[line_start(text, at)..at];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Whether nothing but blanks stands before an offset in its line.
pub(super) fn is_first_on_line(text: &str, at: usize) -> bool {
    margin(text, at).len() == column(text, at)
}

/// Whether a stretch holds a line break.
pub(super) fn has_break(text: &str, stretch: Range<usize>) -> bool {
    text[stretch].contains(['\n', '\r'])
}

/// The next offset at which something stands that is no blank, no line break and no comment. To be
/// asked between values only, where every `#` begins a comment.
pub(super) fn skip(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\r' | b'\n') => at += 1,
            Some(b'#') => at = line_end(text, at),
            _ => return at,
        }
    }
}

/// Whether only blanks and a comment follow in the line.
pub(super) fn ends_line(text: &str, at: usize) -> bool {
    let rest = text[at..line_end(text, at)].trim_start_matches([' ', '\t']);
    rest.is_empty() || rest.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_both_kinds() {
        let text = "a: 1\r\n  b: 2 # c\n";
        let b = text.find('b').expect("there");
        assert_eq!((column(text, b), margin(text, b), line_end(text, 0)), (2, "  ", 4));
        assert_eq!(line_end_before(text, b), Some(4));
        assert_eq!(line_end_before(text, 2), None);
        assert!(is_first_on_line(text, b) && ends_line(text, b + 4) && !ends_line(text, b + 1));
        assert_eq!(skip(text, b + 4), text.len());
    }
}
