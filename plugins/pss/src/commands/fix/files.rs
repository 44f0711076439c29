//! Fixes of manifests.

use posture::finding::report::Target;
use posture::input::inventory;
use posture::model::clock::Clock;
use posture::model::error::Result;
use posture::patch::files::{self, Writing};
use posture::patch::report::PlanReport;

use super::super::chosen;
use super::super::policies::Policies;
use super::super::{scan, tool};
use super::detail::FixDetail;
use super::fixer::Fixer;
use super::{Files, FixOptions, Planning, TOOL, complete};
use crate::evaluate::Evaluator;
use crate::fixes::Facts;

/// Plans, and writes if that is asked for.
pub(super) fn run(options: &FixOptions<'_>, files: &Files<'_>) -> Result<PlanReport<FixDetail>> {
    let Files { files: args, kustomize, cluster, write } = files;
    let mut named = args.names.clone();
    named.extend(kustomize.map(str::to_owned));
    let mut inventory = inventory::read(args, *kustomize)?;
    inventory.note_if_empty(&named);
    let sources = std::mem::take(&mut inventory.sources);
    let chosen = chosen::of(inventory, &options.selection, options.policy.namespace)?;
    let mut gaps = chosen.gaps.clone();
    let server = match cluster {
        Some(cluster) => scan::server(*cluster, options.server, &mut gaps)?,
        None => scan::known_or_newest(options.server),
    };
    let mut policies = Policies::new(options.policy, server, &chosen.objects)?;
    if let Some(cluster) = cluster {
        let all = std::slice::from_mut(&mut policies);
        scan::add_namespaces(*cluster, all, &chosen.objects, &mut gaps);
    }
    gaps.extend_from_slice(policies.conflicts());
    let skipped = chosen.aside;
    let evaluator = Evaluator::new(server);
    let fixer = Fixer {
        evaluator: &evaluator,
        policies: &policies,
        limit: options.how.limit,
        migrate: options.how.migrate,
        live: None,
        command: options.how.command,
    };
    let mut planning = Planning::new(fixer, options);
    planning.add_all(chosen.into_meant());
    let Planning { mut plan, came, answered, .. } = planning;
    plan.skipped += skipped;
    plan.gaps.splice(..0, gaps);
    let writing = Writing { tool: TOOL, undo_file: options.undo_file, clock: Clock::System };
    let carried = files::carry_out(&plan.changes, write.then_some(writing))?;
    let context = cluster.and_then(|cluster| cluster.context()).map(str::to_owned);
    let target = Target { context, server: Some(server.to_string()), files: named };
    let mut report = PlanReport::new(tool(options.program, "fix"), target, plan, carried);
    report.sources = sources;
    complete(&mut report, came, |object| {
        let answers = answered.get(&fixer.reference(object)).unwrap_or(options.how.answers);
        fixer.untouched(object, answers, &Facts::default())
    });
    Ok(report)
}
