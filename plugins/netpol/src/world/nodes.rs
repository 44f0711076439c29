//! Namespaces and nodes.

use posture::model::object::Object;

use super::facts::{Facts, Number, Renumber};
use super::read::{addresses, items, labels, refused};
use super::{Labels, NAME_LABEL, Node};

/// Nodes with one of these run the API server, where they say it at all.
///
/// Source: `LabelNodeRoleControlPlane` of kubeadm's `constants`, and the one before 1.20.
const CONTROL_PLANE: [&str; 2] =
    ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/// The labels of a Namespace that was seen.
#[derive(Debug)]
pub(super) struct FoundNamespace(pub(super) Labels);

impl Renumber for FoundNamespace {
    fn renumber(&mut self, number: Number<'_>) {
        number.labels(&mut self.0);
    }
}

impl Renumber for Node {
    fn renumber(&mut self, number: Number<'_>) {
        number.labels(&mut self.labels);
    }
}

impl Facts {
    /// Takes notice of a Namespace.
    pub(super) fn note_namespace(&mut self, object: &Object) {
        let own = self.labels(object, Some((NAME_LABEL, object.name())));
        self.namespaces.insert(object.name().to_owned(), FoundNamespace(own));
    }

    /// Takes notice of a node.
    pub(super) fn note_node(&mut self, object: &Object) {
        let status = object.value().get("status");
        let found = status.into_iter().flat_map(|status| items(status, "addresses"));
        let mut addresses = addresses(found.filter_map(|entry| entry.get("address")));
        addresses.sort_unstable();
        addresses.dedup();
        let node = Node {
            name: object.name().to_owned(),
            labels: self.labels(object, None),
            addresses,
            control_plane: CONTROL_PLANE.iter().any(|key| object.label(key).is_some()),
        };
        self.nodes.insert(node.name.clone(), node);
    }

    /// The labels of an object, with one that it has in any case.
    fn labels(&mut self, object: &Object, more: Option<(&str, &str)>) -> Labels {
        let map = object.value().get("metadata").and_then(|metadata| metadata.get("labels"));
        let (labels, no_text) = labels(&mut self.texts, map, more);
        if let Some(key) = no_text {
            self.gaps.push(refused(object, format!("the label {key} is no text")));
        }
        labels
    }
}
