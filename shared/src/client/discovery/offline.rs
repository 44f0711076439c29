//! What can be told of types where no server is asked: the kinds that every server has, what
//! `CustomResourceDefinition`s say, and for all other kinds the names that Kubernetes guesses.

use std::collections::BTreeSet;

use super::Discovery;
use super::mapper::guess_plural;
use super::served::{Group, GroupVersion, Served};
use crate::model::node::Value;
use crate::model::object::Object;

/// The kinds that a server has by itself.
const BUILTIN: &str = include_str!("builtin.txt");

impl Discovery {
    /// What a server would serve that has taken these objects. Groups of others than Kubernetes
    /// itself come last, by their names.
    pub fn of_objects(objects: &[Object]) -> Self {
        let mut known = builtin();
        let own = known.groups.len();
        for object in objects {
            known.add_definition(object);
        }
        let kinds: BTreeSet<(&str, &str)> =
            objects.iter().map(|object| (object.api_version(), object.kind())).collect();
        for (api_version, kind) in kinds {
            known.add_kind(api_version, kind);
        }
        known.groups[own..].sort_by(|one, other| one.name.cmp(&other.name));
        let Self { groups, lists, gaps, .. } = known;
        Self::new(groups, lists, gaps, true)
    }

    fn add(&mut self, api_version: &str, served: Served) {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let version =
            GroupVersion { group_version: api_version.to_owned(), version: version.to_owned() };
        match self.groups.iter_mut().find(|known| known.name == group) {
            Some(known) => {
                if !known.versions.contains(&version) {
                    known.versions.push(version);
                }
            }
            None => self.groups.push(Group {
                name: group.to_owned(),
                versions: vec![version.clone()],
                preferred: version,
                addresses: None,
            }),
        }
        let list = self.lists.entry(api_version.to_owned()).or_default();
        if !list.iter().any(|known| known.name == served.name) {
            list.push(served);
        }
    }

    /// What a `CustomResourceDefinition` defines, if it is one.
    fn add_definition(&mut self, object: &Object) {
        if object.kind() != "CustomResourceDefinition" || object.group() != "apiextensions.k8s.io" {
            return;
        }
        let Some(spec) = object.value().get("spec") else { return };
        let Some(names) = spec.get("names") else { return };
        let (group, kind) = (text(spec, "group"), text(names, "kind"));
        if group.is_empty() || kind.is_empty() {
            return;
        }
        let mut served = guessed(kind, text(spec, "scope") != "Cluster");
        let plural = text(names, "plural");
        if !plural.is_empty() {
            plural.clone_into(&mut served.name);
        }
        text(names, "singular").clone_into(&mut served.singular);
        served.short_names = texts(names, "shortNames");
        served.categories = texts(names, "categories");
        let versions = spec.get("versions").into_iter().flat_map(|versions| versions.items());
        let listed = versions.filter_map(|version| version.get("name")?.as_str());
        // The only version in `apiextensions.k8s.io/v1beta1`.
        let single = Some(text(spec, "version")).filter(|version| !version.is_empty());
        let all: BTreeSet<&str> = listed.chain(single).collect();
        for version in all {
            self.add(&format!("{group}/{version}"), served.clone());
        }
    }

    /// A kind in a version; its names are those of the other versions, if there are some.
    fn add_kind(&mut self, api_version: &str, kind: &str) {
        let group = |api_version: &str| {
            api_version.rsplit_once('/').map_or(String::new(), |(group, _)| group.to_owned())
        };
        let of_group = self.lists.iter().filter(|(known, _)| group(known) == group(api_version));
        let mut same = of_group.flat_map(|(_, list)| list).filter(|known| known.kind == kind);
        let served = same.next().cloned().unwrap_or_else(|| guessed(kind, true));
        self.add(api_version, served);
    }
}

fn builtin() -> Discovery {
    let mut known = Discovery::new(Vec::new(), std::collections::BTreeMap::new(), Vec::new(), true);
    for line in BUILTIN.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap_or_default();
        let (api_version, kind, scope) = (word(), word(), word());
        let list = |words: &str| -> Vec<String> {
            words.split(',').filter(|word| *word != "-").map(str::to_owned).collect()
        };
        let mut served = guessed(kind, scope == "Namespaced");
        served.short_names = list(word());
        served.categories = list(word());
        known.add(api_version, served);
    }
    known
}

/// A kind under the names that Kubernetes guesses.
fn guessed(kind: &str, namespaced: bool) -> Served {
    let singular = kind.to_lowercase();
    Served {
        name: guess_plural(&singular),
        singular,
        namespaced,
        kind: kind.to_owned(),
        ..Served::default()
    }
}

fn text<'a>(value: Value<'a>, key: &str) -> &'a str {
    value.get(key).and_then(|value| value.as_str()).unwrap_or_default()
}

fn texts(value: Value<'_>, key: &str) -> Vec<String> {
    let items = value.get(key).into_iter().flat_map(|items| items.items());
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
