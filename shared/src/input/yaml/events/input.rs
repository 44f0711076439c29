//! The text under the scanner: where it stands, line breaks, columns.

use super::bytes::{self, ENDS_LINE, is_blank};
use super::survey::{self, Survey};
use super::{Fault, SyntaxError};

/// Behind the text stand a line break, if its last line lacks one, and then nothing but zeros.
const END: u8 = 0;

/// A text and a place in it.
#[derive(Clone, Debug)]
pub(super) struct Input<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// The next byte to be read.
    pub(super) at: usize,
    /// Where the line of `at` begins.
    pub(super) line: usize,
    /// How many bytes between `line` and `wide_to` continue a character.
    wide: usize,
    wide_to: usize,
    survey: Survey,
    /// The last line lacks its break.
    unterminated: bool,
    /// Up to here a byte order mark that begins the text makes go-yaml drop the first character
    /// of every line.
    mark_reach: usize,
}

impl<'a> Input<'a> {
    /// Starts at the beginning of a text.
    pub(super) fn new(text: &'a str) -> Self {
        let survey = survey::survey(text.as_bytes());
        let end = survey.forbidden.map_or(text.len(), |offset| survey::pause_before(text, offset));
        let bytes = &text.as_bytes()[..end];
        let mark_reach = if text.starts_with('\u{feff}') { survey::piece_end(text, 0) } else { 0 };
        Self {
            text,
            bytes,
            at: 0,
            line: 0,
            wide: 0,
            wide_to: 0,
            survey,
            unterminated: survey.forbidden.is_none() && !text.ends_with('\n'),
            mark_reach,
        }
    }

