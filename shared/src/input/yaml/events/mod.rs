//! YAML text to events, for the loader alone: what kubectl's parser accepts, refuses and means.
//!
//! The law is the scanner and the parser of go.yaml.in/yaml/v2 (a descendant of libyaml), with
//! their oddities: a key is looked for within 1,024 characters, an empty flow collection is no
//! simple key, a `?` ends a plain scalar between brackets. Only the first document of a text is
//! read. Time is linear in the text, however it nests, and nothing recurses.

mod block;
mod bytes;
mod directive;
mod document;
mod flow;
mod input;
mod keys;
mod line;
mod parser;
mod plain;
mod quoted;
mod scanner;
mod survey;
mod tag;
mod token;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::model::node::Style;

pub(super) use parser::Parser;

/// One step through a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event<'a> {
    /// What it is.
    pub(super) data: EventData<'a>,
    /// The first byte, quotes included, anchor and tag not.
    pub(super) start: u32,
    /// The byte after the last one.
    pub(super) end: u32,
}

/// What an [`Event`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EventData<'a> {
    /// The document begins.
    DocumentStart,
    /// A scalar, perhaps an absent one.
    Scalar {
        /// The name behind `&`.
        anchor: Option<&'a str>,
        /// The tag with its handle replaced, as in `tag:yaml.org,2002:str`.
        tag: Option<Cow<'a, str>>,
        /// The text. Borrowed where it is just what stands in the span, quotes aside.
        value: Cow<'a, str>,
        /// go-yaml's `implicit`: the scalar is plain without a tag, or its tag is `!`.
        plain_implicit: bool,
        /// How it is written.
        style: Style,
    },
    /// `*name`
    Alias {
        /// The name.
        name: &'a str,
    },
    /// A sequence begins.
    SequenceStart {
        /// The name behind `&`.
        anchor: Option<&'a str>,
        /// Whether it is written in brackets.
        flow: bool,
    },
    /// A sequence ends.
    SequenceEnd,
    /// A mapping begins.
    MappingStart {
        /// The name behind `&`.
        anchor: Option<&'a str>,
        /// Whether it is written in braces.
        flow: bool,
    },
    /// A mapping ends.
    MappingEnd,
    /// The document ends; the caller stops here.
    DocumentEnd,
    /// There is no document, or no other.
    StreamEnd,
}

/// Why a text is no YAML, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    /// The offending byte.
    pub(super) offset: usize,
    /// What is wrong there, in go-yaml's words.
    pub(super) message: &'static str,
}

/// An error on its way out: results are small where there is none.
type Fault = Box<SyntaxError>;
