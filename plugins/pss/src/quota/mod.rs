//! What the admission plugins `LimitRanger` and `ResourceQuota` decide about a pod, given the
//! LimitRanges and ResourceQuotas of its namespace.
//!
//! Sources: `plugin/pkg/admission/limitranger`, `pkg/quota/v1/evaluator/core/pods.go` and
//! `ValidateResourceRequirements` of Kubernetes, `pkg/admission/plugin/resourcequota` of
//! k8s.io/apiserver.

mod demand;
mod limit_range;
mod neighbours;
mod replicas;
mod resource_quota;
mod resources;
mod scope;
mod validation;

pub use demand::{Demand, Requirements};
pub use limit_range::LimitRange;
pub use neighbours::{Neighbours, Surroundings};
pub use replicas::replicas;
pub use resource_quota::ResourceQuota;
pub use resources::{Malformed, ResourceList};

use posture::model::path::FieldPath;
use posture::model::version::Minor;
use posture::model::workload::PodTemplate;
use serde_json::Value as Json;

/// Why the server refuses a pod, in its own words, and what in the pod that is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Which object refuses it: `ResourceQuota compute`; nothing where the pod contradicts itself.
    pub by: Option<String>,
    /// What the server says, after `is forbidden: ` or `is invalid: `.
    pub text: String,
    /// The container, where one is meant: its position among [`Demand::containers`].
    pub container: Option<usize>,
    /// The field, from the pod.
    pub path: FieldPath,
    /// What the pod asks for, where an amount is too much or too little.
    pub asked: Option<Json>,
    /// The limits that it must keep.
    pub limits: Option<Json>,
    /// How many of the workload's pods are admitted before, if any is.
    pub admitted: Option<(u32, u32)>,
}

/// What is decided about a pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Why it is refused; nothing if it is admitted.
    pub refusals: Vec<Refusal>,
    /// What the decision depends on and nobody knows.
    pub unknown: Option<String>,
}

/// A pod that is being created.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'r, 'a> {
    /// The pod, or what it is made from.
    pub template: &'r PodTemplate<'a>,
    /// The release of the server.
    pub server: Minor,
    /// How many pods the workload around it makes.
    pub replicas: u32,
    /// Whether the pods are among those that the quotas' `used` counts already.
    pub counted: bool,
}

/// Decides about a pod: LimitRanges set their defaults, the pod is validated, LimitRanges are
/// enforced, then quotas. The server stops at the first refusal; all are told here.
pub fn decide(
    arrival: Arrival<'_, '_>,
    neighbours: &Neighbours,
    around: &Surroundings,
) -> Decision {
    let mut demand = match Demand::created(arrival.template, arrival.server, around) {
        Ok(demand) => demand,
        Err(malformed) => return malformed.decision(),
    };
    for limit_range in neighbours.limit_ranges.values() {
        demand.default_from(limit_range);
    }
    demand.complete();
    let mut refusals = validation::validate(&demand);
    for limit_range in neighbours.limit_ranges.values() {
        refusals.extend(limit_range.refusals(&demand));
    }
    let mut unknown = None;
    for quota in neighbours.quotas.values() {
        refusals.extend(quota.refusal(&demand, arrival.replicas, arrival.counted));
        if quota.counts_compute() && quota.applies_to(&demand) {
            unknown = unknown.or_else(|| demand.unknown_overhead());
        }
    }
    Decision { refusals, unknown }
}

#[cfg(test)]
mod tests;
