//! New text in block style, by the habits of the document that it goes into.

use serde_json::{Map, Value as Json};

use super::scalar::{inline, literal, string};
use crate::model::node::Style;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Habits {
    /// How much deeper a mapping stands than the key that it belongs to.
    pub(super) step: usize,
    /// How much deeper the dashes of a list stand than the key that it belongs to.
    pub(super) list: usize,
    /// How much deeper an element stands than its dash.
    pub(super) gap: usize,
}

/// Writes new text in block style.
#[derive(Clone, Copy, Debug)]
pub(super) struct Composer {
    /// What lines end with.
    pub(super) eol: &'static str,
    pub(super) habits: Habits,
}

impl Composer {
    /// A line break and blanks up to a column.
    pub(super) fn line(self, column: usize) -> String {
        format!("{}{:column$}", self.eol, "")
    }

    /// An entry of a mapping at a column, without the blanks before it.
    pub(super) fn entry(self, key: &str, value: &Json, column: usize) -> String {
        let mut out = string(key, Style::Plain, false).into_owned();
        out.push(':');
        self.behind_colon(value, Style::Plain, column, &mut out);
        out
    }

    /// An element of a list at a column, without the blanks before it; `wish` is how strings are
    /// written there.
    pub(super) fn item(self, value: &Json, wish: Style, column: usize) -> String {
        let mut out = "-".to_owned();
        if is_block(value) {
            out.extend(std::iter::repeat_n(' ', self.habits.gap - 1));
            self.body(value, column + self.habits.gap, &mut out);
        } else {
            self.behind(value, wish, column, &mut out);
        }
        out
    }

    /// The value of a key whose mapping stands at a column: all that comes behind the colon.
    pub(super) fn behind_colon(self, value: &Json, wish: Style, column: usize, out: &mut String) {
        if is_block(value) {
            let inner = self.below(value, column);
            out.push_str(&self.line(inner));
            self.body(value, inner, out);
        } else {
            self.behind(value, wish, column, out);
        }
    }

    /// Where a collection stands that belongs to a key at a column.
    pub(super) fn below(self, value: &Json, column: usize) -> usize {
        column + if value.is_array() { self.habits.list } else { self.habits.step }
    }

    /// A scalar or an empty collection behind a colon or a dash that stands at a column.
    fn behind(self, value: &Json, wish: Style, column: usize, out: &mut String) {
        out.push(' ');
        if matches!(wish, Style::Plain | Style::Block)
            && let Some((header, lines)) = value.as_str().and_then(literal)
        {
            out.push_str(header);
            self.lines(lines, column + self.habits.step, out);
        } else {
            out.push_str(&inline(value, wish, false));
        }
    }

    /// The lines of a literal block at a column.
    pub(super) fn lines(self, lines: std::str::Lines<'_>, column: usize, out: &mut String) {
        for line in lines {
            if line.is_empty() {
                out.push_str(self.eol);
            } else {
                out.push_str(&self.line(column));
                out.push_str(line);
            }
        }
    }

    /// A collection that is not empty, at a column; its first line without the blanks before it.
    pub(super) fn body(self, value: &Json, column: usize, out: &mut String) {
        let separator = self.line(column);
        let mut parts = Vec::new();
        match value {
            Json::Object(fields) => {
                parts.extend(in_order(fields).map(|(key, value)| self.entry(key, value, column)));
            }
            Json::Array(items) => {
                parts.extend(items.iter().map(|item| self.item(item, Style::Plain, column)));
            }
            _ => {}
        }
        out.push_str(&parts.join(&separator));
    }
}

/// Whether a value takes lines of its own.
pub(super) fn is_block(value: &Json) -> bool {
    match value {
        Json::Object(fields) => !fields.is_empty(),
        Json::Array(items) => !items.is_empty(),
        _ => false,
    }
}

/// Fields as people write them: what a thing is called comes first.
pub(super) fn in_order(fields: &Map<String, Json>) -> impl Iterator<Item = (&String, &Json)> {
    let is_name = |key: &str| key == "name";
    let first = fields.iter().filter(move |(key, _)| is_name(key));
    first.chain(fields.iter().filter(move |(key, _)| !is_name(key)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn follows_the_habits() {
        let value = json!({
            "name": "x", "drop": ["ALL", "yes"], "empty": {}, "a": {"b": [{"c": 1, "d": null}]},
            "text": "one\n  two\n\nthree\n",
        });
        let composer = |step, list, gap, eol| Composer { eol, habits: Habits { step, list, gap } };
        let mut out = String::new();
        composer(2, 0, 2, "\n").body(&value, 0, &mut out);
        assert_eq!(
            out,
            "name: x\na:\n  b:\n  - c: 1\n    d: null\ndrop:\n- ALL\n- \"yes\"\nempty: {}\n\
             text: |\n  one\n    two\n\n  three"
        );
        let mut out = String::new();
        composer(4, 4, 4, "\r\n").body(&json!({"a": [{"b": 1, "c": 2}]}), 2, &mut out);
        assert_eq!(out, "a:\r\n      -   b: 1\r\n          c: 2");
    }
}
