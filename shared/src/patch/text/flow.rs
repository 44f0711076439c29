//! Collections in brackets: new text in them, and parts that come and go.

use serde_json::Value as Json;

use super::comments::{self, each};
use super::compose::{in_order, is_block};
use super::differ::{Added, Differ, Done, Refusal};
use super::layout::{ends_line, is_first_on_line, line_end, line_end_before, margin, skip};
use super::parts::Part;
use super::scalar::{inline, quoted, string};
use super::sheet::{Sheet, is_quoted};
use crate::model::node::{Style, Type, Value};

/// How a collection in brackets is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow<'a> {
    /// Whether keys and strings stand in double quotes.
    quoted: bool,
    /// What stands between a key and its value.
    colon: &'static str,
    /// What stands between two parts in a line.
    comma: &'static str,
    /// The blanks that a line has more than the line around it, where new collections take more
    /// than one line.
    unit: Option<&'a str>,
    eol: &'static str,
}

impl<'a> Flow<'a> {
    /// How a collection is written.
    pub(super) fn of(sheet: &Sheet<'a>, collection: Value<'a>, parts: &[Part<'a>]) -> Self {
        let text = sheet.text;
        let quoted = is_quoted(collection).unwrap_or_else(|| sheet.is_json());
        let is_tight = |after: usize| !text[after..].starts_with([' ', '\t', '\r', '\n']);
        let comma_behind = |part: &Part<'_>| skip(text, part.end.at) + 1;
        let colon_of = |part: &Part<'_>| part.key.and_then(|key| sheet.colon(key));
        let tight_colon = match parts.iter().find_map(colon_of) {
            Some(colon) => is_tight(colon),
            None => is_tight_json(sheet),
        };
        let tight_comma = match parts {
            [first, _, ..] => is_tight(comma_behind(first)),
            _ => quoted && tight_colon,
        };
        let inner = parts.first().filter(|part| is_first_on_line(text, part.start));
        let unit = inner.filter(|_| quoted).map(|part| {
            let outer = margin(text, collection.span().start);
            margin(text, part.start)
                .strip_prefix(outer)
                .filter(|unit| !unit.is_empty())
                .unwrap_or("  ")
        });
        Self {
            quoted,
            colon: if quoted && tight_colon { ":" } else { ": " },
            comma: if tight_comma { "," } else { ", " },
            unit,
            eol: sheet.eol,
        }
    }

    /// The same, with new collections on the line that they stand on.
    pub(super) fn on_one_line(self) -> Self {
        Self { unit: None, ..self }
    }

    /// A value, in a line that begins with these blanks.
    pub(super) fn value(&self, value: &Json, wish: Style, margin: &str) -> String {
        if !is_block(value) {
            let wish = if self.quoted { Style::DoubleQuoted } else { wish };
            return inline(value, wish, true);
        }
        let inner = format!("{margin}{}", self.unit.unwrap_or_default());
        let (open, close, parts): (_, _, Vec<_>) = match value {
            Json::Object(fields) => {
                let entries = in_order(fields).map(|(key, value)| self.entry(key, value, &inner));
                ('{', '}', entries.collect())
            }
            Json::Array(items) => {
                let items = items.iter().map(|item| self.value(item, Style::Plain, &inner));
                ('[', ']', items.collect())
            }
            _ => return String::new(),
        };
        if self.unit.is_some() {
            let eol = self.eol;
            let parts = parts.join(&format!(",{eol}{inner}"));
            format!("{open}{eol}{inner}{parts}{eol}{margin}{close}")
        } else {
            format!("{open}{}{close}", parts.join(self.comma))
        }
    }

    /// An entry of a mapping.
    pub(super) fn entry(&self, key: &str, value: &Json, margin: &str) -> String {
        let key = if self.quoted { quoted(key).into() } else { string(key, Style::Plain, true) };
        format!("{key}{}{}", self.colon, self.value(value, Style::Plain, margin))
    }
}

/// Whether the document is JSON without blanks.
fn is_tight_json(sheet: &Sheet<'_>) -> bool {
    let first = sheet.tree.root().written_entries().next();
    let colon = first.and_then(|(key, _)| sheet.colon(key));
    sheet.is_json() && colon.is_some_and(|colon| !sheet.text[colon..].starts_with([' ', '\t']))
}

impl<'a> Differ<'a> {
    /// Takes parts out of a collection in brackets that keeps at least one, and puts others in.
    pub(super) fn rearrange_flow(
        &mut self,
        collection: Value<'a>,
        parts: &[Part<'a>],
        removed: &[bool],
        added: &[Added<'_>],
    ) -> Done {
        let sheet = self.sheet;
        if !sheet.is_bracketed(collection) {
            return Err(Refusal::at(collection, "its mapping has no braces of its own"));
        }
        let flow = Flow::of(sheet, collection, parts);
        let margin = parts.first().map_or("", |part| margin(sheet.text, part.start));
        let wish = wish(parts.iter().map(|part| part.value));
        let write = |new: &Added<'_>| match new.key {
            Some(key) => flow.entry(key, new.value, margin),
            None => flow.value(new.value, wish, margin),
        };
        let written: Vec<_> = added.iter().map(|new| (new.behind, write(new))).collect();
        let end = collection.span().end - 1;
        let text = sheet.text;
        let on_own_lines = is_first_on_line(text, end)
            && parts.iter().all(|part| {
                is_first_on_line(text, part.start) && ends_line(text, behind_comma(text, part))
            });
        let layout = Layout { collection, parts, removed, added: &written };
        if on_own_lines {
            self.rearrange_lines(&layout, margin);
        } else {
            self.rearrange_line(&layout, margin, flow.comma);
        }
        Ok(())
    }

    /// The same where parts share a line: each goes with the comma before it.
    fn rearrange_line(&mut self, layout: &Layout<'_, 'a>, margin: &str, comma: &str) {
        let Layout { collection, parts, removed, added } = *layout;
        let line = format!("{}{margin}", self.sheet.eol);
        let first = removed.iter().position(|removed| !removed).unwrap_or_default();
        for (_, new) in added.iter().filter(|(behind, _)| behind.is_none_or(|at| at < first)) {
            self.insert(parts[0].start, format!("{new}{comma}"));
        }
        if first > 0 {
            let stretch = parts[0].start..parts[first].start;
            let kept = self.comments_in(stretch.clone(), collection);
            let kept = each(&kept, "", &line);
            self.put(stretch, kept);
        }
        for at in first..parts.len() {
            if removed[at] {
                let stretch = parts[at - 1].end.at..parts[at].end.at;
                let kept = self.comments_in(stretch.clone(), collection);
                let kept = each(&kept, " ", &line);
                self.put(stretch, kept);
            }
            for (_, new) in added.iter().filter(|(behind, _)| *behind == Some(at)) {
                self.insert(parts[at].end.at, format!("{comma}{new}"));
            }
        }
    }

    /// The same where each part has lines of its own.
    fn rearrange_lines(&mut self, layout: &Layout<'_, 'a>, margin: &str) {
        let Layout { collection, parts, removed, added } = *layout;
        let (text, eol) = (self.sheet.text, self.sheet.eol);
        let Some(last) = parts.last() else { return };
        let trailing = behind_comma(text, last) > last.end.at;
        let first_kept = removed.iter().position(|removed| !removed).unwrap_or_default();
        let last_kept = removed.iter().rposition(|removed| !removed).unwrap_or_default();
        let anchor = |behind: Option<usize>| {
            let behind = behind.filter(|behind| *behind >= first_kept)?;
            (first_kept..=behind).rev().find(|at| !removed[*at])
        };
        let front = line_end_before(text, parts[0].start).unwrap_or_default();
        for (_, new) in added.iter().filter(|(behind, _)| anchor(*behind).is_none()) {
            self.insert(front, format!("{eol}{margin}{new},"));
        }
        for (at, part) in parts.iter().enumerate() {
            let comma = behind_comma(text, part);
            let line = line_end(text, comma);
            if removed[at] {
                let before = line_end_before(text, part.start).unwrap_or_default();
                let stretch = before..line;
                let kept = self.comments_in(stretch.clone(), collection);
                let kept = each(&kept, &format!("{eol}{margin}"), "");
                self.put(stretch, kept);
                continue;
            }
            let here = || added.iter().filter(move |(behind, _)| anchor(*behind) == Some(at));
            let count = here().count();
            let is_last = at == last_kept;
            if comma == part.end.at && count > 0 {
                self.insert(comma, ",".to_owned());
            } else if is_last && count == 0 && !trailing && comma > part.end.at {
                self.put(comma - 1..comma, String::new());
            }
            for (position, (_, new)) in here().enumerate() {
                let needs_comma = position + 1 < count || !is_last || trailing;
                let comma = if needs_comma { "," } else { "" };
                self.insert(line, format!("{eol}{margin}{new}{comma}"));
            }
        }
    }

    /// The comments in a stretch of a collection.
    pub(super) fn comments_in(
        &self,
        stretch: std::ops::Range<usize>,
        collection: Value<'_>,
    ) -> Vec<&'a str> {
        let leaves = self.sheet.tree.leaves(collection.nodes());
        let found = comments::within(self.sheet.text, stretch, leaves);
        found.into_iter().map(|comment| comment.text).collect()
    }
}

/// Parts of a collection, and what becomes of them.
#[derive(Clone, Copy)]
struct Layout<'p, 'a> {
    collection: Value<'a>,
    parts: &'p [Part<'a>],
    removed: &'p [bool],
    /// Behind which part, and the text.
    added: &'p [(Option<usize>, String)],
}

/// The offset behind the comma that follows a part; the part's end if none does.
fn behind_comma(text: &str, part: &Part<'_>) -> usize {
    let at = skip(text, part.end.at);
    if text[at..].starts_with(',') { at + 1 } else { part.end.at }
}

/// How strings are written among these values.
pub(super) fn wish<'a>(mut values: impl Iterator<Item = Value<'a>>) -> Style {
    let string = values.find(|value| value.value_type() == Type::String && !value.is_alias());
    match string.map(|value| value.style()) {
        Some(quoted @ (Style::SingleQuoted | Style::DoubleQuoted)) => quoted,
        _ => Style::Plain,
    }
}
