//! Directives: `%YAML` and `%TAG`.
//!
//! A stream that kubectl has cut hardly leaves any together with its document; where one is
//! refused the words are go-yaml's all the same.

use super::Fault;
use super::bytes::is_blank;
use super::scanner::Scanner;
use super::token::{Kind, Tag, Token};

impl Scanner<'_> {
    /// Scans a directive with the rest of its line.
    pub(super) fn directive(&mut self) -> Result<(), Fault> {
        self.end_blocks()?;
        let start = self.input.at;
        self.input.at += 1;
        let end = self.skip_name();
        if end == start + 1 {
            return self.input.error("could not find expected directive name");
        }
        if !self.input.is_blank_or_end(end) {
            return self.input.error("found unexpected non-alphabetical character");
        }
        let (kind, extra) = match self.input.slice(start + 1, end) {
            "YAML" => (Kind::VersionDirective, self.version()?),
            "TAG" => (Kind::TagDirective, self.tag_directive()?),
            _ => return self.input.error("found unknown directive name"),
        };
        let (start, end) = (self.input.offset(start), self.input.offset(self.input.at));
        self.skip_line_rest()?;
        self.queue.push(Token { extra, ..Token::new(kind, start, end) });
        Ok(())
    }

    fn version(&mut self) -> Result<u32, Fault> {
        self.input.skip_blanks();
        let major = self.version_number()?;
        if self.input.next() != b'.' {
            return self.input.error("did not find expected digit or '.' character");
        }
        self.input.at += 1;
        Ok(major * 100 + self.version_number()?)
    }

    fn version_number(&mut self) -> Result<u32, Fault> {
        let start = self.input.at;
        let mut number = 0;
        while let Some(digit) = char::from(self.input.next()).to_digit(10) {
            if self.input.at == start + 2 {
                return self.input.error("found extremely long version number");
            }
            number = number * 10 + digit;
            self.input.at += 1;
        }
        if self.input.at == start {
            return self.input.error("did not find expected version number");
        }
        Ok(number)
    }

    fn tag_directive(&mut self) -> Result<u32, Fault> {
        self.input.skip_blanks();
        let start = self.input.at;
        if self.input.next() != b'!' {
            return self.input.error("did not find expected '!'");
        }
        self.input.at += 1;
        let mut end = self.skip_name();
        if self.input.next() == b'!' {
            end += 1;
            self.input.at = end;
        } else if end > start + 1 {
            return self.input.error("did not find expected '!'");
        }
        if !is_blank(self.input.next()) {
            return self.input.error("did not find expected whitespace");
        }
        self.input.skip_blanks();
        let suffix = self.uri(self.input.at, 1)?;
        if !self.input.is_blank_or_end(self.input.at) {
            return self.input.error("did not find expected whitespace or line break");
        }
        Ok(self.queue.keep_tag(Tag { handle: self.input.slice(start, end), suffix }))
    }
}
