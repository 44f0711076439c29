//! `--print-rbac`: the least that somebody must be allowed for this very command.

use std::collections::BTreeSet;
use std::io::Write as _;

use posture::client::list::List;
use posture::client::rbac;
use posture::input::cluster::Cluster;
use posture::model::error::Result;
use posture::render::escape::escape;
use posture::render::out;

use super::check::{CheckOptions, Scope};
use super::check_ns::{NamespaceOptions, NamespaceScope, content_lists, namespace_lists};
use super::{required, scan};

/// The name of the printed roles.
const NAME: &str = "kubectl-pss";

/// Prints the roles for `check`.
pub fn of_check(options: &CheckOptions<'_>) -> Result<()> {
    let lists = match &options.scope {
        Scope::Live { cluster: cluster @ Cluster::Live { .. }, selection } => {
            let lists = scan::lists(*cluster, selection, &mut Vec::new())?;
            let (mut all, _) = scan::context_lists(&lists);
            all.extend(required::lists(options.required, &scan::namespaces_of(&lists)));
            all.extend(lists);
            all
        }
        Scope::Files { files, kustomize, selection, cluster: Some(_) } => {
            scan::lists_for_files(files, *kustomize, selection, options.policy, options.required)?
        }
        Scope::Live { cluster: Cluster::Recorded { .. }, .. }
        | Scope::Files { cluster: None, .. } => Vec::new(),
    };
    print(&lists)
}

/// Prints the roles for `check ns`.
pub fn of_namespaces(options: &NamespaceOptions<'_>) -> Result<()> {
    let lists = match &options.scope {
        NamespaceScope::Live { cluster: Cluster::Live { .. }, .. } => {
            let there: BTreeSet<String> = options.names.iter().cloned().collect();
            let mut lists = namespace_lists(options);
            lists.extend(content_lists(&options.names, &there));
            lists
        }
        NamespaceScope::Live { .. } | NamespaceScope::Files { .. } => Vec::new(),
    };
    print(&lists)
}

fn print(lists: &[List]) -> Result<()> {
    let accesses: Vec<_> = lists.iter().flat_map(List::accesses).collect();
    let mut out = out::stdout();
    if accesses.is_empty() {
        writeln!(out, "# This command asks no cluster: it needs no rights.")?;
    } else {
        let text = rbac::manifests(NAME, &accesses)?;
        // Names come from the command line and the server.
        for line in text.lines() {
            writeln!(out, "{}", escape(line))?;
        }
    }
    out.flush()?;
    Ok(())
}
