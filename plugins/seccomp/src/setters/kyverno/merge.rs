//! Kyverno's `patchStrategicMerge`, as far as it writes profiles.
//!
//! Source: the documentation of Kyverno, "Mutate resources": anchors.

use serde_json::{Map, Value as Json};

use crate::setters::words;

/// What a key in a patch asks for.
enum Anchor<'a> {
    /// `type`
    None(&'a str),
    /// `+(type)`: only where there is none.
    IfAbsent(&'a str),
    /// `(name)`: only where the value is like this.
    Condition(&'a str),
    /// Anything else.
    Other,
}

fn anchor(key: &str) -> Anchor<'_> {
    let inner = |text: &'static str| key.strip_prefix(text).and_then(|rest| rest.strip_suffix(')'));
    if let Some(key) = inner("+(") {
        Anchor::IfAbsent(key)
    } else if let Some(key) = inner("(") {
        Anchor::Condition(key)
    } else if key.contains('(') {
        Anchor::Other
    } else {
        Anchor::None(key)
    }
}

/// Merges a patch into a pod. Fails with what of it is not evaluated.
pub(super) fn merge(pod: &Json, patch: &Json) -> Result<Json, String> {
    let mut made = pod.clone();
    let target = made.as_object_mut().ok_or("the pod is no mapping")?;
    fields(target, patch.as_object().ok_or("its patch is no mapping")?)?;
    Ok(made)
}

/// Whether the patch leaves a profile that is set alone, wherever it writes one.
pub(super) fn only_if_unset(patch: &Json) -> bool {
    only_below(patch, false)
}

fn only_below(patch: &Json, absent: bool) -> bool {
    match patch {
        Json::Object(fields) => fields.iter().all(|(key, value)| {
            let (name, guarded) = match anchor(key) {
                Anchor::IfAbsent(name) => (name, true),
                Anchor::None(name) | Anchor::Condition(name) => (name, false),
                Anchor::Other => (key.as_str(), false),
            };
            let absent = absent || guarded;
            match (name, value) {
                ("seccompProfile", Json::Object(fields)) => {
                    absent || fields.keys().all(|key| matches!(anchor(key), Anchor::IfAbsent(_)))
                }
                _ => only_below(value, absent),
            }
        }),
        Json::Array(items) => items.iter().all(|item| only_below(item, absent)),
        _ => true,
    }
}

fn fields(target: &mut Map<String, Json>, patch: &Map<String, Json>) -> Result<(), String> {
    for (key, value) in patch {
        match anchor(key) {
            Anchor::Other => return Err(format!("its anchor {key} is not evaluated")),
            Anchor::Condition(name) => {
                if !target.get(name).is_some_and(|found| is_like(found, value)) {
                    return Err(format!("its condition {key} is not evaluated"));
                }
            }
            Anchor::IfAbsent(name) => match target.get(name) {
                None => {
                    target.insert(name.to_owned(), plain(value)?);
                }
                Some(Json::Object(found)) if found.is_empty() => {
                    return Err(format!("{key} stands over a field that is there and empty"));
                }
                Some(_) => {}
            },
            Anchor::None(name) => field(target, name, value)?,
        }
    }
    Ok(())
}

fn field(target: &mut Map<String, Json>, name: &str, value: &Json) -> Result<(), String> {
    match (target.get_mut(name), value) {
        (_, Json::Null) => {
            target.remove(name);
        }
        (Some(Json::Object(found)), Json::Object(patch)) => fields(found, patch)?,
        (Some(Json::Array(found)), Json::Array(patch))
            if matches!(name, "containers" | "initContainers") =>
        {
            elements(found, patch)?;
        }
        // There are no containers to change: conditions select none.
        (None, Json::Array(patch)) if patch.iter().all(has_condition) => {}
        _ => {
            target.insert(name.to_owned(), plain(value)?);
        }
    }
    Ok(())
}

/// Containers are told apart by name, unless conditions select them.
fn elements(found: &mut Vec<Json>, patch: &[Json]) -> Result<(), String> {
    for item in patch {
        let wanted = item.as_object().ok_or("its patch has a container that is no mapping")?;
        let mut rest = Map::new();
        let mut conditions = Vec::new();
        for (key, value) in wanted {
            match anchor(key) {
                Anchor::Condition(name) => conditions.push((name, value)),
                _ => {
                    rest.insert(key.clone(), value.clone());
                }
            }
        }
        if conditions.is_empty() {
            let name = wanted.get("name");
            match found.iter_mut().find(|one| one.get("name") == name) {
                Some(Json::Object(one)) => fields(one, &rest)?,
                _ => found.push(plain(item)?),
            }
            continue;
        }
        for one in found.iter_mut().filter_map(Json::as_object_mut) {
            let holds = |(name, like): &(&str, &Json)| {
                one.get(*name).is_some_and(|value| is_like(value, like))
            };
            if conditions.iter().all(holds) {
                fields(one, &rest)?;
            }
        }
    }
    Ok(())
}

fn has_condition(item: &Json) -> bool {
    item.as_object()
        .is_some_and(|fields| fields.keys().any(|key| matches!(anchor(key), Anchor::Condition(_))))
}

/// Whether a value is what a condition asks for. Comparisons and alternatives are none of it.
fn is_like(value: &Json, like: &Json) -> bool {
    match (value, like) {
        (Json::String(text), Json::String(like)) => words::is_like(like, text),
        _ => value == like,
    }
}

/// A value of a patch where there is nothing to merge it with.
fn plain(value: &Json) -> Result<Json, String> {
    Ok(match value {
        Json::Object(patch) => {
            let mut made = Map::new();
            fields(&mut made, patch)?;
            Json::Object(made)
        }
        Json::Array(items) => Json::Array(items.iter().map(plain).collect::<Result<_, _>>()?),
        other => other.clone(),
    })
}
