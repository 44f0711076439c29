//! `set`: what is to run with a profile does.

use std::path::Path;

use posture::client::connection::Connection;
use posture::finding::report::Tool;
use posture::input::selection::Selection;
use posture::model::error::Result;
use posture::model::gap::Gap;
use posture::patch::live::DryRun;
use posture::patch::plan::Plan;
use posture::patch::report::PlanReport;
use posture::render::out::Output;
use posture::render::plan::{self, LastWords, PlanFormat};
use serde::Serialize;

use super::{files, running};
use crate::named::Profile;
use crate::set::Wish;

pub use super::files::Files;

/// The name of the tool, and of the manager of the fields that it writes.
pub(super) const TOOL: &str = env!("CARGO_PKG_NAME");

/// What the command line says.
#[derive(Debug)]
pub struct SetOptions<'a> {
    /// How the program is called.
    pub program: &'a str,
    /// What is wanted.
    pub wish: Wish,
    /// Of which objects.
    pub selection: Selection,
    /// `-n`
    pub namespace: Option<&'a str>,
    /// Where these are.
    pub scope: Scope<'a>,
    /// Where what takes it back is written; by default below the user's state folder.
    pub undo_file: Option<&'a Path>,
    /// How to show it.
    pub output: Output<PlanFormat>,
}

/// Where the objects are.
#[derive(Debug)]
pub enum Scope<'a> {
    /// In manifests.
    Files(Files<'a>),
    /// In a cluster.
    Live(Live<'a>),
}

/// A cluster, and how it is changed.
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

/// What stands beside a plan.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SetDetail {
    /// The profile.
    pub profile: String,
    /// How many pods restart at once with what is changed, or would be; of a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarts: Option<u64>,
    /// What somebody should know before anything is changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl SetDetail {
    pub(super) fn new(profile: &Profile) -> Self {
        Self { profile: profile.to_string(), ..Self::default() }
    }
}

impl LastWords for SetDetail {
    /// None: warnings are said before anything is changed.
    fn last_words(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Sets, shows what came of it, and returns it. It fails the command that something is left alone.
pub fn run(options: &SetOptions<'_>) -> Result<PlanReport<SetDetail>> {
    let tool = tool(options.program, "set");
    let asked = (&options.wish, &options.selection);
    let mut report = match &options.scope {
        Scope::Files(files) => {
            files::run((options.program, tool), files, asked, options.namespace, options.undo_file)?
        }
        Scope::Live(live) => {
            running::run((options.program, tool), live, asked, options.undo_file, options.output)?
        }
    };
    report.left_fails = true;
    plan::print(&report, options.output)?;
    Ok(report)
}

/// Who writes reports.
pub(super) fn tool(program: &str, verb: &str) -> Tool {
    Tool::new(program, env!("CARGO_PKG_VERSION"), verb)
}

/// What is said where nothing at all has the containers that were named.
pub(super) fn no_container(plan: &Plan<SetDetail>, wish: &Wish) -> Option<Gap> {
    let nothing = plan.changes.is_empty() && plan.already.is_empty() && plan.left.is_empty();
    (nothing && !wish.containers.is_empty()).then(|| Gap {
        what: "container".to_owned(),
        place: None,
        object: Some(wish.containers.join(", ")),
        why: "nothing that was looked at has a container of this name".to_owned(),
        hint: String::new(),
    })
}
