//! The dry run of a change, and what it says: what would be different, and what would take it back.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::{Map, Value as Json};

use super::super::diff;
use super::super::operations::{self, Operation};
use super::super::undo::ObjectUndo;
use super::{DryRun, Fate, Options, Prepared, Run, TRIES, Target, shown, version};
use crate::client::connection::Connection;
use crate::client::failure::{Failure, FailureKind};
use crate::client::patch::Patch;
use crate::client::resource::Resource;
use crate::input::live;
use crate::model::object::ObjectRef;

/// How often a dry run is repeated where the object changes between it and a reading.
const READINGS: usize = 5;

/// What of an object's metadata only the server writes.
const SERVERS: [&str; 3] = ["generation", "managedFields", "resourceVersion"];

/// The annotation in which it counts the changes of a DaemonSet's template.
const COUNTED: &str = "deprecated.daemonset.template.generation";

/// How many dry runs are under way at once.
const AT_ONCE: usize = 8;

/// Why a dry run has prepared nothing.
pub(super) enum Stopped {
    /// The object is not as the change has seen it.
    Conflict(Box<Target>),
    Fate(Fate),
}

/// Tries changes on the server, several at once; what comes of each, in their order. Where no
/// other would fare better than one that failed, the rest is not tried, and missing.
pub(super) fn attempts(
    connection: &Connection,
    options: &Options,
    targets: Vec<Target>,
) -> Vec<Result<Prepared, Stopped>> {
    let workers = AT_ONCE.min(targets.len());
    let queue = Mutex::new(targets.into_iter().enumerate());
    let results = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            // In a statement of its own, or the queue is locked as long as the attempt takes.
            let next = lock(&queue).next();
            let Some((position, target)) = next else { return };
            let result = attempt(connection, options, target);
            if matches!(&result, Err(Stopped::Fate(fate)) if fate.is_hopeless()) {
                lock(&queue).by_ref().for_each(drop);
            }
            lock(&results).insert(position, result);
        }
    };
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tries one change on the server.
fn attempt(
    connection: &Connection,
    options: &Options,
    target: Target,
) -> Result<Prepared, Stopped> {
    let reference = &target.change.reference;
    if target.change.is_empty() {
        return Err(Stopped::Fate(Fate::Already(reference.clone())));
    }
    if options.dry_run == DryRun::Client {
        let (before, after) = (target.change.before.clone(), target.change.after.clone());
        return prepared(target, &before, &after).map_err(Stopped::Fate);
    }
    match dry_run(connection, options, &target) {
        Ok((before, after)) => prepared(target, &before, &after).map_err(Stopped::Fate),
        Err(failure) if failure.kind == FailureKind::Conflict => {
            Err(Stopped::Conflict(Box::new(target)))
        }
        Err(failure) => Err(Stopped::Fate(Fate::failed(failure, reference))),
    }
}

/// The object as it is, and as the server would make it.
fn dry_run(
    connection: &Connection,
    options: &Options,
    target: &Target,
) -> Result<(Json, Json), Failure> {
    let mut before = target.change.before.clone();
    let patch = patch(options, target, &operations_of(target), true);
    let mut after = Json::Null;
    for _ in 0..READINGS {
        let answer = connection.patch(&patch)?;
        after = live::answer(answer.body.to_vec(), &target.resource)?.value().to_json();
        // The answer to a dry run bears the version of the object that it began with.
        if version(&before).is_none() || version(&before) == version(&after) {
            break;
        }
        // Somebody has changed it elsewhere: that is none of our change.
        before = target.read(connection)?.value().to_json();
    }
    Ok((before, after))
}

/// What is sent.
pub(super) fn patch(
    options: &Options,
    target: &Target,
    operations: &[Operation],
    dry_run: bool,
) -> Patch {
    let reference = &target.change.reference;
    Patch {
        resource: target.resource.clone(),
        namespace: reference.namespace.clone(),
        name: reference.name.clone(),
        operations: operations::text(operations),
        field_manager: options.field_manager.clone(),
        dry_run,
    }
}

