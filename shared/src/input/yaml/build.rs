//! One YAML document to the arena of nodes: events with go-yaml's decoding rules.

use std::borrow::Cow;
use std::collections::HashMap;
use std::mem;
use std::ops::Range;
use std::sync::Arc;

use super::events::{Event, EventData, Parser};
use super::limits::MAX_DEPTH;
use super::{alias, tagged};
use crate::model::node::{
    FLAG_ANCHOR, FLAG_IRREGULAR, Kind, Node, NodeId, Style, Tree, Type, Value,
};
use crate::model::scalar::{self, Raw};
use crate::model::source::Source;

const BAD_KEY: &str = "yaml: invalid map key: a key must be a scalar";
const BAD_MERGE: &str = "yaml: map merge requires map or sequence of maps as the value";

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
pub(super) fn read(source: &Arc<Source>, range: Range<usize>) -> Result<Option<Tree>, YamlError> {
    let mut base = range.start;
    let mut text = &source.text()[range];
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        base += '\u{feff}'.len_utf8();
        text = rest;
    }
    let fail = |error: Failure| YamlError { offset: base + error.offset, message: error.message };
    if u32::try_from(text.len()).is_err() {
        return Err(fail(Failure::new(0, "document larger than 4 GiB")));
    }
    let mut builder = Builder {
        text,
        nodes: Vec::with_capacity(text.len() / 10 + 8),
        owned: Vec::new(),
        open: Vec::new(),
        keys: Vec::new(),
        anchors: HashMap::new(),
        has_alias: false,
        refused: None,
        inconvertible: Vec::new(),
    };
    let has_content = builder.run().map_err(fail)?;
    if let Some(refused) = builder.refused {
        return Err(fail(refused));
    }
    if builder.has_alias {
        alias::check(&builder.nodes).map_err(|message| fail(Failure::new(0, message)))?;
    }
    if !has_content {
        return Ok(None);
    }
    let tree = Tree::new(Arc::clone(source), base, builder.nodes, builder.owned);
    match find_inconvertible(&tree, builder.inconvertible) {
        Some(failure) => Err(fail(failure)),
        None => Ok(Some(tree)),
    }
}

#[derive(Debug)]
struct Failure {
    offset: usize,
    message: String,
}

impl Failure {
    fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}

/// A collection whose end has not come yet.
struct Open {
    id: NodeId,
    is_map: bool,
    expects_key: bool,
    merges: bool,
    /// How many keys the mappings around it have so far.
    keys: usize,
}

/// A key of an open mapping.
#[derive(Clone, Copy)]
struct Key {
    id: NodeId,
    /// Differs for most texts that differ.
    print: u64,
}

/// What an anchor stands at.
struct Anchored<'a> {
    id: NodeId,
    /// What a key was before it became text.
    key: Option<(Raw, Cow<'a, str>)>,
}

struct Builder<'a> {
    text: &'a str,
    nodes: Vec<Node>,
    owned: Vec<Box<str>>,
    open: Vec<Open>,
    keys: Vec<Key>,
    anchors: HashMap<&'a str, Anchored<'a>>,
    has_alias: bool,
    /// The first thing that go-yaml's decoder refuses, once the whole document has been parsed.
    refused: Option<Failure>,
    /// What JSON cannot hold. It is refused only if it is still there in the end: a later
    /// duplicate of its key takes it away.
    inconvertible: Vec<(NodeId, Failure)>,
}

impl<'a> Builder<'a> {
    /// Feeds the first document's events; `false` if it has no content.
    fn run(&mut self) -> Result<bool, Failure> {
        let mut parser = Parser::new(self.text);
        loop {
            let event = parser
                .next()
                .map_err(|error| Failure::new(error.offset, format!("yaml: {}", error.message)))?;
            match event.data {
                EventData::DocumentStart => {}
                EventData::StreamEnd => return Ok(false),
                // go-yaml reads no further than the first document.
                EventData::DocumentEnd => {
                    return Ok(self.nodes.first().is_some_and(|root| root.kind != Kind::Null));
                }
                _ => self.event(event)?,
            }
        }
    }

