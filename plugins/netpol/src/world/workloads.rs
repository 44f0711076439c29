//! What pods belong to, and the pods in the order of the world.

use posture::model::object::ObjectRef;
use posture::model::owners::Controller;
use posture::model::workload::template_path_of;
use rustc_hash::{FxHashMap, FxHashSet};

use super::facts::Facts;
use super::pods::{FoundMaker, FoundPod};
use super::{Node, Pod, Text, Workload};

/// Kinds that others make and name: what is above them goes by a name that people know.
const GENERATED: [&str; 3] = ["ReplicaSet", "ReplicationController", "Job"];

/// A workload that is being put together.
#[derive(Debug)]
struct Slot {
    workload: Workload,
    /// Whether it has pods that exist.
    live: bool,
    /// What its own templates would make.
    own: Option<Vec<Pod>>,
    /// What the templates of what it owns would make.
    owned: Vec<Pod>,
}

/// The workloads, found by group and kind, namespace and name.
struct Slots<'a> {
    facts: &'a Facts,
    namespaces: &'a FxHashMap<Text, u32>,
    all: Vec<Slot>,
    known: FxHashMap<(String, u32, String), u32>,
}

/// Pods, with what they belong to: pods sorted by namespace, workload and name, workloads by
/// namespace, kind and name.
pub(super) fn of(
    facts: &mut Facts,
    nodes: &[Node],
    namespaces: &FxHashMap<Text, u32>,
) -> (Vec<Workload>, Vec<Pod>) {
    let found = std::mem::take(&mut facts.pods);
    let makers = std::mem::take(&mut facts.makers);
    let mut slots = Slots { facts, namespaces, all: Vec::new(), known: FxHashMap::default() };
    let mut pods = slots.live(found, nodes);
    slots.note_makers(makers);
    let (workloads, numbers) = sorted(&mut slots.all, &mut pods);
    for pod in &mut pods {
        pod.workload = numbers[pod.workload as usize];
    }
    let texts = &facts.texts;
    let key = |pod: &Pod| (pod.namespace, pod.workload, pod.name);
    pods.sort_by(|one, other| {
        let order = |pod: &Pod| (pod.namespace, pod.workload);
        let name = |pod: &Pod| texts.get(pod.name);
        order(one).cmp(&order(other)).then_with(|| name(one).cmp(name(other)))
    });
    // Of two pods with one name the later counts; `generateName` gives many pods one prefix.
    pods.dedup_by(|later, kept| {
        let is_same = later.exists && kept.exists && key(later) == key(kept);
        let is_same = is_same && !texts.get(kept.name).ends_with('*');
        if is_same {
            std::mem::swap(later, kept);
        }
        is_same
    });
    (workloads, pods)
}

