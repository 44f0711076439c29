//! Whether an object may be changed where it is, and what somebody should know before that.

use super::plan::Left;
use crate::model::managers::manager_of;
use crate::model::object::{Object, ObjectRef};
use crate::model::rollout::{self, Rollout};

/// How an object is to be changed.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// What would be done: imperative half-sentences.
    pub titles: &'a [String],
    /// The command that does the same to the object between its standard input and its standard
    /// output.
    pub command: &'a str,
    /// Whether objects are changed too that somebody manages.
    pub managed: bool,
}

/// What comes of changing an object of a cluster: notes, a sentence each; or why it is left alone,
/// because the server refuses such a change or somebody would undo it.
pub fn of_live(
    object: &Object,
    reference: &ObjectRef,
    way: Way<'_>,
) -> Result<Vec<String>, Box<Left>> {
    let left = |why: String, instead: Vec<String>| {
        Box::new(Left { object: reference.clone(), why, instead })
    };
    let manager = manager_of(object);
    if let Some(manager) = manager.as_ref().filter(|manager| manager.overwrites && !way.managed) {
        let mut instead = vec![manager.knob.clone()];
        instead.extend_from_slice(way.titles);
        instead.push("--managed changes it all the same, until it is written again".to_owned());
        return Err(left(manager.sentence(), instead));
    }
    let rollout = rollout::of(object);
    if let Rollout::Refused(immutable) = &rollout {
        return Err(left(immutable.why(), immutable.instead(object, way.command)));
    }
    let mut notes = vec![rollout.sentence()];
    notes.extend(manager.map(|manager| {
        let then = if manager.overwrites { "will undo it" } else { "leaves it alone" };
        format!("it is {}, which {then}: {}", manager.sentence(), manager.knob)
    }));
    Ok(notes)
}

/// What somebody should know who changes an object in its file.
pub fn of_file(object: &Object) -> Vec<String> {
    let mut notes = Vec::new();
    if let Rollout::Refused(immutable) = rollout::of(object) {
        notes.push(format!("where it runs already, apply is refused: {}", immutable.why()));
    }
    notes.extend(
        object
            .chart_file()
            .map(|file| format!("Helm has rendered it: change {file} of the chart, or its values")),
    );
    notes
}