    fn event(&mut self, event: Event<'a>) -> Result<(), Failure> {
        let Event { data, start, end } = event;
        match data {
            EventData::Scalar { anchor, tag, value, plain_implicit, style } => {
                let id = self.push(start..end, Kind::Str, style);
                match self.scalar(id, tag.as_deref(), value, plain_implicit) {
                    Ok(None) if anchor.is_none() => {}
                    Ok(key) => self.set_anchor(id, anchor, key),
                    Err(message) => {
                        self.refuse(start, message);
                        self.set_anchor(id, anchor, None);
                    }
                }
            }
            EventData::Alias { name } => self.alias(start..end, name)?,
            EventData::SequenceStart { anchor, flow } => {
                self.start_collection(start, Kind::Seq, flow, anchor)?;
            }
            EventData::MappingStart { anchor, flow } => {
                self.start_collection(start, Kind::Map, flow, anchor)?;
            }
            EventData::SequenceEnd | EventData::MappingEnd => self.end_collection(end),
            EventData::DocumentStart | EventData::DocumentEnd | EventData::StreamEnd => {}
        }
        Ok(())
    }

    /// Notes what the decoder will refuse; what stands first in the text counts.
    fn refuse(&mut self, offset: u32, message: impl Into<String>) {
        let offset = offset as usize;
        if self.refused.as_ref().is_none_or(|refused| offset < refused.offset) {
            self.refused = Some(Failure::new(offset, message));
        }
    }