impl Run<'_> {
    /// What becomes of a change that was tried on the server: it is planned anew where the object
    /// is not as it was seen.
    pub(super) fn settled(
        &mut self,
        mut result: Result<Prepared, Stopped>,
    ) -> Result<Prepared, Fate> {
        let mut tries = 1;
        loop {
            match result {
                Ok(prepared) => return Ok(prepared),
                Err(Stopped::Fate(fate)) => return Err(fate),
                Err(Stopped::Conflict(target)) if tries == TRIES => {
                    return Err(contested(&target.change.reference));
                }
                Err(Stopped::Conflict(target)) => result = self.again(&target),
            }
            tries += 1;
        }
    }

    /// Reads an object that somebody else has changed, plans its change anew, and tries that.
    pub(super) fn again(&mut self, target: &Target) -> Result<Prepared, Stopped> {
        let why = "has been changed by somebody else: it is read again";
        self.audience.note(&format!("{} {why}", shown(&target.change.reference)));
        let target = self.planned_anew(target).map_err(Stopped::Fate)?;
        attempt(self.connection, self.options, target)
    }
}

fn prepared(target: Target, before: &Json, after: &Json) -> Result<Prepared, Fate> {
    let reference = &target.change.reference;
    let name = match &reference.namespace {
        Some(namespace) => format!("{namespace}/{reference}.yaml"),
        None => format!("{reference}.yaml"),
    };
    let diff =
        diff::unified(&name, &text(before, &target.resource), &text(after, &target.resource));
    if diff.is_empty() {
        let why = "the server would leave it as it is: something in the cluster takes the \
                   change back";
        return Err(Fate::Unknown(Box::new(super::gap(reference, why, ""))));
    }
    let operations = operations_of(&target);
    let undo = undo(reference, &target.resource, (before, after), &target.change);
    Ok(Prepared { target, operations, diff, undo })
}

/// Nobody can be faster than somebody who never rests.
pub(super) fn contested(object: &ObjectRef) -> Fate {
    let why = format!("somebody else has changed it {TRIES} times meanwhile");
    let hint = "try again later, or see who changes it";
    Fate::Unknown(Box::new(super::gap(object, &why, hint)))
}

fn operations_of(target: &Target) -> Vec<Operation> {
    let change = &target.change;
    operations::of_object(&change.before, operations::between(&change.before, &change.after))
}

/// An object as it is shown: without what only the server writes, and of a known type, which the
/// items of a list do not name.
fn text(object: &Json, resource: &Resource) -> String {
    let mut fields = content(object);
    fields.insert("apiVersion".to_owned(), resource.api_version().into());
    fields.insert("kind".to_owned(), resource.kind.clone().into());
    serde_yaml::to_string(&fields).unwrap_or_default()
}

/// What people and programs write of an object.
fn content(object: &Json) -> Map<String, Json> {
    let mut fields = object.as_object().cloned().unwrap_or_default();
    fields.remove("status");
    if let Some(metadata) = fields.get_mut("metadata").and_then(Json::as_object_mut) {
        metadata.retain(|key, _| !SERVERS.contains(&key.as_str()));
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Json::as_object_mut) {
            annotations.remove(COUNTED);
        }
    }
    fields
}

/// What takes a change back: all of it outside of the metadata, what admission has added among it;
/// of the metadata only what we have changed ourselves.
fn undo(
    reference: &ObjectRef,
    resource: &Resource,
    (before, after): (&Json, &Json),
    change: &super::Change,
) -> ObjectUndo {
    let written = Json::Object(content(after));
    let mut restored = content(before);
    for key in ["apiVersion", "kind"] {
        match after.get(key) {
            Some(value) => drop(restored.insert(key.to_owned(), value.clone())),
            None => drop(restored.remove(key)),
        }
    }
    let of = |object: &Json| object.get("metadata").cloned().unwrap_or_default();
    let mut metadata = of(&written);
    let own = operations::between(&of(&change.after), &of(&change.before));
    // If the server has made something else of it, it is not ours to take back.
    if operations::apply(&own, &mut metadata).is_err() {
        metadata = of(&written);
    }
    restored.insert("metadata".to_owned(), metadata);
    let operations = operations::between(&written, &Json::Object(restored));
    ObjectUndo {
        api_version: reference.api_version.clone(),
        kind: reference.kind.clone(),
        namespace: reference.namespace.clone(),
        name: reference.name.clone(),
        resource: resource.plural.clone(),
        operations: operations::of_object(&written, operations),
    }
}
