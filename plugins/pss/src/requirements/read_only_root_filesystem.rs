//! `readOnlyRootFilesystem`: no container may write to its own image's files.

use posture::model::container::ContainerKind;
use serde_json::json;

use super::{Answer, Facts, Requirement, at, subject};
use crate::violation::Violation;

pub(super) static CHECK: Requirement = Requirement {
    check: identity!(
        "readOnlyRootFilesystem",
        "a container may write to its root filesystem",
        "read_only_root_filesystem.md"
    ),
    find,
    needs: &[],
};

fn find(facts: &Facts<'_, '_>, answer: &mut Answer) {
    // The API server forbids the field there.
    if facts.is_windows() {
        return;
    }
    for container in facts.containers() {
        let path = container.path().fields("securityContext.readOnlyRootFilesystem");
        let value = at(facts.template.value, &path);
        let violation = match value.and_then(|value| value.as_bool()) {
            Some(true) => continue,
            Some(false) => Violation::forbidden(subject(&container), path, "false").at(value),
            None => Violation::missing(subject(&container), path),
        };
        let advice = if container.kind == ContainerKind::Ephemeral {
            "set it to true in the next one: a running one cannot be changed"
        } else {
            "set it to true, and mount an emptyDir wherever the program writes"
        };
        answer.miss(violation.allow(json!([true])).advise(advice));
    }
}
