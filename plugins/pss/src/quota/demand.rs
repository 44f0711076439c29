//! What a pod asks for, as the server sees it while the pod is created: defaults, then those of
//! LimitRanges, then the sums.
//!
//! Sources: `SetDefaults_Pod`, `DefaultPodLevelResources`, `resource/helpers.go` of
//! k8s.io/component-helpers, `podRequests` of the plugin `LimitRanger`.

use posture::model::container::{Container, ContainerKind, containers};
use posture::model::node::Value;
use posture::model::path::FieldPath;
use posture::model::quantity::Quantity;
use posture::model::version::Minor;
use posture::model::workload::PodTemplate;

use super::limit_range::LimitRange;
use super::neighbours::Surroundings;
use super::resources::{
    HUGE_PAGES, Malformed, REQUESTS, ResourceList, add, fill, is_extended, is_of_pods,
    may_overcommit, raise, read, read_exactly, round,
};

/// The first release whose init containers may run beside the others (`SidecarContainers`).
const SIDECARS: Minor = Minor(29);
/// The first release that reads `spec.resources` of pods (`PodLevelResources`).
const POD_LEVEL: Minor = Minor(34);
/// The first release that sets the defaults of `spec.resources` after all mutating admission
/// (`PodLevelResourcesFixDefaulting`).
const POD_LEVEL_LATE: Minor = Minor(37);

/// `resources` of a container or pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requirements {
    /// What it gets for sure.
    pub requests: ResourceList,
    /// What it gets at most.
    pub limits: ResourceList,
}

impl Requirements {
    /// Reads the field `resources`; `path` leads to what has it.
    fn read(owner: Value<'_>, path: &FieldPath) -> Result<Self, Malformed> {
        let resources = owner.field("resources");
        let list = |name: &'static str| {
            let list = resources.and_then(|resources| resources.field(name));
            read_exactly(list, &path.clone().fields("resources").fields(name))
        };
        Ok(Self { requests: list("requests")?, limits: list("limits")? })
    }

    fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.limits.is_empty()
    }

    /// Both lists.
    pub(super) fn lists(&self) -> [&ResourceList; 2] {
        [&self.requests, &self.limits]
    }
}

/// A container that asks for something; ephemeral ones may not.
#[derive(Clone, Debug)]
pub struct ContainerDemand<'a> {
    /// The container.
    pub container: Container<'a>,
    /// Whether it is an init container that runs on beside the others.
    pub restartable: bool,
    /// What it asks for.
    pub asks: Requirements,
}

/// What a pod asks for.
#[derive(Clone, Debug)]
pub struct Demand<'a> {
    /// Its containers: normal ones, then init containers.
    pub containers: Vec<ContainerDemand<'a>>,
    /// `spec.resources`, if it is there and the server reads it.
    pub pod: Option<Requirements>,
    /// What the runtime itself takes (`spec.overhead`).
    overhead: ResourceList,
    /// The RuntimeClass, where what it takes is not known.
    unknown_runtime: Option<String>,
    /// `spec.priorityClassName`, after its default; empty if there is none.
    pub(super) priority_class: String,
    /// The release of the server.
    server: Minor,
    /// The pod's `spec`.
    pub(super) spec: Option<Value<'a>>,
}

