//! Changes of what runs in a cluster.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use posture::client::discovery::Discovery;
use posture::finding::report::{Target as Looked, Tool};
use posture::input::selection::Selection;
use posture::model::clock::Clock;
use posture::model::error::{Error, Result};
use posture::model::gap::Gap;
use posture::model::rollout;
use posture::patch::live::{self as patching, DryRun, Options, Target};
use posture::patch::plan::{Change, Plan};
use posture::patch::report::PlanReport;
use posture::patch::roots::Root;
use posture::patch::undo::record;
use posture::render::audience::Terminal;
use posture::render::escape::escape;
use posture::render::out::{self, Output};
use posture::render::plan::PlanFormat;

use super::enforced::{self, Enforced};
use super::live;
use super::nodes::{self, Operator};
use super::planner::Planner;
use super::set::{Live, SetDetail, TOOL};
use crate::named::Profile;
use crate::set::Wish;

/// Reads, plans, shows what is about to happen, and does it.
pub(super) fn run(
    (program, tool): (&str, Tool),
    way: &Live<'_>,
    (wish, selection): (&Wish, &Selection),
    undo_file: Option<&Path>,
    output: Output<PlanFormat>,
) -> Result<PlanReport<SetDetail>> {
    let connection = way.connection;
    let mut gaps = Vec::new();
    let lists = live::lists(connection, selection, &mut gaps)?;
    let found = live::read(connection, &lists, selection.is_everything())?;
    gaps.extend(found.gaps);
    let planner = Planner {
        program,
        wish,
        namespace: None,
        live: true,
        managed: way.managed,
        named: selection.names_objects(),
        enforced: enforced(way, wish, &found.roots),
    };
    let mut plan = Plan { detail: SetDetail::new(&wish.profile), ..Plan::default() };
    plan.skipped = found.aside;
    plan.gaps = gaps;
    for root in found.roots {
        let ways = root.ways();
        plan.add(planner.plan(root.object, ways));
    }
    plan.gaps.extend(super::set::no_container(&plan, wish));
    plan.detail.restarts = Some(plan.changes.iter().map(restarts).sum());
    if !plan.changes.is_empty()
        && let Profile::Localhost(path) = &wish.profile
    {
        plan.detail.warnings.extend(warning(way, path));
    }
    if way.dry_run == DryRun::None && !way.yes {
        preview(&plan);
    }
    for warning in &plan.detail.warnings {
        out::note(&escape(&format!("warning: {warning}")));
    }
    let targets = targets(&mut plan, &lists);
    let options = Options {
        field_manager: TOOL.to_owned(),
        yes: way.yes,
        dry_run: way.dry_run,
        undo: undo_path(way.dry_run, undo_file, &plan)?,
        clock: Clock::System,
        kubectl: context_flag(way),
    };
    let replan = |object| planner.plan(object, Vec::new());
    let mut terminal = Terminal::new(output, !way.yes && way.dry_run == DryRun::None);
    let outcome = patching::carry_out(connection, targets, &replan, &mut terminal, &options)?;
    let carried = outcome.carried(&plan.changes);
    let looked =
        Looked { context: connection.target().context.clone(), server: None, files: Vec::new() };
    Ok(PlanReport::new(tool, looked, plan, carried))
}

fn restarts(change: &Change) -> u64 {
    rollout::of(&change.object).restarts()
}

/// The policies of the namespaces, where it matters whether they refuse pods without a profile.
fn enforced(way: &Live<'_>, wish: &Wish, roots: &[Root]) -> Enforced {
    let mut known = Enforced::default();
    if wish.profile != Profile::Unconfined && !wish.migrate_annotations {
        return known;
    }
    let names: BTreeSet<&str> = roots.iter().filter_map(|root| root.object.namespace()).collect();
    let lists = names.iter().map(|name| enforced::list(name)).collect();
    for (list, answer) in live::objects(way.connection, lists) {
        let name = list.name.as_deref().unwrap_or_default();
        match answer {
            Ok(Some(namespace)) => known.add(&namespace),
            Ok(None) => known.unreadable(name, "it is gone"),
            Err(failure) => known.unreadable(name, &failure.message),
        }
    }
    known
}

/// What is to be known before pods ask for a profile on their node.
fn warning(way: &Live<'_>, path: &str) -> Option<String> {
    match Discovery::load(way.connection) {
        Ok(discovery) => match Operator::find(&discovery) {
            Some(operator) => operator.warning(way.connection, path),
            None => Some(nodes::unknown(path)),
        },
        Err(_) => Some(nodes::unknown(path)),
    }
}

/// Says what is about to happen, before the first question.
fn preview(plan: &Plan<SetDetail>) {
    for change in &plan.changes {
        let namespace = change.reference.namespace.as_deref().unwrap_or_default();
        let what = rollout::of(&change.object).sentence();
        out::note(&escape(&format!("to change  {} in {namespace}: {what}", change.reference)));
    }
    for left in &plan.left {
        let namespace = left.object.namespace.as_deref().unwrap_or_default();
        out::note(&escape(&format!("left alone {} in {namespace}: {}", left.object, left.why)));
    }
    let restarts = match plan.detail.restarts.unwrap_or_default() {
        1 => " (1 pod restarts)".to_owned(),
        pods => format!(" ({pods} pods restart)"),
    };
    out::note(&format!(
        "{} to change{restarts}, {} have it already, {} left alone",
        plan.changes.len(),
        plan.already.len(),
        plan.left.len()
    ));
}

/// The changes with the resources that they are sent to. What has none stays behind as a gap.
fn targets(plan: &mut Plan<SetDetail>, lists: &[posture::client::list::List]) -> Vec<Target> {
    let mut targets = Vec::new();
    let changes = std::mem::take(&mut plan.changes);
    for change in changes {
        match live::resource_of(&change.object, lists) {
            Some(resource) => {
                targets.push(Target { resource, change: change.clone() });
                plan.changes.push(change);
            }
            None => plan.gaps.push(Gap {
                what: "object".to_owned(),
                place: None,
                object: Some(change.reference.to_string()),
                why: "where the server has its kind is not known".to_owned(),
                hint: String::new(),
            }),
        }
    }
    targets
}

fn undo_path(
    dry_run: DryRun,
    named: Option<&Path>,
    plan: &Plan<SetDetail>,
) -> Result<Option<PathBuf>> {
    if dry_run != DryRun::None || plan.changes.is_empty() {
        return Ok(None);
    }
    if let Some(path) = named {
        return Ok(Some(path.to_owned()));
    }
    let path = record::default_path(TOOL, Clock::System.now());
    path.map(Some).ok_or_else(|| {
        Error::usage("there is no home folder for the undo file")
            .hint("say where it goes with --undo-file")
    })
}

/// So that the commands that are printed mean the same cluster.
fn context_flag(way: &Live<'_>) -> Vec<String> {
    let context = way.connection.target().context.as_ref();
    context.map(|context| format!("--context={context}")).into_iter().collect()
}
