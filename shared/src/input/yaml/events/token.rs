//! The tokens between the scanner and the parser, and the queue that they wait in.

use std::borrow::Cow;
use std::mem;

use crate::model::node::Style;

/// What a token is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    StreamEnd,
    VersionDirective,
    TagDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    Tag,
    Scalar(Style),
}

/// A token. What does not stand in the text lies beside the queue.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Scalars: one more than the index of the text, where it differs from the source. Tags: the
    /// index of the tag. `%YAML`: the version, as in [`Token::VERSION`].
    pub(super) extra: u32,
    pub(super) start: u32,
    pub(super) end: u32,
    /// One more than the level whose simple key may begin with this token; 0 if there is none.
    pub(super) key_level: u32,
}

impl Token {
    /// `%YAML 1.1`, the only version that there is.
    pub(super) const VERSION: u32 = 101;

    pub(super) fn new(kind: Kind, start: u32, end: u32) -> Self {
        Self { kind, extra: 0, start, end, key_level: 0 }
    }
}

/// A tag, or the contents of a `%TAG` directive.
#[derive(Clone, Debug, Default)]
pub(super) struct Tag<'a> {
    /// `!`, `!!`, `!name!`, or nothing for a tag that is complete.
    pub(super) handle: &'a str,
    /// What follows the handle, or what a directive puts in its place.
    pub(super) suffix: Cow<'a, str>,
}

/// The tokens that were scanned and not yet parsed.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue<'a> {
    tokens: Vec<Token>,
    head: usize,
    /// How many tokens have left the queue: the number of the first one in it.
    pub(super) parsed: usize,
    texts: Vec<String>,
    tags: Vec<Tag<'a>>,
}

impl<'a> Queue<'a> {
    /// Tokens that have left make room when there are this many.
    const SLACK: usize = 4096;

    /// The first token.
    #[inline]
    pub(super) fn first(&self) -> Option<&Token> {
        self.tokens.get(self.head)
    }

    /// Whether there is no token.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The number of the next token that is pushed.
    #[inline]
    pub(super) fn next_number(&self) -> usize {
        self.parsed + self.tokens.len() - self.head
    }

    #[inline]
    pub(super) fn push(&mut self, token: Token) {
        self.tokens.push(token);
    }

    /// Puts a token before the one with a number; behind all, if that one has left already.
    pub(super) fn insert(&mut self, number: usize, token: Token) {
        match number.checked_sub(self.parsed) {
            Some(place) => self.tokens.insert((self.head + place).min(self.tokens.len()), token),
            None => self.tokens.push(token),
        }
    }

    /// Lets the first token go.
    #[inline]
    pub(super) fn skip(&mut self) {
        self.parsed += 1;
        self.head += 1;
        if self.head >= self.tokens.len() {
            self.tokens.clear();
            self.head = 0;
            self.texts.clear();
            self.tags.clear();
        } else if self.head >= Self::SLACK && self.head * 2 > self.tokens.len() {
            self.tokens.drain(..self.head);
            self.head = 0;
        }
    }

    /// Keeps a scalar's text; returns [`Token::extra`].
    pub(super) fn keep_text(&mut self, text: String) -> u32 {
        self.texts.push(text);
        u32::try_from(self.texts.len()).unwrap_or(u32::MAX)
    }

    /// Hands out a text that was kept.
    pub(super) fn take_text(&mut self, extra: u32) -> String {
        self.texts.get_mut(extra as usize - 1).map(mem::take).unwrap_or_default()
    }

    /// Keeps a tag; returns [`Token::extra`].
    pub(super) fn keep_tag(&mut self, tag: Tag<'a>) -> u32 {
        self.tags.push(tag);
        u32::try_from(self.tags.len() - 1).unwrap_or(u32::MAX)
    }

    /// Hands out a tag that was kept.
    pub(super) fn take_tag(&mut self, extra: u32) -> Tag<'a> {
        self.tags.get_mut(extra as usize).map(mem::take).unwrap_or_default()
    }
}
