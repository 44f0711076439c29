//! `ClusterNetworkPolicy`, `AdminNetworkPolicy` and `BaselineAdminNetworkPolicy`.

use serde_json::{Map, Value, json};

use super::Maker;
use crate::random::Random;

/// The kinds, each with its version.
pub const CLUSTER_KINDS: [(&str, &str); 3] = [
    ("ClusterNetworkPolicy", "v1alpha2"),
    ("AdminNetworkPolicy", "v1alpha1"),
    ("BaselineAdminNetworkPolicy", "v1alpha1"),
];

/// A policy of one of the kinds by its position, called `p` and a number where it may be; `odd` of a
/// hundred values are such as the definitions may refuse.
pub fn cluster_policy(random: &mut Random, which: usize, number: usize, odd: usize) -> Value {
    let (kind, version) = CLUSTER_KINDS[which];
    let mut maker = Maker { random, odd };
    let is_one = which == 2 && !maker.is_odd();
    let name = if is_one { "default".to_owned() } else { format!("p{number}") };
    let mut spec = Map::new();
    if which == 0 && !maker.rarely() {
        let tier = maker.either(&[json!("Admin"), json!("Baseline")], &[json!("admin"), json!(1)]);
        spec.insert("tier".to_owned(), tier);
    }
    if which < 2 && !maker.rarely() {
        let odd = [json!(-1), json!(1001), json!("1"), json!(1.5)];
        let priority = maker.either(&[json!(0), json!(7), json!(1000)], &odd);
        spec.insert("priority".to_owned(), priority);
    }
    if !maker.rarely() {
        spec.insert("subject".to_owned(), maker.subject());
    }
    for direction in ["ingress", "egress"] {
        if maker.random.percent(70) {
            let most = if maker.rarely() { 27 } else { 3 };
            let rules = maker.list(most, |maker| maker.cluster_rule(which, direction));
            spec.insert(direction.to_owned(), rules);
        }
    }
    json!({
        "apiVersion": format!("policy.networking.k8s.io/{version}"),
        "kind": kind,
        "metadata": { "name": name },
        "spec": spec,
    })
}

