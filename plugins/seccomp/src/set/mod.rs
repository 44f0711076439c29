//! What to edit so that the pods of an object run with a profile.

pub(crate) mod annotations;
mod pod;
#[cfg(test)]
mod tests;

use posture::model::edit::Edit;
use posture::model::object::Object;
use posture::model::workload::{Carrier, pod_templates, without_template};

use crate::named::Profile;

/// What somebody wants.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The profile.
    pub profile: Profile,
    /// For these containers alone; for the pod where none is named.
    pub containers: Vec<String>,
    /// Take the profiles of containers away that stand above the pod's.
    pub override_containers: bool,
    /// Turn the annotations of old into fields.
    pub migrate_annotations: bool,
}

/// One thing to do to an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Doing {
    /// What: an imperative half-sentence.
    pub title: String,
    /// What was there before: a clause.
    pub before: String,
    /// The edits, from the object's root.
    pub edits: Vec<Edit>,
}

/// What comes of the wish for one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// There is something to do.
    Change {
        /// What, in this order.
        doings: Vec<Doing>,
        /// What is worth knowing: a sentence each, without a full stop.
        notes: Vec<String>,
        /// Whether a pod or container is told to run without a profile.
        unconfined: bool,
    },
    /// It is as it should be.
    Already,
    /// It cannot be, or not by this wish.
    Left {
        /// Why: a clause.
        why: String,
        /// What can be done instead.
        instead: Vec<String>,
    },
    /// It has none of the containers that were named.
    NoContainer,
    /// No pods come of it.
    Aside,
    /// What pods come of it is not known: why.
    Unknown(String),
}

/// What to edit in an object so that the pods that come of it run with a profile.
pub fn outcome(object: &Object, wish: &Wish) -> Outcome {
    let templates = pod_templates(object);
    if templates.is_empty() {
        return without_template(object).map_or(Outcome::Aside, Outcome::Unknown);
    }
    let several = templates.len() > 1 || templates.iter().any(|one| one.carrier == Carrier::Other);
    let outcomes = templates.iter().map(|template| {
        let place = if several { format!(" in {}", template.path) } else { String::new() };
        pod::outcome(template, wish, &place)
    });
    outcomes.reduce(join).unwrap_or(Outcome::Aside)
}

/// What comes of two templates of one object: what can be done is done, and the rest is said.
fn join(left: Outcome, right: Outcome) -> Outcome {
    use Outcome::{Already, Aside, Change, Left, NoContainer, Unknown};
    match (left, right) {
        (
            Change { mut doings, mut notes, unconfined },
            Change { doings: more, notes: other, unconfined: too },
        ) => {
            doings.extend(more);
            notes
                .extend(other.into_iter().filter(|note| !notes.contains(note)).collect::<Vec<_>>());
            Change { doings, notes, unconfined: unconfined || too }
        }
        (change @ Change { .. }, Already | Aside | NoContainer)
        | (Already | Aside | NoContainer, change @ Change { .. }) => change,
        (Change { doings, mut notes, unconfined }, Left { why, .. } | Unknown(why))
        | (Left { why, .. } | Unknown(why), Change { doings, mut notes, unconfined }) => {
            notes.push(why);
            Change { doings, notes, unconfined }
        }
        (unknown @ Unknown(_), _) | (_, unknown @ Unknown(_)) => unknown,
        (Left { why, mut instead }, Left { why: other, instead: more }) => {
            instead
                .extend(more.into_iter().filter(|one| !instead.contains(one)).collect::<Vec<_>>());
            let why = if why == other { why } else { format!("{why}; {other}") };
            Left { why, instead }
        }
        (left @ Left { .. }, _) | (_, left @ Left { .. }) => left,
        (Already, _) | (_, Already) => Already,
        (NoContainer, _) | (_, NoContainer) => NoContainer,
        (Aside, Aside) => Aside,
    }
}
