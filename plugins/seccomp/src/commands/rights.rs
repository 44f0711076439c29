//! `--print-rbac`: the least that somebody must be allowed for this very command.

use std::collections::BTreeSet;
use std::io::Write as _;

use posture::client::discovery::Discovery;
use posture::client::list::List;
use posture::client::rbac::{self, Access};
use posture::model::error::Result;
use posture::patch::live::DryRun;
use posture::patch::roots;
use posture::render::escape::escape;
use posture::render::out;

use super::nodes::Operator;
use super::set::{Live, Scope, SetOptions};
use super::{enforced, live};
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
    let lists = live::lists(way.connection, &options.selection, &mut Vec::new())?;
    let everything = options.selection.is_everything();
    let mut accesses: Vec<Access> = lists.iter().flat_map(List::accesses).collect();
    for list in &lists {
        let namespace = list.namespace.as_deref();
        let above =
            if everything { Vec::new() } else { roots::accesses(&list.resource, namespace) };
        if way.dry_run != DryRun::Client {
            let changed =
                above.iter().map(|access| (access.group.as_str(), access.resource.as_str()));
            let own = (list.resource.group.as_str(), list.resource.plural.as_str());
            let is_immutable = matches!(own, ("", "pods") | ("batch", "jobs"));
            for (group, resource) in changed {
                accesses.push(access("patch", group, resource, namespace, None));
            }
            if !is_immutable {
                let name = list.name.as_deref();
                accesses.push(access("get", own.0, own.1, namespace, name));
                accesses.push(access("patch", own.0, own.1, namespace, name));
            }
        }
        accesses.extend(above);
    }
    if options.wish.profile == Profile::Unconfined || options.wish.migrate_annotations {
        let namespaces: BTreeSet<Option<&str>> =
            lists.iter().map(|list| list.namespace.as_deref()).collect();
        for namespace in namespaces {
            accesses.extend(match namespace {
                Some(name) => enforced::list(name).accesses(),
                None => vec![access("get", "", "namespaces", None, None)],
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

fn access(
    verb: &str,
    group: &str,
    resource: &str,
    namespace: Option<&str>,
    name: Option<&str>,
) -> Access {
    Access {
        verb: verb.to_owned(),
        group: group.to_owned(),
        resource: resource.to_owned(),
        namespace: namespace.map(str::to_owned),
        name: name.map(str::to_owned),
    }
}
