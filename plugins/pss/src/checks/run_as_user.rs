//! `runAsUser`: nothing asks for user 0.
//!
//! Source: `policy/check_runAsUser.go`; since policy version 1.35 not in user namespaces.

use posture::model::node::Value;

use super::{PssCheck, Revision, Rules};
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::{Prose, setters};
use crate::violation::{Subject, Violation};

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!("runAsUser", "a container is told to run as root", "run_as_user.md"),
    level: Level::Restricted,
    revisions: &[
        Revision::of(23, find),
        Revision::of(35, |pod, rules, violations| {
            if !pod.has_user_namespace() {
                find(pod, rules, violations);
            }
        }),
    ],
    prose,
};

fn find(pod: &Pod<'_>, _rules: Rules, violations: &mut Vec<Violation>) {
    let is_root = |value: Option<Value<'_>>| value.is_some_and(|value| value.as_i64() == Some(0));
    let mut found = |violation: Violation, value| {
        violations
            .push(violation.at(value).advise("set it to the number of a user that is not root"));
    };
    let of_pod = pod.security().run_as_user;
    if is_root(of_pod) {
        found(Violation::forbidden(Subject::Pod, Pod::security_path("runAsUser"), "0"), of_pod);
    }
    for container in pod.containers() {
        let value = container.security.run_as_user;
        if is_root(value) {
            let path = container.security_path("runAsUser");
            found(Violation::forbidden(container.subject(), path, "0"), value);
        }
    }
}

fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    Prose::new("runAsUser=0", format!("{} must not set runAsUser=0", setters(violations)))
}
