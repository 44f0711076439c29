//! `--print-rbac`: the least that somebody must be allowed for this very command.

use std::collections::BTreeSet;

use posture::client::discovery::Discovery;
use posture::client::list::List;
use posture::client::rbac::Access;
use posture::model::error::Result;
use posture::patch::found;
use posture::patch::live::whole;
use posture::render::rights;

use super::check::{self, CheckOptions, Reading};
use super::enforced;
use super::explain;
use super::fix::{self, FixOptions};
use super::nodes::Operator;
use super::set::{Live, Scope, SetOptions};
use crate::named::Profile;

/// Prints the roles for `set`.
pub fn of_set(options: &SetOptions<'_>) -> Result<()> {
    let accesses = match &options.scope {
        Scope::Files(_) => Vec::new(),
        Scope::Live(way) => of_live(options, way)?,
    };
    rights::print(super::set::TOOL, &accesses)
}

/// Prints the roles for `check`.
pub fn of_check(options: &CheckOptions<'_>) -> Result<()> {
    rights::print(super::set::TOOL, &check::accesses(&options.reading)?)
}

/// Prints the roles for `explain TYPE/NAME`.
pub fn of_objects(reading: &Reading<'_>) -> Result<()> {
    rights::print(super::set::TOOL, &check::accesses(reading)?)
}

/// Prints the roles for `explain --all-nodes`.
pub fn of_nodes() -> Result<()> {
    let accesses: Vec<Access> = explain::node_lists().iter().flat_map(List::accesses).collect();
    rights::print(super::set::TOOL, &accesses)
}

/// Prints the roles for `fix`.
pub fn of_fix(options: &FixOptions<'_>) -> Result<()> {
    rights::print(super::set::TOOL, &fix::accesses(options)?)
}

fn of_live(options: &SetOptions<'_>, way: &Live<'_>) -> Result<Vec<Access>> {
    let lists = found::lists(way.connection, &options.selection)?.lists;
    let everything = options.selection.is_everything();
    let mut accesses = whole::accesses(&lists, everything, way.dry_run);
    if options.wish.profile == Profile::Unconfined || options.wish.migrate_annotations {
        let namespaces: BTreeSet<Option<&str>> =
            lists.iter().map(|list| list.namespace.as_deref()).collect();
        for namespace in namespaces {
            accesses.extend(match namespace {
                Some(name) => enforced::list(name).accesses(),
                None => vec![enforced::any()],
            });
        }
    }
    if matches!(options.wish.profile, Profile::Localhost(_))
        && let Some(operator) = Operator::find(&Discovery::load(way.connection)?)
    {
        accesses.extend(operator.lists().iter().flat_map(List::accesses));
    }
    Ok(accesses)
}
