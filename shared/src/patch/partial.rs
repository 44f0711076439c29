//! A change as an object with only the fields that change: what `kubectl patch --patch-file` and
//! kustomize take.

use serde_json::{Map, Value as Json, json};

use super::plan::Change;
use crate::model::object::ObjectRef;
use crate::model::workload::template_path_of;

/// How the API server and kubectl merge a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// Lists that Kubernetes knows are merged element by element (`--type=strategic`).
    Strategic,
    /// Lists are replaced (`--type=merge`): all that is done for kinds that are not built in.
    Plain,
}

impl Merge {
    /// The word behind `--type` of `kubectl patch`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strategic => "strategic",
            Self::Plain => "merge",
        }
    }
}

/// A partial object, and how it is merged into the whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Partial {
    /// Who it is, and the fields that change; `null` removes one.
    pub object: Json,
    /// How it is merged.
    pub merge: Merge,
}

/// The lists of pods and workloads whose elements are told apart by a field: `patchMergeKey` in
/// the types of k8s.io/api. All their other lists are replaced as a whole.
const KEYED: [(&str, &str); 16] = [
    ("containers", "name"),
    ("initContainers", "name"),
    ("ephemeralContainers", "name"),
    ("volumes", "name"),
    ("imagePullSecrets", "name"),
    ("hostAliases", "ip"),
    ("topologySpreadConstraints", "topologyKey"),
    ("schedulingGates", "name"),
    ("resourceClaims", "name"),
    ("evictionResponders", "name"),
    ("ports", "containerPort"),
    ("env", "name"),
    ("volumeMounts", "mountPath"),
    ("volumeDevices", "devicePath"),
    ("ownerReferences", "uid"),
    ("finalizers", FINALIZERS),
];

/// Lists of words that are merged have no key: a change of theirs is no strategic one.
const FINALIZERS: &str = "";

/// Says in a list that it is replaced, in an element that it goes away.
const DIRECTIVE: &str = "$patch";

/// Which elements of a list that changes are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    /// Those that change, where their order stays.
    Changed,
    /// All of them, in their order.
    All,
}

/// How a patch is made.
#[derive(Clone, Copy, Debug)]
struct How {
    merge: Merge,
    naming: Naming,
}

/// What changes, as a partial object; as small as the lists of its kind allow.
pub fn of(change: &Change) -> Partial {
    made(change, Naming::Changed)
}

/// The same for kustomize, which puts the elements first that a patch names: so all are named.
/// Nothing where it would take elements for one another ([`is_ambiguous`]).
pub fn for_kustomize(change: &Change) -> Option<Partial> {
    let partial = made(change, Naming::All);
    let Change { before, after, .. } = change;
    let is_ambiguous = is_ambiguous(before) || is_ambiguous(after) || has_mixed_ports(change);
    (partial.merge == Merge::Plain || !is_ambiguous).then_some(partial)
}

/// Whether ports change of which only some name their protocol: kustomize tells them apart by it,
/// unless none does.
fn has_mixed_ports(change: &Change) -> bool {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    ports(&change.before, &mut before);
    ports(&change.after, &mut after);
    let is_named = |port: &&&Json| port.get("protocol").is_some_and(Json::is_string);
    let named = before.iter().chain(&after).filter(is_named).count();
    before != after && named > 0 && named < before.len() + after.len()
}

/// All ports of containers.
fn ports<'a>(value: &'a Json, found: &mut Vec<&'a Json>) {
    match value {
        Json::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Json::Array(items) if key == "ports" => found.extend(items),
                    _ => ports(value, found),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| ports(item, found)),
        _ => {}
    }
}

/// Whether some elements of the lists of a pod or workload have the same key, or none: kustomize
/// makes one of them, also where a patch says nothing of them.
fn is_ambiguous(value: &Json) -> bool {
    match value {
        Json::Object(fields) => fields.iter().any(|(key, value)| {
            let own = key_of(key, Merge::Strategic).filter(|own| *own != FINALIZERS);
            let twice = |own| value.as_array().is_some_and(|items| keys(own, items).is_none());
            own.is_some_and(twice) || is_ambiguous(value)
        }),
        Json::Array(items) => items.iter().any(is_ambiguous),
        _ => false,
    }
}

fn made(change: &Change, naming: Naming) -> Partial {
    let Change { reference, before, after, .. } = change;
    let how = |merge| How { merge, naming };
    let is_workload = template_path_of(reference.group(), &reference.kind).is_some()
        || (reference.group().is_empty() && reference.kind == "Pod");
    let strategic = is_workload.then(|| fields(before, after, how(Merge::Strategic))).flatten();
    let (merge, changed) = match strategic {
        Some(changed) => (Merge::Strategic, changed),
        None => (Merge::Plain, fields(before, after, how(Merge::Plain)).unwrap_or_default()),
    };
    Partial { object: identified(reference, change, changed), merge }
}

