//! Changes of what runs: each is tried on the server first, shown as the server would make it, asked
//! about, written down to be undone, and only then made; and not where somebody else was faster.

mod command;
mod making;
mod prepare;
pub mod undoing;
pub mod whole;

use std::path::PathBuf;

use serde_json::Value as Json;

use super::audience::{Answer, Audience};
use super::operations::{self, Operation};
use super::plan::{Change, Left, Planned};
use super::report::{self, Came, Carried};
use super::undo::record::Record;
use super::undo::{ObjectUndo, Undo};
use crate::client::connection::Connection;
use crate::client::diagnose;
use crate::client::failure::{Failure, FailureKind};
use crate::client::resource::Resource;
use crate::input::live;
use crate::model::clock::Clock;
use crate::model::error::Result;
use crate::model::gap::Gap;
use crate::model::object::{Object, ObjectRef};

/// How often a change is planned anew where somebody else is faster each time and nobody is asked.
const TRIES: usize = 3;

/// An object that is to be changed, and where the server has it.
#[derive(Clone, Debug)]
pub struct Target {
    /// What it is an object of.
    pub resource: Resource,
    /// The change, planned from the object as it was read from this cluster.
    pub change: Change,
}

/// Whether anything is changed at all (`--dry-run`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DryRun {
    /// It is.
    #[default]
    None,
    /// Nothing is sent: what is shown is what was planned.
    Client,
    /// Only dry runs are sent: what is shown is what the server would make of it.
    Server,
}

/// How changes are made.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who is written down as the manager of the changed fields, and in the undo file
    /// (`kubectl-seccomp`).
    pub field_manager: String,
    /// Nobody is asked.
    pub yes: bool,
    /// Whether anything is changed at all.
    pub dry_run: DryRun,
    /// Where the undo file goes. Without a path there is none.
    pub undo: Option<PathBuf>,
    /// The time for the undo file.
    pub clock: Clock,
    /// What stands between `kubectl` and the verb in the equivalent commands, such as a context
    /// that was named.
    pub kubectl: Vec<String>,
}

/// A change that was made, or with a dry run would have been.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The object.
    pub object: ObjectRef,
    /// The command of kubectl that does the same.
    pub command: String,
    /// What is different, as it was shown.
    pub diff: String,
    /// The JSON Patch.
    pub operations: Vec<Operation>,
}

/// What came of all changes.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Changed.
    pub done: Vec<Done>,
    /// Not changed, because it is a dry run.
    pub shown: Vec<Done>,
    /// Not changed, because it is so already.
    pub already: Vec<ObjectRef>,
    /// Not changed, because somebody said no.
    pub declined: Vec<ObjectRef>,
    /// Not changed, for a reason that was found when it was read again.
    pub left: Vec<Left>,
    /// Not changed, or nobody knows, because something went wrong.
    pub failed: Vec<Gap>,
    /// The undo file, if there is one.
    pub undo: Option<PathBuf>,
}

/// Makes changes. Every one of them is first sent as a dry run, unless nothing is to be sent.
///
/// `replan` says what is to be done with an object that somebody else has changed meanwhile, from
/// the object as it is now. Fails only before anything is changed: where the server cannot be
/// reached, or there is a file in the undo file's place.
pub fn carry_out(
    connection: &Connection,
    targets: Vec<Target>,
    replan: &dyn Fn(Object) -> Planned,
    audience: &mut dyn Audience,
    options: &Options,
) -> Result<Outcome> {
    ask_and_do("Change", connection, targets, replan, audience, options)
}

/// Makes changes; `verb` is what the questions begin with.
fn ask_and_do(
    verb: &'static str,
    connection: &Connection,
    targets: Vec<Target>,
    replan: &dyn Fn(Object) -> Planned,
    audience: &mut dyn Audience,
    options: &Options,
) -> Result<Outcome> {
    let record = match &options.undo {
        Some(path) if options.dry_run == DryRun::None => {
            let to = connection.target();
            let undo = Undo::new(&options.field_manager, options.clock);
            let undo = undo.at(to.context.as_deref(), &to.server);
            Some(Record::new(path, undo)?)
        }
        _ => None,
    };
    let (yes, outcome) = (options.yes, Outcome::default());
    let mut run = Run { verb, connection, replan, audience, options, record, yes, outcome };
    let mut ready = Vec::new();
    for result in prepare::attempts(connection, options, targets) {
        match run.settled(result) {
            Ok(prepared) => ready.push(prepared),
            Err(Fate::Failed(failure, _)) if is_hopeless(&failure) => {
                return Err(diagnose::could_not_reach(&failure, connection.target()));
            }
            Err(fate) => run.outcome.note(fate),
        }
    }
    run.make_all(ready);
    let mut outcome = run.outcome;
    outcome.undo = run.record.as_ref().and_then(Record::path).map(PathBuf::from);
    Ok(outcome)
}

/// Whether every other request will fail for the same reason.
fn is_hopeless(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Unreachable | FailureKind::Unauthorized)
}

