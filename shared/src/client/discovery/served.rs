//! What discovery says of groups and resources, in the form of the classic discovery documents
//! and of kubectl's cache.
//!
//! Source: `APIGroupList` and `APIResourceList` of k8s.io/apimachinery/pkg/apis/meta/v1.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// `APIGroupList`: what `/apis` answers, and what `servergroups.json` holds.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct GroupList {
    pub(super) kind: String,
    #[serde(rename = "apiVersion")]
    pub(super) api_version: String,
    #[serde(default, deserialize_with = "nullable", serialize_with = "empty_as_null")]
    pub(super) groups: Vec<Group>,
}

/// A group and its versions, in the order that the server prefers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(super) struct Group {
    /// Empty for the core group.
    #[serde(default)]
    pub(super) name: String,
    #[serde(default, deserialize_with = "nullable", serialize_with = "empty_as_null")]
    pub(super) versions: Vec<GroupVersion>,
    #[serde(default, rename = "preferredVersion", deserialize_with = "nullable")]
    pub(super) preferred: GroupVersion,
    #[serde(
        default,
        rename = "serverAddressByClientCIDRs",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) addresses: Option<Value>,
}

/// `GroupVersionForDiscovery`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct GroupVersion {
    /// `apps/v1`
    #[serde(default, rename = "groupVersion")]
    pub(super) group_version: String,
    /// `v1`
    #[serde(default)]
    pub(super) version: String,
}

/// `APIResourceList`: what `/apis/GROUP/VERSION` answers, and what `serverresources.json` holds.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct ResourceList {
    pub(super) kind: String,
    #[serde(default, rename = "apiVersion", skip_serializing_if = "String::is_empty")]
    pub(super) api_version: String,
    #[serde(default, rename = "groupVersion")]
    pub(super) group_version: String,
    #[serde(default, deserialize_with = "nullable", serialize_with = "empty_as_null")]
    pub(super) resources: Vec<Served>,
}

/// One resource that the server serves in a version of a group (`APIResource`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Served {
    /// `deployments`; a subresource has a slash: `deployments/scale`.
    pub name: String,
    /// `deployment`; old servers leave it empty.
    #[serde(default, rename = "singularName")]
    pub singular: String,
    /// Whether its objects live in namespaces.
    #[serde(default)]
    pub namespaced: bool,
    /// The group of its kind where it is another than that of the list.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The version of its kind where it is another than that of the list.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// `Deployment`
    #[serde(default)]
    pub kind: String,
    /// `get`, `list` …
    #[serde(default, deserialize_with = "nullable", serialize_with = "empty_as_null")]
    pub verbs: Vec<String>,
    /// `deploy`
    #[serde(
        default,
        rename = "shortNames",
        deserialize_with = "nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub short_names: Vec<String>,
    /// `all`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Kept as it came, for kubectl.
    #[serde(default, rename = "storageVersionHash", skip_serializing_if = "String::is_empty")]
    pub(super) storage_version_hash: String,
}

/// `apps/v1`, or `v1` in the core group.
pub(super) fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// `null` is what Go writes for an empty slice.
pub(super) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn empty_as_null<S: Serializer, T: Serialize>(
    items: &Vec<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if items.is_empty() { serializer.serialize_none() } else { items.serialize(serializer) }
}