/// Puts before the fields what says whose they are.
fn identified(reference: &ObjectRef, change: &Change, mut changed: Map<String, Json>) -> Json {
    let mut metadata = Map::new();
    // Not the namespace that is only meant: kustomize would look for it in the object.
    let own = |key: &str| change.before.get("metadata").and_then(|metadata| metadata.get(key));
    for key in ["name", "namespace"] {
        if let Some(value) =
            own(key).filter(|value| value.as_str().is_some_and(|it| !it.is_empty()))
        {
            metadata.insert(key.to_owned(), value.clone());
        }
    }
    if let Some(Json::Object(more)) = changed.remove("metadata") {
        metadata.extend(more);
    }
    let mut object = Map::new();
    object.insert("apiVersion".to_owned(), reference.api_version.clone().into());
    object.insert("kind".to_owned(), reference.kind.clone().into());
    object.insert("metadata".to_owned(), metadata.into());
    object.extend(changed);
    object.into()
}

/// The fields of a mapping that change. Nothing where that cannot be said in this way.
fn fields(before: &Json, after: &Json, how: How) -> Option<Map<String, Json>> {
    let none = Map::new();
    let before = before.as_object().unwrap_or(&none);
    let after = after.as_object().unwrap_or(&none);
    let mut changed = Map::new();
    for (key, old) in before.iter().filter(|(_, old)| !old.is_null()) {
        match after.get(key).filter(|new| !new.is_null()) {
            None => drop(changed.insert(key.clone(), gone(key, old))),
            Some(new) if old == new => {}
            Some(new) => drop(changed.insert(key.clone(), field(key, old, new, how)?)),
        }
    }
    for (key, new) in after.iter().filter(|(_, new)| !new.is_null()) {
        if before.get(key).is_none_or(Json::is_null) {
            changed.insert(key.clone(), whole(key, new, how.merge)?);
        }
    }
    Some(changed)
}

/// What takes a field away. Of labels and annotations only those go that were seen: others may have
/// been added elsewhere.
fn gone(key: &str, old: &Json) -> Json {
    match old {
        Json::Object(all) if matches!(key, "annotations" | "labels") => {
            all.keys().map(|key| (key.clone(), Json::Null)).collect::<Map<_, _>>().into()
        }
        _ => Json::Null,
    }
}

/// What turns a value into another one.
fn field(key: &str, old: &Json, new: &Json, how: How) -> Option<Json> {
    match (old, new) {
        (Json::Object(_), Json::Object(_)) => fields(old, new, how).map(Json::Object),
        (Json::Array(old), Json::Array(new)) => match key_of(key, how.merge) {
            None => Some(without_nulls(&Json::Array(new.clone()))),
            Some(FINALIZERS) => None,
            Some(own) => elements(own, old, new, how),
        },
        // A mapping is never merged into what is none.
        _ => whole(key, new, how.merge),
    }
}

/// A value where there was none, or one of another type.
fn whole(key: &str, new: &Json, merge: Merge) -> Option<Json> {
    (key_of(key, merge) != Some(FINALIZERS)).then(|| without_nulls(new))
}

fn key_of(key: &str, merge: Merge) -> Option<&'static str> {
    let known = || KEYED.iter().find(|(list, _)| *list == key).map(|(_, own)| *own);
    (merge == Merge::Strategic).then(known).flatten()
}

/// The elements of a list that change, by their keys; or, where those do not tell them apart, all
/// of them in the place of all. Where elements come, or change places, the others are named too:
/// kubectl and kustomize then keep this order, and would else put the new ones first.
fn elements(own: &str, old: &[Json], new: &[Json], how: How) -> Option<Json> {
    let (Some(old_keys), Some(new_keys)) = (keys(own, old), keys(own, new)) else {
        let mut items = vec![json!({ DIRECTIVE: "replace" })];
        items.extend(new.iter().map(without_nulls));
        return Some(Json::Array(items));
    };
    let stay = old_keys.iter().filter(|key| new_keys.contains(key));
    let only_changed = how.naming == Naming::Changed && stay.eq(&new_keys);
    let mut items = Vec::new();
    for (key, item) in old_keys.iter().zip(old) {
        if !new_keys.contains(key) {
            let mut gone = identity(own, item);
            gone.insert(DIRECTIVE.to_owned(), "delete".into());
            items.push(gone.into());
        }
    }
    for (key, item) in new_keys.iter().zip(new) {
        let found = old_keys.iter().position(|old_key| old_key == key);
        match found.and_then(|position| old.get(position)) {
            None => items.push(without_nulls(item)),
            Some(old_item) if old_item == item && only_changed => {}
            Some(old_item) => {
                let mut element = identity(own, old_item);
                element.extend(fields(old_item, item, how)?);
                items.push(element.into());
            }
        }
    }
    Some(Json::Array(items))
}

