//! What stands around pods and decides with them what confines their containers: nodes, their
//! kubelets, who sets profiles at admission, and the labels of namespaces.

use std::collections::{BTreeMap, BTreeSet};

use posture::client::failure::Failure;
use posture::client::list::List;
use posture::client::resource::Resource;
use posture::input::cluster::Cluster;
use posture::input::gather;
use posture::input::live;
use posture::model::admission::{Labels, labels_of};
use posture::model::gap::Gap;
use posture::model::object::Object;
use posture::model::version::Minor;
use posture::model::workload::pod_templates;

use super::super::kubelets;
use super::super::nodes::Operator;
use crate::effective::{How, Node, SECCOMP_DEFAULT_SINCE, Scene, SeccompDefault};
use crate::facts::Missing;
use crate::installed::{Installed, Presence};
use crate::setters::Setters;

/// What is said of the kubelets on the command line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kubelets {
    /// `--assume seccompDefault=…`
    pub assumed: Option<bool>,
    /// `--probe-nodes`
    pub probe: bool,
}

/// What is known beside the objects that are judged.
#[derive(Debug)]
pub(in super::super) struct Surroundings {
    /// The nodes.
    pub(in super::super) scene: Scene,
    /// Who sets profiles at admission.
    pub(super) setters: Setters,
    /// On which nodes the profiles of the Security Profiles Operator are.
    installed: Option<Installed>,
    /// The labels of the namespaces that were read.
    pub(super) namespaces: BTreeMap<String, Labels>,
    /// What could not be read of all this: it matters only where an object leaves something open.
    pub(in super::super) gaps: Vec<Gap>,
    /// What could not be read of the operator's profiles: it matters where one of them is used.
    pub(super) of_profiles: Vec<Gap>,
}

/// Which lists tell it.
#[derive(Debug, Default)]
pub(in super::super) struct Wanted {
    nodes: Option<List>,
    setters: Vec<List>,
    operator: Option<Operator>,
    namespaces: Vec<List>,
    gaps: Vec<Gap>,
}

impl Wanted {
    /// The nodes alone.
    pub(in super::super) fn nodes() -> Self {
        Self { nodes: Some(List::of(Resource::nodes(), None)), ..Self::default() }
    }

    /// What to read beside objects of namespaces; `None` stands for all.
    pub(super) fn beside(cluster: Cluster<'_>, scopes: BTreeSet<Option<String>>) -> Self {
        let mut wanted = Self::nodes();
        match cluster.discovery() {
            Ok(discovery) => {
                let kinds = Setters::wanted().into_iter();
                let served =
                    kinds.filter_map(|(group, kind)| discovery.of_kind(&format!("{group}/"), kind));
                wanted.setters = served.map(|resource| List::of(resource, None)).collect();
                wanted.operator = Operator::find(&discovery);
            }
            Err(error) => wanted.gaps.push(Gap {
                what: "list".to_owned(),
                place: None,
                object: Some("who sets profiles at admission".to_owned()),
                why: error.to_string(),
                hint: String::new(),
            }),
        }
        if !wanted.setters.is_empty() {
            wanted.namespaces = namespaces(scopes);
        }
        wanted
    }

    /// All lists, for the roles that are printed.
    pub(in super::super) fn into_lists(self) -> impl Iterator<Item = List> {
        let operator = self.operator.iter().flat_map(Operator::own_lists).collect::<Vec<_>>();
        self.nodes.into_iter().chain(self.setters).chain(operator).chain(self.namespaces)
    }
}

/// The Namespaces to read.
fn namespaces(scopes: BTreeSet<Option<String>>) -> Vec<List> {
    if scopes.contains(&None) {
        return vec![List { metadata_only: true, ..List::of(Resource::namespaces(), None) }];
    }
    scopes.into_iter().flatten().map(|name| List::of_namespace(&name)).collect()
}

impl Surroundings {
    /// Reads what is wanted of a cluster.
    pub(in super::super) fn of_cluster(
        cluster: Cluster<'_>,
        wanted: Wanted,
        (server, kubelets): (Minor, Kubelets),
    ) -> Self {
        let Wanted { nodes, setters, operator, namespaces, mut gaps } = wanted;
        let read = |lists: Vec<List>, gaps: &mut Vec<Gap>| {
            let all = gather::objects(cluster, &lists).into_iter().zip(&lists);
            let one = |((objects, failure), list): ((Vec<Object>, Option<Failure>), &List)| {
                gaps.extend(failure.as_ref().map(|failure| live::gap(list, failure)));
                (objects, failure)
            };
            all.map(one).collect::<Vec<_>>()
        };
        let mut found_nodes = Vec::new();
        let mut unseen = "no node is known".to_owned();
        for (objects, failure) in read(nodes.into_iter().collect(), &mut gaps) {
            found_nodes.extend(objects.iter().map(Node::of));
            if let Some(failure) = failure {
                unseen = format!("the nodes could not be read ({})", failure.message);
            }
        }
        // On which nodes profiles are depends on the nodes too.
        let mut of_profiles = if operator.is_some() { gaps.clone() } else { Vec::new() };
        let found: Vec<Object> =
            read(setters, &mut gaps).into_iter().flat_map(|(objects, _)| objects).collect();
        let installed = operator.map(|operator| {
            let mut found = read(operator.own_lists(), &mut of_profiles).into_iter();
            let profiles = found.next().map(|(objects, _)| objects).unwrap_or_default();
            // What could not be read to its end says nothing of what is missing.
            let statuses = found.next().filter(|(_, failure)| failure.is_none());
            Installed::of(&profiles, statuses.map(|(objects, _)| objects).as_deref())
        });
        let namespaces = read(namespaces, &mut gaps).into_iter().flat_map(|(objects, _)| objects);
        let namespaces = namespaces.map(|object| of_namespace(&object)).collect();
        tell(&mut found_nodes, cluster, kubelets);
        let (setters, unread) = Setters::read(&found);
        gaps.extend(unread);
        let scene = Scene::new(server, found_nodes, unseen_default(server, kubelets, unseen));
        Self { scene, setters, installed, namespaces, gaps, of_profiles }
    }

