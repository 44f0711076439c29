//! Answers of the API server as objects: lists come in pages, and a page's memory is free again
//! as soon as its objects are judged.

use std::sync::Arc;

use serde::Deserialize;

use super::yaml::json;
use crate::client::connection::{Connection, JSON};
use crate::client::failure::{Failure, FailureKind};
use crate::client::list::{Event, List};
use crate::client::resource::Resource;
use crate::model::gap::Gap;
use crate::model::node::Tree;
use crate::model::object::Object;
use crate::model::path::FieldPath;
use crate::model::source::Source;
use crate::model::version::Minor;

/// What comes of a list.
#[derive(Debug)]
pub enum Arrival {
    /// Some of its objects.
    Objects(Vec<Object>),
    /// It starts again: what came so far is void.
    Restart,
    /// It cannot be read, or not to its end; what came so far stands.
    Failed(Failure),
    /// It is complete.
    End,
}

/// Reads lists, several at a time; arrivals carry the position of their list.
pub fn read(connection: &Connection, lists: Vec<List>) -> impl Iterator<Item = (usize, Arrival)> {
    let kinds: Vec<(String, String)> = lists
        .iter()
        .map(|list| (list.resource.api_version(), list.resource.kind.clone()))
        .collect();
    connection.read(lists).map(move |(position, event)| {
        let arrival = match event {
            Event::Page(body) => match objects(body, &kinds[position]) {
                Ok(objects) => Arrival::Objects(objects),
                Err(failure) => Arrival::Failed(failure),
            },
            Event::Restart => Arrival::Restart,
            Event::Failed(failure) => Arrival::Failed(failure),
            Event::End => Arrival::End,
        };
        (position, arrival)
    })
}

/// Reads one object; `namespace` is ignored for cluster-scoped kinds.
pub fn object(
    connection: &Connection,
    resource: &Resource,
    namespace: Option<&str>,
    name: &str,
) -> Result<Object, Failure> {
    let answer = connection.get(&resource.object_path(namespace, name), JSON)?;
    self::answer(answer.body.to_vec(), resource)
}

/// The object that the server has answered with.
pub fn answer(body: Vec<u8>, resource: &Resource) -> Result<Object, Failure> {
    let mut objects = objects(body, &(resource.api_version(), resource.kind.clone()))?;
    objects.pop().ok_or_else(|| Failure {
        kind: FailureKind::Broken,
        message: "the server's answer is no object".to_owned(),
        status: None,
    })
}

/// The objects of a page, or the one that was asked for by name.
fn objects(body: Vec<u8>, kind: &(String, String)) -> Result<Vec<Object>, Failure> {
    let source = Arc::new(Source::live(body));
    let (tree, _) = json::read(&source, 0).map_err(|error| Failure {
        kind: FailureKind::Broken,
        message: format!("the server's answer is no JSON: {}", error.message),
        status: None,
    })?;
    let tree: Arc<Tree> = Arc::new(tree);
    // The items of a list name no kind of their own, and those of a list of metadata another one.
    let object = |id, path| {
        let mut object = Object::new(Arc::clone(&tree), id, path, None);
        object.inherit(kind.0.clone(), kind.1.clone());
        object
    };
    let root = tree.root();
    let is_list = root
        .get("kind")
        .and_then(|kind| kind.as_str().map(|kind| kind.ends_with("List")))
        .unwrap_or(false);
    match root.get("items") {
        Some(items) => Ok(items
            .items()
            .enumerate()
            .map(|(index, item)| object(item.id(), FieldPath::of("items").index(index)))
            .collect()),
        None if is_list => Ok(Vec::new()),
        None => Ok(vec![object(root.id(), FieldPath::root())]),
    }
}

/// What could not be read, as a gap.
pub fn gap(list: &List, failure: &Failure) -> Gap {
    let resource = list.resource.qualified();
    let object = match (&list.name, list.namespace.as_deref().filter(|_| list.resource.namespaced))
    {
        (Some(name), Some(namespace)) => format!("{resource}/{name} in namespace {namespace}"),
        (Some(name), None) => format!("{resource}/{name}"),
        (None, Some(namespace)) => format!("{resource} in namespace {namespace}"),
        (None, None) if list.resource.namespaced => format!("{resource} in all namespaces"),
        (None, None) => resource.clone(),
    };
    let hint = match failure.kind {
        FailureKind::Forbidden => "--print-rbac prints the role that this command needs",
        FailureKind::TooManyRequests | FailureKind::Server => "try again later",
        FailureKind::Timeout => "allow more time with --request-timeout",
        FailureKind::NotRecorded => "take the snapshot again, asking for this",
        _ => "",
    };
    Gap {
        what: "list".to_owned(),
        place: None,
        object: Some(object),
        why: failure.message.clone(),
        hint: hint.to_owned(),
    }
}

/// What `/version` says, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    #[serde(default)]
    major: String,
    #[serde(default)]
    minor: String,
    #[serde(default)]
    emulation_major: String,
    #[serde(default)]
    emulation_minor: String,
}

/// The minor release that the server behaves as: the emulated one, where one is.
pub fn server_version(connection: &Connection) -> Result<Minor, Failure> {
    let answer = connection.get("/version", JSON)?;
    let unknown = || Failure {
        kind: FailureKind::Broken,
        message: "the server's answer at /version is no version".to_owned(),
        status: None,
    };
    let version: Version = serde_json::from_slice(&answer.body).map_err(|_| unknown())?;
    let (major, minor) = if version.emulation_minor.is_empty() {
        (version.major, version.minor)
    } else {
        (version.emulation_major, version.emulation_minor)
    };
    format!("{major}.{minor}").parse().map_err(|_| unknown())
}