impl Slots<'_> {
    /// The pods that exist.
    fn live(&mut self, found: Vec<FoundPod>, nodes: &[Node]) -> Vec<Pod> {
        let texts = &self.facts.texts;
        let by_name: FxHashMap<Text, u32> = (0u32..)
            .zip(nodes)
            .filter_map(|(number, node)| Some((texts.find(&node.name)?, number)))
            .collect();
        let mut belongs: FxHashMap<(u32, Text), u32> = FxHashMap::default();
        let mut pods = Vec::with_capacity(found.len());
        for FoundPod { mut pod, namespace, node, controller, mark } in found {
            pod.namespace = self.namespaces.get(&namespace).copied().unwrap_or_default();
            pod.node = node.and_then(|node| by_name.get(&node).copied());
            let address = pod.node.and_then(|node| nodes.get(node as usize));
            if let Some(node) = address.filter(|_| pod.host_network && pod.addresses.is_empty()) {
                pod.addresses = node.addresses.clone().into();
            }
            let known = controller.and_then(|one| belongs.get(&(one, namespace)).copied());
            pod.workload = match (known, controller) {
                (Some(known), _) => known,
                (None, Some(one)) => {
                    let object = self.above(None, one, namespace);
                    let slot = self.slot(object, pod.namespace);
                    belongs.insert((one, namespace), slot);
                    slot
                }
                (None, None) => {
                    let object = ObjectRef {
                        api_version: "v1".to_owned(),
                        kind: "Pod".to_owned(),
                        namespace: Some(self.facts.texts.get(namespace).to_owned()),
                        name: self.facts.texts.get(pod.name).to_owned(),
                    };
                    let slot = self.slot(object, pod.namespace);
                    let workload = &mut self.all[slot as usize].workload;
                    (workload.mark, workload.replicas) = (mark, Some(1));
                    slot
                }
            };
            self.all[pod.workload as usize].live = true;
            pods.push(pod);
        }
        pods
    }

    /// What would come of templates, where no pods of theirs exist.
    fn note_makers(&mut self, makers: Vec<FoundMaker>) {
        let controllers = &self.facts.controllers;
        let parents: FxHashSet<&str> = controllers.iter().map(|one| one.uid.as_str()).collect();
        for mut maker in makers {
            // What is made of a template of an operator's kind was seen itself.
            let is_parent = maker.uid.as_deref().is_some_and(|uid| parents.contains(uid));
            if !maker.built_in && is_parent {
                continue;
            }
            let namespace = self.namespaces.get(&maker.namespace).copied().unwrap_or_default();
            let object = match maker.controller {
                Some(above) => self.above(Some(&maker), above, maker.namespace),
                None => maker.object.clone(),
            };
            let is_own = object == maker.object;
            if !is_own && !maker.counts {
                continue;
            }
            let slot = self.slot(object, namespace);
            for pod in &mut maker.pods {
                (pod.namespace, pod.workload) = (namespace, slot);
            }
            let slot = &mut self.all[slot as usize];
            if is_own {
                (slot.workload.mark, slot.workload.replicas) = (maker.mark, maker.replicas);
                slot.own = Some(maker.pods);
            } else {
                slot.owned.append(&mut maker.pods);
            }
        }
    }

    /// What something belongs to that has a controller: see [`Workload`].
    fn above(&self, own: Option<&FoundMaker>, controller: u32, namespace: Text) -> ObjectRef {
        let first = &self.facts.controllers[controller as usize];
        let chain: Vec<&Controller> =
            std::iter::once(first).chain(self.facts.owners.above(first)).collect();
        let is_generated = |api_version: &str, kind: &str| {
            let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
            GENERATED.contains(&kind) && template_path_of(group, kind).is_some()
        };
        let highest = chain.iter().rposition(|one| one.is_built_in());
        let last = chain.len() - 1;
        let at = match (highest, own) {
            (Some(at), _) if at == last => at,
            (Some(at), _) => {
                if is_generated(&chain[at].api_version, &chain[at].kind) {
                    last
                } else {
                    at
                }
            }
            (None, Some(own)) if own.built_in => {
                if !is_generated(&own.object.api_version, &own.object.kind) {
                    return own.object.clone();
                }
                last
            }
            (None, _) => last,
        };
        chain[at].reference(Some(self.facts.texts.get(namespace)))
    }

    /// The number of a workload.
    fn slot(&mut self, object: ObjectRef, namespace: u32) -> u32 {
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let kind = format!("{}.{}", object.kind, object.group());
        let known = *self.known.entry((kind, namespace, object.name.clone())).or_insert(number);
        if known == number {
            self.all.push(Slot {
                workload: Workload { object, namespace, mark: None, replicas: None },
                live: false,
                own: None,
                owned: Vec::new(),
            });
        }
        known
    }
}

/// The workloads in their order, and the number of each by the one it had. What would come of
/// templates is added to the pods; a workload without either is left out.
fn sorted(slots: &mut Vec<Slot>, pods: &mut Vec<Pod>) -> (Vec<Workload>, Vec<u32>) {
    let mut order: Vec<(usize, Workload)> = Vec::new();
    let count = slots.len();
    for (position, slot) in slots.drain(..).enumerate() {
        let Slot { workload, live, own, owned } = slot;
        let mut made = if live { Vec::new() } else { own.unwrap_or(owned) };
        if live || !made.is_empty() {
            pods.append(&mut made);
            order.push((position, workload));
        }
    }
    order.sort_by(|(_, one), (_, other)| {
        let key = |one: &Workload| one.namespace;
        let name = |one: &Workload| (one.object.kind.clone(), one.object.name.clone());
        key(one).cmp(&key(other)).then_with(|| name(one).cmp(&name(other)))
    });
    let mut numbers = vec![0; count];
    for (number, (position, _)) in (0u32..).zip(&order) {
        numbers[*position] = number;
    }
    (order.into_iter().map(|(_, workload)| workload).collect(), numbers)
}
