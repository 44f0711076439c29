//! Scenarios that were written down: manifests, and in comments above them what must come of them.
//!
//! After `# scenario: NAME` a comment `# FROM -> TO [PORTS]: VERDICT` says what is allowed or denied;
//! of several that fit the last counts, and without any everything is allowed. FROM and TO are lists
//! of `NAMESPACE/POD`, `node/NAME`, `host/NAME` with `*` for any; PORTS a list of `TCP 80` and `UDP`;
//! a VERDICT with `v4` or `v6` counts for that family alone. `# ports:` lists what is tried. What
//! nobody can forbid need not be written: a pod and itself, and a node and the pods on it.

use std::fs;
use std::path::Path;

use kubectl_netpol::address::Family;
use kubectl_netpol::ports::Protocol;
use serde_json::Value;

use crate::network::{Network, Probe, objects};

/// What is tried where a scenario does not say it.
const PORTS: [(Protocol, u16); 4] =
    [(Protocol::Tcp, 80), (Protocol::Tcp, 81), (Protocol::Udp, 80), (Protocol::Udp, 81)];

/// A scenario, and what must come of it.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// Where it is and how it is called.
    pub(crate) name: String,
    pub(crate) network: Network,
    expected: Vec<Expected>,
}

/// What one comment says.
#[derive(Debug)]
struct Expected {
    from: String,
    to: String,
    ports: Vec<(Protocol, Option<u16>)>,
    family: Option<Family>,
    is_allowed: bool,
}

impl Scenario {
    /// Whether the packets of a probe must arrive.
    pub(crate) fn allows(&self, probe: &Probe, family: Family) -> bool {
        let is_port = |&(protocol, port): &(Protocol, Option<u16>)| {
            protocol == probe.protocol && port.is_none_or(|port| port == probe.port)
        };
        let fits = |line: &&Expected| {
            line.family.is_none_or(|own| own == family)
                && (line.ports.is_empty() || line.ports.iter().any(is_port))
                && names(&line.from, &probe.from)
                && names(&line.to, &probe.to)
        };
        self.network.is_exempt(probe)
            || self.expected.iter().rev().find(fits).is_none_or(|line| line.is_allowed)
    }
}

/// Whether an end is in a list of them.
fn names(list: &str, end: &str) -> bool {
    list.split(", ").any(|pattern| {
        pattern == "*"
            || match (pattern.split_once('/'), end.split_once('/')) {
                (Some((space, name)), Some((own_space, own_name))) => {
                    let is_place = own_space == "node" || own_space == "host";
                    (space == own_space || space == "*" && !is_place)
                        && (name == own_name || name == "*")
                }
                _ => panic!("{pattern:?} is no end"),
            }
    })
}

/// Every scenario of a folder, in its order, each in the cluster of `cluster.yaml`.
pub(crate) fn read(folder: &Path) -> Vec<Scenario> {
    let text = |path: &Path| fs::read_to_string(path).expect("the fixture is readable");
    let cluster = objects(&text(&folder.join("cluster.yaml")));
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the fixtures are there")
        .map(|entry| entry.expect("the folder is readable").path())
        .filter(|path| !path.ends_with("cluster.yaml"))
        .collect();
    files.sort();
    let mut scenarios = Vec::new();
    for file in files {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        for part in text(&file).split("# scenario: ").skip(1) {
            scenarios.push(scenario(&name, part, &cluster));
        }
    }
    scenarios
}

fn scenario(file: &str, part: &str, cluster: &[Value]) -> Scenario {
    let mut lines = part.lines();
    let name = format!("{file}: {}", lines.next().unwrap_or_default());
    let mut tried = PORTS.to_vec();
    let mut expected = Vec::new();
    for comment in lines.filter_map(|line| line.strip_prefix("# ")) {
        if let Some(list) = comment.strip_prefix("ports: ") {
            let whole = |(protocol, port): (_, Option<u16>)| (protocol, port.expect("a port"));
            tried = ports(list).into_iter().map(whole).collect();
        } else {
            expected.push(line(comment).unwrap_or_else(|| panic!("{name}: {comment:?}")));
        }
    }
    let all = cluster.iter().cloned().chain(objects(&format!("# {part}"))).collect();
    Scenario { network: Network::new(all, &tried), name, expected }
}

/// `TCP 80, UDP`
fn ports(list: &str) -> Vec<(Protocol, Option<u16>)> {
    let port = |text: &str| {
        let (protocol, port) = text.split_once(' ').map_or((text, None), |(a, b)| (a, Some(b)));
        let number = port.map(|port| port.parse().expect("a number"));
        (Protocol::of(protocol).expect("a protocol"), number)
    };
    list.split(", ").map(port).collect()
}

/// `x/*, host/near -> y/a TCP 80, UDP: v4 denied`
fn line(text: &str) -> Option<Expected> {
    let (points, verdict) = text.rsplit_once(": ")?;
    let (from, to) = points.split_once(" -> ")?;
    let (family, word) = match verdict.split_once(' ') {
        Some(("v4", word)) => (Some(Family::V4), word),
        Some(("v6", word)) => (Some(Family::V6), word),
        Some(_) => return None,
        None => (None, verdict),
    };
    let is_allowed = match word {
        "allowed" => true,
        "denied" => false,
        _ => return None,
    };
    // The ports begin where the first protocol does.
    let cut = Protocol::ALL.iter().filter_map(|one| to.find(&format!(" {one}"))).min();
    let (to, list) = cut.map_or((to, None), |at| (&to[..at], Some(&to[at + 1..])));
    let ports = list.map(ports).unwrap_or_default();
    Some(Expected { from: from.to_owned(), to: to.to_owned(), ports, family, is_allowed })
}
