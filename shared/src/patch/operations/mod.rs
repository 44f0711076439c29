//! JSON Patches that rest on what was seen: where it is not so any more, they do not apply.
//!
//! Source: RFC 6902, as gopkg.in/evanphx/json-patch.v4 in the API server applies it. A `test` for
//! null passes where the key is missing.

mod between;
mod moved;
mod text;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::model::json_patch::{Failed, Patch};

pub use between::between;
pub use moved::moved;
pub use text::text;

/// One operation of a JSON Patch. Paths are JSON pointers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Operation {
    /// The whole patch applies only if this value is there; null, if nothing is.
    Test {
        /// Where.
        path: String,
        /// What.
        value: Json,
    },
    /// A field is set, or an element inserted into a list; `-` is behind its last.
    Add {
        /// Where.
        path: String,
        /// What.
        value: Json,
    },
    /// A value takes the place of another.
    Replace {
        /// Where.
        path: String,
        /// What.
        value: Json,
    },
    /// A field or an element is taken out.
    Remove {
        /// Where.
        path: String,
    },
}

impl Operation {
    /// Where it is done, as a JSON pointer.
    pub fn path(&self) -> &str {
        match self {
            Self::Test { path, .. }
            | Self::Add { path, .. }
            | Self::Replace { path, .. }
            | Self::Remove { path } => path,
        }
    }

    fn path_mut(&mut self) -> &mut String {
        match self {
            Self::Test { path, .. }
            | Self::Add { path, .. }
            | Self::Replace { path, .. }
            | Self::Remove { path } => path,
        }
    }

    /// Whether it only looks.
    pub fn is_test(&self) -> bool {
        matches!(self, Self::Test { .. })
    }

    /// Whether elements of a list may have other positions behind it.
    fn changes_positions(&self) -> bool {
        matches!(self, Self::Add { .. } | Self::Remove { .. })
    }
}

impl fmt::Display for Operation {
    /// `add /spec/x`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self {
            Self::Test { .. } => "test",
            Self::Add { .. } => "add",
            Self::Replace { .. } => "replace",
            Self::Remove { .. } => "remove",
        };
        write!(f, "{verb} {}", self.path())
    }
}

/// The operations, to be applied only to the very object that was seen: not to another one of its
/// name that has come after it. Without a uid, as in a file, they stay as they are.
pub fn of_object(object: &Json, operations: Vec<Operation>) -> Vec<Operation> {
    let path = "/metadata/uid";
    let Some(uid) = object.pointer(path).filter(|uid| uid.is_string()) else { return operations };
    let test = Operation::Test { path: path.to_owned(), value: uid.clone() };
    std::iter::once(test).chain(operations).collect()
}

/// Changes a document as the API server would. Where an operation does not apply the document is
/// left half changed: nothing must be made of it then.
pub fn apply(operations: &[Operation], document: &mut Json) -> Result<(), Failed> {
    let patch = operations.iter().fold(Patch::default(), |patch, operation| match operation {
        Operation::Test { path, value } => patch.test(path, value.clone()),
        Operation::Add { path, value } => patch.add(path, value.clone()),
        Operation::Replace { path, value } => patch.replace(path, value.clone()),
        Operation::Remove { path } => patch.remove(path),
    });
    patch.apply(document)
}

/// Whether a document already is as the operations would leave it, wherever they change anything.
/// Where a list holds an element twice, it may say no although one of them is gone.
pub fn is_done(operations: &[Operation], document: &Json) -> bool {
    operations.iter().enumerate().all(|(position, operation)| {
        let later = &operations[position + 1..];
        let (above, key) = split(operation.path());
        let Some(parent) = settled(above, later, document) else { return true };
        let items = document.pointer(&parent).and_then(Json::as_array);
        match (operation, items) {
            (Operation::Test { .. }, _) => true,
            (Operation::Add { value, .. }, Some(items)) => items.contains(value),
            (Operation::Add { value, .. } | Operation::Replace { value, .. }, _) => {
                settled(operation.path(), later, document)
                    .is_none_or(|path| document.pointer(&path).unwrap_or(&Json::Null) == value)
            }
            // The element that stood there, which a test has the value of.
            (Operation::Remove { path }, Some(items)) => {
                !operations.iter().any(|test| match test {
                    Operation::Test { path: at, value } => at == path && items.contains(value),
                    _ => false,
                })
            }
            (Operation::Remove { .. }, None) => {
                document.pointer(&parent).is_none_or(|parent| parent.get(unescape(key)).is_none())
            }
        }
    })
}

/// Where the value at a path stands when later operations have put elements before it, or taken
/// some away. `None` if it is gone with one of them.
fn settled(path: &str, later: &[Operation], document: &Json) -> Option<String> {
    let mut path = path.to_owned();
    for (position, operation) in later.iter().enumerate() {
        let (above, step) = split(operation.path());
        let own = path.strip_prefix(above).and_then(|rest| rest.strip_prefix('/'));
        let Some(own) = own.filter(|_| operation.changes_positions()) else { continue };
        let (index, rest) = own.find('/').map_or((own, ""), |at| own.split_at(at));
        let (Ok(at), Ok(index)) = (step.parse::<usize>(), index.parse::<usize>()) else { continue };
        let parent = settled(above, &later[position + 1..], document);
        if !parent.and_then(|parent| document.pointer(&parent)).is_some_and(Json::is_array) {
            continue;
        }
        let index = match operation {
            Operation::Add { .. } if index >= at => index + 1,
            Operation::Remove { .. } if index == at => return None,
            Operation::Remove { .. } if index > at => index - 1,
            _ => index,
        };
        path = format!("{above}/{index}{rest}");
    }
    Some(path)
}

/// A pointer's way, and its last step.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// A key as a step of a JSON pointer.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The key that a step of a JSON pointer means.
fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests;
