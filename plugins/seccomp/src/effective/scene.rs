//! What is known of the cluster that pods run on, and which of its nodes a pod may run on.

use std::collections::BTreeMap;
use std::sync::Arc;

use posture::model::node::Value;
use posture::model::version::Minor;

use super::node::{Kubelet, Node, SeccompDefault};

const OS_LABEL: &str = "kubernetes.io/os";

/// What is known of the cluster.
#[derive(Clone, Debug)]
pub struct Scene {
    server: Minor,
    nodes: Vec<Node>,
    by_name: BTreeMap<String, usize>,
    /// Each node by itself, in the order of `nodes`.
    single: Vec<View>,
    /// Where a pod may run that asks for nothing.
    linux: Vec<View>,
    /// What is taken to hold where no node is known.
    unseen: View,
}

/// Nodes that do not differ in what decides about profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) nodes: Arc<[String]>,
    pub(super) is_windows: bool,
    pub(super) kubelet: Option<Kubelet>,
    pub(super) default: SeccompDefault,
    pub(super) runtime: Arc<str>,
}

impl View {
    fn of(node: &Node) -> Self {
        Self {
            nodes: Arc::from([node.name.clone()]),
            is_windows: node.is_windows(),
            kubelet: node.kubelet.known,
            default: node.seccomp_default.clone(),
            runtime: node.runtime_name().into(),
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        let key = |view: &Self| (view.is_windows, view.kubelet, view.runtime.clone());
        key(self) == key(other) && self.default == other.default
    }

    /// Of each kind one, with the names of all.
    fn gathered<'a>(all: impl Iterator<Item = &'a Self>) -> Vec<Self> {
        let mut kinds: Vec<(&Self, Vec<String>)> = Vec::new();
        for view in all {
            match kinds.iter_mut().find(|(kind, _)| kind.is_like(view)) {
                Some((_, names)) => names.extend(view.nodes.iter().cloned()),
                None => kinds.push((view, view.nodes.to_vec())),
            }
        }
        let whole =
            |(kind, names): (&Self, Vec<String>)| Self { nodes: names.into(), ..kind.clone() };
        kinds.into_iter().map(whole).collect()
    }
}

/// Where a pod runs or may run.
#[derive(Debug)]
pub(super) struct Eligible {
    /// There is at least one.
    pub(super) views: Vec<View>,
    /// What must be said of it.
    pub(super) note: Option<String>,
}

impl Scene {
    /// A cluster of a release of the API server with these nodes. `unseen` holds for pods of which
    /// no node is known.
    pub fn new(server: Minor, nodes: Vec<Node>, unseen: SeccompDefault) -> Self {
        let single: Vec<View> = nodes.iter().map(View::of).collect();
        Self {
            server,
            by_name: nodes.iter().enumerate().map(|(at, node)| (node.name.clone(), at)).collect(),
            linux: View::gathered(single.iter().filter(|view| !view.is_windows)),
            unseen: View {
                nodes: Arc::from([]),
                is_windows: false,
                kubelet: None,
                default: unseen,
                runtime: Arc::from(""),
            },
            single,
            nodes,
        }
    }

    /// The release of the API server.
    pub fn server(&self) -> Minor {
        self.server
    }

    /// The nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// What is taken to hold of kubelets where no node is known.
    pub fn unseen_default(&self) -> &SeccompDefault {
        &self.unseen.default
    }

    /// The node of that name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.by_name.get(name).map(|at| &self.nodes[*at])
    }

    /// Where a pod runs: on its node, else where its selector and its system let it. Taints and
    /// affinities are not looked at.
    pub(super) fn eligible(&self, spec: Value<'_>) -> Eligible {
        let unseen = |note: Option<String>| Eligible { views: vec![self.unseen.clone()], note };
        let name = spec.get("nodeName").and_then(|name| name.as_str()).unwrap_or_default();
        if !name.is_empty() {
            return match self.by_name.get(name) {
                Some(at) => Eligible { views: vec![self.single[*at].clone()], note: None },
                None => unseen(Some(format!("nothing is known of its node {name}"))),
            };
        }
        if self.nodes.is_empty() {
            return unseen(None);
        }
        let mut wanted = wanted(spec).peekable();
        let views = if wanted.peek().is_none() {
            self.linux.clone()
        } else {
            let wanted: Vec<(&str, &str)> = wanted.collect();
            let has = |node: &Node| {
                wanted.iter().all(|(key, value)| {
                    let label = node.labels.get(*key).map(String::as_str);
                    let label = label.or(node.os.as_deref().filter(|_| *key == OS_LABEL));
                    label == Some(*value)
                })
            };
            let takes = |(node, view): (&Node, &'_ View)| has(node) && !view.is_windows;
            let all = self.nodes.iter().zip(&self.single);
            View::gathered(all.filter(|(node, view)| takes((node, view))).map(|(_, view)| view))
        };
        if views.is_empty() {
            return unseen(Some("none of the nodes that are known takes this pod".to_owned()));
        }
        Eligible { views, note: None }
    }
}

/// The labels that a pod wants its node to have.
fn wanted(spec: Value<'_>) -> impl Iterator<Item = (&str, &str)> {
    let selector = spec.get("nodeSelector");
    let entries = selector.into_iter().flat_map(|selector| selector.entries());
    entries.filter_map(|(key, value)| Some((key.as_str()?, value.as_str()?)))
}

/// The system that a pod names: `spec.os.name`.
fn system(spec: Value<'_>) -> Option<&str> {
    spec.get("os")?.get("name")?.as_str()
}

/// Whether `spec.os.name` of a pod is `windows`: then the API server takes no profile.
///
/// Source: `validateWindows` of Kubernetes' `pkg/apis/core/validation`.
pub(crate) fn names_windows(spec: Value<'_>) -> bool {
    system(spec) == Some("windows")
}

/// Whether a pod is for Windows, by its system, else by the nodes that it selects.
pub(super) fn wants_windows(spec: Value<'_>) -> bool {
    match system(spec) {
        Some(name) => name == "windows",
        None => wanted(spec).any(|pair| pair == (OS_LABEL, "windows")),
    }
}
