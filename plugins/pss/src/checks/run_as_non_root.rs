//! `runAsNonRoot`: the kubelet refuses to start any container as root.
//!
//! Source: `policy/check_runAsNonRoot.go`; since policy version 1.35 not in user namespaces.

use serde_json::json;

use super::{PssCheck, Revision, Rules};
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::{Prose, container_list, containers, setters};
use crate::violation::{Fault, Subject, Violation};

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!("runAsNonRoot", "a container may run as root", "run_as_non_root.md"),
    level: Level::Restricted,
    revisions: &[
        Revision::of(0, find),
        Revision::of(35, |pod, rules, violations| {
            if !pod.has_user_namespace() {
                find(pod, rules, violations);
            }
        }),
    ],
    prose,
};

fn find(pod: &Pod<'_>, _rules: Rules, violations: &mut Vec<Violation>) {
    let explicit = |violation: Violation, value| {
        violation
            .at(value)
            .allow(json!([true]))
            .advise("set it to true, with an image or a runAsUser that is not root")
    };
    let of_pod = pod.security().run_as_non_root;
    let pod_says = of_pod.and_then(|value| value.as_bool());
    if pod_says == Some(false) {
        let path = Pod::security_path("runAsNonRoot");
        violations.push(explicit(Violation::forbidden(Subject::Pod, path, "false"), of_pod));
    }
    for container in pod.containers() {
        let value = container.security.run_as_non_root;
        let path = || container.security_path("runAsNonRoot");
        match value.and_then(|value| value.as_bool()) {
            Some(true) => {}
            Some(false) => {
                violations.push(explicit(
                    Violation::forbidden(container.subject(), path(), "false"),
                    value,
                ));
            }
            None if pod_says == Some(true) => {}
            None => violations.push(
                Violation::missing(container.subject(), path()).allow(json!([true])).advise(
                    "set spec.securityContext.runAsNonRoot to true, once for the whole pod",
                ),
            ),
        }
    }
}

fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    // What is set wrong hides what is not set.
    let explicit = violations.iter().filter(|violation| violation.fault != Fault::Missing);
    let detail = if explicit.clone().next().is_some() {
        format!("{} must not set securityContext.runAsNonRoot=false", setters(explicit))
    } else {
        let containers = container_list(&containers(violations));
        format!("pod or {containers} must set securityContext.runAsNonRoot=true")
    };
    Prose::new("runAsNonRoot != true", detail)
}
