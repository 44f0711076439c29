//! `NetworkPolicy` of `networking.k8s.io/v1`.

use serde_json::{Map, Value, json};

use super::Maker;
use crate::random::Random;

/// Blocks that every release takes, those that newer ones refuse, and what is none.
const BLOCKS: [&str; 8] = [
    "10.0.0.0/8",
    "0.0.0.0/0",
    "192.168.1.0/24",
    "10.1.2.3/32",
    "::/0",
    "2001:db8::/32",
    "2001:DB8:0:0::/48",
    "64:ff9b::1.2.0.0/112",
];
const LOOSE: [&str; 9] = [
    "10.1.2.3/8",
    "010.0.0.0/8",
    "10.0.0.0/08",
    "::ffff:10.0.0.0/104",
    "::ffff:10.0.0.1/100",
    "2001:db8::1/32",
    "02001:db8::/32",
    "0.0.0.1/0",
    "::ffff:010.0.0.0/104",
];
const NO_BLOCKS: [&str; 12] = [
    "",
    "10.0.0.0",
    "10.0.0.0/33",
    "::/129",
    "10.0.0/8",
    "x",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "fe80::1%eth0/64",
    "1::2::3/64",
    "10.0.0.256/8",
    "1:2:3:4:5:6:7::8/64",
];

/// A policy called `p` and a number; `odd` of a hundred values are such as servers may refuse.
pub fn network_policy(random: &mut Random, number: usize, odd: usize) -> Value {
    let mut maker = Maker { random, odd };
    let mut policy = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": maker.metadata(&format!("p{number}")),
    });
    if maker.random.percent(98) {
        policy["spec"] = maker.spec();
    }
    policy
}

impl Maker<'_> {
    fn spec(&mut self) -> Value {
        let mut spec = Map::new();
        if self.random.percent(80) {
            let selector = self.selector();
            spec.insert("podSelector".to_owned(), selector);
        } else if self.random.percent(30) {
            spec.insert("podSelector".to_owned(), Value::Null);
        }
        for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
            if self.random.percent(65) {
                let rules = self.list(3, |maker| maker.rule(peers));
                spec.insert(direction.to_owned(), rules);
            } else if self.random.percent(20) {
                spec.insert(direction.to_owned(), Value::Null);
            }
        }
        if self.random.percent(60) {
            spec.insert("policyTypes".to_owned(), self.policy_types());
        }
        Value::Object(spec)
    }

    fn policy_types(&mut self) -> Value {
        if self.is_odd() {
            return self.pick(&[
                json!(["Ingress", "Egress", "Ingress"]),
                json!(["Ingress", "Egress", "<other>"]),
                json!(["ingress"]),
                json!(["Egress", ""]),
                json!([null]),
                json!(["Ingress", "EGRESS"]),
            ]);
        }
        self.pick(&[
            json!(["Ingress"]),
            json!(["Egress"]),
            json!(["Ingress", "Egress"]),
            json!(["Egress", "Ingress"]),
            json!(["Ingress", "Ingress"]),
            json!([]),
            json!(null),
        ])
    }

    fn rule(&mut self, peers: &str) -> Value {
        if self.random.percent(10) {
            return self.pick(&[json!({}), json!(null)]);
        }
        let mut rule = Map::new();
        if self.random.percent(75) {
            let list = self.list(3, Self::peer);
            rule.insert(peers.to_owned(), list);
        }
        if self.random.percent(60) {
            let list = self.list(3, Self::port);
            rule.insert("ports".to_owned(), list);
        } else if self.random.percent(10) {
            rule.insert("ports".to_owned(), Value::Null);
        }
        Value::Object(rule)
    }

    fn peer(&mut self) -> Value {
        let mut peer = Map::new();
        if self.is_odd() && self.random.percent(40) {
            return self.pick(&[json!({}), json!(null), json!({ "ipBlock": null })]);
        }
        let kind = self.random.below(4);
        if matches!(kind, 0 | 2) {
            peer.insert("podSelector".to_owned(), self.selector());
        }
        if matches!(kind, 1 | 2) {
            peer.insert("namespaceSelector".to_owned(), self.selector());
        }
        if kind == 3 || self.is_odd() && self.random.percent(30) {
            peer.insert("ipBlock".to_owned(), self.block());
        }
        Value::Object(peer)
    }

    fn block(&mut self) -> Value {
        let is_odd = self.is_odd();
        let mut block = Map::new();
        if !(is_odd && self.random.percent(10)) {
            block.insert("cidr".to_owned(), self.cidr(is_odd));
        }
        if self.random.percent(40) {
            let inside = ["10.1.0.0/16", "10.1.2.0/24", "2001:db8:1::/64", "192.168.1.128/25"];
            let except = self.list(3, |maker| {
                if is_odd || maker.is_odd() {
                    let odd = maker.random.percent(60);
                    return maker.cidr(odd);
                }
                json!(maker.random.pick(&inside))
            });
            let is_taken = except.as_array().is_none_or(Vec::is_empty) || is_odd;
            if !is_taken {
                // What holds all that may be excepted of its family.
                let first = except[0].as_str().unwrap_or_default();
                let all = if first.contains(':') { "::/0" } else { "0.0.0.0/0" };
                block.insert("cidr".to_owned(), json!(all));
            }
            block.insert("except".to_owned(), except);
        }
        Value::Object(block)
    }

    fn cidr(&mut self, odd: bool) -> Value {
        json!(match (odd, self.random.percent(50)) {
            (false, _) => self.random.pick(&BLOCKS),
            (true, true) => self.random.pick(&LOOSE),
            (true, false) => self.random.pick(&NO_BLOCKS),
        })
    }

    fn port(&mut self) -> Value {
        let mut port = Map::new();
        let is_odd = self.is_odd();
        if self.random.percent(60) {
            let protocol = if is_odd && self.random.percent(30) {
                self.pick(&[json!("tcp"), json!(""), json!("ICMP"), json!("T<P")])
            } else {
                self.pick(&[json!("TCP"), json!("UDP"), json!("SCTP"), json!(null)])
            };
            port.insert("protocol".to_owned(), protocol);
        }
        let start = if is_odd && self.random.percent(50) {
            let names =
                ["", "80", "-", "a--b", "-a", "a-", "A", "a_b", "more-than-fifteen", "9-9", "ü"];
            match self.random.below(3) {
                0 => self.pick(&[json!(0), json!(-1), json!(65_536), json!(2_147_483_647)]),
                _ => json!(self.random.pick(&names)),
            }
        } else {
            self.pick(&[
                json!(null),
                json!(1),
                json!(80),
                json!(8080),
                json!(65_535),
                json!("web"),
                json!("a-1"),
                json!("x"),
            ])
        };
        let number = start.as_i64();
        if !(start.is_null() && self.random.percent(70)) {
            port.insert("port".to_owned(), start);
        }
        if is_odd && self.random.percent(40) {
            let end = self.pick(&[json!(0), json!(79), json!(65_536), json!(-5), json!(9000)]);
            port.insert("endPort".to_owned(), end);
        } else if let Some(number) = number.filter(|number| (1..=65_535).contains(number))
            && self.random.percent(30)
        {
            let end = self.pick(&[json!(number), json!(65_535), json!(null)]);
            port.insert("endPort".to_owned(), end);
        }
        Value::Object(port)
    }
}
