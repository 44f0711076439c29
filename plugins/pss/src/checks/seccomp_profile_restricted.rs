//! `seccompProfile_restricted`: every container has a seccomp profile.
//!
//! Source: `policy/check_seccompProfile_restricted.go`; since policy version 1.25 not for Windows.

use serde_json::json;

use super::{PssCheck, Revision, Rules, seccomp_profile_baseline};
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::{Prose, container_list, containers};
use crate::violation::{Fault, Violation};

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!(
        "seccompProfile_restricted",
        "a container has no seccomp profile, or none that is allowed",
        "seccomp_profile_restricted.md"
    ),
    level: Level::Restricted,
    revisions: &[
        Revision::overriding(19, &["seccompProfile_baseline"], find),
        Revision::overriding(25, &["seccompProfile_baseline"], |pod, rules, violations| {
            if !pod.is_windows() {
                find(pod, rules, violations);
            }
        }),
    ],
    prose,
};

fn find(pod: &Pod<'_>, rules: Rules, violations: &mut Vec<Violation>) {
    seccomp_profile_baseline::find_explicit(pod, rules, violations);
    let of_pod = pod.security().seccomp;
    if of_pod.is_some_and(|profile| seccomp_profile_baseline::is_allowed(&profile)) {
        return;
    }
    for container in
        pod.containers().iter().filter(|container| container.security.seccomp.is_none())
    {
        let path = container.security_path("seccompProfile.type");
        violations.push(
            Violation::missing(container.subject(), path)
                .allow(json!(["RuntimeDefault", "Localhost"]))
                .advise("set spec.securityContext.seccompProfile.type to RuntimeDefault, once for the whole pod"),
        );
    }
}

fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    // What is set wrong hides what is not set.
    let explicit = violations.iter().filter(|violation| violation.fault != Fault::Missing);
    if explicit.clone().next().is_some() {
        return seccomp_profile_baseline::prose_explicit(explicit);
    }
    let containers = container_list(&containers(violations));
    let detail = format!(
        r#"pod or {containers} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost""#
    );
    Prose::new("seccompProfile", detail)
}
