//! `resourceLimits`: every container says how much CPU and memory it gets at most.

use super::{Answer, Facts, Requirement, resources};

pub(super) static CHECK: Requirement = Requirement {
    check: identity!(
        "resourceLimits",
        "a container may take all CPU or memory of the node",
        "resource_limits.md"
    ),
    find,
    needs: &[],
};

fn find(facts: &Facts<'_, '_>, answer: &mut Answer) {
    let advice = "set a limit above what it needs at its peak";
    resources::find(facts, "limits", &["limits"], advice, answer);
}
