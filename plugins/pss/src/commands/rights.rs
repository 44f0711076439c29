//! `--print-rbac`: the least that somebody must be allowed for this very command.

use std::collections::BTreeSet;

use posture::client::list::List;
use posture::input::cluster::Cluster;
use posture::input::scope::Scope;
use posture::input::workloads::{namespaces_of, workloads};
use posture::model::error::Result;
use posture::render::{cluster, rights};

use super::check::CheckOptions;
use super::check_ns::{NamespaceOptions, NamespaceScope, content_lists, namespace_lists};
use super::diff::{DiffOptions, Question, cluster_beside, meant_of, names_something};
use super::fix::{self, Files, FixOptions};
use super::policies::PolicyOptions;
use super::{required, scan};
use crate::requirements::Required;

/// The name of the printed roles.
const NAME: &str = "kubectl-pss";

/// Prints the roles for `check`.
pub fn of_check(options: &CheckOptions<'_>) -> Result<()> {
    print(&lists_of(&options.scope, options.policy, options.required)?)
}

/// Prints the roles for `diff`.
pub fn of_diff(options: &DiffOptions<'_>) -> Result<()> {
    let lists = match &options.question {
        Question::Ways { scope, from, .. } => lists_of(scope, from.policy, from.required)?,
        Question::Inputs { from, to, way, named } => {
            let beside = |scope, other, of_files| -> Result<Option<Vec<List>>> {
                let Some(cluster) = cluster_beside(scope, other, *named) else { return Ok(None) };
                if matches!(cluster, Cluster::Recorded { .. }) {
                    return Ok(Some(Vec::new()));
                }
                let meant = meant_of(options.program, of_files, *way)?;
                Ok(Some(with_context(meant.lists(cluster, &mut Vec::new()), way.required)))
            };
            // Standard input can be read once, and what is meant by the files says it all.
            if let Some(lists) = beside(from, to, to)? {
                lists
            } else if let Some(lists) = beside(to, from, from)? {
                lists
            } else {
                let mut lists = lists_of(from, way.policy, way.required)?;
                lists.extend(lists_of(to, way.policy, way.required)?);
                lists
            }
        }
    };
    print(&lists)
}

fn lists_of(
    scope: &Scope<'_>,
    policy: PolicyOptions<'_>,
    required: &Required,
) -> Result<Vec<List>> {
    Ok(match scope {
        Scope::Live { cluster: cluster @ Cluster::Live { .. }, selection } => {
            let lists = cluster::lists(*cluster, selection, workloads(), &mut Vec::new())?;
            with_context(lists, required)
        }
        Scope::Files { files, kustomize, selection, cluster: Some(Cluster::Live { .. }) }
            if names_something(files, *kustomize) =>
        {
            scan::lists_for_files(files, *kustomize, selection, policy, required)?
        }
        Scope::Live { cluster: Cluster::Recorded { .. }, .. } | Scope::Files { .. } => Vec::new(),
    })
}

fn with_context(lists: Vec<List>, required: &Required) -> Vec<List> {
    let (mut all, _) = scan::context_lists(&lists);
    all.extend(required::lists(required, &namespaces_of(&lists)));
    all.extend(lists);
    all
}

/// Prints the roles for `fix`.
pub fn of_fix(options: &FixOptions<'_>) -> Result<()> {
    match &options.scope {
        fix::Scope::Files(Files { files, kustomize, cluster: Some(_), .. }) => {
            let required = Required::default();
            let (selection, policy) = (&options.selection, options.policy);
            print(&scan::lists_for_files(files, *kustomize, selection, policy, &required)?)
        }
        fix::Scope::Files(_) => print(&[]),
        fix::Scope::Live(live) => rights::print(NAME, &fix::accesses(options, live)?),
    }
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
    rights::print(NAME, &lists.iter().flat_map(List::accesses).collect::<Vec<_>>())
}
