//! `fix`: what Pod Security objects to is mended, as far as that is safe or somebody decides.

mod ask;
pub mod detail;
mod files;
mod fixer;
mod live;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use posture::client::connection::Connection;
use posture::finding::fix::Grade;
use posture::input::cluster::Cluster;
use posture::input::files::FileArgs;
use posture::input::selection::Selection;
use posture::model::error::Result;
use posture::model::object::{Object, ObjectRef};
use posture::model::version::Minor;
use posture::patch::live::DryRun;
use posture::patch::plan::Plan;
use posture::patch::report::{ChangeReport, Fate, PlanReport};
use posture::render::audience::Terminal;
use posture::render::out::Output;
use posture::render::plan::{self, PlanFormat};
use rayon::prelude::*;

use self::detail::{FixDetail, Left};
use self::fixer::{Came, Fixed, Fixer, Spot, where_it_is};
use super::policies::PolicyOptions;
use crate::fixes::Facts;
use crate::fixes::answers::Answers;

/// The name of the tool, and of the manager of the fields that it writes.
pub(super) const TOOL: &str = env!("CARGO_PKG_NAME");

/// What the command line says.
#[derive(Clone, Debug)]
pub struct FixOptions<'a> {
    /// How the program is called.
    pub program: &'a str,
    /// What is to be fixed.
    pub scope: Scope<'a>,
    /// Which of it.
    pub selection: Selection,
    /// What is said about policies.
    pub policy: PolicyOptions<'a>,
    /// The release of the server, where it is not the cluster's own.
    pub server: Option<Minor>,
    /// What may be done.
    pub how: How<'a>,
    /// Where what takes it back is written; by default below the user's state folder.
    pub undo_file: Option<&'a Path>,
    /// How to show it.
    pub output: Output<PlanFormat>,
}

/// What may be done.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    /// The gravest grade that is done without an answer: A or B.
    pub limit: Grade,
    /// What people have decided.
    pub answers: &'a Answers,
    /// Whether somebody is asked about the rest.
    pub asks: bool,
    /// Whether old annotations become fields too.
    pub migrate: bool,
    /// The command that does the same to an object in a pipe.
    pub command: &'a str,
}

/// What is to be fixed.
#[derive(Clone, Debug)]
pub enum Scope<'a> {
    /// Manifests.
    Files(Files<'a>),
    /// What runs.
    Live(Live<'a>),
}

/// Manifests, and what is done with them.
#[derive(Clone, Debug)]
pub struct Files<'a> {
    /// The values of `-f` and `-R`.
    pub files: FileArgs,
    /// The directory of `-k`.
    pub kustomize: Option<&'a str>,
    /// The cluster whose namespaces decide, if they are asked for.
    pub cluster: Option<Cluster<'a>>,
    /// Whether the files are written.
    pub write: bool,
}

/// What runs in a cluster, and how it is changed.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a> {
    /// The way there.
    pub connection: &'a Connection,
    /// Whether anything is changed.
    pub dry_run: DryRun,
    /// Whether nobody is asked.
    pub yes: bool,
    /// Whether objects that somebody manages are changed too.
    pub managed: bool,
}

/// Fixes, shows what came of it, and returns it.
pub fn run(options: &FixOptions<'_>) -> Result<PlanReport<FixDetail>> {
    let report = match &options.scope {
        Scope::Files(files) => files::run(options, files)?,
        Scope::Live(live) => live::run(options, live)?,
    };
    plan::print(&report, options.output)?;
    Ok(report)
}

pub(super) use self::live::accesses;

/// Plans of objects, one after the other: somebody may be asked about each.
struct Planning<'a> {
    fixer: Fixer<'a>,
    how: How<'a>,
    terminal: Terminal,
    /// Nobody answers any more.
    is_silent: bool,
    plan: Plan<FixDetail>,
    came: Vec<Came>,
    /// What was answered about single objects.
    answered: Answered,
}

/// What was decided about single objects, beyond what holds for all.
type Answered = BTreeMap<ObjectRef, Answers>;

impl<'a> Planning<'a> {
    fn new(fixer: Fixer<'a>, options: &FixOptions<'a>) -> Self {
        Self {
            fixer,
            how: options.how,
            terminal: Terminal::new(options.output, options.how.asks),
            is_silent: !options.how.asks,
            plan: Plan::default(),
            came: Vec::new(),
            answered: Answered::new(),
        }
    }

    /// Plans the fixes of objects about which nothing is known but what they say, on all cores
    /// where nobody is asked.
    fn add_all(&mut self, objects: Vec<Object>) {
        let facts = Facts::default();
        if !self.is_silent {
            for object in objects {
                self.add(&object, &facts, Vec::new());
            }
            return;
        }
        let (fixer, answers) = (&self.fixer, self.how.answers);
        let plan = |object: Object| fixer.plan(&object, answers, &facts, Vec::new());
        let all: Vec<Fixed> = objects.into_par_iter().map(plan).collect();
        for fixed in all {
            self.take(fixed);
        }
    }

    /// Plans the fixes of an object; `ways` say how it was found.
    fn add(&mut self, object: &Object, facts: &Facts, ways: Vec<String>) {
        let mut fixed = self.fixer.plan(object, self.how.answers, facts, ways.clone());
        if !self.is_silent
            && let Some(came) = &fixed.came
        {
            let (answers, goes_on) = ask::about(&mut self.terminal, came, self.how.answers);
            self.is_silent = !goes_on;
            if let Some(answers) = answers {
                let reference = came.object.clone();
                fixed = self.fixer.plan(object, &answers, facts, ways);
                self.answered.insert(reference, answers);
            }
        }
        self.take(fixed);
    }

    fn take(&mut self, fixed: Fixed) {
        self.plan.add(fixed.planned);
        self.came.extend(fixed.came);
    }
}

/// Completes a report: what is left, and how far all went. `untouched` says what there is to do in
/// an object to which nothing was done.
fn complete(
    report: &mut PlanReport<FixDetail>,
    came: Vec<Came>,
    untouched: impl Fn(&Object) -> Vec<Left>,
) {
    let is_done = |change: &&ChangeReport| matches!(change.outcome, Fate::Shown | Fate::Made);
    let refused = report.refused.iter().map(|refused| &refused.change);
    let not_done = report.changes.iter().filter(|change| !is_done(change)).chain(refused);
    let of_change = |change: &ChangeReport| {
        let object = &change.change.object;
        (where_it_is(object), untouched(object))
    };
    let is_cluster = report.target.files.is_empty();
    let mut as_they_were: HashMap<Spot, Vec<Left>> = not_done.map(of_change).collect();
    let kept: HashSet<ObjectRef> = report.left.iter().map(|left| left.object.clone()).collect();
    for mut came in came {
        let as_it_was = as_they_were.remove(&came.spot);
        // In a cluster there is one object of a name; in files there may be more.
        let is_kept = came.is_left || is_cluster && kept.contains(&came.object);
        let is_done = as_it_was.is_none() && !is_kept;
        came.left = as_it_was.unwrap_or(came.left);
        report.detail.add(came, is_done);
    }
}
