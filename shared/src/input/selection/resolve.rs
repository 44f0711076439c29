//! From resource arguments to requests, in the order in which kubectl makes them.
//!
//! Source: `visitBySelector`, `visitByResource` and `visitByName` of
//! k8s.io/cli-runtime/pkg/resource; `Name` and `Namespace` of k8s.io/client-go/rest.

use super::{Selection, What, split};
use crate::client::connection::Connection;
use crate::client::discovery::Discovery;
use crate::client::list::List;
use crate::client::resource::Resource;
use crate::model::error::{Error, Result};
use crate::model::gap::Gap;
use crate::model::quote::go_quote;

/// What resource arguments mean on a server.
#[derive(Debug, Default)]
pub struct Resolved {
    /// What to ask for, in this order.
    pub lists: Vec<List>,
    /// kubectl's warnings about short names that could mean something else too. They hold names
    /// that the server has given: whoever shows them escapes them.
    pub warnings: Vec<String>,
    /// What a category may stand for beside: the groups that could not be discovered.
    pub gaps: Vec<Gap>,
}

/// Why there is nothing to ask for.
enum Unresolved {
    /// No such type is known; the server may know it.
    Unknown(Error),
    /// Refused, whatever the server knows.
    Refused(Error),
}

impl Selection {
    /// Everything of resources that every server has: what is meant where nothing is named.
    /// Nothing has to be discovered for it. `namespace` is the one that `-A` overrides.
    pub fn everything_of(&self, resources: Vec<Resource>, namespace: &str) -> Vec<List> {
        let namespace = (!self.all_namespaces).then_some(namespace);
        let list = |resource| List {
            label_selector: self.label_selector.clone(),
            field_selector: self.field_selector.clone(),
            ..List::of(resource, namespace)
        };
        resources.into_iter().map(list).collect()
    }

    /// Resolves the arguments on a server: with kubectl's cache of it where that is fresh, and
    /// with what the server says now where that does not know a type. Beside the requests it
    /// returns what is known of the server. Fails in kubectl's words.
    pub fn resolve(&self, connection: &Connection) -> Result<(Resolved, Discovery)> {
        let namespace = &connection.target().namespace;
        let mut discovery = Discovery::load(connection)?;
        let mut outcome = self.resolve_with(namespace, &discovery);
        if matches!(outcome, Err(Unresolved::Unknown(_))) && !discovery.is_fresh() {
            discovery = Discovery::ask(connection)?;
            outcome = self.resolve_with(namespace, &discovery);
        }
        match outcome {
            Ok(resolved) => Ok((resolved, discovery)),
            Err(Unresolved::Refused(error)) => Err(error),
            Err(Unresolved::Unknown(error)) => Err(match missing(&discovery) {
                Some(groups) => {
                    error.hint(format!("what these groups serve is not known: {groups}"))
                }
                None => error,
            }),
        }
    }

    /// Resolves the arguments with what is known of a server. Fails in kubectl's words.
    pub fn resolve_on(&self, namespace: &str, discovery: &Discovery) -> Result<Resolved> {
        self.resolve_with(namespace, discovery).map_err(|unresolved| match unresolved {
            Unresolved::Refused(error) | Unresolved::Unknown(error) => error,
        })
    }

    fn resolve_with(
        &self,
        namespace: &str,
        discovery: &Discovery,
    ) -> std::result::Result<Resolved, Unresolved> {
        let mut resolved = Resolved::default();
        let namespace = (!self.all_namespaces).then_some(namespace);
        match &self.what {
            What::Nothing => {
                return refuse("at least one resource must be specified to use a selector");
            }
            What::Types(types) => {
                for resource in resources(types, discovery, &mut resolved)? {
                    let mut list = List::of(resource, namespace);
                    check_namespace(&list)?;
                    list.label_selector.clone_from(&self.label_selector);
                    list.field_selector.clone_from(&self.field_selector);
                    resolved.lists.push(list);
                }
            }
            What::Names(of, names) => {
                if expand(of, discovery, &mut resolved).len() > 1 {
                    return refuse("you must specify only one resource");
                }
                for resource in resources(of, discovery, &mut resolved)? {
                    for name in names {
                        resolved.lists.push(object(&resource, namespace, name)?);
                    }
                }
            }
            What::Pairs(pairs) => {
                // Every type is looked up before anything is asked for.
                let found = pairs.iter().map(|(of, name)| {
                    let resource = find(of, discovery, &mut resolved.warnings)?;
                    Ok((resource, name))
                });
                let found = found.collect::<std::result::Result<Vec<_>, Unresolved>>()?;
                for (resource, name) in found {
                    resolved.lists.push(object(&resource, namespace, name)?);
                }
            }
        }
        Ok(resolved)
    }
}

