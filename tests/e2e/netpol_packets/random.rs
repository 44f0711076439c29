//! Generated clusters with policies of every kind. All are such as the API server takes, and nothing
//! in them is left open by the specification.

use kubectl_netpol::ports::Protocol;
use posture_generators::random::Random;
use serde_json::{Value, json};

use crate::network::Network;

const KEYS: [&str; 3] = ["app", "tier", "team"];
const VALUES: [&str; 3] = ["", "red", "blue"];
const SPACES: [&str; 3] = ["x", "y", "z"];
const NODES: [&str; 2] = ["one", "two"];
const NAMES: [&str; 3] = ["web", "dns", "none"];

/// What is tried in each.
const PORTS: [(Protocol, u16); 5] = [
    (Protocol::Tcp, 80),
    (Protocol::Tcp, 81),
    (Protocol::Tcp, 82),
    (Protocol::Udp, 53),
    (Protocol::Udp, 80),
];

/// Blocks with what can be left out of them: around pods, nodes and hosts of the outside.
const BLOCKS: [(&str, &[&str]); 14] = [
    ("0.0.0.0/0", &["10.0.0.0/8", "192.0.2.0/24", "172.16.0.2/32"]),
    ("10.0.0.0/8", &["10.0.1.0/24", "10.0.2.1/32"]),
    ("10.0.2.0/23", &["10.0.3.0/25"]),
    ("10.0.1.1/32", &[]),
    ("192.0.2.0/24", &["192.0.2.8/30", "192.0.2.10/32", "192.0.2.128/25"]),
    ("198.51.100.10/32", &[]),
    ("172.16.0.0/30", &["172.16.0.1/32"]),
    ("::/0", &["fd00::/8", "2001:db8:f::/48"]),
    ("fd00::/16", &["fd00:1::/32", "fd00:2::2/127"]),
    ("fd00:2::/31", &["fd00:3::/32"]),
    ("fd00:f::/64", &["fd00:f::2/128"]),
    ("fd00:1::2/128", &[]),
    ("2001:db8:2::/48", &["2001:db8:2::10/128"]),
    ("2001:db8:f::10/128", &[]),
];

/// A source of networks.
#[derive(Debug)]
pub(crate) struct Generator {
    pub(crate) random: Random,
}

impl Generator {
    /// A cluster with policies.
    pub(crate) fn network(&mut self) -> Network {
        let mut objects = Vec::new();
        for (number, name) in (1..).zip(NODES) {
            objects.push(json!({
                "apiVersion": "v1", "kind": "Node",
                "metadata": {"name": name, "labels": self.labels()},
                "status": {"addresses": [
                    {"type": "InternalIP", "address": format!("172.16.0.{number}")},
                    {"type": "InternalIP", "address": format!("fd00:f::{number}")},
                ]},
            }));
        }
        for (number, space) in (1..).zip(SPACES) {
            objects.push(json!({
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": space, "labels": self.labels()},
            }));
            for pod in 1..=2 {
                objects.push(self.pod(space, number, pod));
            }
        }
        for number in 0..=self.random.below(4) {
            objects.push(self.policy(number));
        }
        let older = self.random.percent(30);
        for (tier, most) in [("Admin", 3), ("Baseline", 2)] {
            // A cluster has one BaselineAdminNetworkPolicy.
            let most = if older && tier == "Baseline" { 2 } else { most + 1 };
            for number in 0..self.random.below(most) {
                let policy = self.admin(tier, number, older);
                objects.push(policy);
            }
        }
        Network::new(objects, &PORTS)
    }

    fn labels(&mut self) -> Value {
        let mut labels = serde_json::Map::new();
        for key in KEYS {
            if self.random.percent(60) {
                labels.insert(key.to_owned(), self.random.pick(&VALUES).into());
            }
        }
        labels.into()
    }

