//! Pods, and what workloads would make.

use std::net::IpAddr;

use posture::model::node::Value;
use posture::model::object::{Object, ObjectRef};
use posture::model::owners::{controller_of, is_left_behind};
use posture::model::rollout::has_ended;
use posture::model::source::Mark;
use posture::model::workload::{Carrier, pod_templates};

use super::facts::{Facts, Number, Renumber};
use super::read::{items, labels, port, protocol, refused, text};
use super::{NamedPort, Pod, Text};

/// A pod as it was read.
#[derive(Debug)]
pub(super) struct FoundPod {
    /// Its namespace, workload and node are not numbered yet.
    pub(super) pod: Pod,
    pub(super) namespace: Text,
    pub(super) node: Option<Text>,
    /// What controls it, by its position in [`Facts::controllers`].
    pub(super) controller: Option<u32>,
    pub(super) mark: Option<Mark>,
}

/// An object that makes pods, with what it would make.
#[derive(Debug)]
pub(super) struct FoundMaker {
    pub(super) object: ObjectRef,
    pub(super) namespace: Text,
    pub(super) uid: Option<String>,
    /// Whether it is of one of Kubernetes' own kinds.
    pub(super) built_in: bool,
    /// Whether its own template is to be taken, and not what replaced it.
    pub(super) counts: bool,
    pub(super) controller: Option<u32>,
    pub(super) replicas: Option<u32>,
    pub(super) mark: Option<Mark>,
    /// A pod a template.
    pub(super) pods: Vec<Pod>,
}

impl Renumber for Pod {
    fn renumber(&mut self, number: Number<'_>) {
        self.name = number.of(self.name);
        number.labels(&mut self.labels);
        for port in &mut self.ports {
            port.name = number.of(port.name);
        }
        self.ports.sort_unstable();
    }
}

impl Renumber for FoundPod {
    fn renumber(&mut self, number: Number<'_>) {
        self.pod.renumber(number);
        self.namespace = number.of(self.namespace);
        self.node = self.node.map(|node| number.of(node));
        self.controller = self.controller.map(|controller| number.controller(controller));
    }
}

impl Renumber for FoundMaker {
    fn renumber(&mut self, number: Number<'_>) {
        for pod in &mut self.pods {
            pod.renumber(number);
        }
        self.namespace = number.of(self.namespace);
        self.controller = self.controller.map(|controller| number.controller(controller));
    }
}

/// Groups whose objects hold patterns of pods, and none that anybody would run.
const PATTERNS: [&str; 5] = [
    "admissionregistration.k8s.io",
    "constraints.gatekeeper.sh",
    "kyverno.io",
    "mutations.gatekeeper.sh",
    "policies.kyverno.io",
];

impl Facts {
    /// Takes notice of a pod. One that has ended holds no address, and nothing reaches it.
    pub(super) fn note_pod(&mut self, object: &Object) {
        if has_ended(object) {
            return;
        }
        let value = object.value();
        let mut pod = self.pod(object, value, object.name());
        pod.exists = true;
        let status = value.get("status");
        let mut found: Vec<IpAddr> = status
            .into_iter()
            .flat_map(|status| items(status, "podIPs"))
            .filter_map(|entry| text(entry, "ip")?.parse().ok())
            .collect();
        if found.is_empty() {
            let single = status.and_then(|status| text(status, "podIP"));
            found.extend(single.and_then(|ip| ip.parse::<IpAddr>().ok()));
        }
        pod.addresses = found.into();
        let node = value.get("spec").and_then(|spec| text(spec, "nodeName"));
        let node = node.map(|node| self.texts.add(node));
        let controller = self.controller_above(value);
        let namespace = self.namespace_of(object);
        self.pods.push(FoundPod { pod, namespace, node, controller, mark: object.mark() });
    }

    /// Takes notice of an object that makes pods. A Job that has ended makes none any more, and a
    /// `PodTemplate` never does.
    pub(super) fn note_maker(&mut self, object: &Object) {
        if PATTERNS.contains(&object.group()) {
            return;
        }
        let built_in = posture::model::workload::template_path(object).is_some();
        if built_in && object.kind() == "PodTemplate" || has_ended(object) {
            return;
        }
        let templates = pod_templates(object);
        if templates.is_empty() || templates.iter().any(|one| one.carrier == Carrier::Pod) {
            return;
        }
        let pods = templates
            .iter()
            .map(|template| self.pod(object, template.value, object.name()))
            .collect();
        let spec = object.value().get("spec");
        let wanted = if object.kind() == "Job" { "parallelism" } else { "replicas" };
        let replicas = spec.and_then(|spec| spec.get(wanted)?.as_i64());
        let controller = self.controller_above(object.value());
        let namespace = self.namespace_of(object);
        let maker = FoundMaker {
            object: object.reference(Some(self.texts.get(namespace))),
            namespace,
            uid: object.metadata("uid").map(str::to_owned),
            built_in,
            counts: !is_left_behind(object),
            controller,
            replicas: replicas.and_then(|replicas| u32::try_from(replicas).ok()),
            mark: object.mark(),
            pods,
        };
        self.makers.push(maker);
    }

    /// The number of what controls an object. Most pods have theirs in common with others.
    fn controller_above(&mut self, value: Value<'_>) -> Option<u32> {
        let mut references = items(value.get("metadata")?, "ownerReferences");
        let is_it =
            |one: &Value<'_>| one.get("controller").is_some_and(|is| is.as_bool() == Some(true));
        let uid = text(references.find(is_it)?, "uid");
        if let Some(known) = uid.and_then(|uid| self.known_controller(uid)) {
            return Some(known);
        }
        controller_of(value).map(|controller| self.controller(controller))
    }

    /// What a pod and a template have alike.
    fn pod(&mut self, object: &Object, value: Value<'_>, name: &str) -> Pod {
        let map = value.get("metadata").and_then(|metadata| metadata.get("labels"));
        let (labels, no_text) = labels(&mut self.texts, map, None);
        if let Some(key) = no_text {
            let why = format!("the label {key} of its pods is no text");
            self.gaps.push(refused(object, why));
        }
        let spec = value.get("spec");
        let mut ports: Vec<NamedPort> = Vec::new();
        // Ports of init containers do not count, not even of those that keep running: every
        // enforcer reads `spec.containers` alone.
        for container in spec.into_iter().flat_map(|spec| items(spec, "containers")) {
            for entry in items(container, "ports") {
                let number = entry.get("containerPort").and_then(port);
                let (Some(name), Some(number), Some(protocol)) =
                    (text(entry, "name"), number, protocol(entry))
                else {
                    continue;
                };
                ports.push(NamedPort { name: self.texts.add(name), protocol, number });
            }
        }
        ports.sort_unstable();
        ports.dedup();
        let host_network =
            spec.and_then(|spec| spec.get("hostNetwork")?.as_bool()).unwrap_or_default();
        Pod {
            name: self.texts.add(name),
            namespace: 0,
            workload: 0,
            exists: false,
            labels,
            ports: ports.into(),
            host_network,
            addresses: Box::default(),
            node: None,
        }
    }
}
