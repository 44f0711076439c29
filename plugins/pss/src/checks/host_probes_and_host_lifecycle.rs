//! `hostProbesAndHostLifecycle`: no probe or lifecycle hook calls another host.
//!
//! Source: `policy/check_hostProbesAndhostLifecycle.go`, since policy version 1.34.

use posture::model::path::FieldPath;
use serde_json::json;

use super::{PssCheck, Revision, Rules};
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::{Prose, container_list, containers, join_quote, plural, sorted_set, values};
use crate::violation::Violation;

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!(
        "hostProbesAndHostLifecycle",
        "a probe or lifecycle hook names a host",
        "host_probes_and_host_lifecycle.md"
    ),
    level: Level::Baseline,
    revisions: &[Revision::of(34, find)],
    prose,
};

fn find(pod: &Pod<'_>, _rules: Rules, violations: &mut Vec<Violation>) {
    for container in pod.containers() {
        for (fields, host, value) in container.hosts() {
            let above = fields.into_iter().filter(|field| !field.is_empty());
            let path = above.fold(container.path(), FieldPath::field);
            violations.push(
                Violation::forbidden(container.subject(), path, host)
                    .at(Some(value))
                    .allow(json!([""]))
                    .advise("remove host: the kubelet then calls the pod's own address"),
            );
        }
    }
}

fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    // Alone among the checks, this one sorts the names of the containers.
    let containers = sorted_set(containers(violations));
    let hosts = values(violations);
    let detail = format!(
        "{} {} {} {}",
        container_list(&containers),
        plural("uses", "use", containers.len()),
        plural("probe or lifecycle host", "probe or lifecycle hosts", hosts.len()),
        join_quote(&hosts),
    );
    Prose::new("probe or lifecycle host", detail)
}
