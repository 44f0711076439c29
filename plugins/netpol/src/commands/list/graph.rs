//! The map as a picture: namespaces as boxes with their workloads, or as nodes where there are too
//! many.

use std::collections::BTreeMap;

use posture::render::graph::{Edge, Graph, Look, Node};
use posture::render::human::plural;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::engine::verdict::Verdict;
use crate::picture::report::{GroupKind, GroupSaid, MapReport};
use crate::ports::PortSet;

/// With more nodes than these, namespaces are drawn and no workloads.
const MOST_NODES: usize = 60;

/// The longest list of ports at an edge, in characters.
const MOST_PORTS: usize = 48;

/// The picture of a map.
pub(super) fn of(report: &MapReport) -> Graph {
    let is_named = |group: &&GroupSaid| group.kind == GroupKind::Workload;
    let named: FxHashSet<&str> =
        report.groups.iter().filter(is_named).map(|group| group.words.as_str()).collect();
    let open = report.workloads.iter().filter(|workload| {
        workload.open_ingress && workload.open_egress && !named.contains(workload.words.as_str())
    });
    let open: FxHashSet<&str> = open.map(|workload| workload.words.as_str()).collect();
    let collapsed = report.groups.len() + open.len() > MOST_NODES;
    let mut drawing = Drawing {
        collapsed,
        open: report
            .workloads
            .iter()
            .filter(|workload| workload.open_ingress && workload.open_egress)
            .map(|workload| workload.id)
            .collect(),
        graph: Graph::default(),
        boxes: FxHashMap::default(),
        nodes: FxHashMap::default(),
    };
    drawing.nodes_of(report);
    drawing.edges_of(report);
    drawing.title(report);
    drawing.graph
}

struct Drawing<'a> {
    collapsed: bool,
    /// The parties that nothing limits.
    open: FxHashSet<u32>,
    graph: Graph,
    /// Boxes by the names of their namespaces.
    boxes: FxHashMap<&'a str, usize>,
    /// Nodes by their namespaces and labels.
    nodes: FxHashMap<(Option<&'a str>, &'a str), usize>,
}

impl<'a> Drawing<'a> {
    /// Every workload that has connections or is open; where they are too many, every namespace.
    fn nodes_of(&mut self, report: &'a MapReport) {
        for workload in &report.workloads {
            let namespace = workload.object.namespace.as_deref();
            let is_open = workload.open_ingress && workload.open_egress;
            if self.collapsed {
                if let Some(namespace) = namespace {
                    self.namespace(namespace, is_open);
                }
            } else if is_open {
                self.node(namespace, &workload.words, Look::Open);
            }
        }
    }

    fn edges_of(&mut self, report: &'a MapReport) {
        let mut edges: BTreeMap<(usize, usize), (PortSet, bool)> = BTreeMap::new();
        for connection in &report.connections {
            let certain = connection.certainty == Verdict::Allowed;
            for to in &connection.to {
                let Some(to) = report.groups.get(*to).map(|group| self.group(group)) else {
                    continue;
                };
                for from in &connection.from {
                    let Some(from) = report.groups.get(*from) else { continue };
                    let from = self.group(from);
                    let edge = edges.entry((from, to)).or_insert((PortSet::none(), false));
                    edge.0 = edge.0.union(&connection.port_set);
                    edge.1 |= certain;
                }
            }
        }
        self.graph.edges = edges
            .into_iter()
            .map(|((from, to), (ports, certain))| {
                let mut label = ports.to_string();
                if label.chars().count() > MOST_PORTS {
                    label = label.chars().take(MOST_PORTS).chain(['…']).collect();
                }
                Edge { from, to, label, certain }
            })
            .collect();
    }

    fn group(&mut self, group: &'a GroupSaid) -> usize {
        let namespace = group.namespace.as_deref();
        let look = match group.kind {
            GroupKind::Workload | GroupKind::Namespace if self.collapsed => {
                return self.namespace(namespace.unwrap_or_default(), false);
            }
            GroupKind::Workload if group.members.iter().all(|id| self.open.contains(id)) => {
                Look::Open
            }
            GroupKind::Workload | GroupKind::Node => Look::Plain,
            GroupKind::Anywhere | GroupKind::Blocks => Look::Outside,
            GroupKind::Possible => Look::Possible,
            GroupKind::Everything
            | GroupKind::AllPods
            | GroupKind::Namespaces
            | GroupKind::Pods
            | GroupKind::Namespace
            | GroupKind::AllNodes => Look::Many,
        };
        self.node(namespace, &group.words, look)
    }

    /// The node that stands for a namespace.
    fn namespace(&mut self, namespace: &'a str, open: bool) -> usize {
        let look = if open { Look::Open } else { Look::Plain };
        let number = self.node(None, namespace, look);
        if open {
            self.graph.nodes[number].look = Look::Open;
        }
        number
    }

    fn node(&mut self, namespace: Option<&'a str>, words: &'a str, look: Look) -> usize {
        if let Some(&known) = self.nodes.get(&(namespace, words)) {
            return known;
        }
        let inside = namespace.map(|namespace| self.inside(namespace));
        // The box says the namespace.
        let short =
            namespace.and_then(|namespace| words.strip_prefix(namespace)?.strip_prefix('/'));
        let label = short.unwrap_or(words).to_owned();
        self.graph.nodes.push(Node { label, inside, look });
        self.nodes.insert((namespace, words), self.graph.nodes.len() - 1);
        self.graph.nodes.len() - 1
    }

    /// The box of a namespace.
    fn inside(&mut self, namespace: &'a str) -> usize {
        *self.boxes.entry(namespace).or_insert_with(|| {
            self.graph.boxes.push(namespace.to_owned());
            self.graph.boxes.len() - 1
        })
    }

    fn title(&mut self, report: &MapReport) {
        let summary = &report.summary;
        let drawn = if self.collapsed { "namespaces, " } else { "" };
        self.graph.title.push(report.enforcer.clone());
        self.graph.title.push(format!(
            "{drawn}{} in {}, {}",
            plural(summary.workloads, "workload"),
            plural(summary.namespaces, "namespace"),
            plural(summary.connections, "connection"),
        ));
        if summary.open > 0 {
            let what = if self.collapsed { "with workloads " } else { "" };
            let open = plural(summary.open, "workload");
            self.graph.title.push(format!("orange: {what}open to everything, in and out ({open})"));
        }
        let uncertain = summary.depends + summary.unknown;
        if uncertain > 0 {
            self.graph.title.push(format!("dashed: not certain ({uncertain})"));
        }
        if summary.gaps > 0 {
            self.graph.title.push(format!("incomplete: {}", plural(summary.gaps, "gap")));
        }
    }
}
