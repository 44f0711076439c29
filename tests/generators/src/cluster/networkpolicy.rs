//! `NetworkPolicies` with everything that they can say.

use serde_json::{Map, Value, json};

use super::Writer;
use super::pods::PORT_NAMES;

impl Writer {
    /// Makes up to six.
    pub(super) fn network_policies(&mut self) {
        for number in 0..self.random.below(7) {
            let policy = self.network_policy(number);
            self.cluster.policies.push(policy);
        }
    }

    fn network_policy(&mut self, number: usize) -> Value {
        let mut spec = Map::new();
        spec.insert("podSelector".to_owned(), self.pod_selector());
        let ingress = self.section("from");
        let egress = self.section("to");
        let types = self.policy_types();
        self.note_sections(types.as_ref(), ingress.as_ref(), egress.as_ref());
        for (field, value) in [("ingress", ingress), ("egress", egress), ("policyTypes", types)] {
            if let Some(value) = value {
                spec.insert(field.to_owned(), value);
            }
        }
        let metadata = json!({ "name": format!("policy-{number}"), "namespace": self.namespace() });
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": metadata, "spec": spec,
        })
    }

    fn policy_types(&mut self) -> Option<Value> {
        match self.random.below(12) {
            0..3 => {
                self.has("policyTypes absent");
                None
            }
            3 => {
                self.has("policyTypes empty");
                Some(json!([]))
            }
            4..7 => Some(json!(["Ingress"])),
            7..9 => Some(json!(["Egress"])),
            9 => Some(json!(["Ingress", "Ingress"])),
            10 => Some(json!(["Egress", "Ingress"])),
            _ => Some(json!(["Ingress", "Egress"])),
        }
    }

    fn note_sections(
        &mut self,
        types: Option<&Value>,
        ingress: Option<&Value>,
        egress: Option<&Value>,
    ) {
        let has = |section: Option<&Value>| {
            section.and_then(Value::as_array).is_some_and(|rules| !rules.is_empty())
        };
        let types = types.and_then(Value::as_array).filter(|types| !types.is_empty());
        match types {
            None if has(egress) => self.has("policyTypes by the egress rules"),
            None if egress.is_some() => self.has("egress empty without policyTypes"),
            None => {}
            Some(types) => {
                let counts = |name: &str| types.iter().any(|one| one == name);
                if has(ingress) && !counts("Ingress") || has(egress) && !counts("Egress") {
                    self.has("dead section");
                }
            }
        }
    }

    /// The rules of a direction: absent, none, one that means everything, or some.
    fn section(&mut self, peers: &str) -> Option<Value> {
        match self.random.below(10) {
            0..2 => None,
            2 => {
                self.has("no rules");
                Some(json!([]))
            }
            3 => {
                self.has("rule of everything");
                Some(json!([{}]))
            }
            _ => Some(self.some(1, 3, |writer| writer.rule(peers)).into()),
        }
    }

    fn rule(&mut self, field: &str) -> Value {
        let mut rule = Map::new();
        match self.random.below(10) {
            0 => {}
            1 => {
                self.has("peers empty");
                rule.insert(field.to_owned(), json!([]));
            }
            _ => {
                let peers = self.some(1, 3, Self::peer);
                rule.insert(field.to_owned(), peers.into());
            }
        }
        match self.random.below(10) {
            0..3 => {}
            3 => {
                self.has("ports empty");
                rule.insert("ports".to_owned(), json!([]));
            }
            _ => {
                let ports = self.some(1, 3, Self::port);
                rule.insert("ports".to_owned(), ports.into());
            }
        }
        rule.into()
    }

    fn peer(&mut self) -> Value {
        match self.random.below(10) {
            0..2 => {
                self.has("podSelector alone");
                json!({ "podSelector": self.pod_selector() })
            }
            2..4 => {
                self.has("namespaceSelector alone");
                json!({ "namespaceSelector": self.namespace_selector() })
            }
            4..7 => {
                self.has("both selectors");
                json!({
                    "namespaceSelector": self.namespace_selector(),
                    "podSelector": self.pod_selector(),
                })
            }
            _ => {
                let block = self.block();
                let holes: Vec<String> =
                    self.holes(block).iter().map(ToString::to_string).collect();
                let mut written = json!({ "cidr": block.to_string() });
                if !holes.is_empty() {
                    written["except"] = holes.into();
                }
                json!({ "ipBlock": written })
            }
        }
    }

    fn port(&mut self) -> Value {
        let mut port = Map::new();
        if let Some(protocol) = self.protocol() {
            port.insert("protocol".to_owned(), protocol.into());
        }
        match self.random.below(10) {
            0 => self.has("protocol without a port"),
            1..4 => {
                self.has("port by its name");
                port.insert("port".to_owned(), self.port_name().into());
            }
            4..7 => {
                self.has("endPort");
                let (first, last) = self.range();
                port.insert("port".to_owned(), first.into());
                port.insert("endPort".to_owned(), last.into());
            }
            _ => {
                port.insert("port".to_owned(), self.number().into());
            }
        }
        port.into()
    }

    /// The name of a port; now and then one that no container has.
    pub(super) fn port_name(&mut self) -> &'static str {
        if self.random.percent(5) {
            self.has("port name that nobody has");
            "nobody"
        } else {
            self.random.pick(&PORT_NAMES)
        }
    }

    /// The first and the last of a stretch of ports.
    pub(super) fn range(&mut self) -> (u16, u16) {
        let (one, other) = (self.number(), self.number());
        (one.min(other), one.max(other))
    }
}
