//! The least that somebody must be allowed to read what a command reads, as manifests.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::list::List;
use crate::model::error::{Error, Result};

/// The API group of roles and bindings.
const GROUP: &str = "rbac.authorization.k8s.io";

/// One thing that a command asks the server for, as the server authorizes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Access {
    /// `get`, `list`
    pub verb: String,
    /// The API group; empty for the core group.
    pub group: String,
    /// The plural name of the resource; with its subresource, if there is one (`pods/log`).
    pub resource: String,
    /// In one namespace; `None` in the whole cluster.
    pub namespace: Option<String>,
    /// The one object that it is about; `None` for all.
    pub name: Option<String>,
}

impl List {
    /// What the server must allow for this list to be read.
    pub fn accesses(&self) -> Vec<Access> {
        let verb = if self.name.is_some() { "get" } else { "list" };
        vec![Access {
            verb: verb.to_owned(),
            group: self.resource.group.clone(),
            resource: self.resource.plural.clone(),
            namespace: self.namespace.clone().filter(|_| self.resource.namespaced),
            name: self.name.clone(),
        }]
    }
}

/// A `PolicyRule`, its fields in the order in which Kubernetes writes them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    api_groups: Vec<String>,
    resources: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource_names: Vec<String>,
    verbs: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Role<'a> {
    api_version: String,
    kind: &'static str,
    metadata: Metadata<'a>,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

/// The smallest roles that allow these accesses, as YAML documents: a `ClusterRole` for what is
/// asked of the whole cluster, then a `Role` for each namespace, all called `name`. Above each
/// stands, as a comment, the command that binds it. The order of `accesses` does not matter. Empty
/// if there are none.
pub fn manifests(name: &str, accesses: &[Access]) -> Result<String> {
    let everywhere: BTreeSet<&Access> =
        accesses.iter().filter(|access| access.namespace.is_none()).collect();
    let mut by_namespace: BTreeMap<Option<&str>, BTreeSet<&Access>> = BTreeMap::new();
    for access in accesses {
        let is_covered = everywhere.iter().any(|other| covers(other, access));
        if access.namespace.is_none() || !is_covered {
            by_namespace.entry(access.namespace.as_deref()).or_default().insert(access);
        }
    }
    let documents: Vec<String> = by_namespace
        .into_iter()
        .map(|(namespace, accesses)| {
            let role = Role {
                api_version: format!("{GROUP}/v1"),
                kind: if namespace.is_some() { "Role" } else { "ClusterRole" },
                metadata: Metadata { name, namespace },
                rules: rules(&accesses),
            };
            let text = serde_yaml::to_string(&role).map_err(|error| {
                Error::could_not_run("the role cannot be written").caused_by(error)
            })?;
            Ok(format!("{}{text}", binding(name, namespace)))
        })
        .collect::<Result<_>>()?;
    Ok(documents.join("---\n"))
}

/// How the role is bound, as a comment.
fn binding(name: &str, namespace: Option<&str>) -> String {
    let command = match namespace {
        None => format!("clusterrolebinding {name} --clusterrole={name}"),
        Some(namespace) => format!("rolebinding {name} --role={name} --namespace={namespace}"),
    };
    format!("# To bind it: kubectl create {command} --user=USER\n")
}

/// Whether the right to one access, in the whole cluster, is the right to another as well.
fn covers(wide: &Access, narrow: &Access) -> bool {
    wide.verb == narrow.verb
        && wide.group == narrow.group
        && wide.resource == narrow.resource
        && (wide.name.is_none() || wide.name == narrow.name)
}

