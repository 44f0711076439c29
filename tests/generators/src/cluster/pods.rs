//! Namespaces, nodes and pods.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value, json};

use super::Writer;
use super::selectors::NAMESPACE_NAME;

/// Names of ports, of which pods and policies draw.
pub(super) const PORT_NAMES: [&str; 3] = ["web", "api", "dns"];

/// Numbers of ports, likewise.
pub(super) const NUMBERS: [u16; 9] = [1, 53, 80, 81, 443, 5353, 8080, 8443, 65535];

/// The protocols that policies know.
pub(super) const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

impl Writer {
    /// Makes namespaces, nodes and pods.
    pub(super) fn populate(&mut self) {
        self.cluster.namespaces = self.some(2, 5, |_| Value::Null);
        for number in 0..self.cluster.namespaces.len() {
            let name = format!("team-{number}");
            let mut labels = self.labels();
            labels.insert(NAMESPACE_NAME.to_owned(), name.as_str().into());
            let metadata = json!({ "name": name, "labels": labels });
            self.cluster.namespaces[number] =
                json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata });
        }
        for number in 0..=self.random.below(3) {
            let node = self.node(number);
            self.cluster.nodes.push(node);
        }
        for number in 0..3 + self.random.below(10) {
            let pod = self.pod(number);
            self.cluster.pods.push(pod);
        }
    }

    fn node(&mut self, number: usize) -> Value {
        let low = u8::try_from(number).unwrap_or_default() + 1;
        let inside = IpAddr::V4(Ipv4Addr::new(192, 168, 0, low));
        let outside = IpAddr::V4(Ipv4Addr::new(203, 0, 113, low));
        let sixth = IpAddr::V6(Ipv6Addr::new(0xfd01, 0, 0, 0, 0, 0, 0, low.into()));
        let mut addresses = vec![
            json!({ "type": "Hostname", "address": format!("node-{number}") }),
            json!({ "type": "InternalIP", "address": inside }),
            json!({ "type": "InternalIP", "address": sixth }),
        ];
        self.homes.extend([inside, sixth]);
        if self.random.percent(30) {
            addresses.push(json!({ "type": "ExternalIP", "address": outside }));
            self.homes.push(outside);
        }
        let labels = self.labels();
        json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": { "name": format!("node-{number}"), "labels": labels },
            "status": { "addresses": addresses },
        })
    }

    fn pod(&mut self, number: usize) -> Value {
        let node = self.random.below(self.cluster.nodes.len());
        let on_host = self.random.percent(12);
        let ended = !on_host && self.random.percent(8);
        let mut spec = json!({
            "nodeName": format!("node-{node}"),
            "containers": self.containers(),
        });
        if self.random.percent(30) {
            spec["initContainers"] = self.init_containers();
        }
        let addresses = if on_host {
            self.has("pod in the network of its node");
            spec["hostNetwork"] = true.into();
            let low = u16::try_from(node).unwrap_or_default() + 1;
            vec![
                IpAddr::V4(Ipv4Addr::new(192, 168, 0, low.to_be_bytes()[1])),
                IpAddr::V6(Ipv6Addr::new(0xfd01, 0, 0, 0, 0, 0, 0, low)),
            ]
        } else {
            self.addresses(number)
        };
        let phase = match (ended, self.random.percent(50)) {
            (true, succeeded) => {
                self.has("pod that has ended");
                if succeeded { "Succeeded" } else { "Failed" }
            }
            _ => "Running",
        };
        let addresses: Vec<Value> =
            addresses.iter().map(|address| json!({ "ip": address })).collect();
        let (namespace, labels) = (self.namespace(), self.labels());
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": format!("pod-{number}"), "namespace": namespace, "labels": labels },
            "spec": spec,
            "status": {
                "phase": phase,
                "podIP": addresses[0]["ip"],
                "podIPs": addresses,
            },
        })
    }

    /// The addresses of a pod: close together, so that blocks cut between them. One that has ended
    /// may have left its address to another; these stand at the end of the stretch, too.
    fn addresses(&mut self, number: usize) -> Vec<IpAddr> {
        let low = u8::try_from(number * 3 + self.random.below(3)).unwrap_or_default();
        let fourth = IpAddr::V4(Ipv4Addr::new(10, 0, 0, low));
        let sixth = IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, low.into()));
        let addresses = match self.random.below(10) {
            0..5 => vec![fourth],
            5 => vec![sixth],
            6..9 => vec![fourth, sixth],
            _ => vec![sixth, fourth],
        };
        if addresses.len() == 2 {
            self.has("pod of two families");
        }
        self.homes.extend(&addresses);
        addresses
    }

    fn containers(&mut self) -> Vec<Value> {
        let containers = self.some(1, 3, Self::ports);
        let named = |ports: &[Value], name: &str| ports.iter().any(|port| port["name"] == *name);
        for name in PORT_NAMES {
            if containers.iter().filter(|ports| named(ports, name)).count() > 1 {
                self.has("port name on several containers");
            }
        }
        let container = |(number, ports): (usize, Vec<Value>)| json!({ "name": format!("c{number}"), "image": "i", "ports": ports });
        containers.into_iter().enumerate().map(container).collect()
    }

    /// Init containers with ports, which count for nothing.
    fn init_containers(&mut self) -> Value {
        let ports = self.ports();
        let mut container = json!({ "name": "init", "image": "i", "ports": ports });
        if self.random.percent(50) {
            container["restartPolicy"] = "Always".into();
        }
        if ports.iter().any(|port| port.get("name").is_some()) {
            self.has("port name on an init container");
        }
        json!([container])
    }

    /// Ports of a container; it can have each name once.
    fn ports(&mut self) -> Vec<Value> {
        let mut free = PORT_NAMES.to_vec();
        self.some(0, 3, |writer| {
            let number = writer.number();
            let mut port = Map::new();
            port.insert("containerPort".to_owned(), number.into());
            if !free.is_empty() && writer.random.percent(75) {
                let name = free.remove(writer.random.below(free.len()));
                port.insert("name".to_owned(), name.into());
            }
            if let Some(protocol) = writer.protocol() {
                port.insert("protocol".to_owned(), protocol.into());
            }
            port.into()
        })
    }

    /// A number of a port.
    pub(super) fn number(&mut self) -> u16 {
        let number = NUMBERS[self.random.below(NUMBERS.len())];
        self.cluster.numbers.insert(number);
        number
    }

    /// A protocol, or that none is named.
    pub(super) fn protocol(&mut self) -> Option<&'static str> {
        match self.random.below(10) {
            0..3 => None,
            3..6 => Some(PROTOCOLS[0]),
            6..8 => Some(PROTOCOLS[1]),
            _ => {
                self.has("SCTP");
                Some(PROTOCOLS[2])
            }
        }
    }
}