/// What an element is known by. kustomize tells ports apart by their protocol too.
fn identity(own: &str, item: &Json) -> Map<String, Json> {
    let protocol = if own == "containerPort" { "protocol" } else { own };
    let known = [own, protocol].into_iter().filter_map(|key| Some((key, item.get(key)?)));
    known.map(|(key, value)| (key.to_owned(), value.clone())).collect()
}

/// What the elements of a list are known by, if each is known by something else.
fn keys(own: &str, items: &[Json]) -> Option<Vec<Json>> {
    let keys = items.iter().map(|item| item.get(own).filter(|key| !key.is_null()).cloned());
    keys.collect::<Option<Vec<Json>>>().filter(|keys| is_unique(keys))
}

fn is_unique(keys: &[Json]) -> bool {
    keys.iter().enumerate().all(|(position, key)| !keys[..position].contains(key))
}

/// A value without fields that are null: in a patch they remove.
fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let there = fields.iter().filter(|(_, value)| !value.is_null());
            there.map(|(key, value)| (key.clone(), without_nulls(value))).collect()
        }
        Json::Array(items) => items.iter().map(without_nulls).collect(),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(before: &Json, after: &Json) -> Option<Json> {
        let how = How { merge: Merge::Strategic, naming: Naming::Changed };
        fields(before, after, how).map(Json::Object)
    }

    #[test]
    fn only_what_changes_is_in_it() {
        let before = json!({"spec": {
            "hostPID": true,
            "containers": [
                {"name": "a", "image": "x"},
                {"name": "b", "securityContext": {"privileged": true, "runAsUser": 1}},
                {"name": "c"},
            ],
        }});
        let after = json!({"spec": {
            "securityContext": {"runAsNonRoot": true, "fsGroup": null},
            "containers": [
                {"name": "a", "image": "x"},
                {"name": "b", "securityContext": {"runAsUser": 1, "capabilities": {"drop": ["ALL"]}}},
                {"name": "d"},
            ],
        }});
        let expected = json!({"spec": {
            "hostPID": null,
            "securityContext": {"runAsNonRoot": true},
            "containers": [
                {"name": "c", "$patch": "delete"},
                {"name": "a"},
                {"name": "b", "securityContext": {
                    "privileged": null, "capabilities": {"drop": ["ALL"]}}},
                {"name": "d"},
            ],
        }});
        assert_eq!(changed(&before, &after), Some(expected));
        let expected = json!({"spec": {
            "hostPID": null,
            "securityContext": {"runAsNonRoot": true},
            "containers": after["spec"]["containers"],
        }});
        let how = How { merge: Merge::Plain, naming: Naming::Changed };
        assert_eq!(fields(&before, &after, how).map(Json::Object), Some(expected));
    }

    #[test]
    fn what_keys_cannot_say_is_replaced() {
        let list = |names: &[&str]| json!({"env": names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>()});
        let expected = json!({"env": [{"name": "b"}, {"name": "a"}]});
        assert_eq!(changed(&list(&["a", "b"]), &list(&["b", "a"])), Some(expected));
        let expected = json!({"env": [{"$patch": "replace"}, {"name": "b"}, {"name": "b"}]});
        assert_eq!(changed(&list(&["a", "b"]), &list(&["b", "b"])), Some(expected));
        let ports = |host: i32| {
            json!({"ports": [{"containerPort": 53, "protocol": "TCP", "hostPort": host},
                             {"containerPort": 53, "protocol": "UDP"}]})
        };
        let items = changed(&ports(1), &ports(2)).expect("it can be said");
        assert_eq!(items["ports"][0], json!({"$patch": "replace"}));
        assert_eq!(items["ports"][1]["hostPort"], 2);
        assert!(is_ambiguous(&ports(1)) && !is_ambiguous(&list(&["a", "b"])));
        let metadata = |finalizers: &[&str]| json!({"finalizers": finalizers});
        assert_eq!(changed(&metadata(&["a"]), &metadata(&[])), None);
    }
}
