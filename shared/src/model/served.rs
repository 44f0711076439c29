//! Which kinds the API server itself serves in the groups that carry pods: whatever else an
//! object of these groups calls itself, no server knows it.
//!
//! Source: the storage registrations in `pkg/registry/{core,apps,batch}/rest` of Kubernetes.

use super::object::Object;
use super::version::Minor;

const CORE: [&str; 17] = [
    "Binding",
    "ComponentStatus",
    "ConfigMap",
    "Endpoints",
    "Event",
    "LimitRange",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodTemplate",
    "ReplicationController",
    "ResourceQuota",
    "Secret",
    "Service",
    "ServiceAccount",
];
const APPS: [&str; 5] =
    ["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"];
const BATCH: [&str; 2] = ["CronJob", "Job"];

/// The last release that serves `batch/v1beta1`.
const LAST_BATCH_BETA: Minor = Minor(24);

/// The kinds that a server serves in a version of a group; `None` for other groups, of which
/// nothing is known here.
pub fn kinds(api_version: &str, server: Minor) -> Option<&'static [&'static str]> {
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    match api_version {
        "v1" => Some(&CORE),
        "apps/v1" => Some(&APPS),
        "batch/v1" => Some(&BATCH),
        "batch/v1beta1" if server <= LAST_BATCH_BETA => Some(&["CronJob"]),
        _ if matches!(group, "" | "apps" | "batch" | "extensions") => Some(&[]),
        _ => None,
    }
}

/// Why no server of this release (1.24 or later) takes an object: kubectl's words. `None` if it
/// does, or if its group is not known here.
pub fn no_match(object: &Object, server: Minor) -> Option<String> {
    let (kind, api_version) = (object.kind(), object.api_version());
    let known = kinds(api_version, server)?;
    (!known.contains(&kind))
        .then(|| format!("no matches for kind {kind:?} in version {api_version:?}"))
}
