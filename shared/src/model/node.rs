//! A document as a flat arena of nodes, and a view on it that reads as JSON does.
//!
//! One node takes 16 bytes and knows its bytes in the source. Aliases and merge keys stay what
//! they are, so that a place is always where the text stands; [`Value`] follows them, so that a
//! reader sees what kubectl sends to the server. The semantics are those of go-yaml v2 followed
//! by JSON: the last duplicate key wins, and a merge key overrides what stands above it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::scalar::{self, Scalar};
use super::source::{Mark, Source};

/// The index of a node in its tree.
pub type NodeId = u32;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// `null`, and an absent value.
    Null,
    /// `false` under all its names.
    False,
    /// `true` under all its names.
    True,
    /// A number; the text is in the source.
    Number,
    /// Text, as it stands between `start` and `end`, without quotes.
    Str,
    /// Text that differs from the source: escapes, folding, keys that were no strings.
    OwnedStr,
    /// A number that is not written as a plain scalar (`!!int "5"`).
    OwnedNumber,
    /// A sequence; its elements follow.
    Seq,
    /// A mapping; keys and values follow in turn.
    Map,
    /// The key `<<`; the value that follows is merged.
    MergeKey,
    /// A reference to an anchored node.
    Alias,
}

/// The way a node is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Style {
    /// A plain scalar, or a block collection.
    Plain,
    /// In single quotes.
    SingleQuoted,
    /// In double quotes, or any JSON string.
    DoubleQuoted,
    /// A literal or folded block.
    Block,
    /// A collection in brackets.
    Flow,
}

/// The mapping holds a duplicate or a merge key, so reading it needs more care.
pub const FLAG_IRREGULAR: u8 = 1;
/// The node carries an anchor.
pub const FLAG_ANCHOR: u8 = 2;

/// One node: offsets are relative to the document.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// The first byte, quotes included.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
    /// Collections: the node after the subtree. Owned scalars: the index of the text. Aliases:
    /// the target.
    pub link: u32,
    /// What the node is.
    pub kind: Kind,
    /// How it is written.
    pub style: Style,
    /// `FLAG_…`.
    pub flags: u8,
}

/// One document of a source.
#[derive(Debug)]
pub struct Tree {
    source: Arc<Source>,
    base: usize,
    nodes: Vec<Node>,
    owned: Vec<Box<str>>,
}

impl Tree {
    /// Puts a tree together. The loader guarantees what the accessors rely on: node 0 is the
    /// root, spans lie in the source after `base`, links lie inside the arena.
    pub fn new(source: Arc<Source>, base: usize, nodes: Vec<Node>, owned: Vec<Box<str>>) -> Self {
        Self { source, base, nodes, owned }
    }

    /// The outermost value.
    pub fn root(&self) -> Value<'_> {
        Value { tree: self, id: 0, content: 0 }
    }

    /// The value at a node that an earlier [`Value::id`] named.
    pub fn value(&self, id: NodeId) -> Value<'_> {
        Value::at(self, id)
    }

    /// The source that the document was read from.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Where the document starts in its source, in bytes.
    pub fn base(&self) -> usize {
        self.base
    }

    /// Whether a byte of the source stands in a scalar: what looks like a comment there is none.
    pub fn is_text(&self, offset: usize) -> bool {
        let is_scalar = |node: &Node| !matches!(node.kind, Kind::Seq | Kind::Map | Kind::Alias);
        let range = |node: &Node| self.base + node.start as usize..self.base + node.end as usize;
        self.nodes.iter().any(|node| is_scalar(node) && range(node).contains(&offset))
    }

    /// The subtrees that aliases refer to, in order, each once: what changes there changes elsewhere.
    pub fn aliased(&self) -> Vec<Range<NodeId>> {
        let aliases = self.nodes.iter().filter(|node| node.kind == Kind::Alias);
        let mut targets: Vec<_> = aliases.map(|node| node.link..self.next(node.link)).collect();
        targets.sort_unstable_by_key(|nodes| (nodes.start, nodes.end));
        targets.dedup();
        targets
    }

    /// What is written at nodes and is no collection, in the order of the text: scalars, keys and
    /// aliases. What is absent has no bytes.
    pub fn leaves(&self, nodes: Range<NodeId>) -> impl Iterator<Item = Leaf> {
        let nodes = self.nodes.get(nodes.start as usize..nodes.end as usize).unwrap_or_default();
        let leaves = nodes.iter().filter(|node| !matches!(node.kind, Kind::Seq | Kind::Map));
        leaves.map(|node| Leaf {
            span: self.base + node.start as usize..self.base + node.end as usize,
            style: node.style,
        })
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// The node after the subtree of `id`.
    fn next(&self, id: NodeId) -> NodeId {
        let node = self.node(id);
        match node.kind {
            Kind::Seq | Kind::Map => node.link,
            _ => id + 1,
        }
    }

    /// Follows an alias to the node that it stands for.
    fn resolve(&self, id: NodeId) -> NodeId {
        let node = self.node(id);
        // An alias never points at an alias: YAML has no anchors on aliases.
        if node.kind == Kind::Alias { node.link } else { id }
    }
}

