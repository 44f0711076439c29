//! The dry run of a change, and what it says: what would be different, and what would take it back.

use serde_json::{Map, Value as Json};

use super::super::diff;
use super::super::operations::{self, Operation};
use super::super::undo::ObjectUndo;
use super::{DryRun, Fate, Prepared, Run, TRIES, Target, shown, version};
use crate::client::failure::{Failure, FailureKind};
use crate::client::patch::Patch;
use crate::client::resource::Resource;
use crate::input::live;
use crate::model::object::ObjectRef;

/// How often a dry run is repeated where the object changes between it and a reading.
const READINGS: usize = 5;

/// What of an object's metadata only the server writes.
const SERVERS: [&str; 3] = ["generation", "managedFields", "resourceVersion"];

impl Run<'_> {
    /// Tries a change on the server, or plans it anew where the object is not as it was seen.
    pub(super) fn prepare(&mut self, mut target: Target) -> Result<Prepared, Fate> {
        for _ in 0..TRIES {
            let reference = target.change.reference.clone();
            if target.change.is_empty() {
                return Err(Fate::Already(reference));
            }
            if self.options.dry_run == DryRun::Client {
                let (before, after) = (target.change.before.clone(), target.change.after.clone());
                return prepared(target, &before, &after);
            }
            match self.dry_run(&target) {
                Ok((before, after)) => return prepared(target, &before, &after),
                Err(failure) if failure.kind == FailureKind::Conflict => {
                    let why = "has been changed by somebody else: it is read again";
                    self.audience.note(&format!("{} {why}", shown(&reference)));
                    target = self.planned_anew(&target)?;
                }
                Err(failure) => return Err(Fate::failed(failure, &reference)),
            }
        }
        Err(contested(&target.change.reference))
    }

    /// The object as it is, and as the server would make it.
    fn dry_run(&self, target: &Target) -> Result<(Json, Json), Failure> {
        let mut before = target.change.before.clone();
        let patch = self.patch(target, &operations_of(target), true);
        let mut after = Json::Null;
        for _ in 0..READINGS {
            let answer = self.connection.patch(&patch)?;
            after = live::answer(answer.body.to_vec(), &target.resource)?.value().to_json();
            // The answer to a dry run bears the version of the object that it began with.
            if version(&before).is_none() || version(&before) == version(&after) {
                break;
            }
            // Somebody has changed it elsewhere: that is none of our change.
            before = self.read(target)?.value().to_json();
        }
        Ok((before, after))
    }

    pub(super) fn patch(&self, target: &Target, operations: &[Operation], dry_run: bool) -> Patch {
        let reference = &target.change.reference;
        Patch {
            resource: target.resource.clone(),
            namespace: reference.namespace.clone(),
            name: reference.name.clone(),
            operations: operations::text(operations),
            field_manager: self.options.field_manager.clone(),
            dry_run,
        }
    }
}

fn prepared(target: Target, before: &Json, after: &Json) -> Result<Prepared, Fate> {
    let reference = &target.change.reference;
    let name = match &reference.namespace {
        Some(namespace) => format!("{namespace}/{reference}"),
        None => reference.to_string(),
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
