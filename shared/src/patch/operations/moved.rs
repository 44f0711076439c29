//! A patch for an object whose lists have changed since: elements that go by a name are found where
//! they stand now.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::Operation;

/// The same operations with the positions that named elements have now; `None` where nobody can
/// say, or none has moved.
pub fn moved(operations: &[Operation], document: &Json) -> Option<Vec<Operation>> {
    let mut places = Places::new();
    let mut lists = BTreeSet::new();
    for (list, index, name) in operations.iter().filter_map(named) {
        let list_now = translated(list, &places);
        let items = document.pointer(&list_now)?.as_array()?;
        let has_name = |item: &Json| item.get("name").and_then(Json::as_str) == Some(name);
        if items.get(index).is_some_and(has_name) {
            continue;
        }
        let mut with_name = items.iter().enumerate().filter(|(_, item)| has_name(item));
        let (Some((now, _)), None) = (with_name.next(), with_name.next()) else { return None };
        places.insert(format!("{list}/{index}"), now);
        lists.insert(list_now);
    }
    let mut moved = operations.to_vec();
    for operation in &mut moved {
        let path = translated(operation.path(), &places);
        *operation.path_mut() = path;
    }
    (!lists.is_empty() && is_sound(&moved, &lists)).then_some(moved)
}

/// Where elements stand now, by the pointers to where they stood.
type Places = BTreeMap<String, usize>;

/// A pointer with the positions that elements have now.
fn translated(path: &str, places: &Places) -> String {
    let (mut old, mut new) = (String::new(), String::new());
    for step in path.split('/').skip(1) {
        old.push('/');
        old.push_str(step);
        new.push('/');
        match places.get(&old) {
            Some(now) => new.push_str(&now.to_string()),
            None => new.push_str(step),
        }
    }
    new
}

/// The list, the position and the name of the element that a test is about.
fn named(operation: &Operation) -> Option<(&str, usize, &str)> {
    let Operation::Test { path, value } = operation else { return None };
    let (element, name) = match (path.strip_suffix("/name"), value.get("name")) {
        (Some(element), _) if value.is_string() => (element, value),
        (_, Some(name)) => (path.as_str(), name),
        _ => return None,
    };
    let (list, index) = element.rsplit_once('/')?;
    Some((list, index.parse().ok()?, name.as_str()?))
}

/// Whether positions in these lists still mean the same when their turn comes: elements are taken
/// out from the end on, and put in only behind the last.
fn is_sound(operations: &[Operation], lists: &BTreeSet<String>) -> bool {
    let positions = |list: &str| {
        let of_list = operations.iter().filter(|operation| !operation.is_test());
        let steps = of_list.filter_map(|operation| {
            let (above, last) = operation.path().rsplit_once('/')?;
            (above == list).then_some((operation, last.to_owned()))
        });
        steps.collect::<Vec<_>>()
    };
    lists.iter().all(|list| {
        let mut last = usize::MAX;
        positions(list).into_iter().all(|(operation, step)| match (operation, step.parse()) {
            (Operation::Add { .. }, _) => step == "-",
            (Operation::Remove { .. }, Ok(position)) => {
                let is_descending = position < last;
                last = position;
                is_descending
            }
            (Operation::Replace { .. }, Ok(_)) => true,
            _ => false,
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{apply, between};
    use super::*;

    fn state(elements: &[(&str, u32)]) -> Json {
        let items = elements.iter().map(|(name, value)| json!({ "name": name, "v": value }));
        json!({ "spec": { "l": items.collect::<Vec<_>>() } })
    }

    fn redone(before: &Json, after: &Json, mut now: Json) -> Option<Json> {
        let operations = moved(&between(before, after), &now)?;
        apply(&operations, &mut now).ok().map(|()| now)
    }

    #[test]
    fn elements_are_found_by_their_names() {
        let before = state(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)]);
        let after = state(&[("a", 2), ("c", 1)]);
        let now = state(&[("x", 9), ("a", 1), ("b", 1), ("y", 9), ("c", 1), ("d", 1)]);
        let expected = state(&[("x", 9), ("a", 2), ("y", 9), ("c", 1)]);
        assert_eq!(redone(&before, &after, now), Some(expected));
    }

    #[test]
    fn what_nobody_can_say_is_left() {
        let before = state(&[("a", 1), ("b", 1), ("c", 1)]);
        let less = state(&[("a", 1)]);
        // In another order, positions would shift under each other.
        assert_eq!(redone(&before, &less, state(&[("c", 1), ("b", 1), ("a", 1)])), None);
        // Gone, changed, twice, or all where it was.
        let changed = state(&[("a", 2), ("b", 1), ("c", 1)]);
        for now in [
            state(&[("x", 1), ("b", 1)]),
            state(&[("x", 1), ("a", 3)]),
            state(&[("x", 1), ("a", 1), ("a", 1)]),
            before.clone(),
        ] {
            assert_eq!(redone(&before, &changed, now), None);
        }
        let inserted = state(&[("n", 1), ("a", 1), ("b", 1), ("c", 1)]);
        assert_eq!(redone(&before, &inserted, state(&[("x", 1), ("a", 1)])), None);
    }
}
