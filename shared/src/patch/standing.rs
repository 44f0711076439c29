//! Whether an object may be changed where it is, and what somebody should know before that.

use super::partial;
use super::plan::{Change, Left, Planned, Step};
use crate::model::gap::Gap;
use crate::model::managers::manager_of;
use crate::model::object::{Object, ObjectRef};
use crate::model::rollout::{self, Rollout};

/// Where an object is, and how it is to be changed there.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// In a file.
    File,
    /// In a cluster.
    Cluster {
        /// How commands of kubectl begin that mean this cluster.
        kubectl: &'a str,
        /// The command that does the same to the object between its standard input and its
        /// standard output.
        command: &'a str,
        /// Whether objects are changed too that somebody manages.
        managed: bool,
    },
}

/// The change of an object by steps, with its notes: `ways`, how it was found, before those of its
/// place, and `notes` behind them. It is left alone where the server refuses such a change, or
/// somebody would undo it.
pub fn change(
    object: Object,
    reference: ObjectRef,
    steps: Vec<Step>,
    place: Place<'_>,
    (ways, notes): (Vec<String>, Vec<String>),
) -> Planned {
    let mark = object.mark();
    let mut change = match Change::new(object, reference.clone(), steps, ways) {
        Ok(change) if change.is_empty() => return Planned::Already(reference),
        Ok(change) => change,
        Err(impossible) => {
            return Planned::Unknown(Gap {
                what: "object".to_owned(),
                place: mark,
                object: Some(reference.to_string()),
                why: format!("it cannot be changed: {impossible}"),
                hint: String::new(),
            });
        }
    };
    match place {
        Place::File => change.notes.extend(of_file(&change.object)),
        Place::Cluster { kubectl, command, managed } => {
            match of_live(&change, (kubectl, command), managed) {
                Ok(notes) => change.notes.extend(notes),
                Err(left) => return Planned::Left(*left),
            }
        }
    }
    change.notes.extend(notes);
    Planned::Change(Box::new(change))
}

/// What comes of a change in a cluster, or why it is not made there.
fn of_live(
    change: &Change,
    (kubectl, command): (&str, &str),
    managed: bool,
) -> Result<Vec<String>, Box<Left>> {
    let object = &change.object;
    let left = |why: String, instead: Vec<String>| {
        Box::new(Left { object: change.reference.clone(), why, instead })
    };
    let rollout = rollout::of(object);
    let owner = manager_of(object);
    if let Some(manager) = owner.as_ref().filter(|manager| manager.overwrites && !managed) {
        let mut instead = vec![manager.knob.clone()];
        instead.push(format!("the patch: {}", partial::of(change).object));
        if !matches!(rollout, Rollout::Refused(_)) {
            let how = "--managed changes it all the same, until it is written again";
            instead.push(how.to_owned());
        }
        return Err(left(manager.sentence(), instead));
    }
    if let Rollout::Refused(immutable) = &rollout {
        return Err(left(immutable.why(), immutable.instead(object, kubectl, command)));
    }
    let mut notes = vec![rollout.sentence()];
    notes.extend(owner.map(|manager| {
        let then = if manager.overwrites { "will undo it" } else { "leaves it alone" };
        format!("it is {}, which {then}: {}", manager.sentence(), manager.knob)
    }));
    Ok(notes)
}

/// What somebody should know who changes an object in its file.
fn of_file(object: &Object) -> Vec<String> {
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
