//! Strict decoding of a configuration file: wrong types and unknown fields are refused, in the
//! words of the server.
//!
//! Sources: `sigs.k8s.io/json` with strict errors, as the codecs of k8s.io/pod-security-admission
//! and k8s.io/apiserver use it, and the messages of Go's `encoding/json`.

use std::fmt;

use posture::model::node::{NodeId, Type, Value};

/// One thing that is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// What is wrong, in the server's words.
    pub message: String,
    /// Where it stands in the document.
    pub node: NodeId,
}

/// Why a server would not start with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub(crate) class: Class,
    /// Everything that is wrong; never empty.
    pub errors: Vec<ConfigError>,
}

/// Which sort of error it is: that decides how several are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Decoding,
    UnknownFields,
    Invalid,
}

impl Refused {
    /// One error that ends the reading.
    pub(crate) fn decoding(value: Value<'_>, message: impl Into<String>) -> Self {
        let error = ConfigError { message: message.into(), node: value.id() };
        Self { class: Class::Decoding, errors: vec![error] }
    }
}

impl fmt::Display for Refused {
    /// All errors in one line, as the server prints them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut messages: Vec<&str> = Vec::new();
        for error in &self.errors {
            if !messages.contains(&error.message.as_str()) {
                messages.push(&error.message);
            }
        }
        let joined = messages.join(", ");
        match self.class {
            Class::UnknownFields => write!(f, "strict decoding error: {joined}"),
            Class::Invalid if messages.len() > 1 => write!(f, "[{joined}]"),
            Class::Decoding | Class::Invalid => f.write_str(&joined),
        }
    }
}

impl std::error::Error for Refused {}

/// Strict decoding: remembers every value of a wrong type and every unknown field.
#[derive(Default)]
pub(crate) struct Reader {
    wrong_types: Vec<ConfigError>,
    /// Path and value; the path in steps, as the server's decoder goes.
    unknown: Vec<(Vec<String>, NodeId)>,
}

impl Reader {
    /// The known fields of an object, in the order asked for; `apiVersion` and `kind` pass at the
    /// outermost level.
    pub(crate) fn fields<'a>(
        &mut self,
        value: Value<'a>,
        path: &[&str],
        known: &[&str],
    ) -> Vec<Option<Value<'a>>> {
        for (key, field) in value.entries() {
            let name = key.as_str().unwrap_or_default();
            if known.contains(&name) || (path.is_empty() && matches!(name, "apiVersion" | "kind")) {
                continue;
            }
            let steps = path.iter().chain([&name]).map(|step| (*step).to_owned());
            self.unknown.push((steps.collect(), field.id()));
        }
        known.iter().map(|name| value.field(name)).collect()
    }

    /// Remembers a value that is not of the type that Go's struct field has.
    pub(crate) fn expect(&mut self, value: Value<'_>, expected: Type, field: &str, go_type: &str) {
        if value.value_type() != expected && !value.is_null() {
            let found = value.value_type().go_name();
            let message = format!(
                "json: cannot unmarshal {found} into Go struct field {field} of type {go_type}"
            );
            self.wrong_types.push(ConfigError { message, node: value.id() });
        }
    }

    /// A text; empty if it is absent.
    pub(crate) fn string<'a>(&mut self, value: Option<Value<'a>>, field: &str) -> &'a str {
        let Some(value) = value else { return "" };
        self.expect(value, Type::String, field, "string");
        value.as_str().unwrap_or_default()
    }

    /// The elements of a list; none if it is absent.
    pub(crate) fn list<'a>(
        &mut self,
        value: Option<Value<'a>>,
        field: &str,
        of: &str,
    ) -> Vec<Value<'a>> {
        let Some(value) = value else { return Vec::new() };
        self.expect(value, Type::Array, field, &format!("[]{of}"));
        value.items().collect()
    }

    /// The first value of a wrong type hides the rest, and unknown fields come next. JSON is read
    /// as it is written, YAML with its keys sorted.
    pub(crate) fn finish(mut self, file: Value<'_>) -> Result<(), Refused> {
        let tree = file.tree();
        let text = tree.source().text().get(tree.base()..).unwrap_or_default();
        let is_json = text.trim_start().starts_with('{');
        if is_json {
            self.wrong_types.sort_by_key(|error| error.node);
            self.unknown.sort_by_key(|(_, node)| *node);
        } else {
            self.unknown.sort();
        }
        if !self.wrong_types.is_empty() {
            self.wrong_types.truncate(1);
            return Err(Refused { class: Class::Decoding, errors: self.wrong_types });
        }
        if self.unknown.is_empty() {
            return Ok(());
        }
        let errors = self.unknown.into_iter().map(|(steps, node)| ConfigError {
            message: format!("unknown field \"{}\"", steps.join(".")),
            node,
        });
        Err(Refused { class: Class::UnknownFields, errors: errors.collect() })
    }
}
