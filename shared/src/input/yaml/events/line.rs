//! The usual line of a manifest, `key: value`, past the queue of tokens.
//!
//! What is scanned here is scanned as the queue's way would do it: where anything is out of the
//! ordinary, nothing is read and the queue's way is taken.

use super::Fault;
use super::bytes::{self, BEGINS_PLAIN, ENDS_PLAIN, is_blank};
use super::keys::LIMIT;
use super::scanner::{LOOK_AHEAD, Scanner};
use super::token::{Kind, Token};
use crate::model::node::Style;

impl Scanner<'_> {
    /// Scans the next key of the innermost block mapping with its `:`, if it is an ordinary one:
    /// [`Self::scalar`].
    #[inline]
    pub(super) fn key_of_line(&mut self) -> Result<bool, Fault> {
        if !self.queue.is_empty() || self.flow > 0 || !self.key_allowed {
            return Ok(false);
        }
        self.skip_to_token();
        if self.input.column() + 1 != self.floor || !bytes::is(self.input.next(), BEGINS_PLAIN) {
            return Ok(false);
        }
        let start = self.input.at;
        let mut end = start;
        loop {
            let rest = self.input.rest(end);
            let Some(length) = rest.iter().position(|&byte| bytes::is(byte, ENDS_PLAIN)) else {
                return Ok(false);
            };
            end += length;
            match rest.get(length..length + 2) {
                Some(&[b':', b' ' | b'\n']) if end - start <= LIMIT => break,
                Some(&[b':', next]) if !bytes::is(next, ENDS_PLAIN) => end += 1,
                _ => return Ok(false),
            }
        }
        self.input.check_ahead(LOOK_AHEAD)?;
        self.drop_key()?;
        self.key_allowed = false;
        self.input.at = end + 1;
        let (start, end) = (self.input.offset(start), self.input.offset(end));
        self.scalar = Token::new(Kind::Scalar(Style::Plain), start, end);
        Ok(true)
    }

    /// Scans the scalar behind the `:` of [`Self::key_of_line`], if it begins in this line.
    #[inline]
    pub(super) fn value_of_line(&mut self) -> Result<bool, Fault> {
        while is_blank(self.input.next()) {
            self.input.at += 1;
        }
        let byte = self.input.next();
        let scalar = match byte {
            b'\'' | b'"' => self.quoted(byte),
            _ if bytes::is(byte, BEGINS_PLAIN) => self.plain(),
            _ => return Ok(false),
        };
        if self.input.is_cut_here() {
            self.input.check_ahead(LOOK_AHEAD)?;
        }
        scalar.map(|()| true)
    }
}
