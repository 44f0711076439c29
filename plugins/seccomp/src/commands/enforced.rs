//! What namespaces enforce, where somebody wants their pods to run without a profile.

use std::collections::BTreeMap;

use posture::client::list::List;
use posture::client::rbac::Access;
use posture::model::object::Object;

use crate::policy::refuses_unconfined;

/// What is known of the namespaces.
#[derive(Debug, Default)]
pub(super) struct Enforced {
    /// The policy that refuses, by namespace; none where nothing is refused.
    known: BTreeMap<String, Option<String>>,
    /// Why a namespace could not be read.
    unreadable: BTreeMap<String, String>,
}

impl Enforced {
    /// By the Namespaces among objects.
    pub(super) fn of<'a>(objects: impl Iterator<Item = &'a Object>) -> Self {
        let mut enforced = Self::default();
        objects.for_each(|object| enforced.add(object));
        enforced
    }

    /// Takes notice of a Namespace; of anything else not.
    pub(super) fn add(&mut self, object: &Object) {
        if object.is_namespace() {
            self.known.insert(object.name().to_owned(), refuses_unconfined(object));
        }
    }

    /// Takes notice of a namespace that could not be read.
    pub(super) fn unreadable(&mut self, name: &str, why: &str) {
        self.unreadable.insert(name.to_owned(), why.to_owned());
    }

    /// What somebody should know who wants pods of a namespace to run without a profile.
    pub(super) fn note(&self, namespace: &str) -> Option<String> {
        match self.known.get(namespace) {
            Some(Some(policy)) => Some(format!(
                "namespace {namespace} enforces {policy}: it refuses pods with Unconfined"
            )),
            Some(None) => None,
            None => {
                let why = self.unreadable.get(namespace);
                let why = why.map_or("is not among the input".to_owned(), |why| {
                    format!("could not be read ({why})")
                });
                Some(format!(
                    "namespace {namespace} {why}: where it enforces baseline or restricted, it refuses pods with Unconfined"
                ))
            }
        }
    }
}

/// What to read of a cluster.
pub(super) fn list(namespace: &str) -> List {
    List::of_namespace(namespace)
}

/// What the server must allow where it is not known beforehand which namespaces these are.
pub(super) fn any() -> Access {
    Access {
        verb: "get".to_owned(),
        group: String::new(),
        resource: "namespaces".to_owned(),
        namespace: None,
        name: None,
    }
}
