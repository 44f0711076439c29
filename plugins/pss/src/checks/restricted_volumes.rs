//! `restrictedVolumes`: volumes come from the cluster, not from the node or the network.
//!
//! Source: `policy/check_restrictedVolumes.go`; image volumes are allowed by servers since 1.33,
//! whatever the policy version.

use serde_json::json;

use super::host_path_volumes::volume_names;
use super::{PssCheck, Revision, Rules};
use crate::level::Level;
use crate::pod::Pod;
use crate::prose::{Prose, join_quote, plural, values};
use crate::violation::Violation;
use crate::volume::{ALLOWED, UNKNOWN, image_allowed};

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!(
        "restrictedVolumes",
        "a volume is of a type that is not allowed",
        "restricted_volumes.md"
    ),
    level: Level::Restricted,
    revisions: &[Revision::overriding(0, &["hostPathVolumes"], find)],
    prose,
};

fn find(pod: &Pod<'_>, rules: Rules, violations: &mut Vec<Violation>) {
    for volume in pod.volumes() {
        let Some((source, value)) = volume.restricted else { continue };
        let mut allowed = ALLOWED.to_vec();
        if image_allowed(rules.server) {
            allowed.push("image");
        }
        let path = match (source, value) {
            (UNKNOWN, None) => volume.path(),
            (UNKNOWN, Some(_)) => volume.path().field("image"),
            _ => volume.path().field(source),
        };
        violations.push(
            Violation::forbidden(volume.subject(), path, source)
                .at(value)
                .allow(json!(allowed))
                .advise("use one of the allowed types; for storage a persistentVolumeClaim"),
        );
    }
}

fn prose(violations: &[Violation], _rules: Rules) -> Prose {
    let names = volume_names(violations);
    let types = values(violations);
    let detail = format!(
        "{} {} {} {} {}",
        plural("volume", "volumes", names.len()),
        join_quote(&names),
        plural("uses", "use", names.len()),
        plural("restricted volume type", "restricted volume types", types.len()),
        join_quote(&types),
    );
    Prose::new("restricted volume types", detail)
}
