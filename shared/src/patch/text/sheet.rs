//! One document as edits see it: its text, what aliases share in it, and how it is written.

use std::cell::OnceCell;
use std::ops::Range;

use super::compose::{Composer, Habits};
use super::layout::{column, is_first_on_line, margin, skip};
use crate::model::node::{NodeId, Style, Tree, Type, Value};

/// A document with what is known of its text.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    pub(super) tree: &'a Tree,
    /// The text of the whole source.
    pub(super) text: &'a str,
    /// What lines end with.
    pub(super) eol: &'static str,
    /// The subtrees that aliases refer to.
    aliased: Vec<Range<NodeId>>,
    habits: OnceCell<Habits>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        let text = tree.source().text();
        let newline =
            |from: usize| memchr::memchr(b'\n', &text.as_bytes()[from..]).map(|at| from + at);
        let newline = newline(tree.base()).or_else(|| newline(0)).unwrap_or(0);
        let eol = if text[..newline].ends_with('\r') { "\r\n" } else { "\n" };
        Self { tree, text, eol, aliased: tree.aliased(), habits: OnceCell::new() }
    }

    /// Whether what happens at a node happens elsewhere too: it, or something around it, is what
    /// an alias refers to.
    pub(super) fn is_shared(&self, node: NodeId) -> bool {
        self.aliased.iter().any(|nodes| nodes.contains(&node))
    }

    /// Whether an alias elsewhere refers to one of the nodes.
    pub(super) fn holds_shared(&self, nodes: &Range<NodeId>) -> bool {
        self.aliased.iter().any(|target| nodes.contains(&target.start))
    }

    /// Whether the document is written as JSON is: in braces, with its keys in quotes.
    pub(super) fn is_json(&self) -> bool {
        is_quoted(self.tree.root()).unwrap_or(false)
    }

    /// Writes as the document is written.
    pub(super) fn composer(&self) -> Composer {
        let habits = *self.habits.get_or_init(|| self.survey());
        Composer { eol: self.eol, habits }
    }

    /// Looks at how deep everything stands.
    fn survey(&self) -> Habits {
        let mut seen = Seen { text: self.text, steps: [0; 16], lists: [0; 16], gaps: [0; 16] };
        seen.look(self.tree.root());
        Habits {
            step: most(&seen.steps).unwrap_or(2),
            list: most(&seen.lists).unwrap_or(0),
            gap: most(&seen.gaps).unwrap_or(2),
        }
    }

    /// Where the properties of a value begin, and the anchor among them: what stands between
    /// `from`, behind its colon or dash, and the value.
    pub(super) fn properties(&self, from: usize, value: Value<'_>) -> Properties<'a> {
        let (text, end) = (self.text, value.span().start);
        let mut properties = Properties { start: end, anchor: None, tagged: false };
        let mut at = skip(text, from);
        while at < end && matches!(text.as_bytes()[at], b'&' | b'!') {
            properties.start = properties.start.min(at);
            let length = text[at..end].find([' ', '\t', '\r', '\n']).unwrap_or(end - at);
            if text[at..].starts_with('&') {
                properties.anchor = Some(&text[at..at + length]);
            } else {
                properties.tagged = true;
            }
            at = skip(text, at + length);
        }
        properties
    }
}

/// What stands before a value and belongs to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Properties<'a> {
    /// Where the first of them begins; the value's own start if there is none.
    pub(super) start: usize,
    /// The anchor, with its `&`.
    pub(super) anchor: Option<&'a str>,
    /// Whether there is a tag.
    pub(super) tagged: bool,
}

/// Whether the keys and strings of a collection in brackets stand in double quotes. `None` where
/// nothing in it tells.
pub(super) fn is_quoted(collection: Value<'_>) -> Option<bool> {
    if collection.style() != Style::Flow {
        return (collection.value_type() == Type::String)
            .then(|| collection.style() == Style::DoubleQuoted);
    }
    if let Some((key, _)) = collection.written_entries().next() {
        return Some(key.style() == Style::DoubleQuoted);
    }
    collection.items().find_map(is_quoted)
}

/// How often each depth was seen; what is deeper does not count.
type Counts = [usize; 16];

fn most(counts: &Counts) -> Option<usize> {
    let deepest_last = counts.iter().enumerate().rev();
    deepest_last.filter(|(_, count)| **count > 0).max_by_key(|(_, count)| **count).map(|(at, _)| at)
}

/// What a survey has seen.
struct Seen<'a> {
    text: &'a str,
    steps: Counts,
    lists: Counts,
    gaps: Counts,
}

impl Seen<'_> {
    fn look(&mut self, value: Value<'_>) {
        if value.is_alias() || value.style() != Style::Plain {
            return;
        }
        let outer = column(self.text, value.span().start);
        for (_, inner) in value.written_entries() {
            let start = inner.span().start;
            if inner.style() == Style::Plain
                && !inner.is_alias()
                && is_first_on_line(self.text, start)
            {
                let counts = match inner.value_type() {
                    Type::Object => &mut self.steps,
                    Type::Array => &mut self.lists,
                    _ => continue,
                };
                count(counts, column(self.text, start).checked_sub(outer));
            }
            self.look(inner);
        }
        for inner in value.items() {
            let start = inner.span().start;
            let is_behind_dash = margin(self.text, start).len() == outer;
            if inner.value_type() == Type::Object && is_behind_dash && inner.style() == Style::Plain
            {
                count(&mut self.gaps, column(self.text, start).checked_sub(outer));
            }
            self.look(inner);
        }
    }
}

fn count(counts: &mut Counts, depth: Option<usize>) {
    if let Some(count) = depth.and_then(|depth| counts.get_mut(depth)) {
        *count += 1;
    }
}
