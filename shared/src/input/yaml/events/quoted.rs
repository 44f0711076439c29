//! Scalars in quotes.

use super::Fault;
use super::bytes::{self, ENDS_DOUBLE, ENDS_SINGLE, is_blank};
use super::scanner::Scanner;
use super::token::{Kind, Token};
use crate::model::node::Style;

impl Scanner<'_> {
    /// Scans a scalar between two of these quotes: [`Self::scalar`].
    pub(super) fn quoted(&mut self, quote: u8) -> Result<(), Fault> {
        let quote = match quote {
            b'\'' => Quote { byte: quote, class: ENDS_SINGLE, style: Style::SingleQuoted },
            _ => Quote { byte: b'"', class: ENDS_DOUBLE, style: Style::DoubleQuoted },
        };
        let key_level = self.begin_key()?;
        self.key_allowed = false;
        let start = self.input.at;
        self.input.at += 1;
        let inside = self.input.at;
        self.skip_ordinary(quote);
        let is_whole = self.input.next() == quote.byte
            && (quote.byte == b'"' || self.input.byte(self.input.at + 1) != b'\'');
        let extra = if is_whole {
            self.input.at += 1;
            0
        } else {
            self.input.at = inside;
            let text = self.unquote(quote)?;
            self.queue.keep_text(text)
        };
        let (start, end) = (self.input.offset(start), self.input.offset(self.input.at));
        self.scalar = Token { kind: Kind::Scalar(quote.style), extra, start, end, key_level };
        Ok(())
    }

    /// Reads what stands for itself, blanks included; stops at what may not.
    #[inline]
    fn skip_ordinary(&mut self, quote: Quote) {
        loop {
            let rest = self.input.rest(self.input.at);
            let length = rest.iter().position(|&byte| bytes::is(byte, quote.class));
            self.input.at += length.unwrap_or(rest.len());
            let may_be_break = matches!(self.input.next(), 0xc2 | 0xe2);
            if !may_be_break || self.input.break_length(self.input.at) > 0 {
                return;
            }
            self.input.at += 1;
        }
    }

    /// Reads the scalar's rest with its closing quote; returns what it means.
    fn unquote(&mut self, quote: Quote) -> Result<String, Fault> {
        let mut value = String::new();
        loop {
            if self.input.is_document_indicator() {
                return self.input.error("found unexpected document indicator");
            }
            if self.input.is_end() {
                return self.input.error("found unexpected end of stream");
            }
            let escaped = self.unquote_line(quote, &mut value)?;
            if self.input.next() == quote.byte {
                self.input.at += 1;
                return Ok(value);
            }
            let gap = self.input.at;
            let mut new_line = false;
            loop {
                let length = self.input.break_length(self.input.at);
                if length > 0 {
                    self.input.take_break(length);
                    new_line = true;
                } else if is_blank(self.input.next()) {
                    self.input.at += 1;
                } else {
                    break;
                }
            }
            if escaped {
                value.extend(self.input.breaks(gap, self.input.at));
            } else if new_line {
                self.input.fold(gap, self.input.at, &mut value);
            } else {
                value.push_str(self.input.slice(gap, self.input.at));
            }
        }
    }

    /// Reads up to the end of the scalar, or up to the blanks at the end of the line; says
    /// whether the line's break was escaped.
    fn unquote_line(&mut self, quote: Quote, value: &mut String) -> Result<bool, Fault> {
        loop {
            let start = self.input.at;
            self.skip_ordinary(quote);
            let end = self.input.at;
            let text = self.input.slice(start, end);
            let at_break = self.input.break_length(end) > 0 || self.input.is_end();
            if at_break {
                let words = text.trim_end_matches([' ', '\t']);
                value.push_str(words);
                self.input.at = start + words.len();
                return Ok(false);
            }
            value.push_str(text);
            if self.input.next() == b'\\' {
                let length = self.input.break_length(end + 1);
                if length > 0 {
                    self.input.at += 1;
                    self.input.take_break(length);
                    return Ok(true);
                }
                self.escape(value)?;
            } else if quote.byte == b'\'' && self.input.byte(end + 1) == b'\'' {
                value.push('\'');
                self.input.at += 2;
            } else {
                return Ok(false);
            }
        }
    }

    /// Reads an escape sequence.
    fn escape(&mut self, value: &mut String) -> Result<(), Fault> {
        let (text, digits) = match self.input.byte(self.input.at + 1) {
            b'0' => ("\0", 0),
            b'a' => ("\x07", 0),
            b'b' => ("\x08", 0),
            b't' | b'\t' => ("\t", 0),
            b'n' => ("\n", 0),
            b'v' => ("\x0b", 0),
            b'f' => ("\x0c", 0),
            b'r' => ("\r", 0),
            b'e' => ("\x1b", 0),
            b' ' => (" ", 0),
            b'"' => ("\"", 0),
            b'\'' => ("'", 0),
            b'\\' => ("\\", 0),
            b'N' => ("\u{85}", 0),
            b'_' => ("\u{a0}", 0),
            b'L' => ("\u{2028}", 0),
            b'P' => ("\u{2029}", 0),
            b'x' => ("", 2),
            b'u' => ("", 4),
            b'U' => ("", 8),
            _ => return self.input.error("found unknown escape character"),
        };
        value.push_str(text);
        self.input.at += 2;
        if digits == 0 {
            return Ok(());
        }
        let mut code = 0;
        for at in self.input.at..self.input.at + digits {
            let Some(digit) = char::from(self.input.byte(at)).to_digit(16) else {
                return self.input.error("did not find expected hexdecimal number");
            };
            code = code << 4 | digit;
        }
        let Some(character) = char::from_u32(code) else {
            return self.input.error("found invalid Unicode character escape code");
        };
        value.push(character);
        self.input.at += digits;
        Ok(())
    }
}

/// A kind of quotes.
#[derive(Clone, Copy)]
struct Quote {
    byte: u8,
    /// The bytes that may not stand for themselves.
    class: u8,
    style: Style,
}
