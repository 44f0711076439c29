//! `windowsHostProcess`: no Windows container runs on the node itself.
//!
//! Source: `policy/check_windowsHostProcess.go`.

use serde_json::json;

use super::{PssCheck, Revision, Rules};
use crate::container::SecurityContext;
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::{Prose, setters};
use crate::violation::{Subject, Violation};

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!(
        "windowsHostProcess",
        "a Windows container runs on the node itself",
        "windows_host_process.md"
    ),
    level: Level::Baseline,
    revisions: &[Revision::of(0, find)],
    prose,
};

const FIELD: &str = "windowsOptions.hostProcess";

fn find(pod: &Pod<'_>, _rules: Rules, violations: &mut Vec<Violation>) {
    let is_set = |security: &SecurityContext<'_>| {
        security.host_process().is_some_and(|value| value.as_bool() == Some(true))
    };
    let mut found = |violation: Violation, security: &SecurityContext<'_>| {
        violations.push(
            violation
                .at(security.host_process())
                .allow(json!([false]))
                .advise("set it to false or remove the line"),
        );
    };
    if is_set(pod.security()) {
        found(
            Violation::forbidden(Subject::Pod, Pod::security_path(FIELD), "true"),
            pod.security(),
        );
    }
    for container in pod.containers().iter().filter(|container| is_set(&container.security)) {
        let violation =
            Violation::forbidden(container.subject(), container.security_path(FIELD), "true");
        found(violation, &container.security);
    }
}

fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    let setters = setters(violations);
    Prose::new(
        "hostProcess",
        format!("{setters} must not set securityContext.windowsOptions.hostProcess=true"),
    )
}