impl<'a> Demand<'a> {
    /// The containers that ask for something, in the order of [`Demand::containers`].
    pub fn containers_of(template: &PodTemplate<'a>) -> Vec<Container<'a>> {
        let spec = template.value.field("spec");
        let of = |kind: ContainerKind| {
            let all = spec.into_iter().flat_map(containers);
            all.filter(move |container| container.kind == kind)
        };
        of(ContainerKind::Normal).chain(of(ContainerKind::Init)).collect()
    }

    /// What a pod asks for before LimitRanges have their say. Fails where an amount is none.
    pub fn created(
        template: &PodTemplate<'a>,
        server: Minor,
        around: &Surroundings,
    ) -> Result<Self, Malformed> {
        let spec = template.value.field("spec");
        let mut found = Vec::new();
        for container in Self::containers_of(template) {
            let mut asks = Requirements::read(container.value, &container.path())?;
            fill(&mut asks.requests, &asks.limits);
            let policy = container.value.field("restartPolicy");
            let restartable = container.kind == ContainerKind::Init
                && server >= SIDECARS
                && policy.and_then(|policy| policy.as_str()) == Some("Always");
            found.push(ContainerDemand { container, restartable, asks });
        }
        let text = |key: &str| spec.and_then(|spec| spec.field(key)?.as_str()).unwrap_or_default();
        let path = FieldPath::of("spec");
        let overhead = read(spec.and_then(|spec| spec.field("overhead")), &path)?;
        let runtime = text("runtimeClassName");
        let known = around.overhead(runtime);
        let priority = text("priorityClassName");
        let mut demand = Self {
            containers: found,
            pod: None,
            unknown_runtime: (!runtime.is_empty() && overhead.is_empty() && known.is_none())
                .then(|| runtime.to_owned()),
            overhead: known.cloned().unwrap_or(overhead),
            priority_class: if priority.is_empty() {
                around.default_priority().to_owned()
            } else {
                priority.to_owned()
            },
            server,
            spec,
        };
        if let Some(spec) = spec.filter(|_| server >= POD_LEVEL)
            && spec.field("resources").is_some()
        {
            demand.pod = Some(Requirements::read(spec, &path)?);
            if server < POD_LEVEL_LATE {
                demand.default_pod_limits_of_huge_pages();
                // Requests alone have no defaults yet.
                if demand.pod.as_ref().is_some_and(|pod| !pod.limits.is_empty()) {
                    demand.default_pod_requests();
                }
            }
        }
        // The defaults above are sums of what is written.
        let containers = demand.containers.iter_mut().map(|container| &mut container.asks);
        for asks in containers.chain(&mut demand.pod) {
            round(&mut asks.requests);
            round(&mut asks.limits);
        }
        Ok(demand)
    }

    /// A LimitRange's defaults for containers.
    pub fn default_from(&mut self, limit_range: &LimitRange) {
        let (requests, limits) = limit_range.defaults();
        for container in &mut self.containers {
            fill(&mut container.asks.limits, &limits);
            fill(&mut container.asks.requests, &requests);
        }
    }

    /// What newer servers do after all defaults of others.
    pub fn complete(&mut self) {
        if self.server >= POD_LEVEL_LATE && self.pod.as_ref().is_some_and(|pod| !pod.is_empty()) {
            self.default_pod_limits_of_huge_pages();
            self.default_pod_requests();
            self.default_pod_limits();
        }
    }

    /// `defaultHugePagePodLimits`
    fn default_pod_limits_of_huge_pages(&mut self) {
        let sums = self.sums(|asks| &asks.limits);
        let Some(pod) = self.pod.as_mut().filter(|pod| !pod.is_empty()) else { return };
        for (name, quantity) in sums {
            if name.starts_with(HUGE_PAGES) && !pod.requests.contains_key(&name) {
                pod.limits.entry(name).or_insert(quantity);
            }
        }
    }

    /// `defaultPodRequests`
    fn default_pod_requests(&mut self) {
        let sums = self.sums(|asks| &asks.requests);
        let Some(pod) = self.pod.as_mut() else { return };
        for (name, quantity) in sums {
            if is_of_pods(&name) && may_overcommit(&name) {
                pod.requests.entry(name).or_insert(quantity);
            }
        }
        for (name, quantity) in &pod.limits {
            if is_of_pods(name) {
                pod.requests.entry(name.clone()).or_insert_with(|| quantity.clone());
            }
        }
    }

    /// `defaultPodLevelLimits`: where all containers are limited, the pod is.
    fn default_pod_limits(&mut self) {
        let sums = self.sums(|asks| &asks.limits);
        let limited = |name: &String| {
            self.containers.iter().all(|container| container.asks.limits.contains_key(name))
        };
        let Some(pod) = &self.pod else { return };
        let limits: ResourceList = pod
            .requests
            .iter()
            .filter(|(name, _)| is_of_pods(name) && !pod.limits.contains_key(*name))
            .filter(|(name, _)| limited(name))
            .filter_map(|(name, request)| {
                let sum = sums.get(name)?;
                Some((name.clone(), if request > sum { request.clone() } else { sum.clone() }))
            })
            .collect();
        if let Some(pod) = &mut self.pod {
            pod.limits.extend(limits);
        }
    }

    /// What all containers together ask for: those that run at the same time, or the largest init
    /// container with the sidecars before it.
    pub(super) fn sums(&self, list: fn(&Requirements) -> &ResourceList) -> ResourceList {
        let (mut sums, mut beside, mut first) =
            (ResourceList::new(), ResourceList::new(), ResourceList::new());
        for container in &self.containers {
            let asks = list(&container.asks);
            if container.container.kind == ContainerKind::Normal {
                add(&mut sums, asks);
            } else if container.restartable {
                add(&mut sums, asks);
                add(&mut beside, asks);
                raise(&mut first, &beside);
            } else {
                let mut alone = asks.clone();
                add(&mut alone, &beside);
                raise(&mut first, &alone);
            }
        }
        raise(&mut sums, &first);
        sums
    }

    /// What `LimitRanger` takes for the whole pod: of `spec.resources` CPU and memory.
    pub(super) fn of_pod(&self) -> Requirements {
        let of = |list: fn(&Requirements) -> &ResourceList| {
            let mut sums = self.sums(list);
            for (name, quantity) in self.pod.iter().flat_map(list) {
                if matches!(name.as_str(), "cpu" | "memory") {
                    sums.insert(name.clone(), quantity.clone());
                }
            }
            sums
        };
        Requirements { requests: of(|asks| &asks.requests), limits: of(|asks| &asks.limits) }
    }

    /// Whether `spec.resources` says something, so that containers need not.
    pub(super) fn is_set_for_pod(&self) -> bool {
        self.pod
            .iter()
            .flat_map(Requirements::lists)
            .flat_map(ResourceList::keys)
            .any(|name| is_of_pods(name))
    }

    /// What decides about the pod's quality of service in place of its containers. Older servers let
    /// `spec.resources` decide even where it says nothing (`PodLevelResourcesFixKubeletQOSClass`).
    pub(super) fn decisive_for_quality(&self) -> Option<&Requirements> {
        self.pod.as_ref().filter(|_| self.server < POD_LEVEL_LATE || self.is_set_for_pod())
    }

    /// What quotas count of the pod.
    pub(super) fn usage(&self) -> ResourceList {
        let of = |list: fn(&Requirements) -> &ResourceList| {
            let mut sums = self.sums(list);
            for (name, quantity) in self.pod.iter().flat_map(list) {
                if is_of_pods(name) {
                    sums.insert(name.clone(), quantity.clone());
                }
            }
            sums
        };
        let mut asks =
            Requirements { requests: of(|asks| &asks.requests), limits: of(|asks| &asks.limits) };
        add(&mut asks.requests, &self.overhead);
        for (name, quantity) in &self.overhead {
            if let Some(limit) = asks.limits.get_mut(name).filter(|limit| !limit.is_zero()) {
                *limit = limit.plus(quantity);
            }
        }
        let mut usage = counted(&asks);
        usage.insert("count/pods".to_owned(), Quantity::of(1));
        usage
    }

    /// That it is not known what the pod's RuntimeClass takes.
    pub(super) fn unknown_overhead(&self) -> Option<String> {
        let name = self.unknown_runtime.as_ref()?;
        Some(format!("what RuntimeClass {name} takes for itself is not known: quotas count it too"))
    }
}

/// What quotas count of requests and limits (`podComputeUsageHelper`).
pub(super) fn counted(asks: &Requirements) -> ResourceList {
    let mut counted = ResourceList::from([("pods".to_owned(), Quantity::of(1))]);
    for name in ["cpu", "memory", "ephemeral-storage"] {
        if let Some(request) = asks.requests.get(name) {
            counted.insert(name.to_owned(), request.clone());
            counted.insert(format!("{REQUESTS}{name}"), request.clone());
        }
        if let Some(limit) = asks.limits.get(name) {
            counted.insert(format!("limits.{name}"), limit.clone());
        }
    }
    for (name, request) in &asks.requests {
        let huge_pages = name.starts_with(HUGE_PAGES);
        if huge_pages {
            counted.insert(name.clone(), request.clone());
        }
        if huge_pages || is_extended(name) {
            counted.insert(format!("{REQUESTS}{name}"), request.clone());
        }
    }
    counted
}
