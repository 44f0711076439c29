//! JSON Patch and JSON merge patch, as the API server and kubectl apply them.
//!
//! Source: RFC 6902 and RFC 7386 as gopkg.in/evanphx/json-patch.v4 has them. It departs from the
//! RFC where this does: `replace` creates a missing key, `test` for null passes on a missing key,
//! and a negative index counts from the end.

use std::fmt;

use serde_json::{Map, Value as Json};

use super::node::{NodeId, Type, Value};

/// What an operation does.
#[derive(Clone, Debug, PartialEq)]
enum Action {
    Add(Json),
    Remove,
    Replace(Json),
    Move(String),
    Copy(String),
    Test(Json),
}

/// One operation of a JSON Patch.
#[derive(Clone, Debug, PartialEq)]
struct Operation {
    action: Action,
    path: String,
}

/// A JSON Patch that can be read; whether it applies depends on the document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch(Vec<Operation>);

/// Why a value is no JSON Patch, and which node of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The offending node.
    pub node: NodeId,
    /// What is wrong with it.
    pub why: String,
}

/// The operation that does not apply to a document, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Its position in the patch, from 1.
    pub number: usize,
    /// What it says: `add /spec/x`.
    pub operation: String,
    /// Why it does not apply.
    pub why: &'static str,
}

impl fmt::Display for Failed {
    /// `operation 2 (add /spec/x/y): there is nothing at the path above`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operation {} ({}): {}", self.number, self.operation, self.why)
    }
}

impl Patch {
    /// Reads a patch: an array of operations. Fails on the first thing that is wrong.
    pub fn read(value: Value<'_>) -> Result<Self, Malformed> {
        if value.value_type() != Type::Array {
            return Err(malformed(value, "a JSON Patch is a list of operations"));
        }
        value.items().map(Operation::read).collect::<Result<_, _>>().map(Self)
    }

    /// The patch with one more operation: a value must be there, or be missing where it is null.
    #[must_use]
    pub fn test(self, path: &str, value: Json) -> Self {
        self.then(Action::Test(value), path)
    }

    /// The patch with one more operation: a value is added.
    #[must_use]
    pub fn add(self, path: &str, value: Json) -> Self {
        self.then(Action::Add(value), path)
    }

    /// The patch with one more operation: a value takes the place of another.
    #[must_use]
    pub fn replace(self, path: &str, value: Json) -> Self {
        self.then(Action::Replace(value), path)
    }

    /// The patch with one more operation: a value is taken out.
    #[must_use]
    pub fn remove(self, path: &str) -> Self {
        self.then(Action::Remove, path)
    }

    fn then(mut self, action: Action, path: &str) -> Self {
        self.0.push(Operation { action, path: path.to_owned() });
        self
    }

    /// Changes a document. Where an operation does not apply the document is left half changed:
    /// nothing must be made of it then.
    pub fn apply(&self, document: &mut Json) -> Result<(), Failed> {
        for (position, operation) in self.0.iter().enumerate() {
            operation.apply(document).map_err(|why| Failed {
                number: position + 1,
                operation: operation.to_string(),
                why,
            })?;
        }
        Ok(())
    }
}

/// Changes a document by a merge patch: objects are merged, null removes, all else replaces.
/// Nulls deeper down go too, unless what they are in takes the place of an object.
pub fn merge(document: &mut Json, patch: &Json) {
    let Json::Object(fields) = document else {
        *document = patch.clone();
        prune(document);
        return;
    };
    let Json::Object(patch) = patch else {
        *document = patch.clone();
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            fields.remove(key);
        } else {
            merge(fields.entry(key.clone()).or_insert(Json::Null), value);
        }
    }
}

/// Takes the fields out that are null.
fn prune(value: &mut Json) {
    match value {
        Json::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(prune);
        }
        Json::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}

fn malformed(value: Value<'_>, why: impl Into<String>) -> Malformed {
    Malformed { node: value.id(), why: why.into() }
}

const NO_PARENT: &str = "there is nothing at the path above";
const NO_KEY: &str = "there is nothing at the path";
const NO_INDEX: &str = "the list has no such index";
const NOT_EQUAL: &str = "the value is another one";
const NO_COLLECTION: &str = "the whole document must be an object or a list";

impl Operation {
    fn read(value: Value<'_>) -> Result<Self, Malformed> {
        if value.value_type() != Type::Object {
            return Err(malformed(value, "an operation is a mapping with op and path"));
        }
        let text = |key: &str| match value.get(key) {
            None => Err(malformed(value, format!("the operation has no {key}"))),
            Some(found) => {
                found.as_str().ok_or_else(|| malformed(found, format!("{key} is a string")))
            }
        };
        let pointer = |key: &str| {
            let found = text(key)?;
            if found.is_empty() || found.starts_with('/') {
                return Ok(found.to_owned());
            }
            let at = value.get(key).unwrap_or(value);
            Err(malformed(at, format!("{key} begins with a slash")))
        };
        let content = || {
            let found = value.get("value");
            found
                .map(|found| found.to_json())
                .ok_or_else(|| malformed(value, "the operation has no value"))
        };
        let action = match text("op")? {
            "add" => Action::Add(content()?),
            "remove" => Action::Remove,
            "replace" => Action::Replace(content()?),
            "move" => Action::Move(pointer("from")?),
            "copy" => Action::Copy(pointer("from")?),
            "test" => Action::Test(content()?),
            _ => {
                let at = value.get("op").unwrap_or(value);
                let why = "op is add, remove, replace, move, copy or test";
                return Err(malformed(at, why));
            }
        };
        Ok(Self { action, path: pointer("path")? })
    }

