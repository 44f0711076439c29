//! The templates that pods were made from: what a pod has and its template has not was set at
//! admission.

use std::collections::HashMap;

use posture::model::container::containers;
use posture::model::node::Value;
use posture::model::object::Object;
use posture::model::owners::controller_of;
use posture::model::workload::pod_templates;

use crate::named::FIELD;

/// Templates by the uid of the object that makes pods of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Templates {
    by_uid: HashMap<String, Object>,
}

/// A template that a pod was made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent<'a> {
    value: Value<'a>,
}

impl Templates {
    /// Takes notice of an object that pods may have as their controller.
    pub(super) fn note(&mut self, object: &Object) {
        if let Some(uid) = object.metadata("uid") {
            self.by_uid.insert(uid.to_owned(), object.clone());
        }
    }

    /// Adds what another has taken notice of.
    pub(super) fn merge(&mut self, other: Self) {
        self.by_uid.extend(other.by_uid);
    }

    /// The template that an object was made from; `None` where it is not known, or nothing has
    /// made it.
    pub(super) fn of(&self, pod: &Object) -> Option<Sent<'_>> {
        let controller = controller_of(pod.value())?;
        let mut templates = pod_templates(self.by_uid.get(&controller.uid)?);
        let only = templates.pop().filter(|_| templates.is_empty())?;
        Some(Sent { value: only.value })
    }
}

impl<'a> Sent<'a> {
    /// The template.
    pub(super) fn value(&self) -> Value<'a> {
        self.value
    }

    /// Whether a pod has another profile anywhere than its template.
    pub(super) fn differs(&self, pod: Value<'_>) -> bool {
        profiles(self.value) != profiles(pod)
    }
}

/// The profiles in a pod or a template: of the pod, and of each container by its name.
fn profiles(pod: Value<'_>) -> Vec<(String, String)> {
    let Some(spec) = pod.get("spec") else { return Vec::new() };
    let of = |owner: Value<'_>| {
        let field = owner.get("securityContext")?.get(FIELD).filter(|value| !value.is_null())?;
        let text = |key: &str| field.get(key).and_then(|value| value.as_str()).unwrap_or_default();
        Some(format!("{} {}", text("type"), text("localhostProfile")))
    };
    let own = of(spec).map(|profile| (String::new(), profile)).into_iter();
    let each = containers(spec);
    own.chain(each.filter_map(|one| Some((one.name.to_owned(), of(one.value)?)))).collect()
}
