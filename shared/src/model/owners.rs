//! Who owns an object: the controllers in its owner references, up to the root.

use std::collections::HashMap;

use serde::Serialize;

use super::node::Value;
use super::object::{Object, ObjectRef};
use super::workload::template_path_of;

/// How many owners are climbed: Pod, Job, CronJob, an operator's kinds above them.
const MAX_CLIMB: usize = 8;

/// The root owner, as reports name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Owner {
    /// `apps/v1`; reports do without.
    #[serde(skip)]
    pub api_version: String,
    /// `Deployment`
    pub kind: String,
    /// Its name.
    pub name: String,
}

impl From<ObjectRef> for Owner {
    fn from(object: ObjectRef) -> Self {
        Self { api_version: object.api_version, kind: object.kind, name: object.name }
    }
}

/// The controller that an object's owner references name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Controller {
    /// `apps/v1`
    pub api_version: String,
    /// `ReplicaSet`
    pub kind: String,
    /// Its name; it lives in the namespace of what it controls.
    pub name: String,
    /// `metadata.uid`
    pub uid: String,
}

impl Controller {
    /// Whether it is of one of Kubernetes' own workload kinds: then its template is the one to
    /// change, and not that of what it controls.
    pub fn is_built_in(&self) -> bool {
        let group = self.api_version.rsplit_once('/').map_or("", |(group, _)| group);
        template_path_of(group, &self.kind).is_some()
    }

    /// The controller's identity in a namespace.
    pub fn reference(&self, namespace: Option<&str>) -> ObjectRef {
        ObjectRef {
            api_version: self.api_version.clone(),
            kind: self.kind.clone(),
            namespace: namespace.map(str::to_owned),
            name: self.name.clone(),
        }
    }
}

/// The one owner reference with `controller: true` (`metav1.GetControllerOf`). A node is none: the
/// kubelet names it as the owner of static pods, whose manifests lie on it.
pub fn controller_of(object: Value<'_>) -> Option<Controller> {
    let references = object.get("metadata")?.get("ownerReferences")?;
    let reference = references.items().find(|reference| {
        reference.get("controller").is_some_and(|flag| flag.as_bool() == Some(true))
    })?;
    let text = |key: &str| {
        reference.get(key).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    if text("kind") == "Node" {
        return None;
    }
    Some(Controller {
        api_version: text("apiVersion"),
        kind: text("kind"),
        name: text("name"),
        uid: text("uid"),
    })
}

/// What is known of owners between pods and their roots: `ReplicaSet`s and Jobs, by uid.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    controllers: HashMap<String, Controller>,
}

impl Owners {
    /// Takes notice of an object that others may have as their owner.
    pub fn note(&mut self, object: &Object) {
        if let (Some(uid), Some(controller)) =
            (object.metadata("uid"), controller_of(object.value()))
        {
            self.controllers.insert(uid.to_owned(), controller);
        }
    }

    /// The root owner above a controller: itself, if nothing is known above it.
    pub fn root(&self, controller: Controller) -> Controller {
        match self.above(&controller).last() {
            Some(root) => root.clone(),
            None => controller,
        }
    }

    /// The owners above a controller, as far as they are known, from the nearest to the root.
    pub fn above(&self, controller: &Controller) -> impl Iterator<Item = &Controller> {
        let next = |below: &&Controller| self.controllers.get(&below.uid);
        std::iter::successors(self.controllers.get(&controller.uid), next).take(MAX_CLIMB)
    }

    /// The root owner of an object; `None` if it has no controller.
    pub fn root_of(&self, object: &Object) -> Option<Controller> {
        controller_of(object.value()).map(|controller| self.root(controller))
    }

    /// Adds what another has taken notice of.
    pub fn merge(&mut self, other: Self) {
        self.controllers.extend(other.controllers);
    }
}

/// Whether an object is a ReplicaSet that an update of its Deployment has left behind.
pub fn is_left_behind(object: &Object) -> bool {
    if object.kind() != "ReplicaSet" || object.group() != "apps" {
        return false;
    }
    let replicas = object.value().get("spec").and_then(|spec| spec.get("replicas"));
    replicas.and_then(|replicas| replicas.as_i64()) == Some(0)
        && controller_of(object.value()).is_some()
}
