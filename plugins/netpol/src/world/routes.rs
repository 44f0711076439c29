//! What sends traffic of the outside on: `Ingress`, routes of the Gateway API, and `Route` of
//! OpenShift.

use posture::model::node::Value;
use posture::model::object::Object;

use super::facts::Facts;
use super::read::{items, text};
use super::services::target;
use super::{Backend, Route, TargetPort};

/// A route as it was read.
#[derive(Debug)]
pub(super) struct FoundRoute {
    pub(super) route: Route,
    /// Whether its ports are those of pods, as an OpenShift `Route` has them, and not those of
    /// Services.
    pub(super) by_target: bool,
}

impl Facts {
    /// Takes notice of a route; whether it is one.
    pub(super) fn note_route(&mut self, object: &Object) -> bool {
        let namespace = object.namespace().unwrap_or(&self.namespace).to_owned();
        let spec = object.value().get("spec");
        let mut backends = match (object.group(), object.kind()) {
            ("networking.k8s.io" | "extensions", "Ingress") => {
                spec.map(|spec| of_ingress(spec, &namespace))
            }
            (
                "gateway.networking.k8s.io",
                "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" | "UDPRoute",
            ) => spec.map(|spec| of_gateway(spec, &namespace)),
            ("route.openshift.io", "Route") => spec.map(|spec| of_openshift(spec, &namespace)),
            _ => return false,
        }
        .unwrap_or_default();
        let mut unique: Vec<Backend> = Vec::new();
        backends.retain(|backend| {
            let is_new = !unique.contains(backend);
            unique.extend(is_new.then(|| backend.clone()));
            is_new
        });
        let reference = object.reference(Some(&namespace));
        let by_target = object.group() == "route.openshift.io";
        let route = Route { object: reference.clone(), mark: object.mark(), backends };
        self.routes.insert(reference, FoundRoute { route, by_target });
        true
    }
}

/// `spec.defaultBackend` and the backends of the paths; those of before `networking.k8s.io/v1` have
/// other names.
fn of_ingress(spec: Value<'_>, namespace: &str) -> Vec<Backend> {
    let backend = |value: Value<'_>| {
        let (service, port) = match value.field("service") {
            Some(service) => {
                let port = service.field("port");
                let number = port.and_then(|port| port.field("number"));
                let port = number.or_else(|| port?.field("name")).and_then(target);
                (text(service, "name")?, port)
            }
            None => (text(value, "serviceName")?, value.field("servicePort").and_then(target)),
        };
        let service = service.to_owned();
        Some(Backend { namespace: namespace.to_owned(), service, port })
    };
    let default = spec.field("defaultBackend").or_else(|| spec.field("backend"));
    let rules = items(spec, "rules").filter_map(|rule| rule.field("http"));
    let paths = rules.flat_map(|http| items(http, "paths"));
    let of_paths = paths.filter_map(|path| path.field("backend"));
    default.into_iter().chain(of_paths).filter_map(backend).collect()
}

/// The backends of the rules, and those that get a copy (`requestMirror`).
fn of_gateway(spec: Value<'_>, namespace: &str) -> Vec<Backend> {
    let backend = |value: Value<'_>| {
        let is_service = text(value, "group").is_none()
            && text(value, "kind").is_none_or(|kind| kind == "Service");
        let namespace = text(value, "namespace").unwrap_or(namespace).to_owned();
        let service = text(value, "name").filter(|_| is_service)?.to_owned();
        Some(Backend { namespace, service, port: value.field("port").and_then(target) })
    };
    let of_rule = |rule: Value<'_>| {
        let filters = items(rule, "filters");
        let mirrors = filters.filter_map(|one| one.field("requestMirror")?.field("backendRef"));
        items(rule, "backendRefs").chain(mirrors).filter_map(backend).collect::<Vec<_>>()
    };
    items(spec, "rules").flat_map(of_rule).collect()
}

/// `spec.to` and `spec.alternateBackends`, at `spec.port.targetPort` of the pods.
fn of_openshift(spec: Value<'_>, namespace: &str) -> Vec<Backend> {
    let port: Option<TargetPort> =
        spec.field("port").and_then(|port| port.field("targetPort")).and_then(target);
    let all = spec.field("to").into_iter().chain(items(spec, "alternateBackends"));
    let backend = |value: Value<'_>| {
        let is_service = text(value, "kind").is_none_or(|kind| kind == "Service");
        let service = text(value, "name").filter(|_| is_service)?.to_owned();
        Some(Backend { namespace: namespace.to_owned(), service, port: port.clone() })
    };
    all.filter_map(backend).collect()
}
