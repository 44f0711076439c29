//! Where the entries of a mapping and the elements of a list begin and end in the text.

use std::ops::Range;

use super::layout::{column, line_end, line_start, skip};
use super::sheet::Sheet;
use crate::model::node::{Style, Type, Value};

/// An entry or an element: from its key or dash to the end of its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// The first byte: of the key, of what stands before the key, or of the dash.
    pub(super) start: usize,
    pub(super) end: End,
    /// The entry's key.
    pub(super) key: Option<Value<'a>>,
    pub(super) value: Value<'a>,
}

/// Where a value ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) at: usize,
    /// Where the block scalar begins that it ends with: such a one ends at the start of a line.
    block: Option<usize>,
}

impl<'a> Sheet<'a> {
    /// The offset behind the colon that belongs to a key; `None` for a key that has none.
    pub(super) fn colon(&self, key: Value<'_>) -> Option<usize> {
        let at = skip(self.text, key.span().end);
        self.text[at..].starts_with(':').then_some(at + 1)
    }

    /// Where a value ends that follows `from`, the end of its colon, its key or its dash.
    pub(super) fn end(&self, value: Value<'_>, from: usize) -> End {
        let span = value.span();
        let at = |at| End { at, block: None };
        if value.is_alias() {
            return at(span.end);
        }
        let is_collection = matches!(value.value_type(), Type::Array | Type::Object);
        if is_collection && (value.style() != Style::Flow || !self.is_bracketed(value)) {
            if let Some((key, value)) = value.written_entries().last() {
                let from = self.colon(key).unwrap_or(key.span().end);
                return self.end(value, from);
            }
            return match value.items().last() {
                Some(item) => self.end(item, item.span().start),
                None => at(span.end),
            };
        }
        if value.style() == Style::Block {
            return End { at: span.end, block: Some(span.start) };
        }
        if span.is_empty() && self.properties(from, value).start == span.start {
            return at(from);
        }
        at(span.end)
    }

    /// Whether a collection in flow style has brackets of its own: `[a: b]` holds a mapping
    /// without.
    pub(super) fn is_bracketed(&self, value: Value<'_>) -> bool {
        self.text[value.span().start..].starts_with(['{', '['])
    }

    /// Where the lines end that belong to a part of a block collection at a column: behind the
    /// comment in its last line and the comments below that stand deeper. A new line can be put in
    /// there.
    pub(super) fn tail(&self, end: End, outer: usize) -> usize {
        let text = self.text;
        if let Some(start) = end.block {
            return block_tail(text, start, end.at);
        }
        let mut tail = line_end(text, end.at);
        loop {
            let Some(next) = next_line(text, tail) else { return tail };
            let hash = next + text[next..].len() - text[next..].trim_start_matches(' ').len();
            if !text[hash..].starts_with('#') || column(text, hash) <= outer {
                return tail;
            }
            tail = line_end(text, hash);
        }
    }

    /// The lines of a part that goes, with the empty lines that must go as well: those below where
    /// they would become text of the block scalar above, and those above at the end of a file
    /// without a final line break.
    pub(super) fn with_empty_lines(
        &self,
        above: Option<&Part<'_>>,
        lines: Range<usize>,
    ) -> Range<usize> {
        let text = self.text;
        let Range { start, mut end } = lines;
        let keeps = |start: usize| header(text, start).contains('+');
        if !above.and_then(|above| above.end.block).is_some_and(keeps) {
            let is_last = end == text.len();
            return if is_last {
                text[..start].trim_end_matches(['\r', '\n']).len()..end
            } else {
                start..end
            };
        }
        while let Some(next) = next_line(text, end).filter(|next| *next < text.len()) {
            let line = line_end(text, next);
            if line > next {
                break;
            }
            end = line;
        }
        start..end
    }

    /// The parts of a collection, in their order.
    pub(super) fn parts(&self, collection: Value<'a>) -> Vec<Part<'a>> {
        let is_flow = collection.style() == Style::Flow;
        let start = collection.span().start;
        let mut at = if is_flow && self.is_bracketed(collection) { start + 1 } else { start };
        let mut parts = Vec::new();
        let mut add = |key: Option<Value<'a>>, value: Value<'a>| {
            let mut start = skip(self.text, at);
            while is_flow && self.text[start..].starts_with(',') {
                start = skip(self.text, start + 1);
            }
            let from = match key {
                Some(key) => self.colon(key).unwrap_or(key.span().end),
                None if is_flow => start,
                None => start + 1,
            };
            let end = self.end(value, from);
            at = end.at;
            parts.push(Part { start, end, key, value });
        };
        for (key, value) in collection.written_entries() {
            add(Some(key), value);
        }
        for item in collection.items() {
            add(None, item);
        }
        parts
    }
}

/// Where a block scalar's lines end, without the last line break and the empty lines that do not
/// count.
fn block_tail(text: &str, start: usize, end: usize) -> usize {
    let without_break = |text: &str| {
        let text = text.strip_suffix('\n').unwrap_or(text);
        text.strip_suffix('\r').unwrap_or(text).len()
    };
    let scalar = &text[start..end];
    if header(text, start).contains('+') {
        return start + without_break(scalar);
    }
    let tail = start + scalar.trim_end_matches(['\r', '\n']).len();
    // A line of blanks may be text.
    if text[line_start(text, tail)..tail].trim().is_empty() {
        return start + without_break(scalar);
    }
    tail
}

/// The indicators of a block scalar.
fn header(text: &str, start: usize) -> &str {
    let line = &text[start..line_end(text, start)];
    line.split([' ', '\t', '#']).next().unwrap_or_default()
}

/// The start of the line behind a line's end.
fn next_line(text: &str, end: usize) -> Option<usize> {
    let rest = &text[end..];
    let length = rest.len() - rest.strip_prefix('\r').unwrap_or(rest).len();
    rest[length..].starts_with('\n').then_some(end + length + 1)
}