    fn push(&mut self, span: Range<u32>, kind: Kind, style: Style) -> NodeId {
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

    fn set_anchor(
        &mut self,
        id: NodeId,
        anchor: Option<&'a str>,
        key: Option<(Raw, Cow<'a, str>)>,
    ) {
        if let Some(anchor) = anchor {
            self.nodes[id as usize].flags |= FLAG_ANCHOR;
            self.anchors.insert(anchor, Anchored { id, key });
        }
    }

    /// Notes that a node has come; says whether it is a key.
    fn arrive(&mut self) -> bool {
        let Some(open) = self.open.last_mut() else {
            return false;
        };
        let is_key = open.is_map && open.expects_key;
        open.expects_key = !open.expects_key;
        is_key
    }

    fn start_collection(
        &mut self,
        start: u32,
        kind: Kind,
        flow: bool,
        anchor: Option<&'a str>,
    ) -> Result<(), Failure> {
        if self.open.len() >= MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(Failure::new(start as usize, message));
        }
        let id = self.push(start..start, kind, if flow { Style::Flow } else { Style::Plain });
        if self.arrive() {
            self.refuse(start, BAD_KEY);
        }
        self.set_anchor(id, anchor, None);
        let is_map = kind == Kind::Map;
        let keys = self.keys.len();
        self.open.push(Open { id, is_map, expects_key: true, merges: false, keys });
        Ok(())
    }

    fn end_collection(&mut self, end: u32) {
        let Some(open) = self.open.pop() else {
            return;
        };
        let mut keys = mem::take(&mut self.keys);
        let own_keys = keys.get_mut(open.keys..).unwrap_or_default();
        if open.merges {
            self.check_merges(own_keys);
        }
        let irregular = open.merges || self.has_duplicate(own_keys);
        keys.truncate(open.keys);
        self.keys = keys;
        // A block collection's last token is what follows it; the last child is truer.
        let last = self.nodes.last().map_or(end, |node| node.end);
        let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let node = &mut self.nodes[open.id as usize];
        node.end = if node.style == Style::Flow { end } else { last.max(node.start) };
        node.link = next;
        if irregular {
            node.flags |= FLAG_IRREGULAR;
        }
    }

    fn has_duplicate(&self, keys: &mut [Key]) -> bool {
        /// Up to here comparing each with each is cheaper than sorting.
        const FEW: usize = 16;
        let text = |key: &Key| self.node_text(key.id);
        let same = |a: &Key, b: &Key| a.print == b.print && text(a) == text(b);
        if keys.len() <= FEW {
            return (1..keys.len()).any(|at| keys[..at].iter().any(|key| same(key, &keys[at])));
        }
        keys.sort_unstable_by(|a, b| a.print.cmp(&b.print).then_with(|| text(a).cmp(text(b))));
        keys.windows(2).any(|pair| same(&pair[0], &pair[1]))
    }

    fn node_text(&self, id: NodeId) -> &str {
        let node = &self.nodes[id as usize];
        match node.kind {
            Kind::OwnedStr | Kind::OwnedNumber => &self.owned[node.link as usize],
            Kind::Alias => self.node_text(node.link),
            _ => {
                let quoted = matches!(node.style, Style::SingleQuoted | Style::DoubleQuoted);
                let quote = u32::from(quoted);
                let range = (node.start + quote) as usize..(node.end - quote) as usize;
                self.text.get(range).unwrap_or_default()
            }
        }
    }

    /// The values of merge keys must be mappings or sequences of mappings.
    fn check_merges(&mut self, keys: &[Key]) {
        let resolved_kind = |id: NodeId| match self.nodes[id as usize] {
            Node { kind: Kind::Alias, link, .. } => self.nodes[link as usize].kind,
            Node { kind, .. } => kind,
        };
        let are_all_maps = |start: NodeId, end: NodeId| {
            let mut id = start;
            while id < end {
                if resolved_kind(id) != Kind::Map {
                    return false;
                }
                let item = &self.nodes[id as usize];
                id = if item.kind == Kind::Map { item.link } else { id + 1 };
            }
            true
        };
        let bad = keys.iter().map(|key| key.id).find(|&key| {
            let value = key + 1;
            let node = &self.nodes[value as usize];
            self.nodes[key as usize].kind == Kind::MergeKey
                && match node.kind {
                    Kind::Seq => !are_all_maps(value + 1, node.link),
                    _ => resolved_kind(value) != Kind::Map,
                }
        });
        if let Some(key) = bad {
            self.refuse(self.nodes[key as usize].start, BAD_MERGE);
        }
    }

    fn alias(&mut self, span: Range<u32>, name: &str) -> Result<(), Failure> {
        let start = span.start;
        let Some(anchored) = self.anchors.get(name) else {
            let message = format!("yaml: unknown anchor '{name}' referenced");
            return Err(Failure::new(start as usize, message));
        };
        let (target, was_key) = (anchored.id, anchored.key.clone());
        let id = self.push(span, Kind::Null, Style::Plain);
        let is_key = self.arrive();
        if let Some((raw, text)) = was_key {
            // The key itself has become text, here it is what it was.
            if is_key {
                let text = self.key_text(id, raw);
                self.own_key(id, text);
            } else {
                self.set_scalar(id, raw, Cow::Owned(text.into_owned()));
            }
            return Ok(());
        }
        let node = self.nodes[target as usize];
        let is_collection = matches!(node.kind, Kind::Seq | Kind::Map);
        // A collection gets its link when it ends.
        if is_collection && node.link == 0 {
            self.refuse(start, format!("yaml: anchor '{name}' value contains itself"));
            return Ok(());
        }
        self.has_alias = true;
        self.nodes[id as usize].kind = Kind::Alias;
        self.nodes[id as usize].link = target;
        if !is_key {
            return Ok(());
        }
        match node.kind {
            Kind::Map | Kind::Seq => self.refuse(start, BAD_KEY),
            // A `<<` that was anchored and is used as a key is no merge key.
            Kind::MergeKey => self.own_key(id, "<<".to_owned()),
            Kind::Str | Kind::OwnedStr => self.add_key(id, print(self.node_text(target))),
            _ => {
                let text = self.key_text(id, scalar::resolve_raw(self.node_text(target)));
                self.own_key(id, text);
            }
        }
        Ok(())
    }

    fn add_key(&mut self, id: NodeId, print: u64) {
        self.keys.push(Key { id, print });
    }

    fn own_key(&mut self, id: NodeId, text: String) {
        self.add_key(id, print(&text));
        self.own(id, Kind::OwnedStr, text);
    }

    /// A key that is no string as sigs.k8s.io/yaml turns it into one.
    fn key_text(&mut self, id: NodeId, raw: Raw) -> String {
        let (text, message) = match raw {
            Raw::Bool(value) => return value.to_string(),
            Raw::Int(value) => return value.to_string(),
            Raw::Float(value) => return scalar::key_float(value),
            Raw::Uint(value) => {
                let message = format!("unsupported map key of type: uint64, key: {value:#x}");
                // No text of another key is like it.
                (format!("\0{value}"), message)
            }
            Raw::Null | Raw::Str => {
                let message = "unsupported map key of type: %!s(<nil>), key: <nil>";
                ("\0".to_owned(), message.to_owned())
            }
        };
        self.cannot_convert(id, message);
        text
    }

    fn cannot_convert(&mut self, id: NodeId, message: String) {
        let offset = self.nodes[id as usize].start as usize;
        self.inconvertible.push((id, Failure { offset, message }));
    }

    /// Decides what the scalar at `id` is. Returns what it was before, if it became a key's text.
    fn scalar(
        &mut self,
        id: NodeId,
        tag: Option<&str>,
        value: Cow<'a, str>,
        plain_implicit: bool,
    ) -> Result<Option<(Raw, Cow<'a, str>)>, String> {
        let is_key = self.arrive();
        if is_key && value == "<<" && (plain_implicit || tag == Some("tag:yaml.org,2002:merge")) {
            if let Some(open) = self.open.last_mut() {
                open.merges = true;
            }
            self.nodes[id as usize].kind = Kind::MergeKey;
            self.add_key(id, print("<<"));
            return Ok(None);
        }
        let (raw, value) = match tag {
            Some(tag) => tagged::resolve(tag, value)?,
            None if plain_implicit => (scalar::resolve_raw(&value), value),
            None => (Raw::Str, value),
        };
        if is_key && raw != Raw::Str {
            let text = self.key_text(id, raw);
            self.own_key(id, text);
            return Ok(Some((raw, value)));
        }
        if is_key {
            self.add_key(id, print(&value));
        }
        self.set_scalar(id, raw, value);
        Ok(None)
    }

    fn set_scalar(&mut self, id: NodeId, raw: Raw, value: Cow<'a, str>) {
        let kind = match raw {
            Raw::Str => Kind::Str,
            Raw::Null => Kind::Null,
            Raw::Bool(true) => Kind::True,
            Raw::Bool(false) => Kind::False,
            Raw::Int(_) | Raw::Uint(_) => Kind::Number,
            Raw::Float(float) => {
                if !float.is_finite() {
                    let sign = if float > 0.0 { "+Inf" } else { "-Inf" };
                    let name = if float.is_nan() { "NaN" } else { sign };
                    self.cannot_convert(id, format!("json: unsupported value: {name}"));
                }
                Kind::Number
            }
        };
        let is_plain = self.nodes[id as usize].style == Style::Plain;
        match (kind, value) {
            (Kind::Str, Cow::Owned(text)) => self.own(id, Kind::OwnedStr, text),
            // A reader takes a number's text without looking for quotes.
            (Kind::Number, value) if !is_plain || matches!(value, Cow::Owned(_)) => {
                self.own(id, Kind::OwnedNumber, value.into_owned());
            }
            (kind, _) => self.nodes[id as usize].kind = kind,
        }
    }
}

/// What differs for most texts that differ: the end, and the length.
fn print(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let tail = match bytes.last_chunk::<8>() {
        Some(tail) => u64::from_le_bytes(*tail),
        None => bytes.iter().fold(0, |tail, &byte| tail << 8 | u64::from(byte)),
    };
    tail ^ (bytes.len() as u64).rotate_right(8)
}

/// What JSON cannot hold, if the document holds it still after duplicate keys and merges.
fn find_inconvertible(tree: &Tree, mut candidates: Vec<(NodeId, Failure)>) -> Option<Failure> {
    fn find_key(value: Value<'_>, candidates: &[(NodeId, Failure)]) -> Option<(NodeId, String)> {
        for (key, value) in value.entries() {
            if candidates.iter().any(|(id, _)| *id == key.id()) {
                return Some((key.id(), shown(value)));
            }
            if let Some(found) = find_key(value, candidates) {
                return Some(found);
            }
        }
        value.items().find_map(|item| find_key(item, candidates))
    }
    fn find_number(value: Value<'_>) -> Option<(NodeId, String)> {
        if value.as_number() == Some(scalar::Scalar::NotFinite) {
            return Some((value.id(), String::new()));
        }
        let mut values = value.entries().map(|(_, value)| value).chain(value.items());
        values.find_map(find_number)
    }
    if candidates.is_empty() {
        return None;
    }
    // All keys are converted before any number is written.
    let root = tree.root();
    let (id, rest) = find_key(root, &candidates).or_else(|| find_number(root))?;
    let place = candidates.iter().position(|(candidate, _)| *candidate == id).unwrap_or_default();
    let Failure { offset, message } = candidates.swap_remove(place).1;
    Some(Failure { offset, message: message + &rest })
}

/// A value at the end of Go's words about its key, if it is a simple one.
fn shown(value: Value<'_>) -> String {
    let value = match (value.as_str(), value.value_type()) {
        (Some(text), _) => format!("{text:?}"),
        (_, Type::Null) => "<nil>".to_owned(),
        (_, Type::Bool | Type::Number) => value.to_json().to_string(),
        _ => return String::new(),
    };
    format!(", value: {value}")
}