/// A change that the server would make.
struct Prepared {
    target: Target,
    operations: Vec<Operation>,
    /// What is different afterwards, by the server's own account.
    diff: String,
    /// What takes it back.
    undo: ObjectUndo,
}

/// Why a change is not made.
enum Fate {
    Already(ObjectRef),
    Left(Box<Left>),
    Unknown(Box<Gap>),
    Failed(Box<Failure>, ObjectRef),
}

struct Run<'a> {
    /// What the questions begin with.
    verb: &'static str,
    connection: &'a Connection,
    replan: &'a dyn Fn(Object) -> Planned,
    audience: &'a mut dyn Audience,
    options: &'a Options,
    record: Option<Record>,
    /// Whether nobody is asked any more.
    yes: bool,
    outcome: Outcome,
}

impl Fate {
    fn failed(failure: Failure, object: &ObjectRef) -> Self {
        Self::Failed(Box::new(failure), object.clone())
    }

    fn is_hopeless(&self) -> bool {
        matches!(self, Self::Failed(failure, _) if is_hopeless(failure))
    }

    /// Tells what is changed from what is not.
    fn of(planned: Planned, object: &ObjectRef) -> std::result::Result<Change, Self> {
        match planned {
            Planned::Change(change) if !change.is_empty() => Ok(*change),
            Planned::Change(_) | Planned::Already(_) | Planned::Aside => {
                Err(Self::Already(object.clone()))
            }
            Planned::Left(left) => Err(Self::Left(Box::new(left))),
            Planned::Unknown(gap) => Err(Self::Unknown(Box::new(gap))),
        }
    }
}

impl Outcome {
    /// What came of each of the changes of a plan. What is not found in the outcome has failed: a
    /// gap says why. The diffs were seen already, by the audience.
    pub fn carried(self, changes: &[Change]) -> Carried {
        let of = |change: &Change| {
            let is_it = |object: &ObjectRef| *object == change.reference;
            let sent = |fate: report::Fate, done: &[Done]| {
                let done = done.iter().find(|done| is_it(&done.object))?;
                Some(Came::Sent(fate, done.operations.clone(), done.command.clone()))
            };
            let declined = || {
                let found = self.declined.iter().any(is_it);
                found.then_some(Came::Of(report::Fate::Declined))
            };
            let left = || {
                let left = self.left.iter().find(|left| is_it(&left.object))?;
                Some(Came::Left(left.clone()))
            };
            sent(report::Fate::Made, &self.done)
                .or_else(|| sent(report::Fate::Shown, &self.shown))
                .or_else(declined)
                .or_else(left)
                .or_else(|| self.already.iter().any(is_it).then_some(Came::Already))
                .unwrap_or(Came::Of(report::Fate::Failed))
        };
        Carried {
            came: changes.iter().map(of).collect(),
            gaps: self.failed.clone(),
            undo: self.undo.clone(),
            is_shown: true,
            ..Carried::default()
        }
    }

    fn note(&mut self, fate: Fate) {
        match fate {
            Fate::Already(object) => self.already.push(object),
            Fate::Left(left) => self.left.push(*left),
            Fate::Unknown(gap) => self.failed.push(*gap),
            Fate::Failed(failure, object) => {
                self.failed.push(gap(&object, &failure.message, hint(&failure)));
            }
        }
    }
}

impl Run<'_> {
    /// Reads an object again, and has its change planned anew.
    fn planned_anew(&self, target: &Target) -> std::result::Result<Target, Fate> {
        let reference = &target.change.reference;
        let object =
            target.read(self.connection).map_err(|failure| Fate::failed(failure, reference))?;
        let change = Fate::of((self.replan)(object), reference)?;
        Ok(Target { resource: target.resource.clone(), change })
    }
}

impl Target {
    fn read(&self, connection: &Connection) -> std::result::Result<Object, Failure> {
        let reference = &self.change.reference;
        let namespace = reference.namespace.as_deref();
        live::object(connection, &self.resource, namespace, &reference.name)
    }
}

/// An object in a namespace, for a sentence.
fn shown(object: &ObjectRef) -> String {
    match &object.namespace {
        Some(namespace) => format!("{object} in namespace {namespace}"),
        None => object.to_string(),
    }
}

/// A change that was not made, or of which nobody knows.
fn gap(object: &ObjectRef, why: &str, hint: &str) -> Gap {
    Gap {
        what: "change".to_owned(),
        place: None,
        object: Some(shown(object)),
        why: why.to_owned(),
        hint: hint.to_owned(),
    }
}

/// What can be done about a refusal.
fn hint(failure: &Failure) -> &'static str {
    match failure.kind {
        FailureKind::Forbidden if failure.message.contains(" cannot ") => {
            "--print-rbac prints the role that this command needs"
        }
        FailureKind::TooManyRequests | FailureKind::Server => "try again later",
        FailureKind::Timeout => "allow more time with --request-timeout",
        _ => "",
    }
}

/// The version of an object that the server has stored.
fn version(object: &Json) -> Option<&str> {
    object.pointer("/metadata/resourceVersion")?.as_str()
}
