//! Reading and changing a pod that is plain JSON.

use std::collections::BTreeSet;

use serde_json::Value as Json;

/// The lists of a pod whose elements have names that matter here.
const LISTS: [&str; 3] = ["initContainers", "containers", "volumes"];

/// The names in the lists of a pod.
pub(super) struct Names(BTreeSet<(usize, String)>);

impl Names {
    pub(super) fn of(pod: &Json) -> Self {
        let of_list = |(position, list)| {
            items(pod, list).iter().map(move |item| (position, name(item).to_owned()))
        };
        Self(LISTS.into_iter().enumerate().flat_map(of_list).collect())
    }

    /// What is not in the earlier ones: the list and the name.
    pub(super) fn new_since<'a>(
        &'a self,
        earlier: &'a Self,
    ) -> impl Iterator<Item = (&'static str, &'a str)> {
        self.0.difference(&earlier.0).map(|(list, name)| (LISTS[*list], name.as_str()))
    }
}

/// The name of a container or volume; empty if it has none.
pub(super) fn name(item: &Json) -> &str {
    item.get("name").and_then(Json::as_str).unwrap_or_default()
}

/// The elements of a list in a pod's spec.
pub(super) fn items<'a>(pod: &'a Json, list: &str) -> &'a [Json] {
    pod.get("spec").and_then(|spec| spec.get(list)?.as_array()).map_or(&[], Vec::as_slice)
}

/// Changes a list in a pod's spec; one that is empty then is left out, as the API server does.
pub(super) fn change_items(pod: &mut Json, list: &str, change: impl FnOnce(&mut Vec<Json>)) {
    let Some(spec) = pod.get_mut("spec").and_then(Json::as_object_mut) else { return };
    let mut items = match spec.remove(list) {
        Some(Json::Array(items)) => items,
        _ => Vec::new(),
    };
    change(&mut items);
    if !items.is_empty() {
        spec.insert(list.to_owned(), items.into());
    }
}

/// A label or annotation of a pod.
pub(super) fn metadata<'a>(pod: &'a Json, map: &str, key: &str) -> Option<&'a str> {
    pod.get("metadata")?.get(map)?.get(key)?.as_str()
}

/// Sets a field of a container's security context, unless that is no mapping.
pub(super) fn secure(container: &mut Json, field: &str, value: Json) {
    let security = container.get_mut("securityContext").and_then(Json::as_object_mut);
    security.map(|security| security.insert(field.to_owned(), value));
}

/// Whether a pod is on its node's network.
pub(super) fn is_on_host_network(pod: &Json) -> bool {
    let spec = pod.get("spec");
    spec.and_then(|spec| spec.get("hostNetwork")?.as_bool()).unwrap_or_default()
}

/// Whether a pod is for Windows.
pub(super) fn is_windows(pod: &Json) -> bool {
    let os = pod.get("spec").and_then(|spec| spec.get("os")?.get("name")?.as_str());
    os == Some("windows")
}

/// Go's `strconv.ParseBool`.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}
