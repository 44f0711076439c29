//! A kind as the API server serves it, and the paths of its collections.

use std::fmt::Write as _;

/// A resource of the API: what discovery says about one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// Empty for the core group.
    pub group: String,
    /// `v1`
    pub version: String,
    /// `deployments`
    pub plural: String,
    /// `Deployment`
    pub kind: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

impl Resource {
    /// A resource that every server has.
    pub fn new(group: &str, version: &str, plural: &str, kind: &str, namespaced: bool) -> Self {
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            plural: plural.to_owned(),
            kind: kind.to_owned(),
            namespaced,
        }
    }

    /// The resource of namespaces.
    pub fn namespaces() -> Self {
        Self::new("", "v1", "namespaces", "Namespace", false)
    }

    /// The nodes of the cluster.
    pub fn nodes() -> Self {
        Self::new("", "v1", "nodes", "Node", false)
    }

    /// `apps/v1`, or `v1` in the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `deployments.apps`, as kubectl and the server's refusals name it.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// The path of a collection: of all namespaces where none is given. The namespace of a
    /// cluster-scoped kind is ignored, as kubectl does.
    pub fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let api_version = self.api_version();
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => {
                let namespace = escape_segment(namespace);
                format!("{root}/{api_version}/namespaces/{namespace}/{}", self.plural)
            }
            None => format!("{root}/{api_version}/{}", self.plural),
        }
    }

    /// The path of one object.
    pub fn object_path(&self, namespace: Option<&str>, name: &str) -> String {
        format!("{}/{}", self.path(namespace), escape_segment(name))
    }
}

/// Percent-encodes what was typed, for a segment of a path, as Go's `net/url` does.
fn escape_segment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'-' | b'_' | b'.' | b'~' | b'$' | b'&' | b'+' | b',' | b':' | b';' | b'=' | b'@' => {
                escaped.push(char::from(byte));
            }
            _ if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(escaped, "%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_escaped() {
        let pods = Resource::new("", "v1", "pods", "Pod", true);
        let path = "/api/v1/namespaces/a%20b/pods/x%3Fy,%2Fz%C3%BC";
        assert_eq!(pods.object_path(Some("a b"), "x?y,/zü"), path);
        let nodes = Resource::new("", "v1", "nodes", "Node", false);
        assert_eq!(nodes.object_path(Some("x"), "n"), "/api/v1/nodes/n");
    }
}
