//! The patch from one state of an object to another.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::{Operation, escape};

/// The operations that make `after` of `before`. All tests come first: the old value of what is
/// replaced or removed, null for what is added, the name of each list element whose position is
/// relied on. What is elsewhere may have changed meanwhile.
///
/// The way back is `between(after, before)`: it tests what was written.
pub fn between(before: &Json, after: &Json) -> Vec<Operation> {
    let mut found = Found::default();
    found.value("", before, after);
    let mut seen = BTreeSet::new();
    found.tests.retain(|test| seen.insert(test.path().to_owned()));
    found.tests.append(&mut found.changes);
    found.tests
}

#[derive(Default)]
struct Found {
    tests: Vec<Operation>,
    changes: Vec<Operation>,
}

impl Found {
    fn test(&mut self, path: &str, value: &Json) {
        self.tests.push(Operation::Test { path: path.to_owned(), value: value.clone() });
    }

    fn add(&mut self, path: &str, value: &Json) {
        self.changes.push(Operation::Add { path: path.to_owned(), value: value.clone() });
    }

    fn replace(&mut self, path: &str, old: &Json, new: &Json) {
        self.test(path, old);
        self.changes.push(Operation::Replace { path: path.to_owned(), value: new.clone() });
    }

    fn remove(&mut self, path: &str, old: &Json) {
        self.test(path, old);
        self.changes.push(Operation::Remove { path: path.to_owned() });
    }

    fn value(&mut self, path: &str, before: &Json, after: &Json) {
        match (before, after) {
            _ if before == after => {}
            (Json::Object(before), Json::Object(after)) => self.fields(path, before, after),
            (Json::Array(old), Json::Array(new)) => {
                if !self.elements(path, old, new) {
                    self.replace(path, before, after);
                }
            }
            _ => self.replace(path, before, after),
        }
    }

    fn fields(&mut self, path: &str, before: &Map<String, Json>, after: &Map<String, Json>) {
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in keys {
            let path = format!("{path}/{}", escape(key));
            match (before.get(key), after.get(key)) {
                (Some(before), Some(after)) => self.value(&path, before, after),
                (Some(before), None) => self.remove(&path, before),
                (None, Some(after)) => {
                    self.test(&path, &Json::Null);
                    self.add(&path, after);
                }
                (None, None) => {}
            }
        }
    }

    /// Changes a list element by element; `false`, and nothing found, where it is better replaced
    /// as a whole.
    fn elements(&mut self, path: &str, before: &[Json], after: &[Json]) -> bool {
        if let (Some(old), Some(new)) = (names(before), names(after)) {
            return self.named(path, (before, &old), (after, &new));
        }
        // Words and numbers stand in lists that are short, and read best as a whole.
        let is_plain = |item: &Json| !item.is_object() && !item.is_array();
        if before.iter().chain(after).all(is_plain) {
            return false;
        }
        let same = before.iter().zip(after).take_while(|(one, other)| one == other).count();
        let (old, new) = (&before[same..], &after[same..]);
        let pairs = old.iter().rev().zip(new.iter().rev());
        let tail = pairs.take_while(|(one, other)| one == other).count();
        let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
        let both = old.len().min(new.len());
        for (index, (old, new)) in old.iter().zip(new).enumerate() {
            self.replace(&format!("{path}/{}", same + index), old, new);
        }
        // From the end on, so that positions stay what they were.
        for (index, old) in old.iter().enumerate().skip(both).rev() {
            self.remove(&format!("{path}/{}", same + index), old);
        }
        for (index, new) in new.iter().enumerate().skip(both) {
            match before.get(same + both) {
                Some(next) if tail > 0 => {
                    self.test(&format!("{path}/{}", same + both), next);
                    self.add(&format!("{path}/{}", same + index), new);
                }
                _ => self.add(&format!("{path}/-"), new),
            }
        }
        true
    }

    /// The same for lists whose elements go by their names.
    fn named(
        &mut self,
        path: &str,
        (before, old): (&[Json], &[&str]),
        (after, new): (&[Json], &[&str]),
    ) -> bool {
        let position: BTreeMap<&str, usize> =
            old.iter().enumerate().map(|(index, name)| (*name, index)).collect();
        let kept: Vec<usize> = new.iter().filter_map(|name| position.get(name).copied()).collect();
        if !kept.is_sorted() {
            return false;
        }
        let element = |index: usize| format!("{path}/{index}");
        let wanted: BTreeMap<&str, &Json> = new.iter().copied().zip(after).collect();
        for (index, name) in old.iter().enumerate() {
            let Some(wanted) = wanted.get(name) else { continue };
            if before[index] != **wanted {
                self.test(&format!("{}/name", element(index)), &Json::from(*name));
                self.value(&element(index), &before[index], wanted);
            }
        }
        for (index, name) in old.iter().enumerate().rev() {
            if !wanted.contains_key(name) {
                self.remove(&element(index), &before[index]);
            }
        }
        for (index, name) in new.iter().enumerate() {
            if position.contains_key(name) {
                continue;
            }
            // Before the next one that stays, which must stand where it stood.
            let next = new[index..].iter().find_map(|name| position.get(name).copied());
            match next {
                None => self.add(&format!("{path}/-"), &after[index]),
                Some(next) => {
                    self.test(&format!("{}/name", element(next)), &Json::from(old[next]));
                    self.add(&element(index), &after[index]);
                }
            }
        }
        true
    }
}

/// The names of a list's elements, if each has one and no two have the same.
fn names(items: &[Json]) -> Option<Vec<&str>> {
    let names: Vec<&str> =
        items.iter().map(|item| item.get("name")?.as_str()).collect::<Option<_>>()?;
    let unlike: BTreeSet<&str> = names.iter().copied().collect();
    (unlike.len() == names.len() && !names.contains(&"")).then_some(names)
}
