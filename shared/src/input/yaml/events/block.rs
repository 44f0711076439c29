//! Block scalars: literal behind `|`, folded behind `>`.

use super::Fault;
use super::bytes::is_blank;
use super::scanner::Scanner;
use super::token::{Kind, Token};
use crate::model::node::Style;

/// What happens to the line breaks at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    /// `-`: all go.
    Strip,
    /// One stays.
    Clip,
    /// `+`: all stay.
    Keep,
}

/// The line breaks between two lines of text.
struct Gap {
    start: usize,
    end: usize,
}

impl Scanner<'_> {
    /// Scans a block scalar.
    pub(super) fn block_scalar(&mut self, literal: bool) -> Result<(), Fault> {
        self.drop_key()?;
        self.key_allowed = true;
        let start = self.input.at;
        self.input.at += 1;
        let (chomping, increment) = self.block_header()?;
        self.skip_line_rest()?;
        // 0: to be found out.
        let mut indent = match increment {
            0 => 0,
            _ => self.floor.saturating_sub(1) + increment,
        };
        let mut value = String::new();
        let mut gap = self.block_gap(&mut indent)?;
        let mut end_of_line = "";
        let mut was_blank = false;
        while self.input.at == self.input.line + indent && !self.input.is_end() {
            let blank = is_blank(self.input.next());
            if !literal && end_of_line == "\n" && !was_blank && !blank {
                if self.input.breaks(gap.start, gap.end).next().is_none() {
                    value.push(' ');
                }
            } else {
                value.push_str(end_of_line);
            }
            value.extend(self.input.breaks(gap.start, gap.end));
            was_blank = blank;
            let line_end = self.input.line_end();
            value.push_str(self.input.slice(self.input.at, line_end));
            self.input.at = line_end;
            end_of_line = match self.input.break_length(line_end) {
                0 => "",
                length => self.input.take_break(length),
            };
            gap = self.block_gap(&mut indent)?;
        }
        if chomping != Chomping::Strip {
            value.push_str(end_of_line);
        }
        if chomping == Chomping::Keep {
            value.extend(self.input.breaks(gap.start, gap.end));
        }
        let (start, end) = (self.input.offset(start), self.input.offset(gap.end));
        let extra = self.queue.keep_text(value);
        self.queue.push(Token { extra, ..Token::new(Kind::Scalar(Style::Block), start, end) });
        Ok(())
    }

    /// Reads the indicators: chomping and indentation, in either order.
    fn block_header(&mut self) -> Result<(Chomping, usize), Fault> {
        let mut chomping = self.chomping();
        let mut increment = 0;
        let digit = self.input.next();
        if digit.is_ascii_digit() {
            if digit == b'0' {
                return self.input.error("found an indentation indicator equal to 0");
            }
            increment = usize::from(digit - b'0');
            self.input.at += 1;
            chomping = chomping.or_else(|| self.chomping());
        }
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    fn chomping(&mut self) -> Option<Chomping> {
        let chomping = match self.input.next() {
            b'-' => Chomping::Strip,
            b'+' => Chomping::Keep,
            _ => return None,
        };
        self.input.at += 1;
        Some(chomping)
    }

    /// Reads empty lines and the indentation of the next line with text. An `indent` of 0 becomes
    /// the indentation of that line, or of a longer empty line before it.
    fn block_gap(&mut self, indent: &mut usize) -> Result<Gap, Fault> {
        let mut gap = Gap { start: self.input.at, end: self.input.at };
        let mut widest = 0;
        let limit = if *indent == 0 { usize::MAX } else { *indent };
        loop {
            let mut column = self.input.at - self.input.line;
            while column < limit && self.input.next() == b' ' {
                self.input.at += 1;
                column += 1;
            }
            widest = widest.max(column);
            if column < limit && self.input.next() == b'\t' {
                return self
                    .input
                    .error("found a tab character where an indentation space is expected");
            }
            let length = self.input.break_length(self.input.at);
            if length == 0 {
                break;
            }
            self.input.take_break(length);
            gap.end = self.input.at;
        }
        if *indent == 0 {
            *indent = widest.max(self.floor).max(1);
        }
        Ok(gap)
    }
}
