//! What a command is about to change, and what it leaves alone.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value as Json;

use crate::finding::fix::Grade;
use crate::model::edit::{self, Edit, Impossible};
use crate::model::gap::Gap;
use crate::model::object::{Object, ObjectRef};
use crate::model::source::Mark;

/// One thing that is done to an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What: an imperative half-sentence.
    pub title: Cow<'static, str>,
    /// The check that it mends, where there is one.
    pub check: Option<&'static str>,
    /// How safe it is, where that is told.
    pub grade: Option<Grade>,
    /// Why that is so.
    pub evidence: Cow<'static, str>,
    /// The edits, from the object's root, in their order.
    pub edits: Vec<Edit>,
}

/// An object that is to be changed.
#[derive(Clone, Debug)]
pub struct Change {
    /// As it was read, from a file or from a cluster.
    pub object: Object,
    /// How reports name it.
    pub reference: ObjectRef,
    /// What is done to it, in this order.
    pub steps: Vec<Step>,
    /// The object as it was.
    pub before: Json,
    /// The object as it is meant to be.
    pub after: Json,
    /// What somebody should know before saying yes: a sentence each, without a full stop.
    pub notes: Vec<String>,
}

impl Change {
    /// A change by these steps. Fails if one of their edits cannot be made.
    pub fn new(
        object: Object,
        reference: ObjectRef,
        steps: Vec<Step>,
        notes: Vec<String>,
    ) -> Result<Self, Impossible> {
        let before = object.value().to_json();
        let mut after = before.clone();
        for step in &steps {
            edit::apply(&step.edits, &mut after)?;
        }
        Ok(Self { object, reference, steps, before, after, notes })
    }

    /// Whether nothing would be different.
    pub fn is_empty(&self) -> bool {
        self.before == self.after
    }
}

/// An object that should be changed and is left alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Left {
    /// The object.
    #[serde(flatten)]
    pub object: ObjectRef,
    /// Why it is left alone: a clause (`a Job's template cannot be changed`).
    pub why: String,
    /// What can be done instead, a sentence or a command each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instead: Vec<String>,
}

/// What comes of one object.
#[derive(Clone, Debug)]
pub enum Planned {
    /// It is changed.
    Change(Box<Change>),
    /// There is nothing to do: it is as it should be.
    Already(ObjectRef),
    /// It should be changed, and is not.
    Left(Left),
    /// It is of no concern, such as a Service.
    Aside,
    /// Nobody can say.
    Unknown(Gap),
}

/// What a command is about to do. `D` is what a plugin adds.
#[derive(Clone, Debug, Default)]
pub struct Plan<D> {
    /// What is changed, in the order in which it was read.
    pub changes: Vec<Change>,
    /// What is as it should be.
    pub already: Vec<ObjectRef>,
    /// What should be changed and is not.
    pub left: Vec<Left>,
    /// Objects that are of no concern.
    pub skipped: usize,
    /// What could not be read or planned.
    pub gaps: Vec<Gap>,
    /// What the plugin adds.
    pub detail: D,
}

impl<D> Plan<D> {
    /// Takes in what comes of one object.
    pub fn add(&mut self, planned: Planned) {
        match planned {
            Planned::Change(change) => self.changes.push(*change),
            Planned::Already(object) => self.already.push(object),
            Planned::Left(left) => self.left.push(left),
            Planned::Aside => self.skipped += 1,
            Planned::Unknown(gap) => self.gaps.push(gap),
        }
    }
}

/// A change that cannot be made in the text of its file.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The position of the change in its plan.
    pub position: usize,
    /// What stands in the way: a clause (`the value is an alias`).
    pub why: String,
    /// Where that is.
    pub place: Mark,
}
