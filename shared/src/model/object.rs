//! One Kubernetes object: identity, raw value and origin.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::node::{NodeId, Tree, Value};
use super::path::FieldPath;
use super::source::Mark;

/// An object as it was read. Everything but its identity is read from the tree when needed, so
/// that unknown fields are never lost.
#[derive(Clone, Debug)]
pub struct Object {
    tree: Arc<Tree>,
    root: NodeId,
    path: FieldPath,
    api_version: String,
    kind: String,
    namespace: Option<String>,
    name: String,
    chart_file: Option<String>,
}

/// Who an object is: what reports name it by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ObjectRef {
    /// `apps/v1`
    pub api_version: String,
    /// `Deployment`
    pub kind: String,
    /// The namespace that it is judged in; absent for cluster-scoped kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name; for `generateName` the prefix with an asterisk.
    pub name: String,
}

impl ObjectRef {
    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.rsplit_once('/').map_or("", |(group, _)| group)
    }
}

impl fmt::Display for ObjectRef {
    /// `deployment.apps/web`, as kubectl names objects.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind.to_lowercase())?;
        if !self.group().is_empty() {
            write!(f, ".{}", self.group())?;
        }
        write!(f, "/{}", self.name)
    }
}

impl Object {
    /// The object at a node of a document. `path` leads there from the document's root
    /// (`items[3]` in a list). Identity is taken as kubectl's unstructured decoder does: fields
    /// of the wrong type count as absent.
    pub fn new(tree: Arc<Tree>, root: NodeId, path: FieldPath, chart_file: Option<String>) -> Self {
        let value = tree.value(root);
        let text = |value: Value<'_>, key: &str| {
            value.get(key).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
        };
        let metadata = value.get("metadata");
        let of_metadata = |key: &str| metadata.map(|value| text(value, key)).unwrap_or_default();
        let mut name = of_metadata("name");
        if name.is_empty() {
            let prefix = of_metadata("generateName");
            if !prefix.is_empty() {
                name = format!("{prefix}*");
            }
        }
        let namespace = of_metadata("namespace");
        let (api_version, kind) = (text(value, "apiVersion"), text(value, "kind"));
        Self {
            root,
            path,
            api_version,
            kind,
            namespace: (!namespace.is_empty()).then_some(namespace),
            name,
            chart_file,
            tree,
        }
    }

    /// Takes the type of the list around it: what kubectl does for items that name none.
    pub fn inherit(&mut self, api_version: String, kind: String) {
        self.api_version = api_version;
        self.kind = kind;
    }

    /// The whole object.
    pub fn value(&self) -> Value<'_> {
        self.tree.value(self.root)
    }

    /// The document that the object was read from.
    pub fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }

    /// The way from the document's root to the object.
    pub fn path(&self) -> &FieldPath {
        &self.path
    }

    /// `apps/v1`
    pub fn api_version(&self) -> &str {
        &self.api_version
    }

    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.rsplit_once('/').map_or("", |(group, _)| group)
    }

    /// Whether it is a Namespace.
    pub fn is_namespace(&self) -> bool {
        self.kind == "Namespace" && self.group().is_empty()
    }

    /// `Deployment`
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The namespace in the metadata, if there is one.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The name; for `generateName` the prefix with an asterisk; empty if there is neither.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file of a Helm chart that rendered the object, by Helm's `# Source:` comment.
    pub fn chart_file(&self) -> Option<&str> {
        self.chart_file.as_deref()
    }

    /// Where the object stands; `None` for one that was read from a cluster.
    pub fn mark(&self) -> Option<Mark> {
        self.value().mark().to_show()
    }

    /// A label, if it is there and is a string.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.value().get("metadata")?.get("labels")?.get(key)?.as_str()
    }

    /// The string at a key of the metadata, if there is one.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.value().get("metadata")?.get(key)?.as_str()
    }

    /// The identity for reports. `namespace` is the one that the object is judged in.
    pub fn reference(&self, namespace: Option<&str>) -> ObjectRef {
        ObjectRef {
            api_version: self.api_version.clone(),
            kind: self.kind.clone(),
            namespace: namespace.map(str::to_owned),
            name: self.name.clone(),
        }
    }
}
