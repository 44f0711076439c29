//! From what was found to the world: names become numbers, and what is named gets its place.

use std::collections::BTreeMap;

use posture::model::object::{Object, ObjectRef};
use rustc_hash::{FxHashMap, FxHashSet};

use super::facts::Facts;
use super::routes::FoundRoute;
use super::services::{FoundEndpoints, FoundService};
use super::workloads;
use super::{Endpoint, NAME_LABEL, Namespace, Route, Service, TargetPort, Text, World};

impl World {
    /// What objects say of a cluster. Those that name no namespace are in `namespace`.
    pub fn of<'a>(objects: impl Iterator<Item = &'a Object>, namespace: &str) -> Self {
        let mut facts = Facts::new(namespace);
        for object in objects {
            facts.note(object);
        }
        facts.into_world()
    }
}

impl Facts {
    /// Puts everything together.
    pub fn into_world(mut self) -> World {
        let (namespaces, numbers) = self.namespaces();
        let nodes: Vec<_> = std::mem::take(&mut self.nodes).into_values().collect();
        let (workloads, pods) = workloads::of(&mut self, &nodes, &numbers);
        let services = services(self.services, self.endpoints, &numbers);
        let routes = routes(self.routes, &services);
        World {
            texts: self.texts,
            namespaces,
            workloads,
            pods,
            nodes,
            services,
            routes,
            policies: self.policies.into_values().collect(),
            vendors: self.vendors.into_values().collect(),
            gaps: self.gaps,
        }
    }

    /// The namespaces that were seen or that something is in, sorted, and their numbers.
    fn namespaces(&mut self) -> (Vec<Namespace>, FxHashMap<Text, u32>) {
        let mut named: FxHashSet<Text> = self.pods.iter().map(|pod| pod.namespace).collect();
        named.extend(self.makers.iter().map(|maker| maker.namespace));
        named.extend(self.services.values().map(|service| service.namespace));
        let references = self.policies.keys().chain(self.vendors.keys()).chain(self.routes.keys());
        for namespace in references.filter_map(|object| object.namespace.as_deref()) {
            named.insert(self.texts.add(namespace));
        }
        let seen = std::mem::take(&mut self.namespaces);
        named.extend(seen.keys().map(|name| self.texts.add(name)));
        let mut all: Vec<(String, Text)> =
            named.into_iter().map(|text| (self.texts.get(text).to_owned(), text)).collect();
        all.sort_unstable();
        let numbers = (0u32..).zip(&all).map(|(number, (_, text))| (*text, number)).collect();
        let key = self.texts.add(NAME_LABEL);
        let mut seen = seen;
        let namespace = |(name, text): (String, Text)| match seen.remove(&name) {
            Some(found) => Namespace { name, labels: found.0, seen: true },
            None => Namespace { name, labels: Box::new([(key, text)]), seen: false },
        };
        (all.into_iter().map(namespace).collect(), numbers)
    }
}

/// The Services; those without a selector with what stands behind them.
fn services(
    found: BTreeMap<ObjectRef, FoundService>,
    endpoints: Vec<FoundEndpoints>,
    numbers: &FxHashMap<Text, u32>,
) -> Vec<Service> {
    let mut behind: FxHashMap<(String, String), (Vec<Endpoint>, Vec<Endpoint>)> =
        FxHashMap::default();
    for FoundEndpoints { namespace, service, slice, endpoint } in endpoints {
        let both = behind.entry((namespace, service)).or_default();
        if slice { both.0.push(endpoint) } else { both.1.push(endpoint) }
    }
    let service = |FoundService { mut service, namespace }: FoundService| {
        service.namespace = numbers.get(&namespace).copied().unwrap_or_default();
        let own = service.object.namespace.clone().unwrap_or_default();
        if service.selector.is_empty()
            && let Some((slices, old)) = behind.remove(&(own, service.object.name.clone()))
        {
            service.endpoints = if slices.is_empty() { old } else { slices };
        }
        service
    };
    let mut services: Vec<Service> = found.into_values().map(service).collect();
    services.sort_by(|one, other| {
        let name = |service: &Service| service.object.name.clone();
        one.namespace.cmp(&other.namespace).then_with(|| name(one).cmp(&name(other)))
    });
    services
}

/// The routes; ports of pods become those of the Services in front of them.
fn routes(found: BTreeMap<ObjectRef, FoundRoute>, services: &[Service]) -> Vec<Route> {
    let by_name: FxHashMap<(&str, &str), &Service> = services
        .iter()
        .map(|service| {
            let namespace = service.object.namespace.as_deref().unwrap_or_default();
            ((namespace, service.object.name.as_str()), service)
        })
        .collect();
    let route = |FoundRoute { mut route, by_target }: FoundRoute| {
        for backend in route.backends.iter_mut().filter(|_| by_target) {
            let service = by_name.get(&(backend.namespace.as_str(), backend.service.as_str()));
            let Some(TargetPort::Number(wanted)) = backend.port else { continue };
            // Where no port leads there the router takes the number as it is: any port may do.
            let leads = |port: &&super::ServicePort| port.target == TargetPort::Number(wanted);
            let port = service.and_then(|service| service.ports.iter().find(leads));
            backend.port = port.map(|port| TargetPort::Number(port.port));
        }
        route
    };
    found.into_values().map(route).collect()
}