    fn pod(&mut self, space: &str, number: usize, pod: usize) -> Value {
        let on_host = self.random.percent(8);
        let node = self.random.below(NODES.len());
        let (four, six) = if on_host {
            (format!("172.16.0.{}", node + 1), format!("fd00:f::{}", node + 1))
        } else {
            (format!("10.0.{number}.{pod}"), format!("fd00:{number}::{pod}"))
        };
        let mut containers = Vec::new();
        for name in ["one", "two"] {
            let mut ports = Vec::new();
            if self.random.percent(60) {
                ports.push(json!({"name": "web", "containerPort": 80 + self.random.below(3)}));
            }
            if self.random.percent(60) {
                let (protocol, port) = self.pick(&[("UDP", 53), ("UDP", 80), ("TCP", 81)]);
                ports.push(json!({"name": "dns", "containerPort": port, "protocol": protocol}));
            }
            containers.push(json!({"name": name, "image": "server", "ports": ports}));
        }
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("p{pod}"), "namespace": space, "labels": self.labels()},
            "spec": {"nodeName": NODES[node], "hostNetwork": on_host, "containers": containers},
            "status": {"phase": "Running", "podIP": four, "podIPs": [{"ip": four}, {"ip": six}]},
        })
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.random.below(items.len())]
    }

    /// A selector: one in four selects everything.
    fn selector(&mut self) -> Value {
        let mut labels = serde_json::Map::new();
        let mut expressions = Vec::new();
        for _ in 0..self.random.below(3) {
            let key = self.random.pick(&KEYS);
            match self.random.below(5) {
                0 => expressions.push(json!({"key": key, "operator": "Exists"})),
                1 => expressions.push(json!({"key": key, "operator": "DoesNotExist"})),
                2 | 3 => {
                    let operator = self.random.pick(&["In", "NotIn"]);
                    let first = self.random.below(VALUES.len());
                    let values = &VALUES[first..=first.max(self.random.below(VALUES.len()))];
                    expressions.push(json!({"key": key, "operator": operator, "values": values}));
                }
                _ => {
                    labels.insert(key.to_owned(), self.random.pick(&VALUES).into());
                }
            }
        }
        json!({"matchLabels": labels, "matchExpressions": expressions})
    }

    fn block(&mut self) -> Value {
        let (cidr, holes) = self.pick(&BLOCKS);
        let mut except = holes.to_vec();
        except.retain(|_| self.random.percent(50));
        json!({"cidr": cidr, "except": except})
    }

    fn policy(&mut self, number: usize) -> Value {
        let mut spec = json!({"podSelector": self.selector()});
        for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
            if self.random.percent(70) {
                let count = self.random.below(3);
                let rules: Vec<Value> = (0..count).map(|_| self.rule(direction, peers)).collect();
                spec[direction] = rules.into();
            }
        }
        let types: &[&str] =
            self.pick(&[&["Ingress"][..], &["Egress"], &["Ingress", "Egress"], &[], &[]]);
        if !types.is_empty() || self.random.percent(50) {
            spec["policyTypes"] = json!(types);
        }
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": format!("policy-{number}"), "namespace": self.random.pick(&SPACES)},
            "spec": spec,
        })
    }

    fn rule(&mut self, direction: &str, peers: &str) -> Value {
        let mut rule = json!({});
        let mut has_block = false;
        if self.random.percent(80) {
            let mut list = Vec::new();
            for _ in 0..=self.random.below(2) {
                let kind = self.random.below(4);
                has_block |= kind == 0;
                list.push(match kind {
                    0 => json!({"ipBlock": self.block()}),
                    1 => json!({"podSelector": self.selector()}),
                    2 => json!({"namespaceSelector": self.selector()}),
                    _ => json!({
                        "namespaceSelector": self.selector(), "podSelector": self.selector(),
                    }),
                });
            }
            rule[peers] = list.into();
        }
        if self.random.percent(60) {
            // Whether a name counts that leads to a pod by its address is left open.
            let names = direction == "ingress" || !has_block;
            let count = self.random.below(3);
            let ports: Vec<Value> = (0..count).map(|_| self.port(names)).collect();
            rule["ports"] = ports.into();
        }
        rule
    }

    fn port(&mut self, names: bool) -> Value {
        let mut port = json!({});
        if self.random.percent(70) {
            port["protocol"] = self.random.pick(&["TCP", "TCP", "UDP", "UDP", "SCTP"]).into();
        }
        match self.random.below(4) {
            0 if names => port["port"] = self.random.pick(&NAMES).into(),
            1 => {
                let first = self.pick(&[1, 53, 80, 81, 82]);
                port["port"] = first.into();
                port["endPort"] = (first + self.random.below(3)).into();
            }
            2 => {}
            _ => port["port"] = self.pick(&[53, 80, 81, 82]).into(),
        }
        port
    }

    /// A policy of a tier with priorities; no two of one tier have the same.
    fn admin(&mut self, tier: &str, number: usize, older: bool) -> Value {
        let mut rules = Vec::new();
        for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
            let count = self.random.below(3);
            let list: Vec<Value> =
                (0..count).map(|_| self.admin_rule(tier, peers, older)).collect();
            rules.push((direction, list));
        }
        let mut spec = json!({"subject": self.pods()});
        for (direction, list) in rules {
            spec[direction] = list.into();
        }
        // The order of the names is not that of the priorities.
        let priority = (7 * (number + 3)) % 10;
        let kind = match (older, tier) {
            (false, _) => {
                spec["tier"] = tier.into();
                spec["priority"] = priority.into();
                "ClusterNetworkPolicy"
            }
            (true, "Admin") => {
                spec["priority"] = priority.into();
                "AdminNetworkPolicy"
            }
            (true, _) => "BaselineAdminNetworkPolicy",
        };
        let name = if kind.starts_with("Baseline") {
            "default".to_owned()
        } else {
            format!("{}-{number}", tier.to_lowercase())
        };
        let version = if older { "v1alpha1" } else { "v1alpha2" };
        json!({
            "apiVersion": format!("policy.networking.k8s.io/{version}"), "kind": kind,
            "metadata": {"name": name}, "spec": spec,
        })
    }

    fn pods(&mut self) -> Value {
        if self.random.percent(50) {
            json!({"namespaces": self.selector()})
        } else {
            json!({"pods": {
                "namespaceSelector": self.selector(), "podSelector": self.selector(),
            }})
        }
    }

    fn admin_rule(&mut self, tier: &str, peers: &str, older: bool) -> Value {
        let accept = if older { "Allow" } else { "Accept" };
        let action = match self.random.below(3) {
            0 => accept,
            // The older kind of the last tier has nothing behind it to pass to.
            1 if !older || tier == "Admin" => "Pass",
            _ => "Deny",
        };
        let mut names = true;
        let mut list = Vec::new();
        for _ in 0..=self.random.below(2) {
            list.push(match self.random.below(if peers == "to" { 5 } else { 3 }) {
                3 => {
                    names = false;
                    json!({"networks": [self.pick(&BLOCKS).0, self.pick(&BLOCKS).0]})
                }
                4 => {
                    names = false;
                    json!({"nodes": self.selector()})
                }
                _ => self.pods(),
            });
        }
        let mut rule = json!({"action": action, peers: list});
        if self.random.percent(50) {
            let count = 1 + self.random.below(2);
            let ports: Vec<Value> = (0..count).map(|_| self.admin_port(names, older)).collect();
            rule[if older { "ports" } else { "protocols" }] = ports.into();
        }
        rule
    }

    fn admin_port(&mut self, names: bool, older: bool) -> Value {
        let protocol = self.random.pick(&["tcp", "tcp", "udp", "udp", "sctp"]);
        let upper = protocol.to_uppercase();
        let port = self.pick(&[53, 80, 81, 82]);
        let end = port + 1 + self.random.below(2);
        match (self.random.below(3), older) {
            (0, false) if names => json!({"destinationNamedPort": self.random.pick(&NAMES)}),
            (0, true) if names => json!({"namedPort": self.random.pick(&NAMES)}),
            (1, false) => {
                json!({protocol: {"destinationPort": {"range": {"start": port, "end": end}}}})
            }
            (1, true) => json!({"portRange": {"protocol": upper, "start": port, "end": end}}),
            (_, false) => json!({protocol: {"destinationPort": {"number": port}}}),
            (_, true) => json!({"portNumber": {"protocol": upper, "port": port}}),
        }
    }
}
