//! Services: what stands behind them, and at which ports.

use std::collections::BTreeMap;

use posture::model::error::{Error, Result};

use super::addresses::Owners;
use super::port::{Which, named};
use super::words::{Scene, count as pods_in_words, there_are};
use super::{Resolved, Way};
use crate::engine::verdict::End;
use crate::ports::{PortSet, Protocol};
use crate::world::{Service, ServicePort, TargetPort};

/// The Service of a name: `db`, `db.data`, `db.data.svc.cluster.local`.
pub(super) fn by_name(scene: Scene<'_>, written: &str) -> Result<Resolved> {
    let mut parts = written.splitn(3, '.');
    let name = parts.next().unwrap_or_default();
    let namespace = parts.next().unwrap_or(scene.namespace);
    let place = |service: &Service| {
        (service.object.namespace.as_deref() == Some(namespace)) && service.object.name == name
    };
    let found = (0..).zip(&scene.world.services).find(|(_, service)| place(service));
    if let Some((number, _)) = found {
        return resolve(scene, number);
    }
    let all = scene.world.services.iter().map(|service| {
        let namespace = service.object.namespace.as_deref().unwrap_or_default();
        (namespace, service.object.name.as_str())
    });
    let plain = written.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    let all: Vec<(&str, &str)> = all.collect();
    Err(scene.missing(("Service", "svc"), &plain, all.iter().copied()))
}

/// What stands behind a Service.
pub(super) fn resolve(scene: Scene<'_>, number: u32) -> Result<Resolved> {
    let service = &scene.world.services[number as usize];
    let namespace = service.object.namespace.as_deref().unwrap_or_default();
    let name = format!("Service {namespace}/{}", service.object.name);
    let mut resolved = Resolved { service: Some(number), ..Resolved::default() };
    if let Some(domain) = &service.external_name {
        resolved.words = format!("{name}, another name of {domain}");
        resolved.domain = Some(domain.clone());
        resolved.ways.push(Way {
            words: scene.port_words(),
            others: scene.ports(),
            ..Way::default()
        });
        return Ok(resolved);
    }
    let asked = asked_ports(scene, service, &name)?;
    let behind = Behind::of(scene, service);
    if service.headless {
        // Nothing stands between: the address is the pod's, and so is the port.
        resolved.notes.push(format!("{name} is headless: its ports are those of the pods"));
    }
    if let (true, Some(port)) = (service.headless && asked.is_empty(), scene.port) {
        let ends = behind.ends().map(|end| (end, scene.ports_of(end))).collect();
        let way = Way { words: port.to_string(), ends, ..Way::default() };
        resolved.ways.push(way);
    }
    for (position, port) in asked {
        let ends = behind.at(scene, service, port);
        let to = &service.object.name;
        let words = match &port.target {
            _ if service.headless => format!("{} {}", port.protocol, port.port),
            TargetPort::Number(target) => format!("{to}:{} → targetPort {target}", port.port),
            TargetPort::Name(target) => format!("{to}:{} → targetPort {target}", port.port),
        };
        let others = PortSet::none();
        resolved.ways.push(Way { words, service_port: Some(position), ends, others });
    }
    let count = behind.ends().count();
    if count == 0 {
        resolved.notes.push(format!("no pod is behind {name}"));
    }
    resolved.words = match &behind {
        Behind::Pods(pods) if pods.is_empty() => format!("{name} (0 pods)"),
        Behind::Pods(pods) => format!("{name}{}", pods_in_words(scene.world, pods)),
        Behind::Endpoints(_) => format!("{name} (by its endpoints)"),
    };
    Ok(resolved)
}

impl Scene<'_> {
    /// The ports that are asked for at an end.
    pub(super) fn ports_of(self, end: End) -> PortSet {
        match end {
            End::Pod(pod) => self.ports_at(pod),
            End::Node(_) | End::Address(_) | End::AnyPod | End::Outside => self.ports(),
        }
    }
}

