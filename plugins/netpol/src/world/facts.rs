//! What was found in objects, before it is put together: pods may come before what they belong to.

use std::collections::BTreeMap;

use posture::model::gap::Gap;
use posture::model::object::{Object, ObjectRef};
use posture::model::owners::{Controller, Owners};
use posture::model::version::Minor;
use rustc_hash::FxHashMap;

use super::nodes::FoundNamespace;
use super::pods::{FoundMaker, FoundPod};
use super::routes::FoundRoute;
use super::services::{FoundEndpoints, FoundService};
use super::{Labels, Node, Text, Texts, Vendor};
use crate::policy::{self, Policy, Read};

/// What was found in objects.
#[derive(Debug)]
pub struct Facts {
    pub(super) namespace: String,
    /// The server that objects are written to; `None` where they come from one.
    server: Option<Minor>,
    pub(super) texts: Texts,
    pub(super) owners: Owners,
    /// What controls pods and what makes them, each once.
    pub(super) controllers: Vec<Controller>,
    known: FxHashMap<String, u32>,
    pub(super) pods: Vec<FoundPod>,
    pub(super) makers: Vec<FoundMaker>,
    pub(super) namespaces: BTreeMap<String, FoundNamespace>,
    pub(super) nodes: BTreeMap<String, Node>,
    pub(super) services: BTreeMap<ObjectRef, FoundService>,
    pub(super) endpoints: Vec<FoundEndpoints>,
    pub(super) routes: BTreeMap<ObjectRef, FoundRoute>,
    pub(super) policies: BTreeMap<ObjectRef, Policy>,
    pub(super) vendors: BTreeMap<ObjectRef, Vendor>,
    pub(super) gaps: Vec<Gap>,
}

/// Gives texts and controllers of one collection their numbers in another.
#[derive(Clone, Copy)]
pub(super) struct Number<'a> {
    texts: &'a [Text],
    controllers: &'a [u32],
}

impl Number<'_> {
    pub(super) fn of(self, text: Text) -> Text {
        self.texts.get(text.0 as usize).copied().unwrap_or_default()
    }

    pub(super) fn controller(self, controller: u32) -> u32 {
        self.controllers.get(controller as usize).copied().unwrap_or_default()
    }

    pub(super) fn labels(self, labels: &mut Labels) {
        for (key, value) in labels.iter_mut() {
            (*key, *value) = (self.of(*key), self.of(*value));
        }
        labels.sort_unstable();
    }
}

/// What holds such numbers.
pub(super) trait Renumber {
    fn renumber(&mut self, number: Number<'_>);
}

impl Facts {
    /// Nothing yet. `namespace` is that of objects that name none.
    pub fn new(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            server: None,
            texts: Texts::default(),
            owners: Owners::default(),
            controllers: Vec::new(),
            known: FxHashMap::default(),
            pods: Vec::new(),
            makers: Vec::new(),
            namespaces: BTreeMap::new(),
            nodes: BTreeMap::new(),
            services: BTreeMap::new(),
            endpoints: Vec::new(),
            routes: BTreeMap::new(),
            policies: BTreeMap::new(),
            vendors: BTreeMap::new(),
            gaps: Vec::new(),
        }
    }

    /// From here on objects come from manifests, and are about to be written to a server of this
    /// release: what it would refuse is a gap.
    pub fn expect_new(&mut self, server: Minor) {
        self.server = Some(server);
    }

    /// Takes notice of an object. Of two with one name the later counts, as the later write would.
    pub fn note(&mut self, object: &Object) {
        if object.kind() == "Pod" && object.group().is_empty() {
            return self.note_pod(object);
        }
        self.owners.note(object);
        match (object.group(), object.kind()) {
            ("", "Namespace") => self.note_namespace(object),
            ("", "Node") => self.note_node(object),
            ("", "Service") => self.note_service(object),
            ("", "Endpoints") => self.note_endpoints(object),
            ("discovery.k8s.io", "EndpointSlice") => self.note_slice(object),
            _ if self.note_route(object)
                || self.note_policy(object)
                || self.note_vendor(object) => {}
            _ => self.note_maker(object),
        }
    }

    /// Takes notice of what could not be read.
    pub fn note_gap(&mut self, gap: Gap) {
        self.gaps.push(gap);
    }

    /// Adds what was found elsewhere: of other objects.
    pub fn merge(&mut self, mut other: Self) {
        // The larger one keeps its numbers.
        if other.texts.len() > self.texts.len() {
            std::mem::swap(self, &mut other);
        }
        let texts: Vec<Text> = other.texts.iter().map(|text| self.texts.add(text)).collect();
        let controllers: Vec<u32> = std::mem::take(&mut other.controllers)
            .into_iter()
            .map(|one| self.controller(one))
            .collect();
        let number = Number { texts: &texts, controllers: &controllers };
        self.owners.merge(other.owners);
        take(&mut self.pods, other.pods, number);
        take(&mut self.makers, other.makers, number);
        take_named(&mut self.namespaces, other.namespaces, number);
        take_named(&mut self.nodes, other.nodes, number);
        take_named(&mut self.services, other.services, number);
        self.endpoints.extend(other.endpoints);
        self.routes.extend(other.routes);
        self.policies.extend(other.policies);
        self.vendors.extend(other.vendors);
        self.gaps.extend(other.gaps);
    }

    /// The namespace that an object is judged in.
    pub(super) fn namespace_of(&mut self, object: &Object) -> Text {
        self.texts.add(object.namespace().unwrap_or(&self.namespace))
    }

    /// The number of a controller that was met before.
    pub(super) fn known_controller(&self, uid: &str) -> Option<u32> {
        self.known.get(uid).copied()
    }

    /// The number of a controller.
    pub(super) fn controller(&mut self, controller: Controller) -> u32 {
        if let Some(&known) = self.known.get(&controller.uid) {
            return known;
        }
        let number = u32::try_from(self.controllers.len()).unwrap_or(u32::MAX);
        if !controller.uid.is_empty() {
            self.known.insert(controller.uid.clone(), number);
        }
        self.controllers.push(controller);
        number
    }

    /// Takes notice of a policy; whether it is one.
    fn note_policy(&mut self, object: &Object) -> bool {
        let namespace = object.namespace().unwrap_or(&self.namespace);
        let read = match self.server {
            Some(server) => policy::read_new(object, namespace, server),
            None => policy::read(object, namespace),
        };
        match read {
            Read::Policy(policy) => drop(self.policies.insert(policy.object.clone(), policy)),
            Read::Refused(refused) => self.gaps.push(Gap {
                what: "object".to_owned(),
                place: refused.mark.or_else(|| object.mark()),
                object: Some(object.reference(Some(namespace)).to_string()),
                why: refused.message,
                hint: "the API server refuses it: it is left out of account".to_owned(),
            }),
            Read::NotOurs => return false,
        }
        true
    }
}

fn take<T: Renumber>(into: &mut Vec<T>, mut from: Vec<T>, number: Number<'_>) {
    for one in &mut from {
        one.renumber(number);
    }
    into.append(&mut from);
}

fn take_named<K: Ord, T: Renumber>(
    into: &mut BTreeMap<K, T>,
    from: BTreeMap<K, T>,
    number: Number<'_>,
) {
    for (name, mut one) in from {
        one.renumber(number);
        into.insert(name, one);
    }
}
