//! Objects as people write them down: YAML of every style, with comments everywhere, and JSON.

use std::fmt::Write as _;

use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value};

use crate::random::Random;

/// A file of manifests.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its text.
    pub text: String,
    /// Its comments, each unlike the others and anything else in it.
    pub comments: Vec<String>,
}

/// Whether a file repeats itself by anchors, aliases and merge keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// There may be anchors, to which nothing refers.
    None,
    /// What comes twice may be an alias the second time.
    Aliases,
}

/// Writes documents into one file, in a style of its own.
pub fn write(random: &mut Random, documents: &[Value], sharing: Sharing) -> Manifest {
    if random.percent(15) && sharing == Sharing::None {
        return json(random, documents);
    }
    let step = 1 + random.below(4);
    let mut hand = Hand {
        step,
        list: if random.percent(50) { 0 } else { step },
        gap: if random.percent(80) { 2 } else { 4 },
        flow: [0, 5, 20, 80][random.below(4)],
        comment: [0, 3, 15, 40][random.below(4)],
        odd: [0, 2, 10][random.below(3)],
        sharing,
        anchored: Vec::new(),
        anchors: 0,
        comments: Vec::new(),
        random,
    };
    let mut text = String::new();
    for (position, document) in documents.iter().enumerate() {
        hand.anchored.clear();
        if position > 0 || hand.percent(30) {
            text.push_str("---");
            hand.trailing(&mut text);
            text.push('\n');
        }
        hand.own_lines(0, &mut text);
        hand.body(document, 0, &mut text);
        text.push('\n');
        hand.own_lines(0, &mut text);
        if hand.percent(5) {
            text.push_str("...\n");
        }
    }
    let comments = std::mem::take(&mut hand.comments);
    // Lines that a block keeps at the end are part of it.
    if random.percent(15) && !text.ends_with("+\n") && !text.ends_with("\n\n") {
        text.truncate(text.trim_end_matches('\n').len());
    }
    if random.percent(20) {
        text = text.replace('\n', "\r\n");
    }
    Manifest { text, comments }
}

fn json(random: &mut Random, documents: &[Value]) -> Manifest {
    let mut text = String::new();
    for document in documents {
        match random.below(4) {
            0 => text.push_str(&document.to_string()),
            kind => {
                let indent = ["  ", "    ", "\t"][kind - 1];
                let mut bytes = Vec::new();
                let format = PrettyFormatter::with_indent(indent.as_bytes());
                let mut serializer = Serializer::with_formatter(&mut bytes, format);
                if serde::Serialize::serialize(document, &mut serializer).is_ok() {
                    text.push_str(&String::from_utf8_lossy(&bytes));
                }
            }
        }
        if documents.len() > 1 || random.percent(60) {
            text.push('\n');
        }
    }
    if random.percent(20) {
        text = text.replace('\n', "\r\n");
    }
    Manifest { text, comments: Vec::new() }
}

/// Who writes a file: always in the same way, more or less.
struct Hand<'r> {
    random: &'r mut Random,
    step: usize,
    list: usize,
    gap: usize,
    /// How many of a hundred collections stand in brackets.
    flow: usize,
    /// How many of a hundred places have a comment.
    comment: usize,
    /// How many of a hundred places are written as hardly anybody would.
    odd: usize,
    sharing: Sharing,
    /// What has an anchor, and its name.
    anchored: Vec<(Value, String)>,
    anchors: usize,
    comments: Vec<String>,
}

