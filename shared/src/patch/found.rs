//! Objects of a cluster: what is selected, and the roots above it.

use crate::client::connection::Connection;
use crate::client::failure::Failure;
use crate::client::list::List;
use crate::client::resource::Resource;
use crate::input::cluster::Cluster;
use crate::input::gather::{self, all_failed, gather};
use crate::input::live;
use crate::input::selection::Selection;
use crate::input::selection::resolve::Resolved;
use crate::model::error::Result;
use crate::model::gap::Gap;
use crate::model::object::Object;
use crate::model::rollout;
use crate::patch::roots::{self, Root};

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The objects whose templates are meant.
    pub roots: Vec<Root>,
    /// How many are of no concern: what has ended.
    pub aside: usize,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// What is meant of a list, and how much of it is of no concern.
type Kept = (Vec<Object>, usize);

/// The kinds that pods come from, and pods: what is looked at where nothing is named.
fn workloads() -> Vec<Resource> {
    [
        ("apps", "deployments", "Deployment"),
        ("apps", "statefulsets", "StatefulSet"),
        ("apps", "daemonsets", "DaemonSet"),
        ("batch", "cronjobs", "CronJob"),
        ("apps", "replicasets", "ReplicaSet"),
        ("", "replicationcontrollers", "ReplicationController"),
        ("batch", "jobs", "Job"),
        ("", "podtemplates", "PodTemplate"),
        ("", "pods", "Pod"),
    ]
    .into_iter()
    .map(|(group, plural, kind)| Resource::new(group, "v1", plural, kind, true))
    .collect()
}

/// What to read: what was named, or the workloads; with what is said of it and what of it cannot be
/// read.
pub fn lists(connection: &Connection, selection: &Selection) -> Result<Resolved> {
    if selection.names_nothing() {
        let lists = selection.everything_of(workloads(), &connection.target().namespace);
        return Ok(Resolved { lists, ..Resolved::default() });
    }
    selection.resolve(connection).map(|(resolved, _)| resolved)
}

/// Reads lists and climbs to the roots. What is owned is left out where everything is asked for: its
/// owner is among the rest. Fails where nothing could be read at all.
pub fn read(connection: &Connection, lists: &[List], everything: bool) -> Result<Found> {
    let mut found = Found::default();
    let cluster = Cluster::Live { connection, recorder: None };
    let read = gather(cluster, lists, |list, mut page, (objects, aside): &mut Kept| {
        if everything {
            page.retain(|object| !roots::is_owned(object));
        }
        if list.name.is_none() {
            let before = page.len();
            page.retain(|object| !rollout::has_ended(object));
            *aside += before - page.len();
        }
        objects.extend(page);
    });
    if let Some(failure) = all_failed(&read)
        && read.iter().all(|((objects, _), _)| objects.is_empty())
    {
        return Err(cluster.could_not_run(failure));
    }
    let mut selected = Vec::new();
    for (list, ((objects, aside), failure)) in lists.iter().zip(read) {
        selected.extend(objects);
        found.aside += aside;
        found.gaps.extend(failure.map(|failure| live::gap(list, &failure)));
    }
    let climbed = roots::climb(connection, selected);
    found.roots = climbed.roots;
    found.gaps.extend(climbed.gaps);
    Ok(found)
}

/// The resource of an object that was selected, or stands above one.
pub fn resource_of(object: &Object, lists: &[List]) -> Option<Resource> {
    let is_it = |resource: &&Resource| {
        resource.kind == object.kind() && resource.api_version() == object.api_version()
    };
    let known = lists.iter().map(|list| &list.resource).find(is_it).cloned();
    known.or_else(|| roots::resource(object.api_version(), object.kind()))
}

/// Reads single objects; beside each why it could not be read.
pub fn objects(
    connection: &Connection,
    lists: Vec<List>,
) -> Vec<(List, std::result::Result<Option<Object>, Failure>)> {
    let answers = gather::singles(Cluster::Live { connection, recorder: None }, &lists);
    lists.into_iter().zip(answers).collect()
}