/// A scalar, a key or an alias in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its bytes in the source, quotes included.
    pub span: Range<usize>,
    /// How it is written.
    pub style: Style,
}

/// What a value is, in JSON's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Type {
    /// How Go's JSON decoder names what it found.
    pub fn go_name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

/// A value in a document, with aliases followed.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    tree: &'a Tree,
    /// The node that stands here: the alias, where there is one.
    id: NodeId,
    /// The node that holds the content.
    content: NodeId,
}

impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_json().to_string())
    }
}

impl<'a> Value<'a> {
    fn at(tree: &'a Tree, id: NodeId) -> Self {
        Self { tree, id, content: tree.resolve(id) }
    }

    /// The node that stands here, for [`Tree::value`] and for places.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// The tree that the value belongs to.
    pub fn tree(&self) -> &'a Tree {
        self.tree
    }

    fn node(&self) -> &'a Node {
        self.tree.node(self.content)
    }

    /// What the value is, in JSON's terms.
    pub fn value_type(&self) -> Type {
        match self.node().kind {
            Kind::Null => Type::Null,
            Kind::False | Kind::True => Type::Bool,
            Kind::Number | Kind::OwnedNumber => Type::Number,
            Kind::Str | Kind::OwnedStr | Kind::MergeKey | Kind::Alias => Type::String,
            Kind::Seq => Type::Array,
            Kind::Map => Type::Object,
        }
    }

    /// Whether the value is `null` or absent.
    pub fn is_null(&self) -> bool {
        self.node().kind == Kind::Null
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.node().kind {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// The text, if it is a string.
    pub fn as_str(&self) -> Option<&'a str> {
        let node = self.node();
        match node.kind {
            Kind::Str | Kind::MergeKey => Some(self.borrowed_text(node)),
            Kind::OwnedStr => Some(&self.tree.owned[node.link as usize]),
            _ => None,
        }
    }

    fn borrowed_text(&self, node: &Node) -> &'a str {
        let quote = u32::from(matches!(node.style, Style::SingleQuoted | Style::DoubleQuoted));
        let base = self.tree.base;
        let range = base + (node.start + quote) as usize..base + (node.end - quote) as usize;
        self.tree.source.text().get(range).unwrap_or_default()
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<Scalar> {
        let node = self.node();
        let text = match node.kind {
            Kind::Number => self.borrowed_text(node),
            Kind::OwnedNumber => &self.tree.owned[node.link as usize],
            _ => return None,
        };
        // JSON's numbers are a subset of what YAML reads, but for a leading minus zero.
        Some(scalar::resolve_plain(text))
    }

    /// The integer, if the value is a number without a fraction that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self.as_number()? {
            Scalar::Int(value) => Some(value),
            _ => None,
        }
    }

    /// The value of a key of a mapping: the last one, with merge keys applied in order.
    /// `None` if there is no such key or the value is no mapping.
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        let node = self.node();
        if node.kind != Kind::Map {
            return None;
        }
        let tree = self.tree;
        let end = node.link;
        let mut id = self.content + 1;
        if node.flags & FLAG_IRREGULAR != 0 {
            return self.get_irregular(key);
        }
        while id < end {
            let name = Self::at(tree, id);
            id += 1;
            if name.as_str() == Some(key) {
                return Some(Self::at(tree, id));
            }
            id = tree.next(id);
        }
        None
    }

    /// The same, for mappings with duplicates or merge keys.
    fn get_irregular(&self, key: &str) -> Option<Value<'a>> {
        let mut found = None;
        for (name, value) in self.raw_entries() {
            if name.node().kind == Kind::MergeKey {
                for merged in value.merge_sources() {
                    found = merged.get(key).or(found);
                }
            } else if name.as_str() == Some(key) {
                found = Some(value);
            }
        }
        found
    }

    /// Like [`Value::get`], but `null` counts as absent, as it does for Go's decoder.
    pub fn field(&self, key: &str) -> Option<Value<'a>> {
        self.get(key).filter(|value| !value.is_null())
    }

    /// The mappings that a merge key's value brings in, the weakest first.
    fn merge_sources(&self) -> Vec<Value<'a>> {
        match self.node().kind {
            Kind::Seq => {
                let mut sources: Vec<_> = self.items().collect();
                // Earlier maps take precedence, so they are applied last.
                sources.reverse();
                sources
            }
            _ => vec![*self],
        }
    }

    /// Whether an alias stands here. Everything else is told of what it refers to.
    pub fn is_alias(&self) -> bool {
        self.id != self.content
    }

    /// Whether a key brings in what another mapping holds: `<<`.
    pub fn is_merge_key(&self) -> bool {
        self.tree.node(self.id).kind == Kind::MergeKey
    }

    /// Whether a mapping has a key twice, or a merge key.
    pub fn is_irregular(&self) -> bool {
        let node = self.node();
        node.kind == Kind::Map && node.flags & FLAG_IRREGULAR != 0
    }

    /// The nodes of the value as it stands here: an alias is one.
    pub fn nodes(&self) -> Range<NodeId> {
        self.id..self.tree.next(self.id)
    }

    /// Keys and values as they are written, merge keys and duplicates included; nothing for any
    /// value but a mapping.
    pub fn written_entries(&self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> + use<'a> {
        self.raw_entries()
    }

    fn raw_entries(&self) -> RawEntries<'a> {
        let node = self.node();
        let end = if node.kind == Kind::Map { node.link } else { 0 };
        RawEntries { tree: self.tree, at: self.content + 1, end }
    }

    /// Keys and values of a mapping as kubectl sees them, in the order of the text; nothing for
    /// any other value.
    pub fn entries(&self) -> Entries<'a> {
        let node = self.node();
        if node.kind != Kind::Map || node.flags & FLAG_IRREGULAR == 0 {
            return Entries(EntriesKind::Regular(self.raw_entries()));
        }
        let mut entries: Vec<(Value<'a>, Value<'a>)> = Vec::new();
        let mut positions: HashMap<&'a str, usize> = HashMap::new();
        let mut set = |name: Value<'a>, value: Value<'a>| {
            let next = entries.len();
            match *positions.entry(name.as_str().unwrap_or_default()).or_insert(next) {
                position if position < next => entries[position] = (name, value),
                _ => entries.push((name, value)),
            }
        };
        for (name, value) in self.raw_entries() {
            if name.node().kind == Kind::MergeKey {
                for merged in value.merge_sources() {
                    for (name, value) in merged.entries() {
                        set(name, value);
                    }
                }
            } else {
                set(name, value);
            }
        }
        Entries(EntriesKind::Merged(entries.into_iter()))
    }

    /// The elements of a sequence; nothing for any other value.
    pub fn items(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let tree = self.tree;
        let node = self.node();
        let end = if node.kind == Kind::Seq { node.link } else { 0 };
        let mut id = self.content + 1;
        std::iter::from_fn(move || {
            if id >= end {
                return None;
            }
            let item = Self::at(tree, id);
            id = tree.next(id);
            Some(item)
        })
    }

    /// The bytes in the source where the value stands (the alias, if it is one).
    pub fn span(&self) -> Range<usize> {
        let node = self.tree.node(self.id);
        self.tree.base + node.start as usize..self.tree.base + node.end as usize
    }

    /// The place in the source where the value stands.
    pub fn mark(&self) -> Mark {
        Mark::new(&self.tree.source, self.span())
    }

    /// How the value is written.
    pub fn style(&self) -> Style {
        self.node().style
    }

    /// The value as JSON, as kubectl would send it.
    pub fn to_json(&self) -> serde_json::Value {
        match self.node().kind {
            Kind::Null => serde_json::Value::Null,
            Kind::False => false.into(),
            Kind::True => true.into(),
            Kind::Number | Kind::OwnedNumber => match self.as_number() {
                Some(Scalar::Int(value)) => value.into(),
                Some(Scalar::Float(value)) => value.into(),
                _ => serde_json::Value::Null,
            },
            Kind::Str | Kind::OwnedStr | Kind::MergeKey | Kind::Alias => {
                self.as_str().unwrap_or_default().into()
            }
            Kind::Seq => self.items().map(|item| item.to_json()).collect(),
            Kind::Map => self
                .entries()
                .map(|(key, value)| (key.as_str().unwrap_or_default().to_owned(), value.to_json()))
                .collect(),
        }
    }
}

/// Keys and values as they stand in the text.
#[derive(Clone, Debug)]
struct RawEntries<'a> {
    tree: &'a Tree,
    at: NodeId,
    end: NodeId,
}

impl<'a> Iterator for RawEntries<'a> {
    type Item = (Value<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        // A key is always one node, be it an alias.
        let key = Value::at(self.tree, self.at);
        let value = Value::at(self.tree, self.at + 1);
        self.at = self.tree.next(self.at + 1);
        Some((key, value))
    }
}

/// Keys and values of a mapping: see [`Value::entries`].
#[derive(Clone, Debug)]
pub struct Entries<'a>(EntriesKind<'a>);

#[derive(Clone, Debug)]
enum EntriesKind<'a> {
    Regular(RawEntries<'a>),
    Merged(std::vec::IntoIter<(Value<'a>, Value<'a>)>),
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Value<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            EntriesKind::Regular(entries) => entries.next(),
            EntriesKind::Merged(entries) => entries.next(),
        }
    }
}
