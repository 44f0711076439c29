//! Where a field stands in its document, or what is nearest to where it is missing.

use super::node::{Type, Value};
use super::path::{FieldPath, Segment};
use super::source::Mark;

/// Where a value stands: for a mapping or list in a field, the field's key.
pub fn of(value: Value<'_>, path: &FieldPath) -> Mark {
    let is_collection = matches!(value.value_type(), Type::Object | Type::Array);
    let is_field = matches!(path.segments().last(), Some(Segment::Field(_)));
    if is_collection && is_field && value.id() > 0 {
        return value.tree().value(value.id() - 1).mark();
    }
    value.mark()
}

/// Where a field of a changed object stands in the document it was made from, or what is nearest to
/// it there: elements of lists are found by their names, since their positions may be others.
pub fn by_names(root: Value<'_>, path: &FieldPath) -> Mark {
    let mut value = root;
    let mut found = FieldPath::root();
    for segment in path.segments() {
        let index = match segment {
            Segment::Field(name) => {
                let next = value.get(name).filter(|next| !next.is_null());
                let Some(next) = next else { break };
                found = found.field(name.clone());
                value = next;
                continue;
            }
            Segment::Index(index) => Some(*index),
            Segment::Named { name, .. } => value.items().position(|item| {
                let found = item.as_str().or_else(|| item.get("name")?.as_str());
                found == Some(name.as_str())
            }),
        };
        let Some((index, next)) = index.and_then(|index| Some((index, value.items().nth(index)?)))
        else {
            break;
        };
        found = found.index(index);
        value = next;
    }
    if found.segments().len() == path.segments().len() {
        return of(value, path);
    }
    nearest(root, &found)
}

/// What is nearest to a missing field: the key of the deepest mapping that exists on the way, or
/// the first line of a list's element.
pub fn nearest(root: Value<'_>, path: &FieldPath) -> Mark {
    let mut value = root;
    let mut key = None;
    for segment in path.segments() {
        let next = match segment {
            Segment::Field(name) => value.get(name).filter(|next| !next.is_null()),
            Segment::Index(index) | Segment::Named { index, .. } => value.items().nth(*index),
        };
        let Some(next) = next else {
            break;
        };
        let is_field = matches!(segment, Segment::Field(_));
        // A value follows its key in the arena; merged ones have theirs elsewhere, as is right.
        key = (is_field && next.id() > 0).then(|| next.tree().value(next.id() - 1));
        value = next;
    }
    key.unwrap_or(value).mark()
}