/// The ports of a Service that are asked for, with their positions: all where nothing is said.
fn asked_ports<'a>(
    scene: Scene<'_>,
    service: &'a Service,
    name: &str,
) -> Result<Vec<(usize, &'a ServicePort)>> {
    let Some(asked) = scene.port else { return Ok(service.ports.iter().enumerate().collect()) };
    let fits = |port: &ServicePort| {
        let protocol = asked.protocol;
        match &asked.which {
            Which::Numbers(first, last) => {
                let protocol = protocol.unwrap_or(Protocol::Tcp);
                port.protocol == protocol && (first..=last).contains(&&port.port)
            }
            Which::Name(name) => {
                port.name == *name && protocol.is_none_or(|protocol| protocol == port.protocol)
            }
        }
    };
    let found: Vec<_> = service.ports.iter().enumerate().filter(|(_, port)| fits(port)).collect();
    if !found.is_empty() || service.headless {
        return Ok(found);
    }
    let told = |port: &ServicePort| match port.name.as_str() {
        "" => format!("{}/{}", port.port, port.protocol),
        name => format!("{name} ({}/{})", port.port, port.protocol),
    };
    let all: Vec<String> = service.ports.iter().map(told).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let mut error = Error::usage(format!("{name} has no {asked}: {}", there_are(&all)));
    let targets = |port: &&ServicePort| match (&port.target, &asked.which) {
        (TargetPort::Number(target), Which::Numbers(first, _)) => target == first,
        (TargetPort::Name(target), Which::Name(name)) => target == name,
        _ => false,
    };
    if let Some(port) = service.ports.iter().find(targets) {
        error = error.hint(format!("that is a targetPort: the Service has it at {}", port.port));
    }
    Err(error)
}

/// What stands behind a Service.
enum Behind {
    /// The pods that it selects.
    Pods(Vec<u32>),
    /// What its endpoints say, at which ports: by name and protocol.
    Endpoints(BTreeMap<End, Vec<(String, Protocol, u16)>>),
}

impl Behind {
    fn of(scene: Scene<'_>, service: &Service) -> Self {
        if !service.selector.is_empty() {
            return Self::Pods(scene.pods_in(service.namespace, |pod| {
                service.selector.iter().all(|label| pod.labels.contains(label))
            }));
        }
        let all = service.endpoints.iter().flat_map(|endpoint| endpoint.addresses.iter().copied());
        let owners = Owners::of(scene.world, all);
        let mut ends: BTreeMap<End, Vec<(String, Protocol, u16)>> = BTreeMap::new();
        for endpoint in &service.endpoints {
            for &address in &endpoint.addresses {
                let own = ends.entry(owners.owner(address)).or_default();
                own.extend(endpoint.ports.iter().cloned());
            }
        }
        Self::Endpoints(ends)
    }

    fn ends(&self) -> Box<dyn Iterator<Item = End> + '_> {
        match self {
            Self::Pods(pods) => Box::new(pods.iter().map(|&pod| End::Pod(pod))),
            Self::Endpoints(ends) => Box::new(ends.keys().copied()),
        }
    }

    /// The ports to which a port of the Service leads.
    fn at(&self, scene: Scene<'_>, service: &Service, port: &ServicePort) -> Vec<(End, PortSet)> {
        let one = |number: u16| PortSet::range(port.protocol, number, number);
        match self {
            Self::Pods(pods) => {
                let of_pod = |&number: &u32| {
                    let pod = &scene.world.pods[number as usize];
                    let ports = match &port.target {
                        _ if service.headless => one(port.port),
                        TargetPort::Number(target) => one(*target),
                        TargetPort::Name(target) => {
                            named(pod, &scene.world.texts, target, Some(port.protocol))
                        }
                    };
                    (End::Pod(number), ports)
                };
                pods.iter().map(of_pod).collect()
            }
            Self::Endpoints(ends) => {
                let fits = |(name, protocol, _): &&(String, Protocol, u16)| {
                    *name == port.name && *protocol == port.protocol
                };
                let of_end = |(&key, ports): (&End, &Vec<(String, Protocol, u16)>)| {
                    let fitting = ports.iter().filter(fits).map(|(_, _, number)| one(*number));
                    (key, fitting.fold(PortSet::none(), |set, one| set.union(&one)))
                };
                ends.iter().map(of_end).collect()
            }
        }
    }
}
