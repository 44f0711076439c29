//! `--print-rbac`: the least that somebody must be allowed for this very command.

use std::collections::BTreeSet;
use std::io::Write as _;

use posture::client::discovery::Discovery;
use posture::client::list::List;
use posture::client::rbac::{self, Access};
use posture::model::error::Result;
use posture::patch::found;
use posture::patch::live::whole;
use posture::render::escape::escape;
use posture::render::out;

use super::enforced;
use super::nodes::Operator;
use super::set::{Live, Scope, SetOptions};
use crate::named::Profile;

/// Prints the roles for `set`.
pub fn of_set(options: &SetOptions<'_>) -> Result<()> {
    let accesses = match &options.scope {
        Scope::Files(_) => Vec::new(),
        Scope::Live(way) => of_live(options, way)?,
    };
    let mut out = out::stdout();
    if accesses.is_empty() {
        writeln!(out, "# This command asks no cluster: it needs no rights.")?;
    } else {
        let text = rbac::manifests(super::set::TOOL, &accesses)?;
        // Names come from the command line and the server.
        for line in text.lines() {
            writeln!(out, "{}", escape(line))?;
        }
    }
    out.flush()?;
    Ok(())
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
