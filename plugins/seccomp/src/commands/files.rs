//! Changes of manifests.

use std::path::Path;

use posture::finding::report::{Target, Tool};
use posture::input::files::FileArgs;
use posture::input::inventory::{self, Inventory};
use posture::input::selection::Selection;
use posture::model::clock::Clock;
use posture::model::error::Result;
use posture::patch::files::{self, Writing};
use posture::patch::plan::Plan;
use posture::patch::report::PlanReport;
use posture::render::out;

use super::enforced::Enforced;
use super::planner::Planner;
use super::set::{SetDetail, TOOL};
use crate::set::Wish;

/// Which manifests, and what is done with them.
#[derive(Clone, Debug)]
pub struct Files<'a> {
    /// `-f` and `-R`
    pub files: FileArgs,
    /// `-k`
    pub kustomize: Option<&'a str>,
    /// Whether the files are written.
    pub write: bool,
}

/// Plans, and writes if that is asked for.
pub(super) fn run(
    (program, tool): (&str, Tool),
    files: &Files<'_>,
    (wish, selection): (&Wish, &Selection),
    namespace: Option<&str>,
    undo_file: Option<&Path>,
) -> Result<PlanReport<SetDetail>> {
    let mut inventory = inventory::read(&files.files, files.kustomize)?;
    inventory.note_if_empty(&files.files.names);
    let Inventory { objects, gaps, sources, .. } = inventory;
    let picked = selection.pick(objects, namespace)?;
    out::warnings(&picked.warnings);
    let planner = Planner {
        program,
        wish,
        namespace,
        live: None,
        managed: true,
        named: selection.names_objects(),
        enforced: Enforced::of(picked.objects.iter().chain(&picked.aside)),
    };
    let mut plan = Plan { detail: SetDetail::new(&wish.profile), ..Plan::default() };
    plan.gaps.extend(gaps);
    plan.gaps.extend(picked.gaps);
    let is_empty = picked.objects.is_empty();
    for object in picked.objects {
        plan.add(planner.plan(object, Vec::new()));
    }
    if !is_empty {
        plan.gaps.extend(super::set::no_container(&plan, wish));
    }
    let writing = Writing { tool: TOOL, undo_file, clock: Clock::System };
    let carried = files::carry_out(&plan.changes, files.write.then_some(writing))?;
    let named = files
        .files
        .names
        .iter()
        .chain(files.kustomize.map(str::to_owned).iter())
        .cloned()
        .collect();
    let target = Target { context: None, server: None, files: named };
    let mut report = PlanReport::new(tool, target, plan, carried);
    report.sources = sources;
    Ok(report)
}
