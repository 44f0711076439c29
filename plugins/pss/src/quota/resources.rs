//! Amounts by the names of resources, and what kind of resource a name is.
//!
//! Sources: `pkg/quota/v1/resources.go` of k8s.io/apiserver, `pkg/apis/core/v1/helper` of
//! Kubernetes, `resource/helpers.go` of k8s.io/component-helpers.

use std::collections::BTreeMap;

use posture::model::node::Value;
use posture::model::path::FieldPath;
use posture::model::quantity::Quantity;
use serde_json::Value as Json;

use super::{Decision, Refusal};

/// An amount of each of some resources.
pub type ResourceList = BTreeMap<String, Quantity>;

/// A value that is no quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Malformed {
    /// Where it stands, from the object or pod.
    pub path: FieldPath,
    /// What Kubernetes says of it.
    pub why: &'static str,
}

impl Malformed {
    /// A pod with such a value is refused before anything else.
    pub(super) fn decision(self) -> Decision {
        let refusal = Refusal {
            by: None,
            text: format!("{}: {}", self.path, self.why),
            container: None,
            path: self.path,
            asked: None,
            limits: None,
            admitted: None,
        };
        Decision { refusals: vec![refusal], unknown: None }
    }
}

/// Reads a list; every amount is rounded up to thousandths, as the server does on decoding.
pub(super) fn read(list: Option<Value<'_>>, path: &FieldPath) -> Result<ResourceList, Malformed> {
    let mut found = read_exactly(list, path)?;
    round(&mut found);
    Ok(found)
}

/// Rounds every amount up to thousandths.
pub(super) fn round(list: &mut ResourceList) {
    for quantity in list.values_mut() {
        *quantity = quantity.clone().round_up_to_milli();
    }
}

/// Reads a list as it is written.
pub(super) fn read_exactly(
    list: Option<Value<'_>>,
    path: &FieldPath,
) -> Result<ResourceList, Malformed> {
    let mut found = ResourceList::new();
    for (key, value) in list.into_iter().flat_map(|list| list.entries()) {
        let name = key.as_str().unwrap_or_default();
        let quantity = Quantity::read(value)
            .map_err(|why| Malformed { path: path.clone().field(name.to_owned()), why: why.0 })?;
        found.insert(name.to_owned(), quantity);
    }
    Ok(found)
}

/// Adds what is in `more`.
pub(super) fn add(list: &mut ResourceList, more: &ResourceList) {
    for (name, quantity) in more {
        let sum = list.get(name).map_or_else(|| quantity.clone(), |known| known.plus(quantity));
        list.insert(name.clone(), sum);
    }
}

/// Takes over what is larger in `other`.
pub(super) fn raise(list: &mut ResourceList, other: &ResourceList) {
    for (name, quantity) in other {
        if list.get(name).is_none_or(|known| quantity > known) {
            list.insert(name.clone(), quantity.clone());
        }
    }
}

/// Sets what is not there yet.
pub(super) fn fill(list: &mut ResourceList, from: &ResourceList) {
    for (name, quantity) in from {
        list.entry(name.clone()).or_insert_with(|| quantity.clone());
    }
}

/// `cpu=1,memory=1Gi`
pub(super) fn print(list: &ResourceList) -> String {
    let parts: Vec<String> =
        list.iter().map(|(name, quantity)| format!("{name}={quantity}")).collect();
    parts.join(",")
}

/// The same for reports.
pub(super) fn to_json(list: &ResourceList) -> Json {
    list.iter().map(|(name, quantity)| (name.clone(), Json::from(quantity.to_string()))).collect()
}

pub(super) const HUGE_PAGES: &str = "hugepages-";
pub(super) const REQUESTS: &str = "requests.";
/// What resources of device classes start with.
pub(super) const DEVICE_CLASS: &str = "deviceclass.resource.kubernetes.io/";

/// Whether a resource is one of Kubernetes' own.
pub(super) fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether a quota counts requests for a resource under `requests.NAME`.
pub(super) fn is_extended(name: &str) -> bool {
    !is_native(name) && !name.starts_with(REQUESTS) || name.starts_with(DEVICE_CLASS)
}

/// Whether more of a resource may be promised than there is.
pub(super) fn may_overcommit(name: &str) -> bool {
    is_native(name) && !name.starts_with(HUGE_PAGES)
}

/// Whether `spec.resources` of a pod may say how much of it the whole pod gets.
pub(super) fn is_of_pods(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || name.starts_with(HUGE_PAGES)
}
