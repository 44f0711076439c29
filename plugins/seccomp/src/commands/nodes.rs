//! Whether a profile for `Localhost` is where kubelets look for it. Kubernetes itself does not know;
//! the Security Profiles Operator does for the profiles that it installs.
//!
//! Source: `SeccompProfileStatus` and `SecurityProfileNodeStatus` of
//! kubernetes-sigs/security-profiles-operator.

use std::collections::{BTreeMap, BTreeSet};

use posture::client::connection::Connection;
use posture::client::discovery::Discovery;
use posture::client::list::List;
use posture::client::resource::Resource;
use posture::input::cluster::Cluster;
use posture::input::gather;
use posture::model::object::Object;

const GROUP: &str = "security-profiles-operator.x-k8s.io";
const PROFILE: &str = "SeccompProfile";
const NODE_STATUS: &str = "SecurityProfileNodeStatus";

/// What the operator says of a profile that is on a node.
const INSTALLED: &str = "Installed";

/// How many nodes are named.
const SHOWN: usize = 5;

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

    /// What is read of it.
    pub(super) fn lists(&self) -> Vec<List> {
        let nodes = Resource::new("", "v1", "nodes", "Node", false);
        let mut lists = vec![List::of(self.profiles.clone(), None)];
        lists.extend(self.statuses.iter().map(|statuses| List::of(statuses.clone(), None)));
        lists.push(List::of(nodes, None));
        lists
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
        judge(path, &profiles, found.next().as_deref(), &nodes)
    }
}

/// What is said where no operator is there.
pub(super) fn unknown(path: &str) -> String {
    format!(
        "{path} must be at /var/lib/kubelet/seccomp/{path} on every node that these pods may run on: without it their containers are not created"
    )
}

/// What the operator's objects say of a path.
fn judge(
    path: &str,
    profiles: &[Object],
    statuses: Option<&[Object]>,
    nodes: &[Object],
) -> Option<String> {
    let of_status = |object: &Object, key: &str| {
        let value = object.value().get("status")?.get(key)?;
        value.as_str().map(str::to_owned)
    };
    let has_path =
        |profile: &&Object| of_status(profile, "localhostProfile").as_deref() == Some(path);
    let Some(profile) = profiles.iter().find(has_path) else {
        return Some(format!(
            "no SeccompProfile of the Security Profiles Operator has the path {path}: {}",
            unknown(path)
        ));
    };
    let name = match profile.namespace() {
        Some(namespace) => format!("{namespace}/{}", profile.name()),
        None => profile.name().to_owned(),
    };
    let Some(statuses) = statuses.filter(|statuses| !statuses.is_empty()) else {
        let status = of_status(profile, "status").unwrap_or_else(|| "not known".to_owned());
        return (status != INSTALLED)
            .then(|| format!("the SeccompProfile {name} of {path} is {status}, not {INSTALLED}"));
    };
    let mut by_node: BTreeMap<String, String> = BTreeMap::new();
    for status in statuses.iter().filter(|status| is_of(status, profile)) {
        let text = |key: &str| {
            status.value().get(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
        };
        by_node.insert(text("nodeName"), text("status"));
    }
    let wanted: BTreeSet<&str> = nodes
        .iter()
        .filter(|node| node.label("kubernetes.io/os") != Some("windows"))
        .map(Object::name)
        .collect();
    let missing: Vec<String> = wanted
        .iter()
        .filter_map(|node| match by_node.get(*node).map(String::as_str) {
            Some(INSTALLED) => None,
            Some(other) => Some(format!("{node} ({other})")),
            None => Some((*node).to_owned()),
        })
        .collect();
    (!missing.is_empty()).then(|| {
        let more = match missing.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let shown = missing[..missing.len().min(SHOWN)].join(", ");
        format!(
            "{path} is not on {} of {} nodes, says the SeccompProfile {name}: {shown}{more}; there the containers are not created",
            missing.len(),
            wanted.len()
        )
    })
}

/// Whether a status is one of a profile.
fn is_of(status: &Object, profile: &Object) -> bool {
    let uid = profile.metadata("uid");
    let owners =
        status.value().get("metadata").and_then(|metadata| metadata.get("ownerReferences"));
    owners.into_iter().flat_map(|owners| owners.items()).any(|owner| {
        let text = |key: &str| owner.get(key).and_then(|value| value.as_str());
        text("kind") == Some(PROFILE) && uid.is_some() && text("uid") == uid
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::object;

    fn profile(status: &str) -> Object {
        object(&format!(
            "apiVersion: {GROUP}/v1beta1\nkind: {PROFILE}\nmetadata: {{name: p, namespace: team, uid: u}}\nstatus: {{localhostProfile: operator/team/p.json, status: {status}}}\n"
        ))
    }

    fn status(node: &str, status: &str, uid: &str) -> Object {
        object(&format!(
            "apiVersion: {GROUP}/v1alpha1\nkind: {NODE_STATUS}\nmetadata: {{name: p-{node}, ownerReferences: [{{kind: {PROFILE}, name: p, uid: {uid}}}]}}\nnodeName: {node}\nstatus: {status}\n"
        ))
    }

    fn node(name: &str, os: &str) -> Object {
        object(&format!(
            "apiVersion: v1\nkind: Node\nmetadata: {{name: {name}, labels: {{kubernetes.io/os: {os}}}}}\n"
        ))
    }

    const PATH: &str = "operator/team/p.json";

    #[test]
    fn all_nodes_or_which_not() {
        let nodes = [node("a", "linux"), node("b", "linux"), node("w", "windows")];
        let said =
            |statuses: &[Object]| judge(PATH, &[profile("Installed")], Some(statuses), &nodes);
        assert_eq!(said(&[status("a", INSTALLED, "u"), status("b", INSTALLED, "u")]), None);
        let partly = said(&[status("a", INSTALLED, "u"), status("b", "Error", "u")]).unwrap();
        assert!(partly.contains("not on 1 of 2 nodes") && partly.contains("b (Error)"), "{partly}");
        // The status of another profile.
        let other = said(&[status("a", INSTALLED, "u"), status("b", INSTALLED, "v")]).unwrap();
        assert!(other.contains("SeccompProfile team/p: b;"), "{other}");
    }

    #[test]
    fn without_statuses_the_profile_says_it() {
        let said = |status: &str| judge(PATH, &[profile(status)], None, &[]);
        assert_eq!(said("Installed"), None);
        assert!(said("Pending").unwrap().contains("is Pending, not Installed"));
        let unknown = judge("other.json", &[profile("Installed")], None, &[]).unwrap();
        assert!(unknown.starts_with("no SeccompProfile of"), "{unknown}");
    }
}
