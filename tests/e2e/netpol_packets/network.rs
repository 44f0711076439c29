//! What is asked of the kernel: the objects of a cluster, hosts outside of it, and who tries to reach
//! whom.

use std::collections::BTreeMap;

use kubectl_netpol::address::Family;
use kubectl_netpol::ports::Protocol;
use posture_harness::judge::LineJudge;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The hosts outside of every cluster.
const HOSTS: [(&str, [&str; 2]); 2] =
    [("near", ["192.0.2.10", "2001:db8:2::10"]), ("far", ["198.51.100.10", "2001:db8:f::10"])];

/// A connection to try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Probe {
    /// `NAMESPACE/POD`, `node/NAME` or `host/NAME`.
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) protocol: Protocol,
    pub(crate) port: u16,
}

/// A cluster, and what is tried in it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Network {
    pub(crate) objects: Vec<Value>,
    pub(crate) hosts: BTreeMap<&'static str, [&'static str; 2]>,
    pub(crate) probes: Vec<Probe>,
}

/// What came of a probe, by family.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    v4: Option<String>,
    v6: Option<String>,
}

impl Outcome {
    /// Whether the packets arrived, for each family in which both ends have an address. What is
    /// neither a yes nor a no is an error.
    pub(crate) fn families(&self) -> impl Iterator<Item = (Family, Result<bool, &str>)> {
        let said = |text: &'_ Option<String>| match text.as_deref() {
            Some("allowed") => Some(Ok(true)),
            Some("denied") => Some(Ok(false)),
            Some(_) => Some(Err(())),
            None => None,
        };
        let both = [(Family::V4, &self.v4), (Family::V6, &self.v6)];
        both.into_iter().filter_map(move |(family, text)| {
            let words = text.as_deref().unwrap_or_default();
            Some((family, said(text)?.map_err(|()| words)))
        })
    }
}

/// The answer to a network.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Answered {
    Outcomes { answers: Vec<Outcome>, rules: usize },
    Failed(Value),
}

impl Network {
    /// Every end with every other, where one of them is a pod, on these ports.
    pub(crate) fn new(objects: Vec<Value>, ports: &[(Protocol, u16)]) -> Self {
        let mut ends = Vec::new();
        for object in &objects {
            let name = object["metadata"]["name"].as_str().expect("a name");
            match object["kind"].as_str() {
                Some("Pod") if object["status"]["phase"] == "Running" => {
                    let space = object["metadata"]["namespace"].as_str().expect("a namespace");
                    ends.push(format!("{space}/{name}"));
                }
                Some("Node") => ends.push(format!("node/{name}")),
                _ => {}
            }
        }
        ends.extend(HOSTS.iter().map(|(name, _)| format!("host/{name}")));
        let mut probes = Vec::new();
        for from in &ends {
            for to in ends.iter().filter(|to| is_pod(from) || is_pod(to)) {
                probes.extend(ports.iter().map(|&(protocol, port)| Probe {
                    from: from.clone(),
                    to: to.clone(),
                    protocol,
                    port,
                }));
            }
        }
        Self { objects, hosts: HOSTS.into_iter().collect(), probes }
    }

    /// Sends everything. Returns what came of each probe, and how many rules the kernel had.
    pub(crate) fn send(&self, judge: &mut LineJudge) -> (Vec<Outcome>, usize) {
        match judge.ask(self) {
            Answered::Outcomes { answers, rules } => {
                assert_eq!(answers.len(), self.probes.len());
                (answers, rules)
            }
            Answered::Failed(why) => panic!("the judge cannot tell: {why}"),
        }
    }

    /// Whether nobody can forbid it: a pod and itself, a node (and who is in its network) and the
    /// pods on it. Nobody forbids anything to who is no pod of the cluster.
    pub(crate) fn is_exempt(&self, probe: &Probe) -> bool {
        let node_of = |end: &str| match end.split_once('/') {
            Some(("node", name)) => Some(name.to_owned()),
            _ => self.pod(end).and_then(|pod| Some(pod["spec"]["nodeName"].as_str()?.to_owned())),
        };
        let from_node = !is_pod(&probe.from) || self.is_on_host(&probe.from);
        let is_own =
            from_node && node_of(&probe.from).is_some_and(|node| Some(node) == node_of(&probe.to));
        probe.from == probe.to || is_own
    }

    fn is_on_host(&self, end: &str) -> bool {
        self.pod(end).is_some_and(|pod| pod["spec"]["hostNetwork"] == true)
    }

    fn pod(&self, end: &str) -> Option<&Value> {
        let (space, name) = end.split_once('/')?;
        self.objects.iter().find(|object| {
            let metadata = &object["metadata"];
            object["kind"] == "Pod" && metadata["namespace"] == space && metadata["name"] == name
        })
    }
}

/// Whether an end is a pod.
pub(crate) fn is_pod(end: &str) -> bool {
    !end.starts_with("node/") && !end.starts_with("host/")
}

/// The objects of a YAML text.
pub(crate) fn objects(text: &str) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_str(text);
    let object = |document| Value::deserialize(document).expect("the fixture is YAML");
    documents.map(object).filter(|object| !object.is_null()).collect()
}