    fn apply(&self, document: &mut Json) -> Result<(), &'static str> {
        match &self.action {
            Action::Add(value) => add(document, &self.path, value.clone()),
            Action::Remove => remove(document, &self.path).map(drop),
            Action::Replace(value) if self.path.is_empty() => {
                if !value.is_object() && !value.is_array() {
                    return Err(NO_COLLECTION);
                }
                *document = value.clone();
                Ok(())
            }
            Action::Replace(value) => replace(document, &self.path, value.clone()),
            Action::Move(from) => {
                let value = remove(document, from)?;
                add(document, &self.path, value)
            }
            Action::Copy(from) => {
                let value = read(document, from)?.unwrap_or(Json::Null);
                add(document, &self.path, value)
            }
            Action::Test(wanted) => {
                let found = if self.path.is_empty() {
                    Some(document.clone())
                } else {
                    read(document, &self.path)?
                };
                // What is missing is null.
                if found.unwrap_or(Json::Null) == *wanted { Ok(()) } else { Err(NOT_EQUAL) }
            }
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.action {
            Action::Add(_) => write!(f, "add {}", self.path),
            Action::Remove => write!(f, "remove {}", self.path),
            Action::Replace(_) => write!(f, "replace {}", self.path),
            Action::Move(from) => write!(f, "move {from} to {}", self.path),
            Action::Copy(from) => write!(f, "copy {from} to {}", self.path),
            Action::Test(_) => write!(f, "test {}", self.path),
        }
    }
}

/// Where a path ends: a key of an object, or what stands for an index of a list.
enum Slot<'a> {
    Field(&'a mut Map<String, Json>, String),
    Item(&'a mut Vec<Json>, String),
}

/// The object or list that a path ends in, and the last step.
fn slot<'a>(document: &'a mut Json, path: &str) -> Result<Slot<'a>, &'static str> {
    let unescaped = |step: &str| step.replace("~1", "/").replace("~0", "~");
    let mut steps = path.split('/').skip(1).map(unescaped);
    let mut step = steps.next().ok_or(NO_PARENT)?;
    let mut at = document;
    for next in steps {
        at = match at {
            Json::Object(fields) => fields.get_mut(&step),
            Json::Array(items) => index(&step, items.len()).and_then(|index| items.get_mut(index)),
            _ => None,
        }
        .ok_or(NO_PARENT)?;
        step = next;
    }
    match at {
        Json::Object(fields) => Ok(Slot::Field(fields, step)),
        Json::Array(items) => Ok(Slot::Item(items, step)),
        _ => Err(NO_PARENT),
    }
}

/// A position in a list of some length, from its end where it is negative.
fn index(step: &str, length: usize) -> Option<usize> {
    let number: i64 = step.parse().ok()?;
    if number >= 0 {
        return usize::try_from(number).ok();
    }
    length.checked_sub(usize::try_from(number.unsigned_abs()).ok()?)
}

/// The position of an element that exists.
fn existing(step: &str, length: usize) -> Result<usize, &'static str> {
    index(step, length).filter(|&index| index < length).ok_or(NO_INDEX)
}

fn add(document: &mut Json, path: &str, value: Json) -> Result<(), &'static str> {
    match slot(document, path)? {
        Slot::Field(fields, key) => drop(fields.insert(key, value)),
        Slot::Item(items, step) if step == "-" => items.push(value),
        Slot::Item(items, step) => {
            // Behind the last element is a position too, and the one that -1 means.
            let index = existing(&step, items.len() + 1)?;
            items.insert(index, value);
        }
    }
    Ok(())
}

fn remove(document: &mut Json, path: &str) -> Result<Json, &'static str> {
    match slot(document, path)? {
        Slot::Field(fields, key) => fields.remove(&key).ok_or(NO_KEY),
        Slot::Item(items, step) => {
            let index = existing(&step, items.len())?;
            Ok(items.remove(index))
        }
    }
}

fn replace(document: &mut Json, path: &str, value: Json) -> Result<(), &'static str> {
    match slot(document, path)? {
        Slot::Field(fields, key) => drop(fields.insert(key, value)),
        Slot::Item(items, step) => {
            let index = existing(&step, items.len())?;
            items[index] = value;
        }
    }
    Ok(())
}

/// The value at a path; `None` if the object that it ends in has no such key.
fn read(document: &mut Json, path: &str) -> Result<Option<Json>, &'static str> {
    match slot(document, path)? {
        Slot::Field(fields, key) => Ok(fields.get(&key).cloned()),
        Slot::Item(items, step) => {
            let index = existing(&step, items.len())?;
            Ok(items.get(index).cloned())
        }
    }
}
