//! The parser: tokens to events, one state per place in the grammar.

use std::borrow::Cow;

use super::scanner::Scanner;
use super::token::{Kind, Tag, Token};
use super::{Event, EventData, Fault, SyntaxError};
use crate::model::node::Style;

/// A place in the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    StreamStart,
    DocumentContent,
    DocumentEnd,
    StreamEnd,
    BlockNode,
    BlockSequenceStart,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingStart,
    BlockMappingKey,
    BlockMappingValue,
    /// The `:` has been read: [`Parser::colon_end`].
    BlockMappingValueBehind,
    FlowSequenceStart,
    FlowSequenceEntry,
    FlowSequencePairKey,
    FlowSequencePairValue,
    FlowSequencePairEnd,
    FlowMappingStart,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingNoValue,
}

/// Which collections may begin at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// Those in brackets.
    Flow,
    /// All.
    Block,
    /// All, and sequences that are not indented: the value of a mapping.
    BlockValue,
}

pub(super) type Next<'a> = Result<Event<'a>, Fault>;

pub(super) fn event(data: EventData<'_>, start: u32, end: u32) -> Event<'_> {
    Event { data, start, end }
}

#[cold]
pub(super) fn error<T>(message: &'static str, token: Token) -> Result<T, Fault> {
    Err(Box::new(SyntaxError { offset: token.start as usize, message }))
}

/// Reads the first document of a text, event by event.
#[derive(Clone, Debug)]
pub(in crate::input::yaml) struct Parser<'a> {
    pub(super) scanner: Scanner<'a>,
    pub(super) state: State,
    /// Where the `:` of the last ordinary line ended.
    colon_end: u32,
    /// Where to go on when the current node is complete.
    pub(super) states: Vec<State>,
    /// What `%TAG` directives have said.
    pub(super) handles: Vec<Tag<'a>>,
}

impl<'a> Parser<'a> {
    /// Starts at the beginning of a text of less than 4 GiB, which has lost the byte order mark
    /// that it may have begun with. If the last line lacks its line break, it is read as if it
    /// had one.
    pub(in crate::input::yaml) fn new(text: &'a str) -> Self {
        Self {
            scanner: Scanner::new(text),
            state: State::StreamStart,
            colon_end: 0,
            states: Vec::with_capacity(16),
            handles: Vec::new(),
        }
    }

