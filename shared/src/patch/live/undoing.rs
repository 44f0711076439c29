//! Takes back what was changed in a cluster, in the same way as it was made: after a dry run, shown,
//! asked about, and not over what somebody else has written since.

use super::{Fate, Options, Outcome, Target, ask_and_do};
use crate::client::connection::Connection;
use crate::client::diagnose;
use crate::client::resource::Resource;
use crate::input::live;
use crate::model::error::{Error, Result};
use crate::model::object::Object;
use crate::patch::audience::Audience;
use crate::patch::plan::Planned;
use crate::patch::undo::{ObjectUndo, Undo};

/// What the questions begin with.
const VERB: &str = "Take back what was changed in";

/// Takes back what was changed in the cluster, the last change first. Fails, and changes nothing,
/// where it was another cluster. What was never changed, or was taken back already, counts as so
/// already; what somebody has changed since, at the same place, is left alone.
pub fn take_back(
    connection: &Connection,
    undo: &Undo,
    audience: &mut dyn Audience,
    options: &Options,
) -> Result<Outcome> {
    refuse_another_cluster(connection, undo)?;
    let mut outcome = Outcome::default();
    let mut targets = Vec::new();
    for entry in undo.objects.iter().rev() {
        let resource = resource(entry);
        match live::object(connection, &resource, entry.namespace.as_deref(), &entry.name) {
            Err(failure) if super::is_hopeless(&failure) => {
                return Err(diagnose::could_not_reach(&failure, connection.target()));
            }
            Err(failure) => outcome.note(Fate::failed(failure, &entry.reference())),
            Ok(object) => match Fate::of(entry.plan(object), &entry.reference()) {
                Ok(change) => targets.push(Target { resource, change }),
                Err(fate) => outcome.note(fate),
            },
        }
    }
    let replan = |object: Object| {
        let is_it = |entry: &&ObjectUndo| {
            entry.kind == object.kind()
                && entry.api_version == object.api_version()
                && entry.name == object.name()
                && entry.namespace.as_deref() == object.namespace()
        };
        let entry = undo.objects.iter().rev().find(is_it);
        entry.map_or(Planned::Aside, |entry| entry.plan(object))
    };
    let mut made = ask_and_do(VERB, connection, targets, &replan, audience, options)?;
    made.already.splice(..0, outcome.already);
    made.left.splice(..0, outcome.left);
    made.failed.splice(..0, outcome.failed);
    Ok(made)
}

/// Objects of the same name may be in any cluster.
fn refuse_another_cluster(connection: &Connection, undo: &Undo) -> Result<()> {
    let here = &connection.target().server;
    let Some(there) = undo.server.as_ref().filter(|there| *there != here) else { return Ok(()) };
    let error = Error::usage(format!("the changes were made at {there}, and this is {here}"));
    Err(match &undo.context {
        Some(context) => error.hint(format!("name the context that was used: {context}")),
        None => error.hint("name the context that was used"),
    })
}

fn resource(entry: &ObjectUndo) -> Resource {
    let object = entry.reference();
    let version = object.api_version.rsplit_once('/').map_or(&*object.api_version, |(_, v)| v);
    Resource::new(object.group(), version, &entry.resource, &entry.kind, entry.namespace.is_some())
}