impl Maker<'_> {
    /// Whether something larger is odd: there are many values in it.
    fn rarely(&mut self) -> bool {
        self.random.below(300) < self.odd
    }

    /// One of the values, or of the odd ones.
    fn either(&mut self, values: &[Value], odd: &[Value]) -> Value {
        if self.is_odd() { self.pick(odd) } else { self.pick(values) }
    }

    /// A selector as definitions take them: they do not look into keys and values.
    fn free_selector(&mut self) -> Value {
        let odd = [
            json!([]),
            json!({ "matchLabels": { "a": 1 } }),
            json!({ "matchExpressions": [{ "key": "a" }] }),
            json!({ "matchExpressions": [{ "operator": "Exists" }] }),
            json!({ "matchExpressions": [{ "key": "a", "operator": "Like" }] }),
            json!({ "matchLabels": { "-": "a b" } }),
            json!({ "matchExpressions": { "key": "a" } }),
        ];
        if self.rarely() {
            return self.pick(&odd);
        }
        let odd = std::mem::take(&mut self.odd);
        let selector = self.selector();
        self.odd = odd;
        selector
    }

    fn pods(&mut self) -> Value {
        let mut pods = Map::new();
        for key in ["namespaceSelector", "podSelector"] {
            if !self.rarely() {
                pods.insert(key.to_owned(), self.free_selector());
            }
        }
        Value::Object(pods)
    }

    fn subject(&mut self) -> Value {
        if self.rarely() {
            return self.pick(&[
                json!({}),
                json!({ "namespaces": {}, "pods": { "podSelector": {}, "namespaceSelector": {} } }),
                json!({ "newer": {} }),
                json!([]),
            ]);
        }
        if self.random.percent(50) {
            return json!({ "namespaces": self.free_selector() });
        }
        json!({ "pods": self.pods() })
    }

    fn cluster_rule(&mut self, which: usize, direction: &str) -> Value {
        let mut rule = Map::new();
        if !self.rarely() {
            let allow = if which == 0 { "Accept" } else { "Allow" };
            let other = if which == 0 { "Allow" } else { "Accept" };
            let pass = if which == 2 { "Deny" } else { "Pass" };
            let odd = [json!(other), json!("deny"), json!("Pass"), json!(1)];
            let action = self.either(&[json!(allow), json!("Deny"), json!(pass)], &odd);
            rule.insert("action".to_owned(), action);
        }
        if self.random.percent(20) {
            let odd = [json!("n".repeat(101)), json!(1)];
            let name = self.either(&[json!("first"), json!("n".repeat(100)), json!("")], &odd);
            rule.insert("name".to_owned(), name);
        }
        let is_egress = direction == "egress";
        let is_named = self.random.percent(20);
        if !self.rarely() {
            let count = if self.rarely() { [0, 26, 101][self.random.below(3)] } else { 1 };
            let count = if count == 1 { 1 + self.random.below(2) } else { count };
            // No name of a port goes with addresses.
            let only_pods = !is_egress || (is_named && !self.rarely());
            let peers: Value = (0..count).map(|_| self.cluster_peer(which, only_pods)).collect();
            rule.insert(if is_egress { "to" } else { "from" }.to_owned(), peers);
        }
        if is_named || self.random.percent(50) {
            let count = if self.rarely() { 0 } else { 1 + self.random.below(2) };
            let ports: Value = (0..count).map(|_| self.cluster_port(which, is_named)).collect();
            rule.insert(if which == 0 { "protocols" } else { "ports" }.to_owned(), ports);
        }
        Value::Object(rule)
    }

    fn cluster_peer(&mut self, which: usize, only_pods: bool) -> Value {
        if self.rarely() {
            return self.pick(&[
                json!({}),
                json!({ "newer": {} }),
                json!({ "namespaces": {}, "pods": { "podSelector": {}, "namespaceSelector": {} } }),
                json!("all"),
                json!({ "networks": ["10.0.0.0/8"] }),
                json!({ "namespaces": null }),
            ]);
        }
        match self.random.below(if only_pods { 2 } else { 5 }) {
            0 => json!({ "namespaces": self.free_selector() }),
            1 => json!({ "pods": self.pods() }),
            2 => json!({ "nodes": self.free_selector() }),
            3 => {
                let odd = [
                    json!([]),
                    json!(["10.0.0.0"]),
                    json!(["::ffff:10.0.0.0/104"]),
                    json!(["010.0.0.0/8"]),
                    json!(["10.0.0.0/8", "10.0.0.0/8"]),
                    json!([7]),
                    json!("10.0.0.0/8"),
                ];
                let networks = [
                    json!(["10.0.0.0/8"]),
                    json!(["0.0.0.0/0", "::/0"]),
                    json!(["10.1.2.3/8"]),
                    json!(["2001:db8::/32", "192.168.0.0/16"]),
                ];
                json!({ "networks": self.either(&networks, &odd) })
            }
            _ if which == 2 => json!({ "nodes": {} }),
            _ => {
                let odd = [
                    json!([]),
                    json!(["com"]),
                    json!(["a.*.com"]),
                    json!(["*"]),
                    json!(["a..b"]),
                    json!([""]),
                    json!(["-a.b"]),
                ];
                let names = [
                    json!(["example.com"]),
                    json!(["*.example.com", "b.example."]),
                    json!(["_a.b-c.d"]),
                ];
                json!({ "domainNames": self.either(&names, &odd) })
            }
        }
    }

    fn cluster_port(&mut self, which: usize, named: bool) -> Value {
        if self.rarely() {
            return self.pick(&[
                json!({}),
                json!({ "icmp": {} }),
                json!({ "tcp": {} }),
                json!({ "tcp": { "destinationPort": {} } }),
                if which == 0 {
                    json!({ "tcp": { "destinationPort": { "number": 1 } }, "udp": {} })
                } else {
                    json!({ "portNumber": { "port": 1 }, "namedPort": "a" })
                },
                json!(80),
            ]);
        }
        let number = [json!(1), json!(80), json!(65_535)];
        let odd = [json!(0), json!(65_536), json!("80"), json!(1.5), json!(-1)];
        let (start, end) = (self.either(&number, &odd), self.either(&[json!(65_535)], &odd));
        let protocol = self.either(&["TCP", "UDP", "SCTP"].map(Value::from), &[json!("tcp")]);
        match (which, named, self.random.percent(50)) {
            (0, true, _) => {
                json!({ "destinationNamedPort": self.pick(&[json!("web"), json!("")]) })
            }
            (_, true, _) => json!({ "namedPort": "web" }),
            (0, false, is_range) => {
                let word = self.random.pick(&["tcp", "udp", "sctp"]);
                let port = match (is_range, self.rarely()) {
                    (true, false) => json!({ "range": { "start": start, "end": end } }),
                    (true, true) => json!({ "range": { "start": start }, "number": end }),
                    (false, _) => json!({ "number": start }),
                };
                json!({ word: { "destinationPort": port } })
            }
            (_, false, true) => {
                json!({ "portRange": { "protocol": protocol, "start": start, "end": end } })
            }
            (_, false, false) => json!({ "portNumber": { "port": start } }),
        }
    }
}