/// The types of a comma list, categories expanded, each word once.
fn expand(types: &str, discovery: &Discovery, resolved: &mut Resolved) -> Vec<String> {
    let mut words = Vec::new();
    for word in types.split(',') {
        match discovery.category(word) {
            Some(members) => {
                words.extend(members);
                resolved.gaps = discovery.gaps().to_vec();
            }
            None => words.push(word.to_owned()),
        }
    }
    split(&words.join(","))
}

/// The resources of a comma list, each once.
fn resources(
    types: &str,
    discovery: &Discovery,
    resolved: &mut Resolved,
) -> std::result::Result<Vec<Resource>, Unresolved> {
    let mut resources: Vec<Resource> = Vec::new();
    for word in expand(types, discovery, resolved) {
        let resource = find(&word, discovery, &mut resolved.warnings)?;
        let same = |known: &Resource| {
            known.kind == resource.kind && known.api_version() == resource.api_version()
        };
        if !resources.iter().any(same) {
            resources.push(resource);
        }
    }
    Ok(resources)
}

fn find(
    word: &str,
    discovery: &Discovery,
    warnings: &mut Vec<String>,
) -> std::result::Result<Resource, Unresolved> {
    discovery.find(word, warnings).ok_or_else(|| {
        let message = match word.split_once('.') {
            Some((resource, group)) if !group.is_empty() => format!(
                "the server doesn't have a resource type {} in group {}",
                go_quote(resource),
                go_quote(group)
            ),
            Some((resource, _)) => {
                format!("the server doesn't have a resource type {}", go_quote(resource))
            }
            None => format!("the server doesn't have a resource type {}", go_quote(word)),
        };
        Unresolved::Unknown(
            Error::usage(message).hint("kubectl api-resources lists the types of the server"),
        )
    })
}

/// One object by its name.
fn object(
    resource: &Resource,
    namespace: Option<&str>,
    name: &str,
) -> std::result::Result<List, Unresolved> {
    if resource.namespaced {
        match namespace {
            None => return refuse("a resource cannot be retrieved by name across all namespaces"),
            Some("") => {
                return refuse("namespace may not be empty when retrieving a resource by name");
            }
            Some(_) => {}
        }
    }
    let mut list = List::of(resource.clone(), namespace);
    check_namespace(&list)?;
    if name.is_empty() {
        return refuse("resource name may not be empty");
    }
    check_segment("resource name", name)?;
    list.name = Some(name.to_owned());
    Ok(list)
}

fn check_namespace(list: &List) -> std::result::Result<(), Unresolved> {
    match list.namespace.as_deref().filter(|_| list.resource.namespaced) {
        Some(namespace) => check_segment("namespace", namespace),
        None => Ok(()),
    }
}

/// What may stand in the path of a request.
fn check_segment(what: &str, text: &str) -> std::result::Result<(), Unresolved> {
    let faults = if matches!(text, "." | "..") {
        vec![format!("may not be '{text}'")]
    } else {
        let illegal = ['/', '%'].into_iter().filter(|character| text.contains(*character));
        illegal.map(|character| format!("may not contain '{character}'")).collect()
    };
    if faults.is_empty() {
        return Ok(());
    }
    refuse(&format!("invalid {what} {}: [{}]", go_quote(text), faults.join(" ")))
}

/// The groups that could not be discovered.
fn missing(discovery: &Discovery) -> Option<String> {
    let groups: Vec<&str> =
        discovery.gaps().iter().filter_map(|gap| gap.object.as_deref()).collect();
    (!groups.is_empty()).then(|| groups.join(", "))
}

fn refuse<T>(message: &str) -> std::result::Result<T, Unresolved> {
    Err(Unresolved::Refused(Error::usage(message)))
}
