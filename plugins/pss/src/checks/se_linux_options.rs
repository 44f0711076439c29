//! `seLinuxOptions`: SELinux types for containers only, and no user or role.
//!
//! Source: `policy/check_seLinuxOptions.go`; `container_engine_t` since policy version 1.31.
//! Servers before 1.26 forgot to mention user and role where no type was wrong.

use posture::model::node::Value;
use posture::model::path::FieldPath;
use serde_json::json;

use super::{PssCheck, Revision, Rules};
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::{Prose, join_quote, plural, setters, values};
use crate::violation::{Fault, Subject, Violation};

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!(
        "seLinuxOptions",
        "an SELinux type, user or role is not for containers",
        "se_linux_options.md"
    ),
    level: Level::Baseline,
    revisions: &[
        Revision::of(0, |pod, _, violations| find(pod, &TYPES[..3], violations)),
        Revision::of(31, |pod, _, violations| find(pod, &TYPES, violations)),
    ],
    prose,
};

/// The types for containers; the last one is the newest.
const TYPES: [&str; 4] =
    ["container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
/// The fields that may not be set at all.
const UNSET: [&str; 2] = ["user", "role"];
/// The first server that always mentions user and role.
const MENTIONS_ALL: u16 = 26;

fn find(pod: &Pod<'_>, types: &[&str], violations: &mut Vec<Violation>) {
    if let Some(options) = pod.security().se_linux {
        let path = || Pod::security_path("seLinuxOptions");
        find_in(options, &|| Subject::Pod, &path, types, violations);
    }
    for container in pod.containers() {
        let Some(options) = container.security.se_linux else { continue };
        let path = || container.security_path("seLinuxOptions");
        find_in(options, &|| container.subject(), &path, types, violations);
    }
}

fn find_in(
    options: Value<'_>,
    subject: &dyn Fn() -> Subject,
    path: &dyn Fn() -> FieldPath,
    types: &[&str],
    violations: &mut Vec<Violation>,
) {
    let text = |field| options.field(field).and_then(|value| Some((value, value.as_str()?)));
    if let Some((value, text)) =
        text("type").filter(|(_, text)| !text.is_empty() && !types.contains(text))
    {
        violations.push(
            Violation::forbidden(subject(), path().field("type"), text)
                .at(Some(value))
                .allow(json!(types))
                .advise("use a type for containers, or remove the line"),
        );
    }
    for field in UNSET {
        if let Some((value, _)) = text(field).filter(|(_, text)| !text.is_empty()) {
            violations.push(
                Violation::new(subject(), Fault::MayNotBeSet(field), path().field(field))
                    .at(Some(value))
                    .allow(json!([""]))
                    .advise("remove the line"),
            );
        }
    }
}

fn prose(violations: &[Violation], rules: Rules) -> Prose {
    let types = values(violations);
    let mut settings = Vec::new();
    if !types.is_empty() {
        settings.push(format!("{} {}", plural("type", "types", types.len()), join_quote(&types)));
    }
    if !types.is_empty() || rules.server.0 >= MENTIONS_ALL {
        for field in UNSET {
            if violations.iter().any(|violation| violation.fault == Fault::MayNotBeSet(field)) {
                settings.push(format!("{field} may not be set"));
            }
        }
    }
    let detail = format!(
        "{} set forbidden securityContext.seLinuxOptions: {}",
        setters(violations),
        settings.join("; ")
    );
    Prose::new("seLinuxOptions", detail)
}
