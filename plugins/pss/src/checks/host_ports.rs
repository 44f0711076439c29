//! `hostPorts`: no port of the node is taken.
//!
//! Source: `policy/check_hostPorts.go`.

use serde_json::json;

use super::{PssCheck, Revision, Rules};
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::{Prose, container_list, containers, plural, values};
use crate::violation::Violation;

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!("hostPorts", "a port of the node is taken", "host_ports.md"),
    level: Level::Baseline,
    revisions: &[Revision::of(0, find)],
    prose,
};

fn find(pod: &Pod<'_>, _rules: Rules, violations: &mut Vec<Violation>) {
    for container in pod.containers() {
        for port in container.ports() {
            let (number, defaulted) = pod.host_port(container, &port);
            if number == 0 {
                continue;
            }
            let path =
                container.path().field("ports").named(port.index, port.name).field("hostPort");
            let found = Violation::forbidden(container.subject(), path, number.to_string());
            violations.push(if defaulted {
                found
                    .at(port.container)
                    .allow(json!([0]))
                    .advise(
                        "remove hostNetwork: true, which makes every container port a host port",
                    )
                    .derive(Some(
                        "the server sets hostPort to containerPort in a pod with hostNetwork",
                    ))
            } else {
                found
                    .at(port.host)
                    .allow(json!([0]))
                    .advise("remove hostPort, and reach the pod through a Service")
            });
        }
    }
}

fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    let containers = containers(violations);
    // Sorted as text: 10 stands before 9.
    let ports = values(violations);
    let detail = format!(
        "{} {} {} {}",
        container_list(&containers),
        plural("uses", "use", containers.len()),
        plural("hostPort", "hostPorts", ports.len()),
        ports.join(", "),
    );
    Prose::new("hostPort", detail)
}
