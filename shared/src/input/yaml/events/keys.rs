//! Simple keys: what is known to be a key only when its `:` has been seen.

use super::Fault;
use super::scanner::Scanner;
use super::token::{Kind, Token};

/// How many characters a key and the blanks behind it may take.
pub(super) const LIMIT: usize = 1024;

/// What may turn out to be a key, on one level of brackets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SimpleKey {
    /// A `:` would make it a key.
    possible: bool,
    /// Without a `:` the text is wrong.
    required: bool,
    /// Its token stays in the queue until the `:` has been looked for.
    awaited: bool,
    /// The number of its token. A level without a candidate has the number of its bracket.
    token: usize,
    start: usize,
    line: usize,
    column: usize,
}

/// The candidates of all levels of brackets.
#[derive(Clone, Debug, Default)]
pub(super) struct SimpleKeys {
    inner: SimpleKey,
    outer: Vec<SimpleKey>,
}

impl Scanner<'_> {
    /// Lets a key begin with the next token if one is allowed here; returns
    /// [`Token::key_level`].
    pub(super) fn begin_key(&mut self) -> Result<u32, Fault> {
        if !self.key_allowed {
            return Ok(0);
        }
        self.drop_key()?;
        let column = if self.flow == 0 { self.input.column() } else { 0 };
        self.keys.inner = SimpleKey {
            possible: true,
            required: self.flow == 0 && self.floor == column + 1,
            awaited: true,
            token: self.queue.next_number(),
            start: self.input.at,
            line: self.input.line,
            column,
        };
        Ok(u32::try_from(self.keys.outer.len() + 1).unwrap_or_default())
    }

    /// Gives up the candidate of this level.
    pub(super) fn drop_key(&mut self) -> Result<(), Fault> {
        let key = &mut self.keys.inner;
        if key.possible {
            if key.required {
                return self.input.error(NO_COLON);
            }
            key.possible = false;
            key.awaited = false;
        }
        Ok(())
    }

    /// Opens a level of brackets; the bracket is the next token.
    pub(super) fn open_level(&mut self) {
        let token = self.queue.next_number();
        let inner = SimpleKey { token, ..SimpleKey::default() };
        self.keys.outer.push(std::mem::replace(&mut self.keys.inner, inner));
        self.flow += 1;
    }

    /// Closes a level of brackets.
    pub(super) fn close_level(&mut self) {
        let Some(outer) = self.keys.outer.pop() else {
            return;
        };
        let inner = std::mem::replace(&mut self.keys.inner, outer);
        self.flow -= 1;
        // An empty collection is confused with the key that it might be itself.
        if inner.token == self.keys.inner.token {
            self.keys.inner.awaited = false;
        }
    }

    /// Whether the queue's first token must wait, for it may be a key.
    #[inline]
    pub(super) fn is_awaited(&mut self, first: Token) -> Result<bool, Fault> {
        let Some(level) = (first.key_level as usize).checked_sub(1) else {
            return Ok(false);
        };
        let inner = self.keys.outer.len();
        let key = self.keys.outer.get_mut(level).unwrap_or(&mut self.keys.inner);
        if level > inner || !key.awaited || key.token != self.queue.parsed {
            return Ok(false);
        }
        still_possible(key, &self.input)
    }

    /// Makes a key of this level's candidate, before its `:`; says whether there was one.
    pub(super) fn take_key(&mut self) -> Result<bool, Fault> {
        if !still_possible(&mut self.keys.inner, &self.input)? {
            return Ok(false);
        }
        let key = self.keys.inner;
        let at = self.input.offset(key.start);
        self.queue.insert(key.token, Token::new(Kind::Key, at, at));
        if self.flow == 0 && self.floor <= key.column {
            self.indent(key.column);
            self.queue.insert(key.token, Token::new(Kind::BlockMappingStart, at, at));
        }
        self.keys.inner.possible = false;
        self.keys.inner.awaited = false;
        self.key_allowed = false;
        Ok(true)
    }

    /// Pushes the scalar that was scanned. If it is a key and its `:` follows at once, as in nearly every line, the
    /// key's tokens are pushed right away: the same ones that the `:` would bring.
    #[inline]
    pub(super) fn push_scalar(&mut self) {
        let scalar = self.scalar;
        let at = self.input.at;
        let key = self.keys.inner;
        let is_key = scalar.key_level > 0
            && self.input.byte(at) == b':'
            && key.line == self.input.line
            && at - key.start <= LIMIT
            && (self.flow > 0 || self.input.is_blank_or_end(at + 1));
        if !is_key {
            self.queue.push(scalar);
            return;
        }
        let start = scalar.start;
        if self.flow == 0 && self.floor <= key.column {
            self.indent(key.column);
            self.queue.push(Token::new(Kind::BlockMappingStart, start, start));
        }
        self.queue.push(Token::new(Kind::Key, start, start));
        self.queue.push(Token { key_level: 0, ..scalar });
        let colon = self.input.offset(at);
        self.queue.push(Token::new(Kind::Value, colon, colon + 1));
        self.input.at = at + 1;
        self.keys.inner.possible = false;
        self.keys.inner.awaited = false;
        self.key_allowed = false;
    }
}

const NO_COLON: &str = "could not find expected ':'";

fn still_possible(key: &mut SimpleKey, input: &super::input::Input<'_>) -> Result<bool, Fault> {
    if key.possible && (key.line != input.line || input.is_farther(key.start, LIMIT)) {
        if key.required {
            return input.error(NO_COLON);
        }
        key.possible = false;
    }
    Ok(key.possible)
}
