//! `ClusterNetworkPolicies`, `AdminNetworkPolicies` and the `BaselineAdminNetworkPolicy`.

use serde_json::{Map, Value, json};

use super::{Family, Writer};

/// A kind of policy that stands in tiers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cluster,
    Admin,
    Baseline,
}

impl Writer {
    /// Makes those of the cluster's family.
    pub(super) fn tiers(&mut self) {
        match self.cluster.family {
            Family::Alone | Family::Plain => {}
            Family::Cluster | Family::Future => self.cluster_policies(),
            Family::Ambiguous if self.random.percent(60) => self.cluster_policies(),
            Family::Admin | Family::Ambiguous => self.admin_policies(),
        }
    }

    fn cluster_policies(&mut self) {
        for tier in ["Admin", "Baseline"] {
            for (number, priority) in self.priorities().into_iter().enumerate() {
                self.has(if tier == "Admin" { "tier Admin" } else { "tier Baseline" });
                let mut spec = self.rules(Kind::Cluster);
                spec.insert("tier".to_owned(), tier.into());
                spec.insert("priority".to_owned(), priority.into());
                let version = self.random.pick(&["v1alpha2", "v1alpha2", "v1beta1"]);
                let name = format!("{}-{number}", tier.to_lowercase());
                self.cluster.policies.push(json!({
                    "apiVersion": format!("policy.networking.k8s.io/{version}"),
                    "kind": "ClusterNetworkPolicy",
                    "metadata": { "name": name }, "spec": spec,
                }));
            }
        }
    }

    fn admin_policies(&mut self) {
        for (number, priority) in self.priorities().into_iter().enumerate() {
            self.has("AdminNetworkPolicy");
            let mut spec = self.rules(Kind::Admin);
            spec.insert("priority".to_owned(), priority.into());
            self.cluster.policies.push(json!({
                "apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "AdminNetworkPolicy",
                "metadata": { "name": format!("admin-{number}") }, "spec": spec,
            }));
        }
        if self.random.percent(60) {
            self.has("BaselineAdminNetworkPolicy");
            let spec = self.rules(Kind::Baseline);
            self.cluster.policies.push(json!({
                "apiVersion": "policy.networking.k8s.io/v1alpha1",
                "kind": "BaselineAdminNetworkPolicy",
                "metadata": { "name": "default" }, "spec": spec,
            }));
        }
    }

    /// Priorities in no order: each once, or some several times.
    fn priorities(&mut self) -> Vec<u16> {
        let count = self.random.below(5);
        if self.cluster.family == Family::Ambiguous {
            self.has("priority that stands twice");
            return (0..count).map(|_| if self.random.percent(50) { 0 } else { 1000 }).collect();
        }
        let mut free = vec![0, 1, 10, 500, 1000];
        (0..count).map(|_| free.remove(self.random.below(free.len()))).collect()
    }

    /// Subject and rules of a policy.
    fn rules(&mut self, kind: Kind) -> Map<String, Value> {
        let mut spec = Map::new();
        // Where several policies are to meet, most are about everybody.
        let ambiguous = self.cluster.family == Family::Ambiguous;
        let subject = if ambiguous && self.random.percent(60) {
            json!({ "namespaces": {} })
        } else if self.random.percent(50) {
            self.has("subject of namespaces");
            json!({ "namespaces": self.namespace_selector() })
        } else {
            self.has("subject of pods");
            json!({ "pods": self.namespaced_pods() })
        };
        spec.insert("subject".to_owned(), subject);
        for (field, peers) in [("ingress", "from"), ("egress", "to")] {
            match self.random.below(8) {
                0 => {}
                1 => {
                    spec.insert(field.to_owned(), json!([]));
                }
                _ => {
                    let rules = self.some(1, 4, |writer| writer.tier_rule(kind, peers));
                    spec.insert(field.to_owned(), rules.into());
                }
            }
        }
        spec
    }

