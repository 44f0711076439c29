//! The two selectors of a webhook or a policy: by labels of the namespace, and of the object.

use super::{InNamespace, Matches, Request, read};
use crate::model::labels::LabelSelector;
use crate::model::node::Value;

/// The label that every namespace has: its name.
const NAME: &str = "kubernetes.io/metadata.name";

/// `namespaceSelector` and `objectSelector`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selectors {
    namespace: LabelSelector,
    object: LabelSelector,
}

impl Selectors {
    /// Reads both from the mapping that they stand in. Fails where the API server would not take
    /// one of them.
    pub fn read(value: Value<'_>) -> Result<Self, String> {
        Ok(Self {
            namespace: read::selector(value, "namespaceSelector")?,
            object: read::selector(value, "objectSelector")?,
        })
    }

    /// Whether both select.
    ///
    /// Source: `MatchNamespaceSelector` and `MatchObjectSelector` of webhook/predicates in
    /// k8s.io/apiserver: what is in no namespace is never left out by the first.
    pub fn matches(&self, request: &Request<'_>) -> Matches {
        let namespace = match request.namespace {
            None => Matches::Yes,
            Some(namespace) => namespace.selected_by(&self.namespace, "its namespaceSelector"),
        };
        namespace.and(|| {
            if self.object.matches(|key| request.labels.get(key).map(String::as_str)) {
                Matches::Yes
            } else {
                Matches::No("its objectSelector does not select the labels".to_owned())
            }
        })
    }
}

impl InNamespace<'_> {
    /// Whether a selector selects this namespace; `what` names the selector: `its namespaceSelector`.
    /// The label with the name is known of every namespace: the API server writes it
    /// (`SetDefaults_Namespace` in pkg/apis/core/v1 of Kubernetes).
    pub fn selected_by(self, selector: &LabelSelector, what: &str) -> Matches {
        let label = |key: &str| match self.labels {
            _ if key == NAME => Some(Some(self.name)),
            None => None,
            Some(labels) => Some(labels.get(key).map(String::as_str)),
        };
        let name = self.name;
        match selector.decides(label) {
            Some(true) => Matches::Yes,
            Some(false) => Matches::No(format!("{what} does not select namespace {name}")),
            None => Matches::Maybe(format!(
                "{what} asks for labels of namespace {name}, which are not known"
            )),
        }
    }
}
