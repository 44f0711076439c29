//! What a command looks at: manifests, or objects of a cluster.

use super::cluster::Cluster;
use super::files::FileArgs;
use super::selection::Selection;

/// What to look at.
#[derive(Clone, Debug)]
pub enum Scope<'a> {
    /// Manifests.
    Files {
        /// The values of `-f` and `-R`.
        files: FileArgs,
        /// The directory of `-k`.
        kustomize: Option<&'a str>,
        /// What is meant of them.
        selection: Selection,
        /// The cluster that they are judged beside, if it is asked for.
        cluster: Option<Cluster<'a>>,
    },
    /// Objects of a cluster.
    Live {
        /// The cluster.
        cluster: Cluster<'a>,
        /// What to read of it.
        selection: Selection,
    },
}
