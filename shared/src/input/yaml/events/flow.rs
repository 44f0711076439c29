//! The grammar between brackets.

use super::EventData;
use super::parser::{Context, Next, Parser, State, error, event};
use super::token::Kind;

impl<'a> Parser<'a> {
    /// An element of a sequence in brackets, or its end.
    pub(super) fn flow_sequence_entry(&mut self, is_first: bool) -> Next<'a> {
        let mut token = self.token()?;
        if token.kind != Kind::FlowSequenceEnd && !is_first {
            if token.kind != Kind::FlowEntry {
                return error("did not find expected ',' or ']'", token);
            }
            self.scanner.skip();
            token = self.token()?;
        }
        match token.kind {
            Kind::FlowSequenceEnd => Ok(self.end_collection(EventData::SequenceEnd, token)),
            Kind::Key => {
                self.scanner.skip();
                self.state = State::FlowSequencePairKey;
                let data = EventData::MappingStart { anchor: None, flow: true };
                Ok(event(data, token.start, token.end))
            }
            _ => self.node_then(Context::Flow, State::FlowSequenceEntry),
        }
    }

    /// The key of a `key: value` that is an element.
    pub(super) fn flow_sequence_pair_key(&mut self) -> Next<'a> {
        let token = self.token()?;
        match token.kind {
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd => {
                // The token is lost, in go-yaml too.
                self.scanner.skip();
                Ok(self.absent(token.end, State::FlowSequencePairValue))
            }
            _ => self.node_then(Context::Flow, State::FlowSequencePairValue),
        }
    }

    /// The value of a `key: value` that is an element.
    pub(super) fn flow_sequence_pair_value(&mut self) -> Next<'a> {
        let mut token = self.token()?;
        if token.kind == Kind::Value {
            self.scanner.skip();
            token = self.token()?;
            if !matches!(token.kind, Kind::FlowEntry | Kind::FlowSequenceEnd) {
                return self.node_then(Context::Flow, State::FlowSequencePairEnd);
            }
        }
        Ok(self.absent(token.start, State::FlowSequencePairEnd))
    }

    /// A key of a mapping in braces, or its end.
    pub(super) fn flow_mapping_key(&mut self, is_first: bool) -> Next<'a> {
        let mut token = self.token()?;
        if token.kind != Kind::FlowMappingEnd && !is_first {
            if token.kind != Kind::FlowEntry {
                return error("did not find expected ',' or '}'", token);
            }
            self.scanner.skip();
            token = self.token()?;
        }
        match token.kind {
            Kind::FlowMappingEnd => Ok(self.end_collection(EventData::MappingEnd, token)),
            Kind::Key => {
                self.scanner.skip();
                token = self.token()?;
                match token.kind {
                    Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd => {
                        Ok(self.absent(token.start, State::FlowMappingValue))
                    }
                    _ => self.node_then(Context::Flow, State::FlowMappingValue),
                }
            }
            _ => self.node_then(Context::Flow, State::FlowMappingNoValue),
        }
    }

    /// A value of a mapping in braces.
    pub(super) fn flow_mapping_value(&mut self) -> Next<'a> {
        let mut token = self.token()?;
        if token.kind == Kind::Value {
            self.scanner.skip();
            token = self.token()?;
            if !matches!(token.kind, Kind::FlowEntry | Kind::FlowMappingEnd) {
                return self.node_then(Context::Flow, State::FlowMappingKey);
            }
        }
        Ok(self.absent(token.start, State::FlowMappingKey))
    }
}
