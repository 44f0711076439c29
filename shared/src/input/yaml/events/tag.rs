//! Anchors, aliases and tags.

use std::borrow::Cow;

use super::Fault;
use super::bytes::{self, NAME, URI};
use super::scanner::Scanner;
use super::token::{Kind, Tag, Token};

impl<'a> Scanner<'a> {
    /// Scans an anchor or an alias.
    pub(super) fn anchor(&mut self, kind: Kind) -> Result<(), Fault> {
        let key_level = self.begin_key()?;
        self.key_allowed = false;
        let start = self.input.at;
        self.input.at += 1;
        let end = self.skip_name();
        let ends_well = self.input.is_blank_or_end(end)
            || matches!(self.input.next(), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if end == start + 1 || !ends_well {
            return self.input.error("did not find expected alphabetic or numeric character");
        }
        let token = Token::new(kind, self.input.offset(start), self.input.offset(end));
        self.queue.push(Token { key_level, ..token });
        Ok(())
    }

    /// Scans a tag: `!<uri>`, `!suffix`, `!handle!suffix` or `!`.
    pub(super) fn tag(&mut self) -> Result<(), Fault> {
        let key_level = self.begin_key()?;
        self.key_allowed = false;
        let start = self.input.at;
        self.input.at += 1;
        let tag = if self.input.next() == b'<' {
            self.input.at += 1;
            let suffix = self.uri(self.input.at, 1)?;
            if self.input.next() != b'>' {
                return self.input.error("did not find the expected '>'");
            }
            self.input.at += 1;
            Tag { handle: "", suffix }
        } else {
            let end = self.skip_name();
            if self.input.next() == b'!' {
                self.input.at += 1;
                let handle = self.input.slice(start, end + 1);
                Tag { handle, suffix: self.uri(self.input.at, 1)? }
            } else {
                match self.uri(start + 1, 0)? {
                    suffix if suffix.is_empty() => Tag { handle: "", suffix: Cow::Borrowed("!") },
                    suffix => Tag { handle: "!", suffix },
                }
            }
        };
        if !self.input.is_blank_or_end(self.input.at) {
            return self.input.error("did not find expected whitespace or line break");
        }
        let extra = self.queue.keep_tag(tag);
        let (start, end) = (self.input.offset(start), self.input.offset(self.input.at));
        self.queue.push(Token { extra, key_level, ..Token::new(Kind::Tag, start, end) });
        Ok(())
    }

    /// Reads letters, digits, `-` and `_`; returns where they end.
    pub(super) fn skip_name(&mut self) -> usize {
        let rest = self.input.rest(self.input.at);
        let length = rest.iter().position(|&byte| !bytes::is(byte, NAME)).unwrap_or(rest.len());
        self.input.at += length;
        self.input.at
    }

    /// Reads on in a URI that began at `start`; at least `least` bytes must follow.
    pub(super) fn uri(&mut self, start: usize, least: usize) -> Result<Cow<'a, str>, Fault> {
        let from = self.input.at;
        let mut decoded: Option<Vec<u8>> = None;
        let mut part = start;
        loop {
            let rest = self.input.rest(self.input.at);
            let ends = |&byte: &u8| !bytes::is(byte, URI) || byte == b'%';
            self.input.at += rest.iter().position(ends).unwrap_or(rest.len());
            if self.input.next() != b'%' {
                break;
            }
            let bytes = decoded.get_or_insert_default();
            bytes.extend_from_slice(self.input.slice(part, self.input.at).as_bytes());
            self.uri_escape(bytes)?;
            part = self.input.at;
        }
        if self.input.at < from + least {
            return self.input.error("did not find expected tag URI");
        }
        let end = self.input.slice(part, self.input.at);
        Ok(match decoded {
            None => Cow::Borrowed(end),
            Some(mut bytes) => {
                bytes.extend_from_slice(end.as_bytes());
                Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
            }
        })
    }

    /// Reads the escapes of one character.
    fn uri_escape(&mut self, decoded: &mut Vec<u8>) -> Result<(), Fault> {
        let mut missing = None;
        loop {
            let digit = |at| char::from(self.input.byte(at)).to_digit(16);
            let at = self.input.at;
            let (b'%', Some(high), Some(low)) = (self.input.byte(at), digit(at + 1), digit(at + 2))
            else {
                return self.input.error("did not find URI escaped octet");
            };
            let octet = u8::try_from(high << 4 | low).unwrap_or_default();
            let left = match (missing, octet) {
                (None, 0..=0x7f) => 0,
                (None, 0xc0..=0xdf) => 1,
                (None, 0xe0..=0xef) => 2,
                (None, 0xf0..=0xf7) => 3,
                (None, _) => return self.input.error("found an incorrect leading UTF-8 octet"),
                (Some(missing), 0x80..=0xbf) => missing - 1,
                (Some(_), _) => {
                    return self.input.error("found an incorrect trailing UTF-8 octet");
                }
            };
            decoded.push(octet);
            self.input.at += 3;
            if left == 0 {
                return Ok(());
            }
            missing = Some(left);
        }
    }
}
