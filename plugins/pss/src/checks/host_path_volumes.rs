//! `hostPathVolumes`: no volume is a directory of the node.
//!
//! Source: `policy/check_hostPathVolumes.go`.

use super::{PssCheck, Revision, Rules};
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::{Prose, join_quote, plural};
use crate::violation::{Subject, Violation};

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!(
        "hostPathVolumes",
        "a volume is a directory of the node",
        "host_path_volumes.md"
    ),
    level: Level::Baseline,
    revisions: &[Revision::of(0, find)],
    prose,
};

fn find(pod: &Pod<'_>, _rules: Rules, violations: &mut Vec<Violation>) {
    for volume in pod.volumes() {
        let Some(value) = volume.host_path else { continue };
        violations.push(
            Violation::forbidden(volume.subject(), volume.path().field("hostPath"), "hostPath")
                .at(Some(value))
                .advise("use a volume that does not reach into the node, such as emptyDir or a persistentVolumeClaim"),
        );
    }
}

fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    let names = volume_names(violations);
    let detail = format!("{} {}", plural("volume", "volumes", names.len()), join_quote(&names));
    Prose::new("hostPath volumes", detail)
}

/// The volumes that violations stand in.
pub(super) fn volume_names(violations: &[Violation]) -> Vec<&str> {
    let names = violations.iter().filter_map(|violation| match &violation.subject {
        Subject::Volume { name, .. } => Some(name.as_str()),
        _ => None,
    });
    names.collect()
}
