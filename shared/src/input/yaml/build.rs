//! One YAML document to the arena of nodes, on the events of libyaml (the parser that go-yaml v2
//! descends from), with go-yaml's decoding rules.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libyaml_safer::{Event, EventData, MappingStyle, Parser, ScalarStyle, SequenceStyle};

use super::alias;
use crate::model::node::{FLAG_ANCHOR, FLAG_IRREGULAR, Kind, Node, NodeId, Style, Tree};
use crate::model::scalar::{self, Raw};
use crate::model::source::Source;

/// The deepest nesting that is read. Kubernetes has nothing near it, and the parser's cost grows
/// with the square of the depth.
pub const MAX_DEPTH: usize = 1_000;

/// Why a document cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct YamlError {
    /// The offending byte, from the start of the source.
    pub(super) offset: usize,
    /// What is wrong there, in go-yaml's words where it has some.
    pub(super) message: String,
}

/// Reads the document at `range` of the source.
///
/// Returns `None` for a document without content (comments only).
pub(super) fn read(source: &Arc<Source>, range: std::ops::Range<usize>) -> Result<Option<Tree>, YamlError> {
    let mut base = range.start;
    let mut text = &source.text()[range];
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        base += '\u{feff}'.len_utf8();
        text = rest;
    }
    if u32::try_from(text.len()).is_err() {
        return Err(YamlError { offset: base, message: "document larger than 4 GiB".to_owned() });
    }
    let mut builder = Builder {
        text,
        nodes: Vec::with_capacity(text.len() / 12),
        owned: Vec::new(),
        open: Vec::new(),
        anchors: HashMap::new(),
        has_alias: false,
    };
    let fail = |error: Failure| YamlError { offset: base + error.offset, message: error.message };
    if !builder.run().map_err(fail)? {
        return Ok(None);
    }
    if builder.has_alias {
        alias::check(&builder.nodes).map_err(|message| fail(Failure { offset: 0, message }))?;
    }
    Ok(Some(Tree::new(Arc::clone(source), base, builder.nodes, builder.owned)))
}

struct Failure {
    offset: usize,
    message: String,
}

/// A collection whose end has not come yet.
struct Open {
    id: NodeId,
    is_map: bool,
    expects_key: bool,
    anchor: Option<String>,
    keys: Vec<NodeId>,
    merges: bool,
}

struct Builder<'a> {
    text: &'a str,
    nodes: Vec<Node>,
    owned: Vec<Box<str>>,
    open: Vec<Open>,
    anchors: HashMap<String, NodeId>,
    has_alias: bool,
}

fn failure<T>(offset: usize, message: impl Into<String>) -> Result<T, Failure> {
    Err(Failure { offset, message: message.into() })
}

