//! Faults of fields, as the API server prints them.
//!
//! Source: pkg/util/validation/field/errors.go of k8s.io/apimachinery.

use std::fmt::Write as _;

use posture::model::path::FieldPath;
use posture::model::quote::go_quote;
use posture::model::version::Minor;

use super::Rules;

/// The first release that prints values of types of their own as JSON.
const PRINTS_JSON: Minor = Minor(34);

/// The first release that counts the length of labels in bytes.
const COUNTS_BYTES: Minor = Minor(35);

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field, or what is nearest to it where it is missing.
    pub path: FieldPath,
    /// As the server prints it, the field included.
    pub message: String,
}

/// What is found of an object, in order.
pub(super) struct Faults {
    /// Whose rules are asked.
    pub(super) rules: Rules,
    found: Vec<Fault>,
    /// What the server says after everything else.
    last: Vec<Fault>,
}

impl Faults {
    pub(super) fn new(rules: Rules) -> Self {
        Self { rules, found: Vec::new(), last: Vec::new() }
    }

    /// All of it.
    pub(super) fn finish(mut self) -> Vec<Fault> {
        self.found.append(&mut self.last);
        self.found
    }

    fn add(&mut self, path: &FieldPath, body: &str) {
        let message = format!("{path}: {body}");
        self.found.push(Fault { path: path.clone(), message });
    }

    /// A text that is no such thing.
    pub(super) fn invalid_text(&mut self, path: &FieldPath, value: &str, why: &str) {
        let why = self.counted(why);
        self.add(path, &format!("Invalid value: {}: {why}", go_quote(value)));
    }

    /// A number that is out of its range.
    pub(super) fn invalid_number(&mut self, path: &FieldPath, value: i64, why: &str) {
        self.add(path, &format!("Invalid value: {value}: {why}"));
    }

    /// Anything else, printed as it is.
    pub(super) fn invalid(&mut self, path: &FieldPath, value: &str, why: &str) {
        self.add(path, &format!("Invalid value: {value}: {why}"));
    }

    /// A text of a type of its own, which can have few values.
    pub(super) fn unsupported(&mut self, path: &FieldPath, value: &str, supported: &[&str]) {
        let supported: Vec<String> = supported.iter().map(|value| go_quote(value)).collect();
        let value = self.own_type(value);
        let supported = supported.join(", ");
        self.add(path, &format!("Unsupported value: {value}: supported values: {supported}"));
    }

    /// A field that must be there.
    pub(super) fn required(&mut self, path: &FieldPath, why: &str) {
        let colon = if why.is_empty() { "" } else { ": " };
        self.add(path, &format!("Required value{colon}{why}"));
    }

    /// A field that must be there, by what its type declares.
    pub(super) fn required_by_type(&mut self, path: &FieldPath) {
        self.required(path, "");
        if self.rules.declared_last() {
            self.last.extend(self.found.pop());
        }
    }

    /// A field that must not be there.
    pub(super) fn forbidden(&mut self, path: &FieldPath, why: &str) {
        self.add(path, &format!("Forbidden: {why}"));
    }

    /// A text that is there twice.
    pub(super) fn duplicate(&mut self, path: &FieldPath, value: &str) {
        self.add(path, &format!("Duplicate value: {}", go_quote(value)));
    }

    /// A value of too many bytes.
    pub(super) fn too_long(&mut self, path: &FieldPath, most: usize) {
        self.add(path, &format!("Too long: may not be more than {most} bytes"));
    }

    /// A list of too many elements.
    pub(super) fn too_many(&mut self, path: &FieldPath, count: usize, most: usize) {
        self.add(path, &format!("Too many: {count}: must have at most {most} items"));
    }

    /// A text of a type of its own, as this release prints it.
    pub(super) fn own_type(&self, value: &str) -> String {
        if self.rules.program < PRINTS_JSON { go_quote(value) } else { json_quote(value) }
    }

    /// A list of texts of a type of its own, as this release prints it.
    pub(super) fn own_types(&self, go_type: &str, values: &[&str]) -> String {
        let values: Vec<String> = values.iter().map(|value| self.own_type(value)).collect();
        if self.rules.program < PRINTS_JSON {
            return format!("{go_type}{{{}}}", values.join(", "));
        }
        format!("[{}]", values.join(","))
    }

    /// Lengths of labels were called characters, though bytes were always counted.
    fn counted(&self, why: &str) -> String {
        let is_old = self.rules.program < COUNTS_BYTES;
        if is_old && why.contains("must be no more than ") {
            return why
                .strip_suffix(" bytes")
                .map_or_else(|| why.to_owned(), |front| format!("{front} characters"));
        }
        why.to_owned()
    }
}

/// Text as Go's `json.Marshal` writes it: what means something in HTML is escaped, too.
fn json_quote(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let mut escaped = String::with_capacity(quoted.len());
    for character in quoted.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{:04x}", u32::from(character));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}
