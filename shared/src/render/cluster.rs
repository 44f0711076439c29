//! What is said of a cluster that is read: beside the report, on standard error.

use super::escape::escape;
use super::out;
use crate::client::list::List;
use crate::client::resource::Resource;
use crate::input::cluster::Cluster;
use crate::input::selection::Selection;
use crate::model::error::Result;
use crate::model::gap::Gap;

/// Says of a recorded cluster which one it is, and of when.
pub fn introduce(cluster: Cluster<'_>) {
    if let Cluster::Recorded { snapshot, .. } = cluster {
        let of = snapshot.context().map_or_else(String::new, |context| format!(" of {context}"));
        let time = snapshot.clock().now();
        out::note(&escape(&format!("snapshot{of}, taken {time}")));
    }
}

/// Completes the snapshot, if one is being written, and says how to look at it again: `again` is
/// how the command begins that does, `kubectl pss check`.
pub fn finish(cluster: Cluster<'_>, gaps: &[Gap], again: &str) -> Result<()> {
    cluster.finish(gaps)?;
    if let Cluster::Live { recorder: Some(recorder), .. } = cluster {
        let dir = recorder.dir().display();
        out::note(&escape(&format!("snapshot written; again: {again} -f {dir}")));
    }
    Ok(())
}

/// What to read of a cluster: what was named, or everything of the default resources. Says what
/// kubectl warns of.
pub fn lists(
    cluster: Cluster<'_>,
    selection: &Selection,
    default: Vec<Resource>,
    gaps: &mut Vec<Gap>,
) -> Result<Vec<List>> {
    let resolved = cluster.lists(selection, default)?;
    out::warnings(&resolved.warnings);
    gaps.extend(resolved.gaps);
    Ok(resolved.lists)
}