    /// The bytes from `at` on.
    #[inline]
    pub(super) fn rest(&self, at: usize) -> &'a [u8] {
        self.bytes.get(at..).unwrap_or_default()
    }

    /// The text between two offsets.
    #[inline]
    pub(super) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end.min(self.bytes.len())).unwrap_or_default()
    }

    /// The byte at an offset; zero behind the end.
    #[inline]
    pub(super) fn byte(&self, at: usize) -> u8 {
        match self.bytes.get(at) {
            Some(&byte) => byte,
            None if at == self.bytes.len() && self.unterminated => b'\n',
            None => END,
        }
    }

    /// The next byte.
    #[inline]
    pub(super) fn next(&self) -> u8 {
        self.byte(self.at)
    }

    /// An error at the next byte.
    #[cold]
    pub(super) fn error<T>(&self, message: &'static str) -> Result<T, Fault> {
        Err(Box::new(SyntaxError { offset: self.at.min(self.bytes.len()), message }))
    }

    /// An offset as events have it.
    #[inline]
    pub(super) fn offset(&self, at: usize) -> u32 {
        u32::try_from(at.min(self.bytes.len())).unwrap_or(u32::MAX)
    }

    /// Fails if a forbidden character stands where go-yaml looks for a token that begins here.
    #[inline]
    pub(super) fn check_ahead(&self, length: usize) -> Result<(), Fault> {
        if self.survey.forbidden.is_some() && self.at + length > self.bytes.len() {
            return self.error("control characters are not allowed");
        }
        Ok(())
    }

    /// Whether the text is cut off before a forbidden character and has been read to its end.
    pub(super) fn is_cut_here(&self) -> bool {
        self.survey.forbidden.is_some() && self.at + 1 >= self.bytes.len()
    }

    /// Whether nothing follows.
    #[inline]
    pub(super) fn is_end(&self) -> bool {
        self.next() == END
    }

    /// The length of the line break at an offset, 0 if there is none.
    #[inline]
    pub(super) fn break_length(&self, at: usize) -> usize {
        let byte = self.byte(at);
        if byte == b'\n' {
            1
        } else if bytes::is(byte, ENDS_LINE) {
            self.rare_break_length(at)
        } else {
            0
        }
    }

    fn rare_break_length(&self, at: usize) -> usize {
        match *self.rest(at) {
            // kubectl drops one `\r` before a `\n`, the parser takes another one with it.
            [b'\r', b'\r', b'\n', ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
            [b'\r', b'\n', ..] | [0xc2, 0x85, ..] => 2,
            [b'\r'] if self.unterminated => 2,
            [b'\r', ..] => 1,
            _ => 0,
        }
    }

    /// A line break as it counts in a value.
    fn break_text(&self, at: usize) -> &'static str {
        match *self.rest(at) {
            [0xe2, 0x80, 0xa8, ..] => "\u{2028}",
            [0xe2, 0x80, 0xa9, ..] => "\u{2029}",
            _ => "\n",
        }
    }

    /// Whether a blank, a line break or the end stands at an offset.
    #[inline]
    pub(super) fn is_blank_or_end(&self, at: usize) -> bool {
        let byte = self.byte(at);
        is_blank(byte) || byte == END || self.break_length(at) > 0
    }

    /// Reads a line break of the given length; returns what it counts for in a value.
    #[inline]
    pub(super) fn take_break(&mut self, length: usize) -> &'static str {
        let text = if self.survey.newlines_only { "\n" } else { self.break_text(self.at) };
        self.at += length;
        self.begin_line();
        text
    }

    /// Lets a line begin here.
    #[inline]
    pub(super) fn begin_line(&mut self) {
        self.line = self.at;
        self.wide = 0;
        self.wide_to = self.at;
    }

    /// Reads blanks.
    #[inline]
    pub(super) fn skip_blanks(&mut self) {
        while is_blank(self.next()) {
            self.at += 1;
        }
    }

    /// Where the line ends that `at` lies in.
    #[inline]
    pub(super) fn line_end(&self) -> usize {
        let rest = self.rest(self.at);
        if self.survey.newlines_only {
            return self.at + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        }
        let mut end = self.at;
        loop {
            let rest = self.rest(end);
            let Some(length) = rest.iter().position(|&byte| bytes::is(byte, ENDS_LINE)) else {
                return end + rest.len();
            };
            end += length;
            if self.break_length(end) > 0 {
                return end;
            }
            end += 1;
        }
    }

    /// How many characters stand between the beginning of the line and here.
    #[inline]
    pub(super) fn column(&mut self) -> usize {
        if !self.survey.ascii && self.wide_to < self.at {
            self.wide += continuations(self.rest(self.wide_to), self.at - self.wide_to);
            self.wide_to = self.at;
        }
        self.at - self.line - self.wide
    }

    /// Whether more than `limit` characters stand between an earlier place in the line and here.
    #[inline]
    pub(super) fn is_farther(&self, start: usize, limit: usize) -> bool {
        let length = self.at - start;
        // No character is longer than four bytes.
        length > limit
            && (self.survey.ascii
                || length > 4 * limit
                || length - continuations(self.rest(start), length) > limit)
    }

    /// Whether a line begins here with `---` or `...` and a blank.
    #[inline]
    pub(super) fn is_document_indicator(&self) -> bool {
        self.at == self.line
            && matches!(self.rest(self.at), [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..])
            && self.is_blank_or_end(self.at + 3)
    }

    /// Drops what go-yaml drops at the beginning of a line: anything, if the buffer that it
    /// holds in its hands begins with a byte order mark.
    #[inline]
    pub(super) fn skip_mark(&mut self) {
        if self.at < self.mark_reach && self.at == self.line {
            let width =
                self.slice(self.at, self.text.len()).chars().next().map_or(1, char::len_utf8);
            self.at += width;
        }
    }

    /// Appends what becomes of the blanks and line breaks between two words: one break becomes a
    /// blank, of several the first one goes.
    pub(super) fn fold(&self, start: usize, end: usize, value: &mut String) {
        let length = value.len();
        let mut breaks = self.breaks(start, end);
        let first = breaks.next().unwrap_or_default();
        if first != "\n" {
            value.push_str(first);
        }
        value.extend(breaks);
        if first == "\n" && value.len() == length {
            value.push(' ');
        }
    }

    /// The line breaks between two offsets, as they count in a value.
    pub(super) fn breaks(&self, start: usize, end: usize) -> impl Iterator<Item = &'static str> {
        let mut at = start;
        std::iter::from_fn(move || {
            while at < end {
                let length = self.break_length(at);
                if length > 0 {
                    let text = self.break_text(at);
                    at += length;
                    return Some(text);
                }
                at += 1;
            }
            None
        })
    }
}

/// How many of the first `length` bytes continue a character.
fn continuations(bytes: &[u8], length: usize) -> usize {
    bytes.iter().take(length).filter(|&&byte| byte & 0xc0 == 0x80).count()
}
