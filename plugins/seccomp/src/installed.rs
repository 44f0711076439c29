//! Whether a profile for `Localhost` is where kubelets look for it. Kubernetes itself does not know;
//! the Security Profiles Operator does for the profiles that it installs.
//!
//! Source: `SeccompProfileStatus` and `SecurityProfileNodeStatus` of
//! kubernetes-sigs/security-profiles-operator.

use std::collections::BTreeMap;

use posture::model::object::Object;

use crate::facts::first;

/// The API group of the operator.
pub const GROUP: &str = "security-profiles-operator.x-k8s.io";
/// The kind of its profiles.
pub const PROFILE: &str = "SeccompProfile";
/// The kind that says on which node a profile is.
pub const NODE_STATUS: &str = "SecurityProfileNodeStatus";

/// The folder of its profiles, below that of the kubelet.
pub const FOLDER: &str = "operator/";

/// What the operator says of a profile that is on a node.
const INSTALLED: &str = "Installed";

/// How many nodes are named.
const SHOWN: usize = 5;

/// What the operator says of its profiles, by the path for `localhostProfile`.
#[derive(Clone, Debug, Default)]
pub struct Installed {
    profiles: BTreeMap<String, Known>,
}

/// What it says of one.
#[derive(Clone, Debug)]
struct Known {
    /// How people name it: with its namespace, where it has one.
    name: String,
    /// What the profile itself says.
    status: String,
    /// What is said of each node, where that is said.
    nodes: Option<BTreeMap<String, String>>,
}

/// Whether a profile is on nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// On all of them.
    Everywhere,
    /// Not on all: a clause says where not.
    Missing(String),
    /// The operator has no profile with that path: it does not know.
    NoProfile,
}

impl Installed {
    /// By the operator's objects: its profiles, and where they are read what it says of nodes.
    pub fn of(profiles: &[Object], statuses: Option<&[Object]>) -> Self {
        let statuses = statuses.filter(|statuses| !statuses.is_empty());
        let known = |profile: &Object| {
            let of_status = |key: &str| {
                let value = profile.value().get("status")?.get(key)?;
                value.as_str().map(str::to_owned)
            };
            let name = match profile.namespace() {
                Some(namespace) => format!("{namespace}/{}", profile.name()),
                None => profile.name().to_owned(),
            };
            let nodes = statuses.map(|statuses| {
                let own = statuses.iter().filter(|status| is_of(status, profile));
                own.map(|status| (text(status, "nodeName"), text(status, "status"))).collect()
            });
            let status = of_status("status").unwrap_or_else(|| "not known".to_owned());
            Some((of_status("localhostProfile")?, Known { name, status, nodes }))
        };
        Self { profiles: profiles.iter().filter_map(known).collect() }
    }

    /// Whether the profile at a path is on all of these nodes.
    pub fn presence(&self, path: &str, nodes: &[&str]) -> Presence {
        let Some(known) = self.profiles.get(path) else { return Presence::NoProfile };
        let Some(by_node) = &known.nodes else {
            let Known { name, status, .. } = known;
            if status == INSTALLED {
                return Presence::Everywhere;
            }
            return Presence::Missing(format!(
                "the SeccompProfile {name} of {path} is {status}, not {INSTALLED}"
            ));
        };
        let missing: Vec<String> = nodes
            .iter()
            .filter_map(|node| match by_node.get(*node).map(String::as_str) {
                Some(INSTALLED) => None,
                Some(other) => Some(format!("{node} ({other})")),
                None => Some((*node).to_owned()),
            })
            .collect();
        if missing.is_empty() {
            return Presence::Everywhere;
        }
        Presence::Missing(format!(
            "{path} is not on {} of {} nodes, says the SeccompProfile {}: {}; there the containers are not created",
            missing.len(),
            nodes.len(),
            known.name,
            first(&missing, SHOWN)
        ))
    }
}

fn text(status: &Object, key: &str) -> String {
    // Until v1alpha1 both stand at the root, since v1 in `spec` and `status`.
    let value = status.value();
    let nested = ["spec", "status"].into_iter().find_map(|part| value.get(part)?.get(key));
    let found = nested.or_else(|| value.get(key)).and_then(|value| value.as_str());
    found.unwrap_or_default().to_owned()
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

    fn missing(presence: Presence) -> String {
        match presence {
            Presence::Missing(why) => why,
            other => panic!("{other:?}"),
        }
    }

    const PATH: &str = "operator/team/p.json";

    #[test]
    fn all_nodes_or_which_not() {
        let said = |statuses: &[Object]| {
            let installed = Installed::of(&[profile("Installed")], Some(statuses));
            installed.presence(PATH, &["a", "b"])
        };
        assert_eq!(
            said(&[status("a", INSTALLED, "u"), status("b", INSTALLED, "u")]),
            Presence::Everywhere
        );
        let partly = missing(said(&[status("a", INSTALLED, "u"), status("b", "Error", "u")]));
        assert!(partly.contains("not on 1 of 2 nodes") && partly.contains("b (Error)"), "{partly}");
        // The status of another profile.
        let other = missing(said(&[status("a", INSTALLED, "u"), status("b", INSTALLED, "v")]));
        assert!(other.contains("SeccompProfile team/p: b;"), "{other}");
    }

    #[test]
    fn newer_statuses_say_it_elsewhere() {
        let newer = object(&format!(
            "apiVersion: {GROUP}/v1\nkind: {NODE_STATUS}\nmetadata: {{name: p-a, ownerReferences: [{{kind: {PROFILE}, name: p, uid: u}}]}}\nspec: {{nodeName: a}}\nstatus: {{status: Installed}}\n"
        ));
        let installed = Installed::of(&[profile("Installed")], Some(&[newer]));
        assert_eq!(installed.presence(PATH, &["a"]), Presence::Everywhere);
    }

    #[test]
    fn without_statuses_the_profile_says_it() {
        let said = |status: &str| Installed::of(&[profile(status)], None).presence(PATH, &[]);
        assert_eq!(said("Installed"), Presence::Everywhere);
        assert!(missing(said("Pending")).contains("is Pending, not Installed"));
        let installed = Installed::of(&[profile("Installed")], None);
        assert_eq!(installed.presence("other.json", &[]), Presence::NoProfile);
    }
}