    /// The next event. Nothing sensible comes after an error or the end of the document.
    #[inline]
    pub(in crate::input::yaml) fn next(&mut self) -> Next<'a> {
        match self.state {
            State::StreamStart => self.document_start(),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::StreamEnd => {
                let token = self.token()?;
                Ok(event(EventData::StreamEnd, token.start, token.start))
            }
            State::BlockNode => self.node(Context::Block),
            State::BlockSequenceStart => {
                self.skip_first()?;
                self.block_sequence_entry()
            }
            State::BlockSequenceEntry => self.block_sequence_entry(),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingStart => {
                self.skip_first()?;
                self.block_mapping_key()
            }
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::BlockMappingValueBehind => self.block_mapping_value_of_line(),
            State::FlowSequenceStart => {
                self.skip_first()?;
                self.flow_sequence_entry(true)
            }
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::FlowSequencePairKey => self.flow_sequence_pair_key(),
            State::FlowSequencePairValue => self.flow_sequence_pair_value(),
            State::FlowSequencePairEnd => {
                let token = self.token()?;
                self.state = State::FlowSequenceEntry;
                Ok(event(EventData::MappingEnd, token.start, token.start))
            }
            State::FlowMappingStart => {
                self.skip_first()?;
                self.flow_mapping_key(true)
            }
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingNoValue => {
                let token = self.token()?;
                Ok(self.absent(token.start, State::FlowMappingKey))
            }
        }
    }

    /// The next token.
    #[inline]
    pub(super) fn token(&mut self) -> Result<Token, Fault> {
        self.scanner.peek()?;
        Ok(self.scanner.first())
    }

    /// Lets the token go that began a collection.
    pub(super) fn skip_first(&mut self) -> Result<(), Fault> {
        self.scanner.peek()?;
        self.scanner.skip();
        Ok(())
    }

    /// A scalar where nothing is written.
    pub(super) fn absent(&mut self, at: u32, then: State) -> Event<'a> {
        self.state = then;
        let data = EventData::Scalar {
            anchor: None,
            tag: None,
            value: Cow::Borrowed(""),
            plain_implicit: true,
            style: Style::Plain,
        };
        event(data, at, at)
    }

    /// Parses a node, then goes on with `then`.
    #[inline]
    pub(super) fn node_then(&mut self, context: Context, then: State) -> Next<'a> {
        self.states.push(then);
        self.node(context)
    }

    pub(super) fn resume(&mut self) {
        self.state = self.states.pop().unwrap_or(State::StreamEnd);
    }

    #[inline]
    pub(super) fn node(&mut self, context: Context) -> Next<'a> {
        if let Kind::Scalar(style) = self.scanner.peek()? {
            let event = self.scalar(self.scanner.first(), style, None, None);
            self.scanner.skip();
            self.resume();
            return Ok(event);
        }
        self.rich_node(context)
    }

    /// Parses a node that is more than a scalar.
    fn rich_node(&mut self, context: Context) -> Next<'a> {
        let mut token = self.token()?;
        if token.kind == Kind::Alias {
            let name = self.name(token);
            self.scanner.skip();
            self.resume();
            return Ok(event(EventData::Alias { name }, token.start, token.end));
        }
        let mut anchor = None;
        let mut tag = None;
        let mut end = token.start;
        loop {
            match token.kind {
                Kind::Anchor if anchor.is_none() => anchor = Some(self.name(token)),
                Kind::Tag if tag.is_none() => {
                    tag = Some((self.scanner.queue.take_tag(token.extra), token));
                }
                _ => break,
            }
            end = token.end;
            self.scanner.skip();
            token = self.token()?;
        }
        let tag = match tag {
            Some((tag, token)) => Some(self.resolve_tag(tag, token)?),
            None => None,
        };
        let (data, state) = match token.kind {
            Kind::Scalar(style) => {
                let event = self.scalar(token, style, anchor, tag);
                self.scanner.skip();
                self.resume();
                return Ok(event);
            }
            Kind::BlockEntry if context == Context::BlockValue => {
                (EventData::SequenceStart { anchor, flow: false }, State::IndentlessSequenceEntry)
            }
            Kind::FlowSequenceStart => {
                (EventData::SequenceStart { anchor, flow: true }, State::FlowSequenceStart)
            }
            Kind::FlowMappingStart => {
                (EventData::MappingStart { anchor, flow: true }, State::FlowMappingStart)
            }
            Kind::BlockSequenceStart if context != Context::Flow => {
                (EventData::SequenceStart { anchor, flow: false }, State::BlockSequenceStart)
            }
            Kind::BlockMappingStart if context != Context::Flow => {
                (EventData::MappingStart { anchor, flow: false }, State::BlockMappingStart)
            }
            _ if anchor.is_some() || tag.is_some() => {
                self.resume();
                let plain_implicit = tag.is_none();
                let value = Cow::Borrowed("");
                let style = Style::Plain;
                let data = EventData::Scalar { anchor, tag, value, plain_implicit, style };
                return Ok(event(data, end, end));
            }
            _ => return error("did not find expected node content", token),
        };
        self.state = state;
        Ok(event(data, token.start, token.end))
    }

    /// The event of a scalar's token.
    #[inline]
    fn scalar(
        &mut self,
        token: Token,
        style: Style,
        anchor: Option<&'a str>,
        tag: Option<Cow<'a, str>>,
    ) -> Event<'a> {
        let value = if token.extra == 0 {
            let quote = usize::from(style != Style::Plain);
            let (start, end) = (token.start as usize + quote, token.end as usize - quote);
            Cow::Borrowed(self.scanner.input.slice(start, end))
        } else {
            Cow::Owned(self.scanner.queue.take_text(token.extra))
        };
        let plain_implicit = match &tag {
            None => style == Style::Plain,
            Some(tag) => tag == "!",
        };
        let data = EventData::Scalar { anchor, tag, value, plain_implicit, style };
        event(data, token.start, token.end)
    }

    /// The name of an anchor or an alias, without its indicator.
    fn name(&self, token: Token) -> &'a str {
        self.scanner.input.slice(token.start as usize + 1, token.end as usize)
    }

    /// Puts a tag's prefix in the place of its handle.
    fn resolve_tag(&self, tag: Tag<'a>, token: Token) -> Result<Cow<'a, str>, Fault> {
        let Tag { handle, suffix } = tag;
        if handle.is_empty() {
            return Ok(suffix);
        }
        let prefix = match self.handles.iter().find(|known| known.handle == handle) {
            Some(known) => &*known.suffix,
            None if handle == "!" => "!",
            None if handle == "!!" => "tag:yaml.org,2002:",
            None => return error("found undefined tag handle", token),
        };
        Ok(Cow::Owned(format!("{prefix}{suffix}")))
    }

    fn block_sequence_entry(&mut self) -> Next<'a> {
        let token = self.token()?;
        match token.kind {
            Kind::BlockEntry => {
                self.scanner.skip();
                match self.scanner.peek()? {
                    Kind::BlockEntry | Kind::BlockEnd => {
                        Ok(self.absent(token.end, State::BlockSequenceEntry))
                    }
                    _ => self.node_then(Context::Block, State::BlockSequenceEntry),
                }
            }
            Kind::BlockEnd => Ok(self.end_collection(EventData::SequenceEnd, token)),
            _ => error("did not find expected '-' indicator", token),
        }
    }

    /// Ends a collection whose last token is `token`.
    pub(super) fn end_collection(&mut self, data: EventData<'a>, token: Token) -> Event<'a> {
        self.resume();
        self.scanner.skip();
        event(data, token.start, token.end)
    }

    fn indentless_sequence_entry(&mut self) -> Next<'a> {
        let token = self.token()?;
        if token.kind != Kind::BlockEntry {
            self.resume();
            return Ok(event(EventData::SequenceEnd, token.start, token.start));
        }
        self.scanner.skip();
        match self.scanner.peek()? {
            Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd => {
                Ok(self.absent(token.end, State::IndentlessSequenceEntry))
            }
            _ => self.node_then(Context::Block, State::IndentlessSequenceEntry),
        }
    }

    fn block_mapping_key(&mut self) -> Next<'a> {
        if self.scanner.key_of_line()? {
            let key = self.scanner.scalar;
            self.colon_end = key.end + 1;
            self.state = State::BlockMappingValueBehind;
            return Ok(self.scalar(key, Style::Plain, None, None));
        }
        let token = self.token()?;
        match token.kind {
            Kind::Key => {
                self.scanner.skip();
                match self.scanner.peek()? {
                    Kind::Key | Kind::Value | Kind::BlockEnd => {
                        Ok(self.absent(token.end, State::BlockMappingValue))
                    }
                    _ => self.node_then(Context::BlockValue, State::BlockMappingValue),
                }
            }
            Kind::BlockEnd => Ok(self.end_collection(EventData::MappingEnd, token)),
            _ => error("did not find expected key", token),
        }
    }

    fn block_mapping_value(&mut self) -> Next<'a> {
        let token = self.token()?;
        if token.kind != Kind::Value {
            return Ok(self.absent(token.start, State::BlockMappingKey));
        }
        self.scanner.skip();
        self.block_mapping_value_behind(token.end)
    }

    #[inline]
    fn block_mapping_value_of_line(&mut self) -> Next<'a> {
        if self.scanner.value_of_line()?
            && let Kind::Scalar(style) = self.scanner.scalar.kind
        {
            self.state = State::BlockMappingKey;
            return Ok(self.scalar(self.scanner.scalar, style, None, None));
        }
        self.block_mapping_value_behind(self.colon_end)
    }

    fn block_mapping_value_behind(&mut self, at: u32) -> Next<'a> {
        match self.scanner.peek()? {
            Kind::Key | Kind::Value | Kind::BlockEnd => Ok(self.absent(at, State::BlockMappingKey)),
            _ => self.node_then(Context::BlockValue, State::BlockMappingKey),
        }
    }
}
