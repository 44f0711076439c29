//! What is read of the Security Profiles Operator, to know on which nodes a profile is.

use posture::client::connection::Connection;
use posture::client::discovery::Discovery;
use posture::client::list::List;
use posture::client::resource::Resource;
use posture::input::cluster::Cluster;
use posture::input::gather;
use posture::model::object::Object;

use crate::installed::{GROUP, Installed, NODE_STATUS, PROFILE, Presence};

/// What the operator's resources are, where it is there.
#[derive(Debug)]
pub(super) struct Operator {
    profiles: Resource,
    statuses: Option<Resource>,
}

impl Operator {
    /// Whether it is there, by what the server serves.
    pub(super) fn find(discovery: &Discovery) -> Option<Self> {
        let find = |kind: &str| {
            let mut served = discovery.served().filter(|(group, _, served)| {
                *group == GROUP && served.kind == kind && !served.name.contains('/')
            });
            let (group, version, served) = served.next()?;
            Some(Resource::new(group, version, &served.name, kind, served.namespaced))
        };
        Some(Self { profiles: find(PROFILE)?, statuses: find(NODE_STATUS) })
    }

    /// What is read of it and of the nodes.
    pub(super) fn lists(&self) -> Vec<List> {
        let mut lists = self.own_lists();
        lists.push(List::of(Resource::nodes(), None));
        lists
    }

    /// What is read of it: its profiles, then what it says of nodes, where it does.
    pub(super) fn own_lists(&self) -> Vec<List> {
        let resources = std::iter::once(&self.profiles).chain(&self.statuses);
        resources.map(|resource| List::of(resource.clone(), None)).collect()
    }

    /// What somebody should know before pods ask for the profile at a path.
    pub(super) fn warning(&self, connection: &Connection, path: &str) -> Option<String> {
        let lists = self.lists();
        let read = gather::objects(Cluster::Live { connection, recorder: None }, &lists);
        let mut failures = lists.iter().zip(&read).rev();
        if let Some((what, failure)) =
            failures.find_map(|(list, (_, failure))| Some((&list.resource, failure.as_ref()?)))
        {
            let what = what.qualified();
            return Some(format!(
                "whether {path} is on all nodes is not known: {what} could not be read: {failure}"
            ));
        }
        let mut found: Vec<Vec<Object>> = read.into_iter().map(|(objects, _)| objects).collect();
        let nodes = found.pop().unwrap_or_default();
        let mut found = found.into_iter();
        let profiles = found.next().unwrap_or_default();
        let linux = |node: &&Object| node.label("kubernetes.io/os") != Some("windows");
        let nodes: Vec<&str> = nodes.iter().filter(linux).map(Object::name).collect();
        let installed = Installed::of(&profiles, found.next().as_deref());
        match installed.presence(path, &nodes) {
            Presence::Everywhere => None,
            Presence::Missing(why) => Some(why),
            Presence::NoProfile => Some(format!(
                "no SeccompProfile of the Security Profiles Operator has the path {path}: {}",
                unknown(path)
            )),
        }
    }
}

/// What is said where no operator is there.
pub(super) fn unknown(path: &str) -> String {
    format!(
        "{path} must be at /var/lib/kubelet/seccomp/{path} on every node that these pods may run on: without it their containers are not created"
    )
}
