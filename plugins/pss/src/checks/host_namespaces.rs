//! `hostNamespaces`: no network, process or IPC namespace is shared with the node.
//!
//! Source: `policy/check_hostNamespaces.go`.

use posture::model::path::FieldPath;
use serde_json::json;

use super::{PssCheck, Revision, Rules};
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::Prose;
use crate::violation::{Fault, Subject, Violation};

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!("hostNamespaces", "a namespace is shared with the node", "host_namespaces.md"),
    level: Level::Baseline,
    revisions: &[Revision::of(0, find)],
    prose,
};

fn find(pod: &Pod<'_>, _rules: Rules, violations: &mut Vec<Violation>) {
    let fields =
        [("hostNetwork", pod.host_network), ("hostPID", pod.host_pid), ("hostIPC", pod.host_ipc)];
    for (field, value) in fields {
        if value.is_none() {
            continue;
        }
        violations.push(
            Violation::forbidden(
                Subject::Pod,
                FieldPath::of("spec").field(field),
                format!("{field}=true"),
            )
            .at(value)
            .allow(json!([false]))
            .advise("set it to false or remove the line"),
        );
    }
}

fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    // The order of the fields, not of the bytes.
    let settings = violations.iter().filter_map(|violation| match &violation.fault {
        Fault::Forbidden(text) => Some(text.as_str()),
        _ => None,
    });
    Prose::new("host namespaces", settings.collect::<Vec<_>>().join(", "))
}
