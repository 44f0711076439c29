//! Plain scalars: text without quotes.

use super::Fault;
use super::bytes::{self, ENDS_FLOW_PLAIN, ENDS_PLAIN, is_blank};
use super::scanner::Scanner;
use super::token::{Kind, Token};
use crate::model::node::Style;

impl Scanner<'_> {
    /// Scans a plain scalar, over as many lines as it takes: [`Self::scalar`].
    pub(super) fn plain(&mut self) -> Result<(), Fault> {
        let key_level = self.begin_key()?;
        self.key_allowed = false;
        let start = self.input.at;
        let mut end = start;
        // What was put together of earlier lines, and where the part begins that is not in it.
        let mut folded: Option<String> = None;
        let mut part = start;
        let mut new_line = false;
        loop {
            if self.input.next() == b'#' || self.input.is_document_indicator() {
                break;
            }
            let words = self.input.at;
            let words_end = self.words_end();
            if words_end > words {
                if new_line {
                    let text = folded.get_or_insert_default();
                    text.push_str(self.input.slice(part, end));
                    self.input.fold(end, words, text);
                    part = words;
                    new_line = false;
                }
                end = words_end;
            }
            // The words end at a blank, at a line break, or for good.
            if self.input.break_length(self.input.at) == 0 {
                break;
            }
            new_line = true;
            self.skip_lines()?;
            if self.flow == 0 && self.input.at < self.input.line + self.floor {
                break;
            }
        }
        if new_line {
            self.key_allowed = true;
        }
        let mut extra = 0;
        if let Some(mut text) = folded {
            text.push_str(self.input.slice(part, end));
            extra = self.queue.keep_text(text);
        }
        let kind = Kind::Scalar(Style::Plain);
        let (start, end) = (self.input.offset(start), self.input.offset(end));
        self.scalar = Token { kind, extra, start, end, key_level };
        Ok(())
    }

    /// Reads the words that one line has to give, and the blanks behind them; returns where the
    /// last one ends.
    #[inline]
    fn words_end(&mut self) -> usize {
        let class = if self.flow > 0 { ENDS_FLOW_PLAIN } else { ENDS_PLAIN };
        let mut end = self.input.at;
        loop {
            let rest = self.input.rest(self.input.at);
            let length = rest.iter().position(|&byte| bytes::is(byte, class));
            let length = length.unwrap_or(rest.len());
            self.input.at += length;
            if length > 0 {
                end = self.input.at;
            }
            match self.input.next() {
                b' ' | b'\t' => {
                    self.input.skip_blanks();
                    if self.input.next() == b'#' {
                        return end;
                    }
                }
                b':' if !self.input.is_blank_or_end(self.input.at + 1) => {
                    self.input.at += 1;
                    end = self.input.at;
                }
                // The first byte of a character that may have been a line break.
                0xc2 | 0xe2 if self.input.break_length(self.input.at) == 0 => {
                    self.input.at += 1;
                    end = self.input.at;
                }
                _ => return end,
            }
        }
    }

    /// Reads line breaks and the blanks behind them.
    #[inline]
    fn skip_lines(&mut self) -> Result<(), Fault> {
        loop {
            let length = self.input.break_length(self.input.at);
            if length > 0 {
                self.input.take_break(length);
            } else if is_blank(self.input.next()) {
                let column = self.input.at - self.input.line;
                if self.input.next() == b'\t' && column < self.floor {
                    return self.input.error("found a tab character that violates indentation");
                }
                self.input.at += 1;
            } else {
                return Ok(());
            }
        }
    }
}
