//! Services and what stands behind them.

use std::net::IpAddr;

use posture::model::node::{Type, Value};
use posture::model::object::Object;

use super::facts::{Facts, Number, Renumber};
use super::read::{addresses, items, labels, port, protocol, text};
use super::{Endpoint, Service, ServicePort, TargetPort, Text};
use crate::ports::Protocol;

/// A Service; its namespace is not numbered yet.
#[derive(Debug)]
pub(super) struct FoundService {
    pub(super) service: Service,
    pub(super) namespace: Text,
}

/// What stands behind a Service by an `EndpointSlice`, or by `Endpoints`.
#[derive(Debug)]
pub(super) struct FoundEndpoints {
    pub(super) namespace: String,
    pub(super) service: String,
    /// Whether it is of an `EndpointSlice`: those mirror `Endpoints`.
    pub(super) slice: bool,
    pub(super) endpoint: Endpoint,
}

impl Renumber for FoundService {
    fn renumber(&mut self, number: Number<'_>) {
        self.namespace = number.of(self.namespace);
        number.labels(&mut self.service.selector);
    }
}

/// Names the Service that an `EndpointSlice` is of.
///
/// Source: `LabelServiceName` of k8s.io/api/discovery/v1.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

impl Facts {
    /// Takes notice of a Service.
    pub(super) fn note_service(&mut self, object: &Object) {
        let namespace = self.namespace_of(object);
        let reference = object.reference(Some(self.texts.get(namespace)));
        let spec = object.value().get("spec");
        let of_spec = |key: &str| spec.and_then(|spec| text(spec, key));
        let list = |key: &'static str| spec.into_iter().flat_map(move |spec| items(spec, key));
        let kind = of_spec("type").unwrap_or("ClusterIP");
        let is_name = kind == "ExternalName";
        let mut own = addresses(list("clusterIPs"));
        if own.is_empty() {
            own.extend(of_spec("clusterIP").and_then(|ip| ip.parse::<IpAddr>().ok()));
        }
        let selector = spec.and_then(|spec| spec.get("selector")).filter(|_| !is_name);
        let (selector, _) = labels(&mut self.texts, selector, None);
        let outside = matches!(kind, "NodePort" | "LoadBalancer");
        let service = Service {
            object: reference.clone(),
            namespace: 0,
            mark: object.mark(),
            cluster_addresses: own,
            headless: of_spec("clusterIP") == Some("None"),
            selector,
            ports: list("ports").filter_map(service_port).collect(),
            external_name: of_spec("externalName").filter(|_| is_name).map(str::to_owned),
            from_outside: outside || list("externalIPs").next().is_some(),
            keeps_source: of_spec("externalTrafficPolicy") == Some("Local"),
            endpoints: Vec::new(),
        };
        self.services.insert(reference, FoundService { service, namespace });
    }

    /// Takes notice of an `EndpointSlice`. Endpoints that are not ready count: they may be soon.
    pub(super) fn note_slice(&mut self, object: &Object) {
        let Some(service) = object.label(SERVICE_NAME) else { return };
        let value = object.value();
        let found = items(value, "endpoints").flat_map(|endpoint| items(endpoint, "addresses"));
        let endpoint =
            Endpoint { addresses: addresses(found), ports: endpoint_ports(items(value, "ports")) };
        self.note_behind(object, service, true, endpoint);
    }

    /// Takes notice of `Endpoints`, which bear the name of their Service.
    pub(super) fn note_endpoints(&mut self, object: &Object) {
        for subset in items(object.value(), "subsets") {
            let found = ["addresses", "notReadyAddresses"].into_iter();
            let found = found.flat_map(|key| items(subset, key));
            let endpoint = Endpoint {
                addresses: addresses(found.filter_map(|entry| entry.get("ip"))),
                ports: endpoint_ports(items(subset, "ports")),
            };
            self.note_behind(object, object.name(), false, endpoint);
        }
    }

    fn note_behind(&mut self, object: &Object, service: &str, slice: bool, endpoint: Endpoint) {
        if endpoint.addresses.is_empty() {
            return;
        }
        self.endpoints.push(FoundEndpoints {
            namespace: object.namespace().unwrap_or(&self.namespace).to_owned(),
            service: service.to_owned(),
            slice,
            endpoint,
        });
    }
}

fn service_port(entry: Value<'_>) -> Option<ServicePort> {
    let number = entry.get("port").and_then(port)?;
    Some(ServicePort {
        name: text(entry, "name").unwrap_or_default().to_owned(),
        protocol: protocol(entry)?,
        port: number,
        target: entry.get("targetPort").and_then(target).unwrap_or(TargetPort::Number(number)),
        node_port: entry.get("nodePort").and_then(port),
    })
}

/// A port by its number or its name (`IntOrString`).
pub(super) fn target(value: Value<'_>) -> Option<TargetPort> {
    if value.value_type() == Type::String {
        let name = value.as_str().filter(|name| !name.is_empty())?;
        return Some(TargetPort::Name(name.to_owned()));
    }
    port(value).map(TargetPort::Number)
}

fn endpoint_ports<'a>(entries: impl Iterator<Item = Value<'a>>) -> Vec<(String, Protocol, u16)> {
    let ports = entries.filter_map(|entry| {
        let name = text(entry, "name").unwrap_or_default().to_owned();
        Some((name, protocol(entry)?, entry.get("port").and_then(port)?))
    });
    ports.collect()
}