    fn namespaced_pods(&mut self) -> Value {
        json!({
            "namespaceSelector": self.namespace_selector(),
            "podSelector": self.pod_selector(),
        })
    }

    fn tier_rule(&mut self, kind: Kind, field: &str) -> Value {
        let mut rule = Map::new();
        let allow = if kind == Kind::Cluster { "Accept" } else { "Allow" };
        let action = match self.random.below(if kind == Kind::Baseline { 8 } else { 10 }) {
            0..4 => allow,
            4..8 => "Deny",
            _ => {
                self.has("action Pass");
                "Pass"
            }
        };
        rule.insert("action".to_owned(), action.into());
        if self.random.percent(30) {
            rule.insert("name".to_owned(), "a rule".into());
        }
        let peers = self.some(1, 3, |writer| writer.tier_peer(field));
        let of_addresses =
            peers.iter().any(|peer| peer.get("networks").is_some() || peer.get("nodes").is_some());
        rule.insert(field.to_owned(), peers.into());
        let ports = if self.cluster.family == Family::Ambiguous { 35 } else { 70 };
        if self.random.percent(ports) {
            // The server refuses names of ports beside networks and nodes.
            let named = !of_addresses;
            let (field, ports) = if kind == Kind::Cluster {
                ("protocols", self.some(1, 3, |writer| writer.cluster_port(named)))
            } else {
                ("ports", self.some(1, 3, |writer| writer.admin_port(named)))
            };
            rule.insert(field.to_owned(), ports.into());
        }
        rule.into()
    }

    fn tier_peer(&mut self, field: &str) -> Value {
        if self.cluster.family == Family::Future && self.random.percent(15) {
            self.has("peer of a later release");
            return json!({ "planets": { "matchLabels": { "app": "a" } } });
        }
        match self.random.below(if field == "to" { 9 } else { 5 }) {
            0..2 => {
                self.has("peer of namespaces");
                json!({ "namespaces": self.namespace_selector() })
            }
            2..5 => {
                self.has("peer of pods");
                json!({ "pods": self.namespaced_pods() })
            }
            5 => {
                self.has("peer of nodes");
                json!({ "nodes": self.pod_selector() })
            }
            _ => {
                self.has("peer of networks");
                let networks = self.some(1, 3, |writer| writer.block().to_string());
                json!({ "networks": networks })
            }
        }
    }

    fn cluster_port(&mut self, named: bool) -> Value {
        let form = self.random.below(if named { 5 } else { 3 });
        if form >= 3 {
            self.has("destinationNamedPort");
            return json!({ "destinationNamedPort": self.port_name() });
        }
        let protocol = self.protocol().unwrap_or("TCP").to_lowercase();
        let port = match (form, self.range()) {
            (0, (start, end)) if start < end => {
                self.has("range of a rule in a tier");
                json!({ "range": { "start": start, "end": end } })
            }
            (1, _) => json!({ "range": { "start": 1, "end": 65535 } }),
            _ => json!({ "number": self.number() }),
        };
        let protocol_ports = json!({ "destinationPort": port });
        Value::Object(Map::from_iter([(protocol, protocol_ports)]))
    }

    fn admin_port(&mut self, named: bool) -> Value {
        let named = named && self.random.percent(40);
        let form = self.random.below(if named { 5 } else { 3 });
        if form >= 3 {
            self.has("namedPort");
            return json!({ "namedPort": self.port_name() });
        }
        let protocol = self.protocol();
        match (form, self.range()) {
            (0, (start, end)) if start < end => {
                self.has("range of a rule in a tier");
                let mut range = json!({ "start": start, "end": end });
                if let Some(protocol) = protocol {
                    range["protocol"] = protocol.into();
                }
                json!({ "portRange": range })
            }
            _ => json!({
                "portNumber": { "protocol": protocol.unwrap_or("TCP"), "port": self.number() },
            }),
        }
    }
}
