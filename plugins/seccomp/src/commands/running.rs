//! Changes of what runs in a cluster.

use std::collections::BTreeSet;
use std::path::Path;

use posture::client::discovery::Discovery;
use posture::finding::report::{Target as Looked, Tool};
use posture::input::selection::Selection;
use posture::input::selection::resolve::Resolved;
use posture::model::clock::Clock;
use posture::model::error::Result;
use posture::patch::found;
use posture::patch::live::DryRun;
use posture::patch::live::whole::{self, Manner};
use posture::patch::plan::Plan;
use posture::patch::report::PlanReport;
use posture::patch::roots::Root;
use posture::render::audience::Terminal;
use posture::render::escape::escape;
use posture::render::out::{self, Output};
use posture::render::plan::PlanFormat;

use super::enforced::{self, Enforced};
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
    let Resolved { lists, warnings, gaps: unread } = found::lists(connection, selection)?;
    out::warnings(&warnings);
    gaps.extend(unread);
    let found = found::read(connection, &lists, selection.is_everything())?;
    gaps.extend(found.gaps);
    let planner = Planner {
        program,
        wish,
        namespace: None,
        live: Some(whole::kubectl(connection)),
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
    plan.detail.restarts = Some(whole::restarts(&plan));
    if !plan.changes.is_empty()
        && let Profile::Localhost(path) = &wish.profile
    {
        plan.detail.warnings.extend(warning(way, path));
    }
    for warning in &plan.detail.warnings {
        out::note(&escape(&format!("warning: {warning}")));
    }
    let manner =
        Manner { tool: TOOL, dry_run: way.dry_run, yes: way.yes, undo_file, clock: Clock::System };
    let replan = |object| planner.plan(object, Vec::new());
    let mut terminal = Terminal::new(output, !way.yes && way.dry_run == DryRun::None);
    let carried = whole::of_plan(connection, &mut plan, &lists, &replan, &mut terminal, manner)?;
    let looked =
        Looked { context: connection.target().context.clone(), server: None, files: Vec::new() };
    Ok(PlanReport::new(tool, looked, plan, carried))
}

/// The policies of the namespaces, where it matters whether they refuse pods without a profile.
fn enforced(way: &Live<'_>, wish: &Wish, roots: &[Root]) -> Enforced {
    let mut known = Enforced::default();
    if wish.profile != Profile::Unconfined && !wish.migrate_annotations {
        return known;
    }
    let names: BTreeSet<&str> = roots.iter().filter_map(|root| root.object.namespace()).collect();
    let lists = names.iter().map(|name| enforced::list(name)).collect();
    for (list, answer) in found::objects(way.connection, lists) {
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