impl Hand<'_> {
    fn percent(&mut self, percent: usize) -> bool {
        self.random.percent(percent)
    }

    fn comment(&mut self) -> String {
        const WORDS: [&str; 6] =
            ["why: this", "\"quoted\"", "- a: b", "{x", "it's", "\u{e9}t\u{e9} #"];
        let text = format!("# note {} {}.", self.comments.len(), self.random.pick(&WORDS));
        self.comments.push(text.clone());
        text
    }

    /// Perhaps a comment at the end of a line.
    fn trailing(&mut self, out: &mut String) {
        if self.percent(self.comment) {
            let comment = self.comment();
            // No tab follows a dash.
            let is_plain = self.percent(80) || out.ends_with('-');
            let _ = write!(out, "{}{comment}", if is_plain { " " } else { "\t  " });
        } else if self.percent(self.odd) {
            out.push_str("  ");
        }
    }

    /// Perhaps lines with nothing but comments, at a column.
    fn own_lines(&mut self, column: usize, out: &mut String) {
        if self.percent(self.comment) {
            for _ in 0..=self.random.below(2) {
                let comment = self.comment();
                let column = if self.percent(80) { column } else { self.random.below(column + 1) };
                let _ = writeln!(out, "{:column$}{comment}", "");
            }
        }
        // Behind a block that keeps its empty lines, one more would be part of it.
        if self.percent(self.odd) && !out.ends_with("\n\n") {
            out.push('\n');
        }
    }

    fn line(&mut self, column: usize, out: &mut String) {
        out.push('\n');
        self.own_lines(column, out);
        let _ = write!(out, "{:column$}", "");
    }

    /// The fields in some order.
    fn shuffled<'v>(&mut self, fields: &'v Map<String, Value>) -> Vec<(&'v String, &'v Value)> {
        let mut fields: Vec<_> = fields.iter().collect();
        for at in (1..fields.len()).rev() {
            let other = self.random.below(at + 1);
            fields.swap(at, other);
        }
        fields
    }

    /// A block collection at a column; its first line is begun.
    fn body(&mut self, value: &Value, column: usize, out: &mut String) {
        match value {
            Value::Object(fields) => {
                let merged = self.merged(fields);
                let mut is_first = true;
                if let Some((name, _)) = &merged {
                    let _ = write!(out, "<<: *{name}");
                    is_first = false;
                }
                let is_merged = |key: &str, value: &Value| {
                    merged.as_ref().is_some_and(|(_, fields)| fields.get(key) == Some(value))
                };
                for (key, value) in self.shuffled(fields) {
                    if is_merged(key, value) {
                        continue;
                    }
                    if !is_first {
                        self.line(column, out);
                    }
                    is_first = false;
                    self.entry(key, value, column, out);
                }
            }
            Value::Array(items) => {
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        self.line(column, out);
                    }
                    self.item(item, column, out);
                }
            }
            _ => {}
        }
    }

    /// A mapping that is a part of this one and has an anchor.
    fn merged(&mut self, fields: &Map<String, Value>) -> Option<(String, Map<String, Value>)> {
        if self.sharing == Sharing::None || !self.percent(50) {
            return None;
        }
        let is_part = |part: &Map<String, Value>| {
            !part.is_empty() && part.iter().all(|(key, value)| fields.get(key) == Some(value))
        };
        self.anchored.iter().find_map(|(value, name)| {
            let part = value.as_object().filter(|part| is_part(part))?;
            Some((name.clone(), part.clone()))
        })
    }

    fn entry(&mut self, key: &str, value: &Value, column: usize, out: &mut String) {
        if self.percent(self.odd / 2) && !is_block(value) {
            let _ = write!(out, "? {}", self.text(key, false));
            self.trailing(out);
            self.line(column, out);
            out.push(':');
        } else {
            let key = self.text(key, false);
            let space = if self.percent(self.odd) { " " } else { "" };
            let _ = write!(out, "{key}{space}:");
        }
        let inner = column + if value.is_array() { self.list } else { self.step };
        self.value(value, column, inner, false, out);
    }

    fn item(&mut self, value: &Value, column: usize, out: &mut String) {
        out.push('-');
        self.value(value, column, column + self.gap, true, out);
    }

    /// A value behind a colon or dash; its lines, if it has some, stand at `inner`.
    fn value(&mut self, value: &Value, column: usize, inner: usize, dash: bool, out: &mut String) {
        if self.shared(value, out) {
            self.trailing(out);
            return;
        }
        let name = self.anchor(out);
        let anchored = name.is_some();
        self.content(value, [column, inner], dash, anchored, out);
        // Only now: nothing refers to what it stands in.
        self.anchored.extend(name.map(|name| (value.clone(), name)));
    }

    /// A value without its anchor, in lines at two columns.
    fn content(
        &mut self,
        value: &Value,
        [column, inner]: [usize; 2],
        dash: bool,
        anchored: bool,
        out: &mut String,
    ) {
        if is_block(value) && !self.percent(self.flow) {
            if dash && !anchored && !self.percent(self.odd) {
                let _ = write!(out, "{:1$}", "", self.gap - 1);
            } else {
                self.trailing(out);
                self.line(inner, out);
            }
            self.body(value, inner, out);
            return;
        }
        if value.is_null() && self.percent(40) {
            self.trailing(out);
            if !anchored && self.percent(self.comment) {
                let comment = self.comment();
                let _ = write!(out, "\n{:inner$} {comment}", "");
            }
            return;
        }
        out.push(' ');
        if let Value::String(text) = value
            && self.literal(text, column + self.step.max(1), out)
        {
            return;
        }
        if is_block(value) {
            self.flow(value, inner.max(column + 1), out);
        } else if let Value::String(text) = value {
            let text = if self.percent(self.odd) && text.contains(' ') && is_tame(text) {
                let at = text.find(' ').unwrap_or_default();
                format!("{}\n{:3$}{}", &text[..at], "", &text[at + 1..], column + 2)
            } else {
                self.text(text, false)
            };
            out.push_str(&text);
        } else {
            let text = self.plain(value);
            out.push_str(&text);
        }
        self.trailing(out);
    }

    /// Perhaps an alias in the place of a value that was there before.
    fn shared(&mut self, value: &Value, out: &mut String) -> bool {
        if self.sharing == Sharing::None || !self.percent(50) {
            return false;
        }
        let Some((_, name)) = self.anchored.iter().find(|(known, _)| known == value) else {
            return false;
        };
        let _ = write!(out, " *{name}");
        true
    }

    /// Perhaps an anchor; its name.
    fn anchor(&mut self, out: &mut String) -> Option<String> {
        let percent = if self.sharing == Sharing::None { self.odd / 2 } else { 20 };
        if !self.percent(percent) {
            return None;
        }
        let name = format!("a{}", self.anchors);
        self.anchors += 1;
        let _ = write!(out, " &{name}");
        Some(name)
    }

    /// A scalar that is no string, in one of its spellings.
    fn plain(&mut self, value: &Value) -> String {
        let spellings: &[&str] = match value {
            Value::Null => &["null", "~", "Null"],
            Value::Bool(true) => &["true", "true", "True", "yes", "on"],
            Value::Bool(false) => &["false", "false", "FALSE", "no", "off"],
            Value::Array(_) => &["[]", "[ ]"],
            Value::Object(_) => &["{}", "{ }"],
            other => return other.to_string(),
        };
        self.random.pick(spellings).to_owned()
    }

    /// A string or a key on one line.
    fn text(&mut self, text: &str, in_flow: bool) -> String {
        let is_single =
            !text.chars().any(|character| character.is_control() || !is_plain(character));
        match self.random.below(10) {
            0..=6 if is_tame(text) && !(in_flow && text.contains(' ')) => text.to_owned(),
            0..=7 if is_single => format!("'{}'", text.replace('\'', "''")),
            _ => double_quoted(text),
        }
    }

    /// Perhaps a block scalar, where a text can be one.
    fn literal(&mut self, text: &str, column: usize, out: &mut String) -> bool {
        let body = text.trim_end_matches('\n');
        let ends = text.len() - body.len();
        let is_fit = !body.is_empty()
            && body.chars().all(|character| character == '\n' || is_plain(character))
            && body.lines().all(|line| !line.starts_with(' ') && line.trim() == line);
        let wanted = if body.contains('\n') { 80 } else { self.odd };
        if !is_fit || body.starts_with('\n') || !self.percent(wanted) {
            return false;
        }
        let folds = !body.contains('\n') && self.percent(50);
        out.push(if folds { '>' } else { '|' });
        out.push_str(["-", "", "+"][ends.min(2)]);
        self.trailing(out);
        for line in body.split('\n') {
            out.push('\n');
            if !line.is_empty() {
                let _ = write!(out, "{:column$}{line}", "");
            }
        }
        for _ in 1..ends {
            out.push('\n');
        }
        if ends == 1 && self.percent(self.odd) {
            out.push('\n');
        }
        true
    }

    /// A collection in brackets; further lines stand at `inner`.
    fn flow(&mut self, value: &Value, inner: usize, out: &mut String) {
        let (open, close) = if value.is_array() { ('[', ']') } else { ('{', '}') };
        let lines = self.percent(30);
        let pad = if self.percent(20) { " " } else { "" };
        out.push(open);
        out.push_str(pad);
        let parts: Vec<_> = match value {
            Value::Object(fields) => {
                self.shuffled(fields).into_iter().map(|(key, value)| (Some(key), value)).collect()
            }
            Value::Array(items) => items.iter().map(|item| (None, item)).collect(),
            _ => Vec::new(),
        };
        let deeper = inner + self.step;
        let count = parts.len();
        for (position, (key, value)) in parts.into_iter().enumerate() {
            if lines {
                self.trailing(out);
                self.line(deeper, out);
            } else if position > 0 {
                out.push(' ');
            }
            if let Some(key) = key {
                let _ = write!(out, "{}: ", self.text(key, true));
            }
            match value {
                value if is_block(value) => self.flow(value, deeper, out),
                Value::String(text) => out.push_str(&self.text(text, true)),
                value => out.push_str(&self.plain(value)),
            }
            if position + 1 < count || self.percent(10) {
                out.push(',');
            }
        }
        if lines {
            self.trailing(out);
            self.line(inner, out);
        } else {
            out.push_str(pad);
        }
        out.push(close);
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

fn is_plain(character: char) -> bool {
    character.is_ascii_graphic() || character == ' ' || matches!(character, '\u{e9}' | '\u{65e5}')
}

/// Whether a text is a string to everybody, without quotes and wherever it stands.
fn is_tame(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && !text.ends_with(' ')
        && !text.contains("  ")
        && text.chars().all(|character| {
            character.is_ascii_alphanumeric() || matches!(character, ' ' | '.' | '/' | '-' | '_')
        })
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn double_quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            '\n' => out.push_str("\\n"),
            character if is_plain(character) => out.push(character),
            character if u32::from(character) > 0xffff => out.push(character),
            character => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use posture::input::yaml;
    use posture::model::source::Source;
    use serde_json::json;

    use super::*;
    use crate::pod::{Pods, Values};

    #[test]
    fn what_is_written_is_read() {
        let mut random = Random::new(1);
        let odd = json!({"a": {"b": "x\ny\n\n", "yes": [1, [2, {"c": null}]], "e": {}}, "t": "two words"});
        for pod in Pods::new(1, Values::Plausible).take(400) {
            let documents = [odd.clone(), pod, odd.clone()];
            for sharing in [Sharing::None, Sharing::Aliases] {
                let Manifest { text, comments } = write(&mut random, &documents, sharing);
                let source = Arc::new(Source::new("x", text.clone().into_bytes()));
                let read = yaml::read(&source).into_iter();
                let read: Vec<_> = read
                    .map(|outcome| match outcome {
                        Ok(document) => document.tree.root().to_json(),
                        Err(gap) => Value::String(gap.why),
                    })
                    .collect();
                assert_eq!(read, documents, "{text}");
                for comment in comments {
                    assert_eq!(text.matches(&comment).count(), 1, "{comment}: {text}");
                }
            }
        }
    }
}
