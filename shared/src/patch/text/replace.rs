//! One value in the place of another.

use serde_json::Value as Json;

use super::comments::each;
use super::compose::is_block;
use super::differ::{Differ, Done, Place, Refusal, Slot};
use super::flow::Flow;
use super::layout::{column, has_break, line_end, margin};
use super::scalar::{inline, literal};
use crate::model::node::{Style, Type, Value};

impl<'a> Differ<'a> {
    /// Writes a value anew. Its anchor stays, a tag goes, comments in it stay.
    pub(super) fn replace(&mut self, slot: Slot<'a>, new: &Json) -> Done {
        let value = slot.value;
        self.may_go(value, value.nodes())?;
        let (around, outer) = match slot.place {
            Place::Whole => return Err(Refusal::at(value, "nothing of the object would stay")),
            Place::Field { mapping, .. } => (mapping, mapping.span().start),
            Place::Item { list, .. } => (list, list.span().start),
        };
        if around.style() == Style::Flow {
            self.replace_in_flow(slot, around, new);
            return Ok(());
        }
        let Some(from) = self.start_of(slot) else {
            return Err(Refusal::at(value, "its key has no colon"));
        };
        let outer = column(self.sheet.text, outer);
        let text = match self.on_one_line(value, new) {
            Some(text) if self.replace_on_line(value, from, &text) => return Ok(()),
            text => text,
        };
        self.replace_lines(slot, from, outer, text, new);
        Ok(())
    }

    /// The new value on one line, if it is written so.
    fn on_one_line(&self, value: Value<'a>, new: &Json) -> Option<String> {
        let is_filled_flow = value.style() == Style::Flow && value.nodes().len() > 1;
        if is_block(new) {
            let parts = self.sheet.parts(value);
            let flow = || Flow::of(self.sheet, value, &parts).on_one_line();
            return is_filled_flow.then(|| flow().value(new, Style::Plain, ""));
        }
        let wish = wish_of(value);
        let is_literal = matches!(wish, Style::Plain | Style::Block)
            && new.as_str().is_some_and(|text| literal(text).is_some());
        (!is_literal).then(|| inline(new, wish, false))
    }

    /// Puts a text in the place of a value that stands on the line of its colon or dash; false if
    /// it does not stand there.
    fn replace_on_line(&mut self, value: Value<'a>, from: usize, new: &str) -> bool {
        let sheet = self.sheet;
        let end = sheet.end(value, from);
        let properties = sheet.properties(from, value);
        if value.style() == Style::Block || has_break(sheet.text, from..end.at) {
            return false;
        }
        if end.at == from {
            self.insert(from, format!(" {new}"));
        } else if value.span().is_empty() {
            let kept = properties.anchor.map(|anchor| format!("{anchor} ")).unwrap_or_default();
            self.put(properties.start..end.at, format!("{kept}{new}"));
        } else {
            let (start, kept) = match properties.anchor {
                Some(anchor) if properties.tagged => (properties.start, format!("{anchor} ")),
                None if properties.tagged => (properties.start, String::new()),
                _ => (value.span().start, String::new()),
            };
            self.put(start..end.at, format!("{kept}{new}"));
        }
        true
    }

    /// Writes everything behind a colon or dash anew, down to the value's last line.
    fn replace_lines(
        &mut self,
        slot: Slot<'a>,
        from: usize,
        outer: usize,
        on_one_line: Option<String>,
        new: &Json,
    ) {
        let sheet = self.sheet;
        let (text, composer) = (sheet.text, sheet.composer());
        let value = slot.value;
        let is_item = matches!(slot.place, Place::Item { .. });
        let tail = sheet.tail(sheet.end(value, from), outer).max(from);
        let around = match slot.place {
            Place::Field { mapping, .. } => mapping,
            Place::Item { list, .. } => list,
            Place::Whole => value,
        };
        let leaves = sheet.tree.leaves(around.nodes());
        let mut comments = super::comments::within(text, from..tail, leaves);
        let same_line = match comments.first() {
            Some(comment) if comment.at <= line_end(text, from) => Some(comments.remove(0).text),
            _ => None,
        };
        let same_line = same_line.map(|comment| format!(" {comment}")).unwrap_or_default();
        let anchor = sheet.properties(from, value).anchor;
        let mut out = anchor.map(|anchor| format!(" {anchor}")).unwrap_or_default();
        let comments: Vec<_> = comments.into_iter().map(|comment| comment.text).collect();
        let lines = |column: usize| each(&comments, &composer.line(column), "");
        if let Some(new) = on_one_line {
            out.push(' ');
            out.push_str(&new);
            out.push_str(&same_line);
            out.push_str(&lines(outer));
        } else if let Some((header, rest)) = new.as_str().and_then(literal) {
            out.push(' ');
            out.push_str(header);
            out.push_str(&same_line);
            composer.lines(rest, outer + composer.habits.step, &mut out);
            out.push_str(&lines(outer));
        } else {
            let inner =
                if is_item { outer + composer.habits.gap } else { composer.below(new, outer) };
            let follows_dash =
                is_item && anchor.is_none() && same_line.is_empty() && comments.is_empty();
            if follows_dash {
                out.extend(std::iter::repeat_n(' ', composer.habits.gap - 1));
            } else {
                out.push_str(&same_line);
                out.push_str(&lines(inner));
                out.push_str(&composer.line(inner));
            }
            composer.body(new, inner, &mut out);
        }
        self.put(from..tail, out);
    }

    /// Writes a value anew that stands between brackets.
    fn replace_in_flow(&mut self, slot: Slot<'a>, around: Value<'a>, new: &Json) {
        let sheet = self.sheet;
        let text = sheet.text;
        let value = slot.value;
        let parts = sheet.parts(around);
        let flow = Flow::of(sheet, around, &parts);
        let line = margin(text, value.span().start);
        let new = flow.value(new, wish_of(value), line);
        let (from, colon) = match slot.place {
            Place::Field { key, .. } => match sheet.colon(key) {
                Some(colon) => (colon, ""),
                None => (key.span().end, ":"),
            },
            _ => match parts.iter().find(|part| part.value.id() == value.id()) {
                Some(part) => (part.start, ""),
                None => (value.span().start, ""),
            },
        };
        let end = sheet.end(value, from).at;
        let properties = sheet.properties(from, value);
        let kept = properties.anchor.map(|anchor| format!("{anchor} ")).unwrap_or_default();
        if end == from {
            self.insert(from, format!("{colon} {new}"));
            return;
        }
        let stretch = properties.start..end;
        let comments = self.comments_in(stretch.clone(), value);
        let eol = sheet.eol;
        let comments = each(&comments, " ", &format!("{eol}{line}"));
        self.put(stretch, format!("{kept}{new}{comments}"));
    }
}

/// How a string in the place of a value is written.
fn wish_of(value: Value<'_>) -> Style {
    if value.value_type() == Type::String { value.style() } else { Style::Plain }
}
