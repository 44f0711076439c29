//! Ends that are no pods by name: addresses, nodes, the internet, the API server, what brings
//! traffic in.

use std::net::IpAddr;

use posture::finding::nearest::nearest;
use posture::model::error::{Error, Result};

use super::addresses::{Owners, Stretch, inside, internet as outside, without};
use super::service;
use super::words::{Scene, there_are};
use super::{Resolved, Way};
use crate::address::Cidr;
use crate::engine::verdict::End;
use crate::ports::{PortSet, Protocol};
use crate::world::{Pod, Service, World};

/// Where an API server listens whose port nobody tells: the default of `--secure-port`.
const API_PORT: u16 = 6443;

impl Scene<'_> {
    /// Ends and addresses, with the ports that are asked for.
    fn of_ends(self, words: String, ends: Vec<End>, stretches: Vec<Stretch>) -> Resolved {
        let ends = ends.into_iter().map(|end| (end, self.ports_of(end))).collect();
        let way = Way { words: self.port_words(), service_port: None, ends, others: self.ports() };
        Resolved { words, ways: vec![way], stretches, ..Resolved::default() }
    }
}

/// One address: of a Service, a pod, a node, or of none of them.
pub(super) fn address(scene: Scene<'_>, address: IpAddr) -> Result<Resolved> {
    let world = scene.world;
    let has = |service: &Service| service.cluster_addresses.contains(&address);
    if let Some((number, _)) = (0..).zip(&world.services).find(|(_, service)| has(service)) {
        let mut resolved = service::resolve(scene, number)?;
        resolved.words = format!("{address}, {}", resolved.words);
        return Ok(resolved);
    }
    let owner = Owners::of(world, std::iter::once(address)).owner(address);
    let words = match owner {
        End::Pod(number) => {
            let pod = &world.pods[number as usize];
            format!("{address}, Pod {}/{}", scene.namespace_of(pod), world.texts.get(pod.name))
        }
        End::Node(number) => format!("{address}, Node {}", world.nodes[number as usize].name),
        End::Address(_) | End::AnyPod | End::Outside => address.to_string(),
    };
    Ok(scene.of_ends(words, vec![owner], Vec::new()))
}

/// A block of addresses, with the pods and the nodes that have some of them.
pub(super) fn block(scene: Scene<'_>, block: Cidr) -> Resolved {
    let (ends, known) = inside(block, scene.world);
    let known = known.into_iter().map(Stretch::of).collect();
    let left = without(vec![block.into()], known);
    let mut words = format!("addresses of {block}");
    if !ends.is_empty() {
        let count = |is_it: fn(&End) -> bool| ends.iter().filter(|end| is_it(end)).count();
        let pods = count(|end| matches!(end, End::Pod(_)));
        let nodes = count(|end| matches!(end, End::Node(_)));
        words = format!("{words} (pods: {pods}, nodes: {nodes})");
    }
    let mut resolved = scene.of_ends(words, ends, left);
    let inside = |service: &&Service| {
        service.cluster_addresses.iter().any(|address| block.contains(*address))
    };
    let services = scene.world.services.iter().filter(inside).count();
    if services > 0 {
        resolved.notes.push(format!(
            "addresses of Services lie in {block} ({services}): they stand for the pods behind them"
        ));
    }
    resolved
}

/// `internet`
pub(super) fn internet(scene: Scene<'_>) -> Resolved {
    let words = "the internet: public addresses that no pod, node or Service has".to_owned();
    scene.of_ends(words, Vec::new(), outside(scene.world))
}

/// `node/NAME`
pub(super) fn node(scene: Scene<'_>, name: &str) -> Result<Resolved> {
    let found = (0..).zip(&scene.world.nodes).find(|(_, node)| node.name == name);
    if let Some((number, _)) = found {
        return Ok(scene.of_ends(format!("Node {name}"), vec![End::Node(number)], Vec::new()));
    }
    let names: Vec<&str> = scene.world.nodes.iter().map(|node| node.name.as_str()).collect();
    let error = Error::usage(format!("no Node {name}: {}", there_are(&names)));
    Err(match nearest(name, names.into_iter()) {
        Some(near) => error.hint(format!("did you mean node/{near}?")),
        None => error,
    })
}