impl Builder<'_> {
    /// Feeds the first document's events; `false` if there is none.
    fn run(&mut self) -> Result<bool, Failure> {
        // kubectl's line reader ends every line, also the last one: block scalars at the end of
        // a file get their newline from it.
        let tail: &[u8] = if self.text.ends_with('\n') { b"" } else { b"\n" };
        let mut parser = Parser::new();
        parser.set_input(std::io::Read::chain(self.text.as_bytes(), tail));
        loop {
            let event = parser.parse().map_err(|error| self.parse_failure(&error))?;
            match event.data {
                EventData::StreamStart { .. } | EventData::DocumentStart { .. } => {}
                EventData::StreamEnd => return Ok(false),
                // go-yaml reads no further than the first document.
                EventData::DocumentEnd { .. } => {
                    return Ok(self.nodes.first().is_some_and(|root| root.kind != Kind::Null));
                }
                _ => self.event(event)?,
            }
        }
    }

    fn parse_failure(&self, error: &libyaml_safer::Error) -> Failure {
        let mark = error.problem_mark().or_else(|| error.context_mark());
        let offset = mark.map_or(0, |mark| usize::try_from(mark.index).unwrap_or(0)).min(self.text.len());
        Failure { offset, message: format!("yaml: {}", error.problem()) }
    }

    fn event(&mut self, event: Event) -> Result<(), Failure> {
        let start = offset(event.start_mark.index);
        let end = offset(event.end_mark.index).min(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        let start = start.min(end);
        match event.data {
            EventData::Scalar { anchor, tag, value, plain_implicit, style, .. } => {
                let id = self.scalar(start..end, tag.as_deref(), value, plain_implicit, style)?;
                self.set_anchor(id, anchor);
            }
            EventData::Alias { anchor } => self.alias(start..end, &anchor)?,
            EventData::SequenceStart { anchor, style, .. } => {
                let flow = style == SequenceStyle::Flow;
                self.start_collection(start, Kind::Seq, flow, anchor)?;
            }
            EventData::MappingStart { anchor, style, .. } => {
                let flow = style == MappingStyle::Flow;
                self.start_collection(start, Kind::Map, flow, anchor)?;
            }
            EventData::SequenceEnd | EventData::MappingEnd => self.end_collection(end)?,
            _ => {}
        }
        Ok(())
    }

    fn push(&mut self, span: std::ops::Range<u32>, kind: Kind, style: Style) -> NodeId {
        let id = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(Node { start: span.start, end: span.end, link: 0, kind, style, flags: 0 });
        id
    }

    fn own(&mut self, id: NodeId, kind: Kind, text: String) {
        let node = &mut self.nodes[id as usize];
        node.kind = kind;
        node.link = u32::try_from(self.owned.len()).unwrap_or(u32::MAX);
        self.owned.push(text.into_boxed_str());
    }

    fn set_anchor(&mut self, id: NodeId, anchor: Option<String>) {
        if let Some(anchor) = anchor {
            self.nodes[id as usize].flags |= FLAG_ANCHOR;
            self.anchors.insert(anchor, id);
        }
    }

    /// Notes that a node has come where `open` expects one; says whether it is a key.
    fn arrive(&mut self, id: NodeId) -> bool {
        let Some(open) = self.open.last_mut() else {
            return false;
        };
        if !open.is_map {
            return false;
        }
        let is_key = open.expects_key;
        open.expects_key = !is_key;
        if is_key {
            open.keys.push(id);
        }
        is_key
    }

    fn start_collection(
        &mut self,
        start: u32,
        kind: Kind,
        flow: bool,
        anchor: Option<String>,
    ) -> Result<(), Failure> {
        if self.open.len() >= MAX_DEPTH {
            return failure(start as usize, format!("nested deeper than {MAX_DEPTH} levels"));
        }
        let id = self.push(start..start, kind, if flow { Style::Flow } else { Style::Plain });
        if self.arrive(id) {
            return failure(start as usize, "yaml: invalid map key: a key must be a scalar");
        }
        self.set_anchor(id, anchor.clone());
        let is_map = kind == Kind::Map;
        self.open.push(Open { id, is_map, expects_key: true, anchor, keys: Vec::new(), merges: false });
        Ok(())
    }

    fn end_collection(&mut self, end: u32) -> Result<(), Failure> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let irregular = open.merges || self.has_duplicate(&open.keys);
        if open.merges {
            self.check_merges(&open.keys)?;
        }
        // Block collections end in libyaml where the next token starts; the last child is truer.
        let last = self.nodes.last().map_or(end, |node| node.end);
        let node = &mut self.nodes[open.id as usize];
        node.end = if node.style == Style::Flow { end } else { last.max(node.start) };
        node.link = next;
        if irregular {
            node.flags |= FLAG_IRREGULAR;
        }
        Ok(())
    }

    fn has_duplicate(&self, keys: &[NodeId]) -> bool {
        /// Up to here comparing each with each is cheaper than sorting.
        const FEW: usize = 12;
        let text = |id: &NodeId| self.node_text(*id);
        if keys.len() <= FEW {
            return keys.iter().enumerate().any(|(at, key)| {
                keys[..at].iter().any(|earlier| text(earlier) == text(key))
            });
        }
        let mut texts: Vec<_> = keys.iter().map(text).collect();
        texts.sort_unstable();
        texts.windows(2).any(|pair| pair[0] == pair[1])
    }

    fn node_text(&self, id: NodeId) -> &str {
        let node = &self.nodes[id as usize];
        match node.kind {
            Kind::OwnedStr => &self.owned[node.link as usize],
            Kind::Alias => self.node_text(node.link),
            _ => {
                let quote = u32::from(matches!(node.style, Style::SingleQuoted | Style::DoubleQuoted));
                let range = (node.start + quote) as usize..(node.end - quote) as usize;
                self.text.get(range).unwrap_or_default()
            }
        }
    }

    /// The values of merge keys must be mappings or sequences of mappings.
    fn check_merges(&self, keys: &[NodeId]) -> Result<(), Failure> {
        let resolve = |id: NodeId| {
            let node = &self.nodes[id as usize];
            if node.kind == Kind::Alias { node.link } else { id }
        };
        for &key in keys {
            if self.nodes[key as usize].kind != Kind::MergeKey {
                continue;
            }
            let refused = || failure(self.nodes[key as usize].start as usize, "yaml: map merge requires map or sequence of maps as the value");
            let value = key + 1;
            let node = &self.nodes[value as usize];
            match node.kind {
                Kind::Seq => {
                    let mut id = value + 1;
                    while id < node.link {
                        let item = &self.nodes[id as usize];
                        if self.nodes[resolve(id) as usize].kind != Kind::Map {
                            return refused();
                        }
                        id = if item.kind == Kind::Map { item.link } else { id + 1 };
                    }
                }
                _ if self.nodes[resolve(value) as usize].kind == Kind::Map => {}
                _ => return refused(),
            }
        }
        Ok(())
    }

    fn alias(&mut self, span: std::ops::Range<u32>, name: &str) -> Result<(), Failure> {
        let at = span.start as usize;
        let Some(&target) = self.anchors.get(name) else {
            return failure(at, format!("yaml: unknown anchor '{name}' referenced"));
        };
        if self.open.iter().any(|open| open.id == target && open.anchor.as_deref() == Some(name)) {
            return failure(at, format!("yaml: anchor '{name}' value contains itself"));
        }
        self.has_alias = true;
        let id = self.push(span, Kind::Alias, Style::Plain);
        self.nodes[id as usize].link = target;
        if self.arrive(id) {
            let node = self.nodes[target as usize];
            match node.kind {
                Kind::Str | Kind::OwnedStr => {}
                Kind::Map | Kind::Seq => {
                    return failure(at, "yaml: invalid map key: a key must be a scalar");
                }
                // An anchored `<<` that is used as a key is no merge key.
                Kind::MergeKey => self.own(id, Kind::OwnedStr, "<<".to_owned()),
                _ => {
                    let raw = scalar::resolve_raw(self.node_text(target));
                    let text = key_text(raw, self.node_text(target)).map_err(|message| Failure { offset: at, message })?;
                    self.own(id, Kind::OwnedStr, text);
                }
            }
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        span: std::ops::Range<u32>,
        tag: Option<&str>,
        value: String,
        plain_implicit: bool,
        style: ScalarStyle,
    ) -> Result<NodeId, Failure> {
        let at = span.start as usize;
        let style = match style {
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
            _ => Style::Plain,
        };
        let id = self.push(span.clone(), Kind::Str, style);
        let is_key = self.arrive(id);
        let tag = tag.unwrap_or_default();
        if is_key && value == "<<" && (plain_implicit || tag == "tag:yaml.org,2002:merge") {
            if let Some(open) = self.open.last_mut() {
                open.merges = true;
            }
            self.nodes[id as usize].kind = Kind::MergeKey;
            return Ok(id);
        }
        let untagged_text = tag.is_empty() && !plain_implicit;
        let raw = if untagged_text {
            Raw::Str
        } else {
            resolve_tagged(tag, &value).map_err(|message| Failure { offset: at, message })?
        };
        let value = if tag == "tag:yaml.org,2002:binary" {
            let clean: String = value.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
            match STANDARD.decode(clean) {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(_) => return failure(at, "yaml: !!binary value contains invalid base64 data"),
            }
        } else {
            value
        };
        if is_key && raw != Raw::Str {
            let text = key_text(raw, &value).map_err(|message| Failure { offset: at, message })?;
            self.own(id, Kind::OwnedStr, text);
            return Ok(id);
        }
        let borrowed = self.is_borrowed(&span, style, &value);
        let kind = match raw {
            Raw::Null => Kind::Null,
            Raw::Bool(true) => Kind::True,
            Raw::Bool(false) => Kind::False,
            Raw::Float(float) if !float.is_finite() => {
                return failure(at, format!("json: unsupported value: {value}"));
            }
            Raw::Int(_) | Raw::Uint(_) | Raw::Float(_) if borrowed && style == Style::Plain => Kind::Number,
            Raw::Int(_) | Raw::Uint(_) | Raw::Float(_) => {
                self.own(id, Kind::OwnedNumber, value);
                return Ok(id);
            }
            Raw::Str if borrowed => Kind::Str,
            Raw::Str => {
                self.own(id, Kind::OwnedStr, value);
                return Ok(id);
            }
        };
        self.nodes[id as usize].kind = kind;
        Ok(id)
    }

    /// Whether the value is just what stands in the text, quotes aside.
    fn is_borrowed(&self, span: &std::ops::Range<u32>, style: Style, value: &str) -> bool {
        let quote = match style {
            Style::SingleQuoted | Style::DoubleQuoted => 1,
            Style::Plain => 0,
            Style::Block | Style::Flow => return false,
        };
        let range = span.start as usize + quote..(span.end as usize).saturating_sub(quote);
        self.text.get(range) == Some(value)
    }
}

