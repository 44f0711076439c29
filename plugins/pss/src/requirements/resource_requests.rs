//! `resourceRequests`: every container says how much CPU and memory it needs.

use super::{Answer, Facts, Requirement, resource_limits};

pub(super) static CHECK: Requirement = Requirement {
    check: identity!(
        "resourceRequests",
        "a container reserves no CPU or memory",
        "resource_requests.md"
    ),
    find,
    needs: &[],
};

fn find(facts: &Facts<'_, '_>, answer: &mut Answer) {
    let advice = "request what it usually needs";
    resource_limits::find_in(facts, "requests", &["requests", "limits"], advice, answer);
}
