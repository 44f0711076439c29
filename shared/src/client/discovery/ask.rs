//! Asking the server what it serves: aggregated discovery, or the classic documents one by one
//! where a server knows no better.
//!
//! Source: `GroupsAndMaybeResources` of k8s.io/client-go/discovery.

use std::collections::BTreeMap;
use std::thread;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::aggregated::{self, Split};
use super::served::{Group, GroupList, GroupVersion, ResourceList, Served, nullable};
use crate::client::connection::{Connection, JSON};
use crate::client::diagnose::could_not_reach;
use crate::client::failure::{Failure, FailureKind};
use crate::model::error::{Error, Result};
use crate::model::gap::Gap;

/// Aggregated discovery where the server has it: since 1.30, in its first form since 1.26.
const ACCEPT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// How many classic documents are asked for at once.
const THREADS: usize = 8;

/// What the server has answered.
pub(super) struct Asked {
    pub(super) groups: Vec<Group>,
    pub(super) lists: BTreeMap<String, Vec<Served>>,
    pub(super) gaps: Vec<Gap>,
}

/// Either form of an answer of `/api` and `/apis`.
enum Answered {
    Aggregated(Split),
    Groups(Vec<Group>),
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    kind: String,
}

/// `APIVersions`: the classic answer of `/api`.
#[derive(Deserialize)]
struct Versions {
    #[serde(default, deserialize_with = "nullable")]
    versions: Vec<String>,
}

/// Asks for everything. Groups that cannot be discovered are gaps.
pub(super) fn ask(connection: &Connection) -> Result<Asked> {
    let (core, named) = thread::scope(|scope| {
        let core = scope.spawn(|| core_group(connection));
        let named = named_groups(connection);
        (core.join(), named)
    });
    let core = core.map_err(|_| Error::could_not_run("discovery of /api broke off"))??;
    match (core, named?) {
        (Answered::Aggregated(core), Answered::Aggregated(named)) => Ok(together(core, named)),
        (core, named) => Ok(one_by_one(connection, core.groups(), named.groups())),
    }
}

fn core_group(connection: &Connection) -> Result<Answered> {
    let body = match connection.get("/api", ACCEPT) {
        Ok(answer) => answer.body,
        // Servers that only serve an aggregated API have no core group.
        Err(failure) if failure.kind == FailureKind::NotFound => {
            return Ok(Answered::Aggregated(Split::default()));
        }
        Err(failure) => return Err(failed(connection, "/api", &failure)),
    };
    if let Some(split) = aggregated("/api", &body)? {
        return Ok(Answered::Aggregated(split));
    }
    let versions: Versions = parse("/api", &body)?;
    let versions: Vec<GroupVersion> = versions
        .versions
        .into_iter()
        .map(|version| GroupVersion { group_version: version.clone(), version })
        .collect();
    let preferred = versions.first().cloned().unwrap_or_default();
    Ok(Answered::Groups(vec![Group { versions, preferred, ..Group::default() }]))
}

fn named_groups(connection: &Connection) -> Result<Answered> {
    let answer =
        connection.get("/apis", ACCEPT).map_err(|failure| failed(connection, "/apis", &failure))?;
    if let Some(split) = aggregated("/apis", &answer.body)? {
        return Ok(Answered::Aggregated(split));
    }
    let list: GroupList = parse("/apis", &answer.body)?;
    Ok(Answered::Groups(list.groups))
}

impl Answered {
    fn groups(self) -> Vec<Group> {
        match self {
            Self::Aggregated(split) => split.groups,
            Self::Groups(groups) => groups,
        }
    }
}

fn together(core: Split, named: Split) -> Asked {
    let stale = core.stale.into_iter().chain(named.stale);
    // The words of client-go.
    let why = |of: &str| format!("stale GroupVersion discovery: {of}");
    let gaps = stale.map(|of| gap(&of, why(&of))).collect();
    let mut groups = core.groups;
    groups.extend(named.groups);
    let mut lists = core.lists;
    lists.extend(named.lists);
    Asked { groups, lists, gaps }
}

/// Every version of every group by a request of its own.
fn one_by_one(connection: &Connection, core: Vec<Group>, named: Vec<Group>) -> Asked {
    let groups: Vec<Group> = core.into_iter().chain(named).collect();
    let versions: Vec<&str> = groups
        .iter()
        .flat_map(|group| &group.versions)
        .map(|version| version.group_version.as_str())
        .collect();
    let portion = versions.len().div_ceil(THREADS).max(1);
    let answers: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = versions
            .chunks(portion)
            .map(|portion| {
                scope.spawn(move || {
                    let ask = |of: &&str| ((*of).to_owned(), resources(connection, of));
                    portion.iter().map(ask).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    });
    let mut lists = BTreeMap::new();
    let mut gaps = Vec::new();
    for (of, answer) in answers {
        match answer {
            Ok(resources) => drop(lists.insert(of, resources)),
            Err(error) => gaps.push(gap(&of, error.to_string())),
        }
    }
    Asked { groups, lists, gaps }
}

fn resources(connection: &Connection, group_version: &str) -> Result<Vec<Served>> {
    let root = if group_version.contains('/') { "/apis" } else { "/api" };
    let path = format!("{root}/{group_version}");
    match connection.get(&path, JSON) {
        Ok(answer) => Ok(parse::<ResourceList>(&path, &answer.body)?.resources),
        Err(failure) if group_version == "v1" && failure.kind == FailureKind::NotFound => {
            Ok(Vec::new())
        }
        Err(failure) => Err(failed(connection, &path, &failure)),
    }
}

fn aggregated(path: &str, body: &[u8]) -> Result<Option<Split>> {
    let head: Head = parse(path, body)?;
    if head.kind != aggregated::KIND {
        return Ok(None);
    }
    Ok(Some(parse::<aggregated::Answer>(path, body)?.split()))
}

fn parse<T: DeserializeOwned>(path: &str, body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| {
        Error::could_not_run(format!("the server's answer at {path} is no discovery: {error}"))
    })
}

fn failed(connection: &Connection, path: &str, failure: &Failure) -> Error {
    match failure.kind {
        FailureKind::Forbidden => Error::could_not_run(failure.message.clone()).hint(format!(
            "without {path} nobody knows what the server serves: \
             the ClusterRole system:discovery allows it"
        )),
        _ => could_not_reach(failure, connection.target()),
    }
}

/// What is not known of a version of a group, or of a whole group.
pub(super) fn gap(of: &str, why: String) -> Gap {
    Gap {
        what: "discovery".to_owned(),
        place: None,
        object: Some(of.to_owned()),
        why,
        hint: "kubectl get apiservices shows which are not available".to_owned(),
    }
}
