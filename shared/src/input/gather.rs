//! Lists of a cluster, read to their ends.

use super::cluster::Cluster;
use super::live::Arrival;
use crate::client::failure::{Failure, FailureKind};
use crate::client::list::List;
use crate::model::object::Object;

/// Reads lists, each into something of its own. Beside it stands why the list could not be read to
/// its end, if it could not.
pub fn gather<T: Default>(
    cluster: Cluster<'_>,
    lists: &[List],
    mut take: impl FnMut(&List, Vec<Object>, &mut T),
) -> Vec<(T, Option<Failure>)> {
    let mut gathered: Vec<(T, Option<Failure>)> =
        lists.iter().map(|_| (T::default(), None)).collect();
    for (position, arrival) in cluster.read(lists.to_vec()) {
        let (own, failed) = &mut gathered[position];
        match arrival {
            Arrival::Objects(objects) => take(&lists[position], objects, own),
            // What came so far is void.
            Arrival::Restart => *own = T::default(),
            Arrival::Failed(failure) => {
                failed.get_or_insert(failure);
            }
            Arrival::End => {}
        }
    }
    gathered
}

/// Reads lists; beside the objects of each stands why it could not be read to its end, if it could
/// not.
pub fn objects(cluster: Cluster<'_>, lists: &[List]) -> Vec<(Vec<Object>, Option<Failure>)> {
    gather(cluster, lists, |_, objects, own: &mut Vec<Object>| own.extend(objects))
}

/// Reads single objects, one a list: `None` where it is not there.
pub fn singles(cluster: Cluster<'_>, lists: &[List]) -> Vec<Result<Option<Object>, Failure>> {
    let single = |(objects, failure): (Vec<Object>, Option<Failure>)| match failure {
        Some(failure) if failure.kind != FailureKind::NotFound => Err(failure),
        _ => Ok(objects.into_iter().next()),
    };
    objects(cluster, lists).into_iter().map(single).collect()
}

/// Why not one of the lists could be read to its end, in the words of the first.
pub fn all_failed<T>(gathered: &[(T, Option<Failure>)]) -> Option<&Failure> {
    let failed = gathered.iter().all(|(_, failure)| failure.is_some());
    gathered.first().filter(|_| failed).and_then(|(_, failure)| failure.as_ref())
}