    /// What manifests themselves say of it: nodes, setters and Namespaces may be among them.
    pub(in super::super) fn of_files<'o>(
        objects: impl Iterator<Item = &'o Object>,
        (server, kubelets): (Minor, Kubelets),
    ) -> Self {
        let objects: Vec<Object> =
            objects.filter(|object| pod_templates(object).is_empty()).cloned().collect();
        let of_kind =
            |object: &&Object, kind: &str| object.kind() == kind && object.group().is_empty();
        let mut nodes: Vec<Node> =
            objects.iter().filter(|object| of_kind(object, "Node")).map(Node::of).collect();
        assume(&mut nodes, kubelets);
        let namespaces = objects.iter().filter(|object| of_kind(object, "Namespace"));
        let namespaces = namespaces.map(of_namespace).collect();
        let (setters, gaps) = Setters::read(&objects);
        let unseen = "manifests do not say it".to_owned();
        let scene = Scene::new(server, nodes, unseen_default(server, kubelets, unseen));
        Self { scene, setters, installed: None, namespaces, gaps, of_profiles: Vec::new() }
    }

    /// Adds on which of the nodes the file of a profile is missing; on all Linux nodes where none
    /// are named.
    pub(super) fn lacks(&self, path: &str, nodes: &[String], missing: &mut Missing) {
        let Some(installed) = &self.installed else { return };
        let linux = self.scene.nodes().iter().filter(|node| !node.is_windows());
        let all: Vec<&str> = if nodes.is_empty() {
            linux.map(|node| node.name.as_str()).collect()
        } else {
            nodes.iter().map(String::as_str).collect()
        };
        for node in all {
            if let Presence::Missing(why) = installed.presence(path, &[node]) {
                missing.add(path, node, &why);
            }
        }
    }
}

/// The name and the labels of a Namespace.
fn of_namespace(object: &Object) -> (String, Labels) {
    (object.name().to_owned(), labels_of(object.value()))
}

fn assumed(on: bool) -> SeccompDefault {
    if on { SeccompDefault::On(How::Assumed) } else { SeccompDefault::Off(How::Assumed) }
}

/// What holds where no node is known.
fn unseen_default(server: Minor, kubelets: Kubelets, why: String) -> SeccompDefault {
    // No kubelet is newer than its server.
    if server < SECCOMP_DEFAULT_SINCE {
        return SeccompDefault::Off(How::Release);
    }
    kubelets.assumed.map_or(SeccompDefault::Unknown(why), assumed)
}

/// Writes down what is assumed of kubelets, or what they say themselves. What is assumed holds for
/// those that were not asked or have not answered.
fn tell(nodes: &mut [Node], cluster: Cluster<'_>, kubelets: Kubelets) {
    if let (true, Cluster::Live { connection, .. }) = (kubelets.probe, cluster) {
        let open = nodes.iter().filter(|&node| is_open(node));
        let names: Vec<&str> = open.map(|node| node.name.as_str()).collect();
        let mut answers = kubelets::ask(connection, &names);
        for node in nodes.iter_mut() {
            node.seccomp_default = match answers.remove(&node.name) {
                Some(Ok(true)) => SeccompDefault::On(How::Probed),
                Some(Ok(false)) => SeccompDefault::Off(How::Probed),
                Some(Err(why)) => {
                    SeccompDefault::Unknown(format!("its kubelet could not be asked: {why}"))
                }
                None => continue,
            };
        }
    }
    assume(nodes, kubelets);
}

/// Writes down what is assumed, of the kubelets of which it is not known: those of before 1.22 have
/// no such setting.
fn assume(nodes: &mut [Node], kubelets: Kubelets) {
    let Some(on) = kubelets.assumed else { return };
    for node in nodes.iter_mut().filter(|node| is_open(node)) {
        node.seccomp_default = assumed(on);
    }
}

/// Whether it is not known of a node how its kubelet runs, and matters.
fn is_open(node: &Node) -> bool {
    !node.is_windows() && matches!(node.seccomp_default, SeccompDefault::Unknown(_))
}
