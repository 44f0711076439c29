//! Aggregated discovery: everything that a server serves in two answers.
//!
//! Source: `APIGroupDiscoveryList` of k8s.io/api/apidiscovery/v2 (v2beta1 has the same form), and
//! what client-go's `SplitGroupsAndResources` makes of it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::served::{Group, GroupVersion, Served, group_version, nullable};

/// The kind of the answer.
pub(super) const KIND: &str = "APIGroupDiscoveryList";

#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default, deserialize_with = "nullable")]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    versions: Vec<Version>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "version")]
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    resources: Vec<Resource>,
    #[serde(default)]
    freshness: String,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(rename = "resource")]
    plural: String,
    #[serde(default, rename = "responseKind")]
    response: Option<ResponseKind>,
    #[serde(default)]
    scope: String,
    #[serde(default, rename = "singularResource")]
    singular: String,
    #[serde(default, deserialize_with = "nullable")]
    verbs: Vec<String>,
    #[serde(default, rename = "shortNames", deserialize_with = "nullable")]
    short_names: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    categories: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    subresources: Vec<Subresource>,
}

#[derive(Deserialize)]
struct Subresource {
    #[serde(rename = "subresource")]
    name: String,
    #[serde(default, rename = "responseKind")]
    response: Option<ResponseKind>,
    #[serde(default, deserialize_with = "nullable")]
    verbs: Vec<String>,
}

#[derive(Clone, Default, PartialEq, Deserialize)]
struct ResponseKind {
    #[serde(default)]
    group: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    kind: String,
}

/// What an answer holds.
#[derive(Default)]
pub(super) struct Split {
    pub(super) groups: Vec<Group>,
    /// By group and version: `apps/v1`.
    pub(super) lists: BTreeMap<String, Vec<Served>>,
    /// The versions that the server could not ask for itself: `metrics.k8s.io/v1beta1`.
    pub(super) stale: Vec<String>,
}

impl Answer {
    pub(super) fn split(self) -> Split {
        let mut split = Split::default();
        for item in self.items {
            let mut group = Group { name: item.metadata.name, ..Group::default() };
            for version in item.versions {
                let of = group_version(&group.name, &version.name);
                if version.freshness == "Stale" {
                    split.stale.push(of);
                    continue;
                }
                let known = GroupVersion { group_version: of.clone(), version: version.name };
                // The first that is not stale is preferred.
                if group.versions.is_empty() {
                    group.preferred = known.clone();
                }
                group.versions.push(known);
                let served = version.resources.into_iter().flat_map(Resource::served);
                split.lists.insert(of, served.collect());
            }
            split.groups.push(group);
        }
        split
    }
}

impl Resource {
    /// The resource and its subresources. One without a kind is only there for its subresources.
    fn served(self) -> Vec<Served> {
        let namespaced = self.scope == "Namespaced";
        let mut all = Vec::with_capacity(1 + self.subresources.len());
        for sub in self.subresources {
            let Some(response) = some_kind(sub.response) else { continue };
            all.push(Served {
                name: format!("{}/{}", self.plural, sub.name),
                singular: self.singular.clone(),
                namespaced,
                group: response.group,
                version: response.version,
                kind: response.kind,
                verbs: sub.verbs,
                ..Served::default()
            });
        }
        if let Some(response) = some_kind(self.response) {
            let itself = Served {
                name: self.plural,
                singular: self.singular,
                namespaced,
                group: response.group,
                version: response.version,
                kind: response.kind,
                verbs: self.verbs,
                short_names: self.short_names,
                categories: self.categories,
                storage_version_hash: String::new(),
            };
            all.insert(0, itself);
        }
        all
    }
}

fn some_kind(response: Option<ResponseKind>) -> Option<ResponseKind> {
    response.filter(|response| *response != ResponseKind::default())
}
