//! A ResourceQuota: what it refuses of a pod that is being created.
//!
//! Sources: `CheckRequest` of `pkg/admission/plugin/resourcequota/controller.go`, the pod evaluator
//! of `pkg/quota/v1/evaluator/core/pods.go`.

use std::collections::{BTreeMap, BTreeSet};

use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::model::quantity::Quantity;

use super::Refusal;
use super::demand::{ContainerDemand, Demand, counted};
use super::resources::{
    DEVICE_CLASS, HUGE_PAGES, Malformed, REQUESTS, ResourceList, add, is_native, print, read,
    to_json,
};
use super::scope::Scope;

/// What of a pod a quota may count, beside huge pages and extended resources.
const COUNTED: [&str; 11] = [
    "count/pods",
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
];

/// What every container must say if a quota counts it.
const MUST_BE_SAID: [&str; 6] =
    ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// A ResourceQuota.
#[derive(Clone, Debug)]
pub struct ResourceQuota {
    name: String,
    hard: ResourceList,
    used: ResourceList,
    /// Whether somebody has counted what is used.
    is_counted: bool,
    scopes: Vec<Scope>,
}

impl ResourceQuota {
    /// Reads a ResourceQuota. Where its status says nothing, it holds what its spec says, and
    /// nothing is used yet. Fails where an amount is none.
    pub fn read(object: &Object) -> Result<Self, Malformed> {
        let spec = object.value().field("spec");
        let status = object.value().field("status");
        let list = |owner: &'static str, name: &'static str| {
            let value = if owner == "spec" { spec } else { status };
            read(value.and_then(|value| value.field(name)), &FieldPath::of(owner).fields(name))
        };
        let (enforced, used) = (list("status", "hard")?, list("status", "used")?);
        let is_counted = !enforced.is_empty();
        Ok(Self {
            name: object.name().to_owned(),
            hard: if is_counted { enforced } else { list("spec", "hard")? },
            used,
            is_counted,
            scopes: spec.map(Scope::all).unwrap_or_default(),
        })
    }

    /// The quota as it will be where another of its name is in force: what is used stays so.
    pub(super) fn in_place_of(mut self, other: Option<&Self>) -> Self {
        if let Some(other) = other.filter(|_| !self.is_counted) {
            self.used.clone_from(&other.used);
        }
        self
    }

    /// What it counts of pods.
    fn restricted(&self) -> BTreeSet<&str> {
        self.hard.keys().map(String::as_str).filter(|name| counts(name)).collect()
    }

    /// Whether it counts amounts, and not only pods.
    pub(super) fn counts_compute(&self) -> bool {
        self.restricted().iter().any(|name| !matches!(*name, "pods" | "count/pods"))
    }

    /// Whether a pod is among those that it counts.
    pub(super) fn applies_to(&self, demand: &Demand<'_>) -> bool {
        !self.restricted().is_empty() && self.scopes.iter().all(|scope| scope.holds(demand))
    }

    /// What it refuses: one such pod, or the last of so many. `among` says that they are counted
    /// in what is used already.
    pub(super) fn refusal(
        &self,
        demand: &Demand<'_>,
        replicas: u32,
        among: bool,
    ) -> Option<Refusal> {
        if !self.applies_to(demand) {
            return None;
        }
        let restricted = self.restricted();
        let refusal = |text: String, path: FieldPath| Refusal {
            by: Some(format!("ResourceQuota {}", self.name)),
            text,
            container: None,
            path,
            asked: None,
            limits: None,
            admitted: None,
        };
        if let Some((text, first)) = missing(&restricted, demand) {
            let path = demand.containers[first].container.path().field("resources");
            let text = format!("failed quota: {}: {text}", self.name);
            return Some(Refusal { container: Some(first), ..refusal(text, path) });
        }
        if self.is_counted && restricted.iter().any(|name| !self.used.contains_key(*name)) {
            let names: Vec<&str> = restricted.into_iter().collect();
            let names = names.join(",");
            let text = format!("status unknown for quota: {}, resources: {names}", self.name);
            return Some(refusal(text, FieldPath::of("spec")));
        }
        let exceeded = self.exceeded(demand, replicas, among)?;
        let path = if exceeded.requested.keys().all(|name| name.ends_with("pods")) {
            FieldPath::of("spec")
        } else {
            FieldPath::of("spec.containers")
        };
        let text = format!(
            "exceeded quota: {}, requested: {}, used: {}, limited: {}",
            self.name,
            print(&exceeded.requested),
            print(&exceeded.used),
            print(&exceeded.hard)
        );
        Some(Refusal {
            asked: Some(to_json(&exceeded.requested)),
            limits: Some(to_json(&exceeded.hard)),
            admitted: (exceeded.admitted > 0).then_some((exceeded.admitted, replicas)),
            ..refusal(text, path)
        })
    }

