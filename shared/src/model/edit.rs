//! A change of one field, by the way to it: the same for files and for what runs.

use std::fmt;

use serde_json::{Map, Value as Json};

use super::path::{FieldPath, Segment};

/// What is done at a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// It gets this value. Mappings on the way that are missing, or null, are made.
    Set(Json),
    /// The list there gets one more element; a list that is missing, or null, is made.
    Append(Json),
    /// It is taken out. What is not there stays away.
    Remove,
}

/// A change of one field of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// The way from the object's root. Elements of lists that have a name are found by it,
    /// wherever they stand.
    pub path: FieldPath,
    /// What is done there.
    pub action: Action,
}

/// Why an edit cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impossible {
    /// The edit's path.
    pub path: String,
    /// What stands in its way.
    pub why: &'static str,
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.why)
    }
}

const NO_MAPPING: &str = "what is on the way is no mapping";
const NO_LIST: &str = "it is no list";
const NO_ELEMENT: &str = "the list has no such element";

impl Edit {
    /// Sets a field.
    pub fn set(path: FieldPath, value: impl Into<Json>) -> Self {
        Self { path, action: Action::Set(value.into()) }
    }

    /// Adds an element to a list.
    pub fn append(path: FieldPath, value: impl Into<Json>) -> Self {
        Self { path, action: Action::Append(value.into()) }
    }

    /// Takes a field or an element out.
    pub fn remove(path: FieldPath) -> Self {
        Self { path, action: Action::Remove }
    }

    /// Makes the edit in an object. Where it cannot be made the object is left half changed:
    /// nothing must be made of it then.
    pub fn apply(&self, object: &mut Json) -> Result<(), Impossible> {
        let impossible = |why| Impossible { path: self.path.to_string(), why };
        match &self.action {
            Action::Set(value) => {
                *made(object, self.path.segments()).map_err(impossible)? = value.clone();
            }
            Action::Append(value) => {
                let list = made(object, self.path.segments()).map_err(impossible)?;
                if list.is_null() {
                    *list = Json::Array(Vec::new());
                }
                list.as_array_mut().ok_or_else(|| impossible(NO_LIST))?.push(value.clone());
            }
            Action::Remove => remove(object, self.path.segments()),
        }
        Ok(())
    }
}

/// Makes edits in an object, one after the other.
pub fn apply(edits: &[Edit], object: &mut Json) -> Result<(), Impossible> {
    edits.iter().try_for_each(|edit| edit.apply(object))
}

/// The place at the end of a way; what is missing on it is made.
fn made<'a>(mut at: &'a mut Json, way: &[Segment]) -> Result<&'a mut Json, &'static str> {
    for segment in way {
        at = match segment {
            Segment::Field(key) => {
                if at.is_null() {
                    *at = Json::Object(Map::new());
                }
                let fields = at.as_object_mut().ok_or(NO_MAPPING)?;
                fields.entry(key.as_ref()).or_insert(Json::Null)
            }
            element => {
                let items = at.as_array_mut().ok_or(NO_LIST)?;
                let position = position(items, element).ok_or(NO_ELEMENT)?;
                &mut items[position]
            }
        };
    }
    Ok(at)
}

/// Takes out what stands at the end of a way, if there is anything.
fn remove(object: &mut Json, way: &[Segment]) {
    let Some((last, way)) = way.split_last() else { return };
    let mut at = object;
    for segment in way {
        let next = match (segment, at) {
            (Segment::Field(key), Json::Object(fields)) => fields.get_mut(key.as_ref()),
            (element, Json::Array(items)) => {
                position(items, element).and_then(|position| items.get_mut(position))
            }
            _ => None,
        };
        let Some(next) = next else { return };
        at = next;
    }
    match (last, at) {
        (Segment::Field(key), Json::Object(fields)) => drop(fields.remove(key.as_ref())),
        (element, Json::Array(items)) => {
            if let Some(position) = position(items, element) {
                items.remove(position);
            }
        }
        _ => {}
    }
}

/// Where an element stands: the one with the name, nearest to where it was; else the position.
fn position(items: &[Json], segment: &Segment) -> Option<usize> {
    match segment {
        Segment::Field(_) => None,
        Segment::Index(index) => (*index < items.len()).then_some(*index),
        Segment::Named { index, name } => {
            let has_name = |item: &Json| {
                item.as_str().or_else(|| item.get("name")?.as_str()) == Some(name.as_str())
            };
            let with_name = items.iter().enumerate().filter(|(_, item)| has_name(item));
            with_name.min_by_key(|(position, _)| position.abs_diff(*index)).map(|(at, _)| at)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sets_appends_and_removes() {
        let mut object = json!({"spec": {"containers": [{"name": "a"}, {"name": "b", "x": 1}]}});
        let containers = || FieldPath::of("spec.containers");
        let edits = [
            Edit::set(containers().named(0, "b").fields("securityContext.privileged"), false),
            Edit::append(containers().named(1, "b").fields("ports"), json!({"containerPort": 1})),
            Edit::remove(containers().named(1, "b").field("x")),
            Edit::remove(containers().named(0, "a").fields("not.there")),
            Edit::set(FieldPath::of("spec.securityContext.runAsNonRoot"), true),
        ];
        apply(&edits, &mut object).expect("all can be made");
        assert_eq!(
            object,
            json!({"spec": {
                "containers": [
                    {"name": "a"},
                    {"name": "b", "securityContext": {"privileged": false},
                     "ports": [{"containerPort": 1}]},
                ],
                "securityContext": {"runAsNonRoot": true},
            }})
        );
    }

    #[test]
    fn says_what_is_in_the_way() {
        let refused = |edit: Edit| edit.apply(&mut json!({"a": [1], "b": "x"})).unwrap_err().why;
        assert_eq!(refused(Edit::set(FieldPath::of("b.c"), 1)), NO_MAPPING);
        assert_eq!(refused(Edit::set(FieldPath::of("a").index(1), 1)), NO_ELEMENT);
        assert_eq!(refused(Edit::set(FieldPath::of("a").named(0, "n"), 1)), NO_ELEMENT);
        assert_eq!(refused(Edit::append(FieldPath::of("b"), 1)), NO_LIST);
    }
}