fn offset(index: u64) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// `resolve` of go-yaml v2, for a scalar with or without a tag.
fn resolve_tagged(tag: &str, text: &str) -> Result<Raw, String> {
    let short = tag.strip_prefix("tag:yaml.org,2002:");
    let raw = match (tag, short) {
        ("", _) => return Ok(scalar::resolve_raw(text)),
        (_, Some("bool" | "int" | "float" | "null")) => scalar::resolve_raw(text),
        (_, Some("timestamp")) if is_timestamp(text) => return Ok(Raw::Str),
        (_, Some("timestamp")) => scalar::resolve_raw(text),
        // Text, binary, and every tag that go-yaml does not know.
        _ => return Ok(Raw::Str),
    };
    let name = match raw {
        Raw::Null => "null",
        Raw::Bool(_) => "bool",
        Raw::Int(_) | Raw::Uint(_) => "int",
        Raw::Float(_) => "float",
        Raw::Str => "str",
    };
    let short = short.unwrap_or_default();
    if name == short || (short == "float" && matches!(raw, Raw::Int(_))) {
        return Ok(raw);
    }
    Err(format!("yaml: cannot decode !!{name} `{text}` as a !!{short}"))
}

/// What go-yaml's `parseTimestamp` accepts, as far as `!!timestamp` makes it matter.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let parts: Vec<_> = date.split('-').collect();
    let number = |text: &str, most: u32| {
        text.len() <= 2 && text.parse::<u32>().is_ok_and(|value| (1..=most).contains(&value))
    };
    let [year, month, day] = parts[..] else {
        return false;
    };
    year.len() == 4
        && year.bytes().all(|byte| byte.is_ascii_digit())
        && number(month, 12)
        && number(day, 31)
        && time.is_none_or(|time| time.bytes().all(|byte| byte.is_ascii_digit() || b":.+-Z".contains(&byte)))
}

/// A key that is no string as sigs.k8s.io/yaml turns it into one.
fn key_text(raw: Raw, text: &str) -> Result<String, String> {
    match raw {
        Raw::Str => Ok(text.to_owned()),
        Raw::Bool(value) => Ok(value.to_string()),
        Raw::Int(value) => Ok(value.to_string()),
        Raw::Float(value) => Ok(scalar::key_float(value)),
        Raw::Null => Err("unsupported map key: null".to_owned()),
        Raw::Uint(_) => Err("unsupported map key: an integer beyond 64 bits".to_owned()),
    }
}
