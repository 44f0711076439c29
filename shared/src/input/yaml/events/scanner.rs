//! The scanner: text to tokens. What kind of token begins where, and how deep lines are indented.

use super::Fault;
use super::input::Input;
use super::keys::SimpleKeys;
use super::token::{Kind, Queue, Token};

/// As far as go-yaml looks when a token begins: `--- `.
pub(super) const LOOK_AHEAD: usize = 4;

/// Turns a text into tokens, as many at a time as the parser asks for.
#[derive(Clone, Debug)]
pub(super) struct Scanner<'a> {
    pub(super) input: Input<'a>,
    pub(super) queue: Queue<'a>,
    /// The queue's first token may be parsed.
    ready: bool,
    /// The least column that lies deeper than the innermost block collection: one more than its
    /// own column, 0 outside of all.
    pub(super) floor: usize,
    /// The floors of the collections around it.
    floors: Vec<usize>,
    /// How many brackets are open.
    pub(super) flow: usize,
    pub(super) keys: SimpleKeys,
    /// A simple key may begin here.
    pub(super) key_allowed: bool,
    /// The scalar that was scanned last.
    pub(super) scalar: Token,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            input: Input::new(text),
            queue: Queue::default(),
            ready: false,
            floor: 0,
            floors: Vec::new(),
            flow: 0,
            keys: SimpleKeys::default(),
            key_allowed: true,
            scalar: Token::default(),
        }
    }

    /// What the next token is, which stays where it is: [`Self::first`].
    #[inline]
    pub(super) fn peek(&mut self) -> Result<Kind, Fault> {
        match self.queue.first() {
            Some(first) if first.key_level == 0 || self.ready => Ok(first.kind),
            _ => self.prepare(),
        }
    }

    /// The token that was peeked at.
    #[inline]
    pub(super) fn first(&self) -> Token {
        self.queue.first().copied().unwrap_or_default()
    }

    /// Scans until it is clear what the next token is.
    #[inline(never)]
    fn prepare(&mut self) -> Result<Kind, Fault> {
        loop {
            if let Some(&first) = self.queue.first()
                && !self.is_awaited(first)?
            {
                self.ready = true;
                return Ok(first.kind);
            }
            self.fetch()?;
        }
    }

    /// Lets the next token go.
    #[inline]
    pub(super) fn skip(&mut self) {
        self.ready = false;
        self.queue.skip();
    }

    /// Scans another token, or the few that belong together.
    fn fetch(&mut self) -> Result<(), Fault> {
        self.skip_to_token();
        self.input.check_ahead(LOOK_AHEAD)?;
        let fetched = self.fetch_token();
        if self.input.is_cut_here() {
            // Whatever was found, go-yaml has read on.
            self.input.check_ahead(LOOK_AHEAD)?;
        }
        fetched
    }

    /// Skips blanks, line breaks and comments.
    #[inline]
    pub(super) fn skip_to_token(&mut self) {
        loop {
            self.input.skip_mark();
            let tabs = self.flow > 0 || !self.key_allowed;
            while self.input.next() == b' ' || (tabs && self.input.next() == b'\t') {
                self.input.at += 1;
            }
            if self.input.next() == b'#' {
                self.input.at = self.input.line_end();
            }
            let length = self.input.break_length(self.input.at);
            if length == 0 {
                return;
            }
            self.input.take_break(length);
            if self.flow == 0 {
                self.key_allowed = true;
            }
        }
    }

    #[inline]
    fn fetch_token(&mut self) -> Result<(), Fault> {
        let byte = self.input.next();
        if self.flow == 0 {
            let column = self.input.column();
            if self.floor > column + 1 {
                self.unroll(column + 1);
            }
        }
        if self.input.at == self.input.line {
            match byte {
                b'%' => return self.directive(),
                b'-' if self.input.is_document_indicator() => {
                    return self.document_indicator(Kind::DocumentStart);
                }
                b'.' if self.input.is_document_indicator() => {
                    return self.document_indicator(Kind::DocumentEnd);
                }
                _ => {}
            }
        }
        let in_flow = self.flow > 0;
        match byte {
            b'[' => self.open_flow(Kind::FlowSequenceStart),
            b'{' => self.open_flow(Kind::FlowMappingStart),
            b']' => self.close_flow(Kind::FlowSequenceEnd),
            b'}' => self.close_flow(Kind::FlowMappingEnd),
            b',' => self.flow_entry(),
            b'-' if self.input.is_blank_or_end(self.input.at + 1) => self.block_entry(),
            b'?' if in_flow || self.input.is_blank_or_end(self.input.at + 1) => self.key(),
            b':' if in_flow || self.input.is_blank_or_end(self.input.at + 1) => self.value(),
            b'*' => self.anchor(Kind::Alias),
            b'&' => self.anchor(Kind::Anchor),
            b'!' => self.tag(),
            b'|' if !in_flow => self.block_scalar(true),
            b'>' if !in_flow => self.block_scalar(false),
            b'\'' | b'"' => {
                self.quoted(byte)?;
                self.push_scalar();
                Ok(())
            }
            b'\t' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => {
                self.input.error("found character that cannot start any token")
            }
            _ if self.input.is_end() => self.stream_end(),
            _ => {
                self.plain()?;
                self.push_scalar();
                Ok(())
            }
        }
    }

    /// Begins a block collection in a column.
    pub(super) fn indent(&mut self, column: usize) {
        self.floors.push(self.floor);
        self.floor = column + 1;
    }

    /// Begins a block collection here, unless one in this column is open.
    fn roll(&mut self, kind: Kind) {
        let column = self.input.column();
        if self.floor <= column {
            self.indent(column);
            let at = self.input.offset(self.input.at);
            self.queue.push(Token::new(kind, at, at));
        }
    }

    /// Ends the block collections whose floor is above `floor`.
    fn unroll(&mut self, floor: usize) {
        let at = self.input.offset(self.input.at);
        while self.floor > floor {
            self.queue.push(Token::new(Kind::BlockEnd, at, at));
            self.floor = self.floors.pop().unwrap_or_default();
        }
    }

    /// Pushes a token that the next `length` bytes are.
    fn push(&mut self, kind: Kind, length: usize) {
        let start = self.input.at;
        self.input.at += length;
        let (start, end) = (self.input.offset(start), self.input.offset(self.input.at));
        self.queue.push(Token::new(kind, start, end));
    }

    fn stream_end(&mut self) -> Result<(), Fault> {
        // The end counts as a new line.
        self.input.begin_line();
        self.end_blocks()?;
        self.push(Kind::StreamEnd, 0);
        Ok(())
    }

    /// Ends what a directive and the borders of a document end.
    pub(super) fn end_blocks(&mut self) -> Result<(), Fault> {
        if self.flow == 0 {
            self.unroll(0);
        }
        self.drop_key()?;
        self.key_allowed = false;
        Ok(())
    }

    fn document_indicator(&mut self, kind: Kind) -> Result<(), Fault> {
        self.end_blocks()?;
        self.push(kind, 3);
        Ok(())
    }

    fn open_flow(&mut self, kind: Kind) -> Result<(), Fault> {
        let key_level = self.begin_key()?;
        self.open_level();
        self.key_allowed = true;
        let start = self.input.offset(self.input.at);
        self.input.at += 1;
        self.queue.push(Token { key_level, ..Token::new(kind, start, start + 1) });
        Ok(())
    }

    fn close_flow(&mut self, kind: Kind) -> Result<(), Fault> {
        self.drop_key()?;
        self.close_level();
        self.key_allowed = false;
        self.push(kind, 1);
        Ok(())
    }

    fn flow_entry(&mut self) -> Result<(), Fault> {
        self.drop_key()?;
        self.key_allowed = true;
        self.push(Kind::FlowEntry, 1);
        Ok(())
    }

    fn block_entry(&mut self) -> Result<(), Fault> {
        // Between brackets the parser refuses it.
        if self.flow == 0 {
            if !self.key_allowed {
                return self.input.error("block sequence entries are not allowed in this context");
            }
            self.roll(Kind::BlockSequenceStart);
        }
        self.drop_key()?;
        self.key_allowed = true;
        self.push(Kind::BlockEntry, 1);
        Ok(())
    }

    fn key(&mut self) -> Result<(), Fault> {
        if self.flow == 0 {
            if !self.key_allowed {
                return self.input.error("mapping keys are not allowed in this context");
            }
            self.roll(Kind::BlockMappingStart);
        }
        self.drop_key()?;
        self.key_allowed = self.flow == 0;
        self.push(Kind::Key, 1);
        Ok(())
    }

    fn value(&mut self) -> Result<(), Fault> {
        if !self.take_key()? {
            if self.flow == 0 {
                if !self.key_allowed {
                    return self.input.error("mapping values are not allowed in this context");
                }
                self.roll(Kind::BlockMappingStart);
            }
            self.key_allowed = self.flow == 0;
        }
        self.push(Kind::Value, 1);
        Ok(())
    }

    /// Reads the rest of a line, in which nothing but blanks and a comment may stand.
    pub(super) fn skip_line_rest(&mut self) -> Result<(), Fault> {
        self.input.skip_blanks();
        if self.input.next() == b'#' {
            self.input.at = self.input.line_end();
        }
        let at = self.input.at;
        if !self.input.is_blank_or_end(at) {
            return self.input.error("did not find expected comment or line break");
        }
        let length = self.input.break_length(at);
        if length > 0 {
            self.input.take_break(length);
        }
        Ok(())
    }
}
