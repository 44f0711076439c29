//! What is read of a cluster where nothing is named, what else that depends on, and what of it is
//! no news.

use std::collections::BTreeSet;

use crate::client::list::List;
use crate::client::resource::Resource;
use crate::model::object::Object;
use crate::model::owners::is_left_behind;
use crate::model::rollout;

/// The kinds that carry pods: what is looked at where nothing is named.
pub fn workloads() -> Vec<Resource> {
    [
        ("", "pods", "Pod"),
        ("apps", "deployments", "Deployment"),
        ("apps", "replicasets", "ReplicaSet"),
        ("apps", "statefulsets", "StatefulSet"),
        ("apps", "daemonsets", "DaemonSet"),
        ("batch", "jobs", "Job"),
        ("batch", "cronjobs", "CronJob"),
        ("", "replicationcontrollers", "ReplicationController"),
        ("", "podtemplates", "PodTemplate"),
    ]
    .into_iter()
    .map(|(group, plural, kind)| Resource::new(group, "v1", plural, kind, true))
    .collect()
}

/// What stands between pods and their root owners, in one namespace or in all.
pub fn owners_in(namespace: Option<&str>) -> impl Iterator<Item = List> {
    [("apps", "replicasets", "ReplicaSet"), ("batch", "jobs", "Job")].into_iter().map(
        move |(group, plural, kind)| {
            let resource = Resource::new(group, "v1", plural, kind, true);
            List { metadata_only: true, ..List::of(resource, namespace) }
        },
    )
}

/// What is read beside lists to know the root owners of their pods.
pub fn owners_of(lists: &[List]) -> Vec<List> {
    let pods: BTreeSet<Option<&str>> = lists
        .iter()
        .filter(|list| list.resource.kind == "Pod" && list.resource.group.is_empty())
        .map(|list| list.namespace.as_deref())
        .collect();
    pods.into_iter().flat_map(owners_in).collect()
}

/// The namespaces that lists are of; `None` stands for all.
pub fn namespaces_of(lists: &[List]) -> BTreeSet<Option<String>> {
    let namespaced = lists.iter().filter(|list| list.resource.namespaced);
    namespaced.map(|list| list.namespace.clone()).collect()
}

/// Whether an object is no news: a ReplicaSet that an update has left behind, a pod that has
/// ended. They are judged where they are asked for by name.
pub fn is_noise(object: &Object) -> bool {
    let is_pod = object.kind() == "Pod" && object.group().is_empty();
    is_left_behind(object) || is_pod && rollout::has_ended(object)
}