    /// What the last of so many pods would exceed, if it would.
    fn exceeded(&self, demand: &Demand<'_>, replicas: u32, among: bool) -> Option<Exceeded> {
        let mut usage = demand.usage();
        usage.retain(|name, amount| !amount.is_zero() && self.hard.contains_key(name));
        let nothing = ResourceList::new();
        let used = if among { &nothing } else { &self.used };
        let mut before = used_of(&usage, used);
        let fits =
            |(name, used): (&String, &Quantity)| self.hard.get(name)?.fits(used, usage.get(name)?);
        let admitted = before.iter().filter_map(fits).min()?;
        if admitted >= replicas {
            return None;
        }
        let earlier = usage.iter().map(|(name, amount)| (name.clone(), amount.times(admitted)));
        if admitted > 0 {
            add(&mut before, &earlier.collect());
        }
        let mut after = before.clone();
        add(&mut after, &usage);
        let names: Vec<&String> = after
            .iter()
            .filter(|(name, amount)| self.hard.get(*name) < Some(amount))
            .map(|(name, _)| name)
            .collect();
        let only = |list: &ResourceList| -> ResourceList {
            names
                .iter()
                .filter_map(|name| Some(((*name).clone(), list.get(*name)?.clone())))
                .collect()
        };
        Some(Exceeded {
            requested: only(&usage),
            used: only(&before),
            hard: only(&self.hard),
            admitted,
        })
    }
}

/// What is used of the resources that a pod takes; nothing where nobody has counted.
fn used_of(usage: &ResourceList, used: &ResourceList) -> ResourceList {
    let zero = Quantity::of(0);
    let of = |name: &String| (name.clone(), used.get(name).unwrap_or(&zero).clone());
    usage.keys().map(of).collect()
}

/// What is exceeded, and by what.
struct Exceeded {
    requested: ResourceList,
    used: ResourceList,
    hard: ResourceList,
    /// How many of the pods are admitted before.
    admitted: u32,
}

/// Whether a quota for a resource counts pods (`MatchingResources`).
fn counts(name: &str) -> bool {
    let requests = name.strip_prefix(REQUESTS);
    let huge_pages =
        name.starts_with(HUGE_PAGES) || requests.is_some_and(|name| name.starts_with(HUGE_PAGES));
    let extended = requests.is_some_and(|rest| !is_native(name) || rest.starts_with(DEVICE_CLASS));
    COUNTED.contains(&name) || huge_pages || extended
}

/// Which containers do not say what a quota must know, and the first of them (`Constraints`).
fn missing(restricted: &BTreeSet<&str>, demand: &Demand<'_>) -> Option<(String, usize)> {
    if demand.is_set_for_pod() {
        return None;
    }
    let mut silent: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut first = None;
    for (index, ContainerDemand { container, asks, .. }) in demand.containers.iter().enumerate() {
        let said = counted(asks);
        let must = MUST_BE_SAID.iter().filter(|name| restricted.contains(*name));
        for name in must.filter(|name| !said.contains_key(**name)) {
            silent.entry(name).or_default().insert(container.name);
            first.get_or_insert(index);
        }
    }
    let parts: Vec<String> = silent
        .iter()
        .map(|(name, containers)| {
            let containers: Vec<&str> = containers.iter().copied().collect();
            format!("{name} for: {}", containers.join(","))
        })
        .collect();
    Some((format!("must specify {}", parts.join("; ")), first?))
}