/// `apiserver`: what the endpoints of default/kubernetes say, or the nodes of the control plane.
pub(super) fn api_server(scene: Scene<'_>) -> Result<Resolved> {
    let world = scene.world;
    let is_it = |service: &Service| {
        service.object.name == "kubernetes"
            && service.object.namespace.as_deref() == Some("default")
    };
    let found = (0..).zip(&world.services).find(|(_, service)| is_it(service));
    let found = found.filter(|(_, service)| !service.endpoints.is_empty());
    if let Some((number, _)) = found {
        // A port is one of the Service, or one at which the server itself listens.
        let plain = Scene { port: None, ..scene };
        let by_service = service::resolve(scene, number);
        let mut resolved = match (by_service, scene.port) {
            (Ok(resolved), _) => resolved,
            (Err(_), Some(_)) => {
                let ends = service::resolve(plain, number)?.ends().collect();
                scene.of_ends(String::new(), ends, Vec::new())
            }
            (Err(error), None) => return Err(error),
        };
        resolved.service = Some(number);
        let words = "the API server (endpoints of Service default/kubernetes)".to_owned();
        return Ok(Resolved { words, ..resolved });
    }
    let nodes = (0..).zip(&world.nodes).filter(|(_, node)| node.control_plane);
    let ends: Vec<End> = nodes.map(|(number, _)| End::Node(number)).collect();
    if ends.is_empty() {
        let error = Error::could_not_run("where the API server is is not known");
        let hint = "neither the endpoints of Service default/kubernetes nor nodes with the label \
                    node-role.kubernetes.io/control-plane are: say its address";
        return Err(error.hint(hint));
    }
    let words = "the API server (nodes of the control plane)".to_owned();
    let mut resolved = scene.of_ends(words, ends, Vec::new());
    if scene.port.is_none() {
        let port = PortSet::range(Protocol::Tcp, API_PORT, API_PORT);
        resolved
            .notes
            .push(format!("the port of the API server is not known: taken to be {API_PORT}"));
        for way in &mut resolved.ways {
            way.words = port.to_string();
            way.others = port.clone();
            for (_, ports) in &mut way.ends {
                *ports = port.clone();
            }
        }
    }
    Ok(resolved)
}

/// Labels of pods that bring traffic in: all of an entry; without a value any will do.
///
/// Sources: the charts and manifests of each, and GEP-1762 for what a Gateway's controller labels.
const CONTROLLERS: [&[(&str, Option<&str>)]; 13] = [
    &[
        ("app.kubernetes.io/name", Some("ingress-nginx")),
        ("app.kubernetes.io/component", Some("controller")),
    ],
    &[("app.kubernetes.io/name", Some("nginx-ingress"))],
    &[("app.kubernetes.io/name", Some("traefik"))],
    &[("app.kubernetes.io/name", Some("haproxy-ingress"))],
    &[("app.kubernetes.io/name", Some("kubernetes-ingress"))],
    &[("app.kubernetes.io/name", Some("contour")), ("app.kubernetes.io/component", Some("envoy"))],
    &[("app.kubernetes.io/name", Some("kong"))],
    &[("app.kubernetes.io/name", Some("ingress")), ("app.kubernetes.io/component", Some("kong"))],
    &[("istio", Some("ingressgateway"))],
    &[("app", Some("istio-ingressgateway"))],
    &[("gateway.networking.k8s.io/gateway-name", None)],
    &[("gateway.envoyproxy.io/owning-gateway-name", None)],
    &[("ingresscontroller.operator.openshift.io/deployment-ingresscontroller", None)],
];

/// `ingress`: the pods of known controllers; any pod where there is none.
pub(super) fn ingress(scene: Scene<'_>) -> Resolved {
    let pods = controllers(scene.world);
    if pods.is_empty() {
        let words = "an ingress controller that is not known: any pod could be it".to_owned();
        let mut resolved = scene.of_ends(words, Vec::new(), Vec::new());
        resolved.any_pod = true;
        return resolved;
    }
    let count = if pods.len() == 1 { "1 pod".to_owned() } else { format!("{} pods", pods.len()) };
    scene.of_pods(format!("the ingress controllers ({count})"), &pods)
}

/// The pods that bring traffic in, by number.
pub fn controllers(world: &World) -> Vec<u32> {
    let texts = &world.texts;
    // Keys and values that nobody has match no pod.
    let entry = |labels: &&[(&str, Option<&str>)]| {
        let one = |(key, value): &(&str, Option<&str>)| {
            let value = match value {
                Some(value) => Some(texts.find(value)?),
                None => None,
            };
            Some((texts.find(key)?, value))
        };
        labels.iter().map(one).collect::<Option<Vec<_>>>()
    };
    let entries: Vec<_> = CONTROLLERS.iter().filter_map(entry).collect();
    let has = |pod: &Pod, (key, value): &(_, Option<_>)| {
        pod.labels
            .iter()
            .any(|(own, other)| own == key && value.is_none_or(|value| value == *other))
    };
    let is_one = |pod: &Pod| entries.iter().any(|all| all.iter().all(|one| has(pod, one)));
    (0..).zip(&world.pods).filter(|(_, pod)| is_one(pod)).map(|(number, _)| number).collect()
}
