//! Which connections are worth asking about: between all pods, and to and from the outside at the
//! edges of every block; at the ports beside every port that is named.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::Serialize;
use serde_json::Value;

use crate::random::Random;

use super::Cluster;
use super::pods::PROTOCOLS;

/// One end of a connection: a pod or a node at one of its addresses, or an address of neither.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct End {
    /// `NAMESPACE/NAME`; empty for none.
    pub pod: String,
    /// The name of the node; empty for none.
    pub node: String,
    /// The address.
    pub address: IpAddr,
}

/// A port at the end that is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Port {
    /// `TCP`
    pub protocol: &'static str,
    /// Its number.
    pub port: u16,
}

/// What an oracle is asked: between which ends, and at which ports, a connection can be opened.
#[derive(Clone, Debug, Serialize)]
pub struct Question<'a> {
    /// The cluster.
    pub objects: Vec<&'a Value>,
    /// Ends.
    pub ends: Vec<End>,
    /// Who opens the connection, and to whom: positions in `ends`. One of them is a pod.
    pub pairs: Vec<(usize, usize)>,
    /// At each of these ports.
    pub ports: Vec<Port>,
}

/// How many pairs and ports are asked about, at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Pairs of ends.
    pub pairs: usize,
    /// Ports.
    pub ports: usize,
}

impl Cluster {
    /// Connections in it; where there are more than the limits allow, a sample that is determined
    /// by the seed.
    pub fn question(&self, seed: u64, limits: Limits) -> Question<'_> {
        let mut random = Random::new(seed);
        let ends = self.ends();
        let mut pairs = Vec::new();
        for (from, one) in ends.iter().enumerate() {
            for (to, other) in ends.iter().enumerate() {
                let has_pod = !one.pod.is_empty() || !other.pod.is_empty();
                if has_pod && one.address.is_ipv4() == other.address.is_ipv4() {
                    pairs.push((from, to));
                }
            }
        }
        let pairs = sample(pairs, limits.pairs, &mut random);
        let ports = sample(self.ports(), limits.ports, &mut random);
        Question { objects: self.objects(), ends, pairs, ports }
    }

    /// Pods and nodes at each of their addresses, and the edges of blocks where nobody is.
    fn ends(&self) -> Vec<End> {
        let name =
            |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let parsed = |value: &Value| value.as_str().and_then(|text| text.parse::<IpAddr>().ok());
        let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let mut ends = Vec::new();
        for pod in &self.pods {
            let phase = &pod["status"]["phase"];
            if phase == "Succeeded" || phase == "Failed" {
                continue;
            }
            let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
            for address in items(&pod["status"]["podIPs"]).iter().filter_map(|ip| parsed(&ip["ip"]))
            {
                let pod = format!("{namespace}/{}", name(pod));
                ends.push(End { pod, node: String::new(), address });
            }
        }
        for node in &self.nodes {
            let addresses = items(&node["status"]["addresses"]);
            for address in addresses.iter().filter_map(|one| parsed(&one["address"])) {
                ends.push(End { pod: String::new(), node: name(node), address });
            }
        }
        let taken: BTreeSet<IpAddr> = ends.iter().map(|end| end.address).collect();
        let edges: BTreeSet<IpAddr> = self.blocks.iter().flat_map(super::Block::edges).collect();
        let free = edges.difference(&taken).copied();
        ends.extend(free.map(|address| End { pod: String::new(), node: String::new(), address }));
        ends
    }

    /// Every protocol at the ports that are named, beside them, and at the ends of what there is.
    fn ports(&self) -> Vec<Port> {
        let beside = |&number: &u16| [number.saturating_sub(1), number, number.saturating_add(1)];
        let mut numbers: BTreeSet<u16> = self.numbers.iter().flat_map(beside).collect();
        numbers.extend([1, u16::MAX]);
        numbers.remove(&0);
        let each = |port| PROTOCOLS.map(|protocol| Port { protocol, port });
        numbers.into_iter().flat_map(each).collect()
    }
}

/// So many of the items, in their order.
fn sample<T>(mut items: Vec<T>, most: usize, random: &mut Random) -> Vec<T> {
    let mut left = items.len();
    let mut wanted = most.min(left);
    items.retain(|_| {
        let keep = random.below(left) < wanted;
        wanted -= usize::from(keep);
        left -= 1;
        keep
    });
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_as_large_as_it_can_be() {
        let mut random = Random::new(3);
        assert_eq!(sample((0..5).collect(), 9, &mut random), [0, 1, 2, 3, 4]);
        let some = sample((0..1000).collect(), 10, &mut random);
        assert_eq!(some.len(), 10);
        assert!(some.is_sorted());
    }

    #[test]
    fn ends_are_asked_about_in_their_family() {
        let cluster = Cluster::any(11);
        let question = cluster.question(1, Limits { pairs: 30, ports: 20 });
        assert_eq!((question.pairs.len(), question.ports.len()), (30, 20));
        for &(from, to) in &question.pairs {
            let (from, to) = (&question.ends[from], &question.ends[to]);
            assert_eq!(from.address.is_ipv4(), to.address.is_ipv4());
            assert!(!from.pod.is_empty() || !to.pod.is_empty());
        }
    }
}
