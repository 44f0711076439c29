//! Objects of a cluster: what is selected, and the roots above it.

use posture::client::connection::Connection;
use posture::client::diagnose;
use posture::client::failure::{Failure, FailureKind};
use posture::client::list::List;
use posture::client::resource::Resource;
use posture::input::live::{self, Arrival};
use posture::input::selection::Selection;
use posture::model::error::Result;
use posture::model::gap::Gap;
use posture::model::object::Object;
use posture::model::rollout;
use posture::patch::roots::{self, Root};
use posture::render::escape::escape;
use posture::render::out;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The objects whose templates are meant.
    pub(super) roots: Vec<Root>,
    /// How many are of no concern: what has ended.
    pub(super) aside: usize,
    /// What could not be read.
    pub(super) gaps: Vec<Gap>,
}

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

/// What to read: what was named, or the workloads.
pub(super) fn lists(
    connection: &Connection,
    selection: &Selection,
    gaps: &mut Vec<Gap>,
) -> Result<Vec<List>> {
    if selection.names_nothing() {
        return Ok(selection.everything_of(workloads(), &connection.target().namespace));
    }
    let (resolved, _) = selection.resolve(connection)?;
    for warning in &resolved.warnings {
        out::note(&escape(&format!("Warning: {warning}")));
    }
    gaps.extend(resolved.gaps);
    Ok(resolved.lists)
}

/// Reads lists and climbs to the roots. What is owned is left out where everything is asked for: its
/// owner is among the rest. Fails where nothing could be read at all.
pub(super) fn read(connection: &Connection, lists: &[List], everything: bool) -> Result<Found> {
    let mut found = Found::default();
    let mut read: Vec<(Vec<Object>, usize, Option<Failure>)> =
        lists.iter().map(|_| <_>::default()).collect();
    for (position, arrival) in live::read(connection, lists.to_vec()) {
        let (objects, aside, failed) = &mut read[position];
        match arrival {
            Arrival::Objects(mut page) => {
                if everything {
                    page.retain(|object| !roots::is_owned(object));
                }
                if lists[position].name.is_none() {
                    let before = page.len();
                    page.retain(|object| !rollout::has_ended(object));
                    *aside += before - page.len();
                }
                objects.extend(page);
            }
            Arrival::Restart => (*objects, *aside) = <_>::default(),
            Arrival::Failed(failure) => *failed = Some(failure),
            Arrival::End => {}
        }
    }
    let nothing = read.iter().all(|(objects, _, failed)| objects.is_empty() && failed.is_some());
    if let Some((_, _, Some(failure))) = read.first().filter(|_| nothing) {
        return Err(diagnose::could_not_reach(failure, connection.target()));
    }
    let mut selected = Vec::new();
    for (list, (objects, aside, failure)) in lists.iter().zip(read) {
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
pub(super) fn resource_of(object: &Object, lists: &[List]) -> Option<Resource> {
    let is_it = |resource: &&Resource| {
        resource.kind == object.kind() && resource.api_version() == object.api_version()
    };
    let known = lists.iter().map(|list| &list.resource).find(is_it).cloned();
    known.or_else(|| roots::resource(object.api_version(), object.kind()))
}

/// Reads single objects; beside each why it could not be read.
pub(super) fn objects(
    connection: &Connection,
    lists: Vec<List>,
) -> Vec<(List, std::result::Result<Option<Object>, Failure>)> {
    let mut answers: Vec<_> = lists.iter().map(|list| (list.clone(), Ok(None))).collect();
    for (position, arrival) in live::read(connection, lists) {
        match arrival {
            Arrival::Objects(objects) => answers[position].1 = Ok(objects.into_iter().next()),
            Arrival::Failed(failure) if failure.kind == FailureKind::NotFound => {}
            Arrival::Failed(failure) => answers[position].1 = Err(failure),
            Arrival::Restart | Arrival::End => {}
        }
    }
    answers
}
