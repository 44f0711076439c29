//! Parts of objects that many kinds have alike.

use std::net::IpAddr;

use posture::model::gap::Gap;
use posture::model::node::Value;
use posture::model::object::Object;

use super::{Labels, Text, Texts};
use crate::ports::Protocol;

/// The text at a key; `None` where it is absent, empty or no text.
pub(super) fn text<'a>(value: Value<'a>, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// The elements of the list at a key.
pub(super) fn items<'a>(value: Value<'a>, key: &str) -> impl Iterator<Item = Value<'a>> + use<'a> {
    value.get(key).into_iter().flat_map(|list| list.items())
}

/// A port's number.
pub(super) fn port(value: Value<'_>) -> Option<u16> {
    u16::try_from(value.as_i64()?).ok().filter(|port| *port > 0)
}

/// The `protocol` beside a port: TCP where nothing is said. `None` for one that there is not.
pub(super) fn protocol(value: Value<'_>) -> Option<Protocol> {
    match text(value, "protocol") {
        None => Some(Protocol::Tcp),
        Some(name) => Protocol::of(name),
    }
}

/// The texts of a list that are addresses.
pub(super) fn addresses<'a>(texts: impl Iterator<Item = Value<'a>>) -> Vec<IpAddr> {
    texts.filter_map(|text| text.as_str()?.parse().ok()).collect()
}

/// Whether a value is a label's: null is the empty text.
fn label(value: Value<'_>) -> Option<&str> {
    value.as_str().or_else(|| value.is_null().then_some(""))
}

/// Labels: a mapping of texts. What is no text is left out; its key comes back.
pub(super) fn labels<'a>(
    texts: &mut Texts,
    map: Option<Value<'a>>,
    more: Option<(&str, &str)>,
) -> (Labels, Option<&'a str>) {
    let mut labels: Vec<(Text, Text)> = Vec::new();
    let mut refused = None;
    if let Some((key, value)) = more {
        labels.push((texts.add(key), texts.add(value)));
    }
    for (key, value) in map.into_iter().flat_map(|map| map.entries()) {
        let key = key.as_str().unwrap_or_default();
        match label(value) {
            _ if more.is_some_and(|(own, _)| own == key) => {}
            Some(value) => labels.push((texts.add(key), texts.add(value))),
            None => refused = Some(key),
        }
    }
    labels.sort_unstable();
    (labels.into(), refused)
}

/// The gap of an object that the API server would refuse.
pub(super) fn refused(object: &Object, why: String) -> Gap {
    Gap {
        what: "object".to_owned(),
        place: object.mark(),
        object: Some(object.reference(None).to_string()),
        why,
        hint: String::new(),
    }
}