/// The rules of one role: verbs of a resource together, then resources of a group with the same
/// verbs together.
fn rules(accesses: &BTreeSet<&Access>) -> Vec<Rule> {
    type Kind<'a> = (&'a str, &'a str);
    let is_allowed = |access: &Access| {
        access.name.is_some()
            && accesses.iter().any(|other| other.name.is_none() && covers(other, access))
    };
    // What is asked for by name, verb by verb; the verbs for all objects; each by resource.
    let mut named: BTreeMap<(Kind<'_>, &str), BTreeSet<&str>> = BTreeMap::new();
    let mut verbs: BTreeMap<Kind<'_>, BTreeSet<&str>> = BTreeMap::new();
    for access in accesses.iter().filter(|access| !is_allowed(access)) {
        let kind = (access.group.as_str(), access.resource.as_str());
        match &access.name {
            Some(name) => {
                named.entry((kind, access.verb.as_str())).or_default().insert(name);
            }
            None => {
                verbs.entry(kind).or_default().insert(&access.verb);
            }
        }
    }
    // The same names of a resource with several verbs are one rule.
    let mut verbs_of_names: BTreeMap<(Kind<'_>, BTreeSet<&str>), BTreeSet<&str>> = BTreeMap::new();
    for ((kind, verb), names) in named {
        verbs_of_names.entry((kind, names)).or_default().insert(verb);
    }
    let mut resources: BTreeMap<(&str, BTreeSet<&str>), BTreeSet<&str>> = BTreeMap::new();
    for ((group, resource), verbs) in verbs {
        resources.entry((group, verbs)).or_default().insert(resource);
    }
    let all = |texts: BTreeSet<&str>| texts.into_iter().map(str::to_owned).collect();
    let mut rules: Vec<Rule> = resources
        .into_iter()
        .map(|((group, verbs), resources)| Rule {
            api_groups: vec![group.to_owned()],
            resources: all(resources),
            resource_names: Vec::new(),
            verbs: all(verbs),
        })
        .chain(verbs_of_names.into_iter().map(|(((group, resource), names), verbs)| Rule {
            api_groups: vec![group.to_owned()],
            resources: vec![resource.to_owned()],
            resource_names: all(names),
            verbs: all(verbs),
        }))
        .collect();
    rules.sort();
    rules
}

#[cfg(test)]
mod tests {
    use super::super::resource::Resource;
    use super::*;

    fn access(text: &str) -> Access {
        // verb group/resource namespace name, `-` for none.
        let parts: Vec<&str> = text.split(' ').collect();
        let (group, resource) = parts[1].split_once('/').unwrap();
        let some = |text: &str| (text != "-").then(|| text.to_owned());
        Access {
            verb: parts[0].to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
            namespace: some(parts[2]),
            name: some(parts[3]),
        }
    }

    fn printed(texts: &[&str]) -> String {
        let mut accesses: Vec<Access> = texts.iter().map(|text| access(text)).collect();
        let text = manifests("pss", &accesses).unwrap();
        accesses.reverse();
        accesses.extend(accesses.clone());
        assert_eq!(manifests("pss", &accesses).unwrap(), text);
        text
    }

    #[test]
    fn everywhere_and_in_namespaces() {
        let text = printed(&[
            "list /pods b -",
            "list /namespaces - -",
            "list apps/deployments b -",
            "list apps/replicasets b -",
            "get /pods a x",
        ]);
        let expected = "\
# To bind it: kubectl create clusterrolebinding pss --clusterrole=pss --user=USER
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: pss
rules:
- apiGroups:
  - ''
  resources:
  - namespaces
  verbs:
  - list
---
# To bind it: kubectl create rolebinding pss --role=pss --namespace=a --user=USER
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: pss
  namespace: a
rules:
- apiGroups:
  - ''
  resources:
  - pods
  resourceNames:
  - x
  verbs:
  - get
---
# To bind it: kubectl create rolebinding pss --role=pss --namespace=b --user=USER
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: pss
  namespace: b
rules:
- apiGroups:
  - ''
  resources:
  - pods
  verbs:
  - list
- apiGroups:
  - apps
  resources:
  - deployments
  - replicasets
  verbs:
  - list
";
        assert_eq!(text, expected);
    }

    fn merged(texts: &[&str]) -> Vec<String> {
        let accesses: Vec<Access> = texts.iter().map(|text| access(text)).collect();
        let join = |texts: &[String]| texts.join("+");
        rules(&accesses.iter().collect())
            .iter()
            .map(|rule| {
                let (groups, resources) = (join(&rule.api_groups), join(&rule.resources));
                let (names, verbs) = (join(&rule.resource_names), join(&rule.verbs));
                format!("{verbs} {groups}/{resources} {names}")
            })
            .collect()
    }

    #[test]
    fn rules_are_merged_as_far_as_they_allow_no_more() {
        assert_eq!(
            merged(&["list /pods a -", "get /pods a -", "get /nodes - -", "list /nodes - -"]),
            ["get+list /nodes+pods "]
        );
        assert_eq!(
            merged(&["list /pods a -", "get /secrets a -", "list /secrets a -"]),
            ["list /pods ", "get+list /secrets "]
        );
        assert_eq!(
            merged(&["get /pods a y", "get /pods a x", "get /nodes - x", "patch /pods a x"]),
            ["get /nodes x", "patch /pods x", "get /pods x+y"]
        );
    }

    #[test]
    fn what_is_allowed_already_is_not_asked_for_again() {
        assert_eq!(merged(&["get /pods a -", "get /pods a x"]), ["get /pods "]);
        assert!(!printed(&["list /pods - -", "list /pods a -"]).contains("kind: Role\n"));
        assert!(printed(&["get /pods - x", "get /pods a -"]).contains("kind: Role\n"));
        assert_eq!(printed(&[]), "");
    }

    #[test]
    fn lists_say_what_they_need() {
        let pods = Resource::new("", "v1", "pods", "Pod", true);
        let mut list = List::of(pods, Some("a"));
        assert_eq!(list.accesses(), [access("list /pods a -")]);
        list.name = Some("x".to_owned());
        assert_eq!(list.accesses(), [access("get /pods a x")]);
        let nodes = Resource::nodes();
        assert_eq!(List::of(nodes, Some("a")).accesses(), [access("list /nodes - -")]);
    }
}
