//! How many pods a workload makes.

use posture::model::node::Value;
use posture::model::object::Object;

/// How many pods of its template an object keeps at once, as far as it says itself: one for kinds
/// that do not say. What is scaled to zero counts as one: it will not stay so.
pub fn replicas(object: &Object) -> u32 {
    let spec = object.value().field("spec");
    let number = |spec: Option<Value<'_>>, key: &str| {
        let number = spec?.field(key)?.as_i64()?;
        Some(u32::try_from(number.max(0)).unwrap_or(u32::MAX))
    };
    let of_job = |spec: Option<Value<'_>>| {
        let parallel = number(spec, "parallelism").unwrap_or(1);
        number(spec, "completions").map_or(parallel, |completions| parallel.min(completions))
    };
    let count = match (object.group(), object.kind()) {
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet") | ("", "ReplicationController") => {
            number(spec, "replicas").unwrap_or(1)
        }
        ("batch", "Job") => of_job(spec),
        ("batch", "CronJob") => {
            let job = spec.and_then(|spec| spec.field("jobTemplate"));
            of_job(job.and_then(|job| job.field("spec")))
        }
        _ => 1,
    };
    count.max(1)
}
