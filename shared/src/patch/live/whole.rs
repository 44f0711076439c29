//! A whole plan of changes of what runs: what is about to happen is said, then it is carried out.

use std::path::{Path, PathBuf};

use super::{DryRun, Options, Target, carry_out};
use crate::client::connection::Connection;
use crate::client::list::List;
use crate::client::rbac::Access;
use crate::client::resource::Resource;
use crate::model::clock::Clock;
use crate::model::error::Result;
use crate::model::gap::Gap;
use crate::model::object::Object;
use crate::model::rollout;
use crate::patch::audience::Audience;
use crate::patch::found;
use crate::patch::plan::{Plan, Planned};
use crate::patch::report::Carried;
use crate::patch::roots;
use crate::patch::shell;
use crate::patch::undo::record;

/// How a plan is carried out.
#[derive(Clone, Copy, Debug)]
pub struct Manner<'a> {
    /// The name of the tool, and of the manager of the fields that it writes (`kubectl-seccomp`).
    pub tool: &'a str,
    /// Whether anything is changed at all.
    pub dry_run: DryRun,
    /// Nobody is asked.
    pub yes: bool,
    /// Where the undo file goes; by default below the user's state folder.
    pub undo_file: Option<&'a Path>,
    /// The time for the undo file.
    pub clock: Clock,
}

/// What printed commands need so that they mean the same cluster.
fn context(connection: &Connection) -> Vec<String> {
    let context = connection.target().context.as_ref();
    context.map(|context| format!("--context={context}")).into_iter().collect()
}

/// How commands of kubectl begin that mean the same cluster, for a POSIX shell.
pub fn kubectl(connection: &Connection) -> String {
    let words = std::iter::once("kubectl".to_owned()).chain(context(connection));
    words.map(|word| shell::word(&word)).collect::<Vec<_>>().join(" ")
}

/// How many pods restart at once with what is changed.
pub fn restarts<D>(plan: &Plan<D>) -> u64 {
    plan.changes.iter().map(|change| rollout::of(&change.object).restarts()).sum()
}

/// Carries out a plan, of objects that came from these lists or stand above one that did. Where
/// somebody is asked, it is said first what there is to say yes to.
pub fn of_plan<D>(
    connection: &Connection,
    plan: &mut Plan<D>,
    lists: &[List],
    replan: &dyn Fn(Object) -> Planned,
    audience: &mut dyn Audience,
    manner: Manner<'_>,
) -> Result<Carried> {
    if manner.dry_run == DryRun::None && !manner.yes {
        preview(plan, audience);
    }
    let targets = targets(plan, lists);
    let options = Options {
        field_manager: manner.tool.to_owned(),
        yes: manner.yes,
        dry_run: manner.dry_run,
        undo: undo_path(manner, plan)?,
        clock: manner.clock,
        kubectl: context(connection),
    };
    let outcome = carry_out(connection, targets, replan, audience, &options)?;
    Ok(outcome.carried(&plan.changes))
}

/// Says what is about to happen, before the first question.
fn preview<D>(plan: &Plan<D>, audience: &mut dyn Audience) {
    for change in &plan.changes {
        let namespace = change.reference.namespace.as_deref().unwrap_or_default();
        let what = rollout::of(&change.object).sentence();
        audience.note(&format!("to change  {} in {namespace}: {what}", change.reference));
    }
    for left in &plan.left {
        let namespace = left.object.namespace.as_deref().unwrap_or_default();
        audience.note(&format!("left alone {} in {namespace}: {}", left.object, left.why));
    }
    let restarts = match restarts(plan) {
        1 => " (1 pod restarts)".to_owned(),
        pods => format!(" ({pods} pods restart)"),
    };
    audience.note(&format!(
        "{} to change{restarts}, {} need no change, {} left alone",
        plan.changes.len(),
        plan.already.len(),
        plan.left.len()
    ));
}

/// The changes with the resources that they are sent to. What has none stays behind as a gap.
fn targets<D>(plan: &mut Plan<D>, lists: &[List]) -> Vec<Target> {
    let mut targets = Vec::new();
    for change in std::mem::take(&mut plan.changes) {
        match found::resource_of(&change.object, lists) {
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

fn undo_path<D>(manner: Manner<'_>, plan: &Plan<D>) -> Result<Option<PathBuf>> {
    if manner.dry_run != DryRun::None || plan.changes.is_empty() {
        return Ok(None);
    }
    record::path(manner.undo_file, manner.tool, manner.clock).map(Some)
}

/// What the server must allow so that what these lists bring is read, climbed from and changed.
/// `everything` says that nothing was named: then owners are among it.
pub fn accesses(lists: &[List], everything: bool, dry_run: DryRun) -> Vec<Access> {
    let mut accesses: Vec<Access> = lists.iter().flat_map(List::accesses).collect();
    for list in lists {
        let namespace = list.namespace.as_deref().filter(|_| list.resource.namespaced);
        let above =
            if everything { Vec::new() } else { roots::accesses(&list.resource, namespace) };
        if dry_run != DryRun::Client {
            let patched =
                above.iter().map(|access| Access { verb: "patch".to_owned(), ..access.clone() });
            accesses.extend(patched.collect::<Vec<_>>());
            let Resource { group, plural, .. } = &list.resource;
            // Jobs and Pods are left alone.
            if !matches!((group.as_str(), plural.as_str()), ("", "pods") | ("batch", "jobs")) {
                // It is read again where somebody else was faster.
                accesses.extend(list.resource.change_accesses(namespace, list.name.as_deref()));
            }
        }
        accesses.extend(above);
    }
    accesses
}
