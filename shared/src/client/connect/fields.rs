//! Typed fields out of a document, with Go's rules for JSON: `null` is the zero value, names are
//! case-sensitive, a wrong type is an error. Errors name the place and the field, never a value.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

use crate::model::node::{Type, Value};

/// What is wrong, and where: `file:line:column: users[0].user.token: a number, not a string`.
pub(super) type Outcome<T> = Result<T, String>;

/// An object of a document, and the way to it.
#[derive(Clone)]
pub(super) struct Fields<'a> {
    value: Option<Value<'a>>,
    path: String,
}

impl<'a> Fields<'a> {
    /// The outermost object; fails if the document is none.
    pub(super) fn root(value: Value<'a>) -> Outcome<Self> {
        Self::new(value, String::new())
    }

    fn new(value: Value<'a>, path: String) -> Outcome<Self> {
        match value.value_type() {
            Type::Null => Ok(Self { value: None, path }),
            Type::Object => Ok(Self { value: Some(value), path }),
            _ => Err(misfit(value, &path, "an object")),
        }
    }

    fn get(&self, name: &str) -> Option<Value<'a>> {
        self.value?.field(name)
    }

    /// The way to a field.
    pub(super) fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Whether the field is there and not `null`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// An object; an empty one where there is none.
    pub(super) fn object(&self, name: &str) -> Outcome<Self> {
        let path = self.path(name);
        match self.get(name) {
            Some(value) => Self::new(value, path),
            None => Ok(Self { value: None, path }),
        }
    }

    /// An object, or nothing.
    pub(super) fn optional_object(&self, name: &str) -> Outcome<Option<Self>> {
        self.get(name).map(|value| Self::new(value, self.path(name))).transpose()
    }

    /// The objects of a list.
    pub(super) fn objects(&self, name: &str) -> Outcome<Vec<Self>> {
        self.list(name)?.into_iter().map(|(value, path)| Self::new(value, path)).collect()
    }

    fn list(&self, name: &str) -> Outcome<Vec<(Value<'a>, String)>> {
        self.get(name).map_or(Ok(Vec::new()), |value| list(value, &self.path(name)))
    }

    /// Text.
    pub(super) fn string(&self, name: &str) -> Outcome<String> {
        self.get(name).map_or(Ok(String::new()), |value| string(value, &self.path(name)))
    }

    /// A truth value.
    pub(super) fn bool(&self, name: &str) -> Outcome<bool> {
        let Some(value) = self.get(name) else { return Ok(false) };
        value.as_bool().ok_or_else(|| misfit(value, &self.path(name), "a boolean"))
    }

    /// Bytes, written in base64.
    pub(super) fn bytes(&self, name: &str) -> Outcome<Vec<u8>> {
        let text: String =
            self.string(name)?.chars().filter(|letter| !matches!(letter, '\r' | '\n')).collect();
        STANDARD.decode(text).map_err(|_| {
            let place = self.get(name).map(|value| place(value)).unwrap_or_default();
            format!("{place}{}: illegal base64 data", self.path(name))
        })
    }

    /// A list of texts.
    pub(super) fn strings(&self, name: &str) -> Outcome<Vec<String>> {
        self.list(name)?.into_iter().map(|(value, path)| string(value, &path)).collect()
    }

    /// Texts by name.
    pub(super) fn string_map(&self, name: &str) -> Outcome<BTreeMap<String, String>> {
        let object = self.object(name)?;
        object.entries().map(|(key, value, path)| Ok((key, string(value, &path)?))).collect()
    }

    /// Lists of texts by name.
    pub(super) fn strings_map(&self, name: &str) -> Outcome<BTreeMap<String, Vec<String>>> {
        let object = self.object(name)?;
        let texts = |value: Value<'a>, path: &str| -> Outcome<Vec<String>> {
            list(value, path)?.into_iter().map(|(value, path)| string(value, &path)).collect()
        };
        object.entries().map(|(key, value, path)| Ok((key, texts(value, &path)?))).collect()
    }

    /// Anything, as JSON.
    pub(super) fn json(&self, name: &str) -> Option<serde_json::Value> {
        self.get(name).map(|value| value.to_json())
    }

    fn entries(&self) -> impl Iterator<Item = (String, Value<'a>, String)> {
        self.value.into_iter().flat_map(|value| value.entries()).map(|(key, value)| {
            let key = key.as_str().unwrap_or_default().to_owned();
            let path = self.path(&key);
            (key, value, path)
        })
    }

    /// An error about this object.
    pub(super) fn wrong(&self, message: &str) -> String {
        let place = self.value.map(|value| place(value)).unwrap_or_default();
        format!("{place}{}: {message}", self.path)
    }
}

fn list<'a>(value: Value<'a>, path: &str) -> Outcome<Vec<(Value<'a>, String)>> {
    match value.value_type() {
        Type::Null => Ok(Vec::new()),
        Type::Array => Ok(value
            .items()
            .enumerate()
            .map(|(index, item)| (item, format!("{path}[{index}]")))
            .collect()),
        _ => Err(misfit(value, path, "a list")),
    }
}

fn string(value: Value<'_>, path: &str) -> Outcome<String> {
    if value.is_null() {
        return Ok(String::new());
    }
    value.as_str().map(str::to_owned).ok_or_else(|| misfit(value, path, "a string"))
}

fn place(value: Value<'_>) -> String {
    let place = value.mark().place();
    format!("{}:{}:{}: ", place.file, place.line, place.column)
}

fn misfit(value: Value<'_>, path: &str, expected: &str) -> String {
    let found = match value.value_type() {
        Type::Null => "null",
        Type::Bool => "a boolean",
        Type::Number => "a number",
        Type::String => "a string",
        Type::Array => "a list",
        Type::Object => "an object",
    };
    let path = if path.is_empty() { "the document" } else { path };
    format!("{}{path}: {found}, not {expected}", place(value))
}
