//! Reading what the API server would have decoded: what it would not have is refused.

use crate::model::labels::LabelSelector;
use crate::model::node::{Type, Value};

/// The texts of a list; none where the list is absent.
pub(super) fn texts(object: Value<'_>, key: &str) -> Result<Vec<String>, String> {
    let text = |item: Value<'_>| {
        item.as_str().map(str::to_owned).ok_or_else(|| format!("{key} holds what is no text"))
    };
    items(object, key)?.into_iter().map(text).collect()
}

/// The elements of a list; none where the list is absent.
pub(super) fn items<'a>(object: Value<'a>, key: &str) -> Result<Vec<Value<'a>>, String> {
    match object.field(key) {
        None => Ok(Vec::new()),
        Some(list) if list.value_type() == Type::Array => Ok(list.items().collect()),
        Some(_) => Err(format!("{key} is no list")),
    }
}

/// A text; `None` where it is absent or empty.
pub(super) fn text(object: Value<'_>, key: &str) -> Result<Option<String>, String> {
    match object.field(key) {
        None => Ok(None),
        Some(value) => match value.as_str() {
            Some(text) => Ok(Some(text.to_owned()).filter(|text| !text.is_empty())),
            None => Err(format!("{key} is no text")),
        },
    }
}

/// A selector of labels. One that is absent selects everything: that is its default.
pub(super) fn selector(object: Value<'_>, key: &str) -> Result<LabelSelector, String> {
    match object.field(key) {
        None => Ok(LabelSelector::default()),
        Some(value) => LabelSelector::read(value).map_err(|why| format!("{key}: {why}")),
    }
}
