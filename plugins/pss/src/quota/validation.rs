//! What validation says of the amounts, once every default is set: a LimitRange's default limit
//! may lie below a request that the pod makes.
//!
//! Sources: `validateResourceRequirements`, `validatePodResourceConsistency`.

use posture::model::path::FieldPath;
use posture::model::quantity::Quantity;
use serde_json::json;

use super::Refusal;
use super::demand::{Demand, Requirements};
use super::resources::{HUGE_PAGES, ResourceList, may_overcommit};

/// Everything that contradicts itself.
pub(super) fn validate(demand: &Demand<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    for (index, asking) in demand.containers.iter().enumerate() {
        let container = &asking.container;
        let at = format!("spec.{}[{}].resources", container.kind.field(), container.index);
        requests_above_limits(&asking.asks, &at, &container.path(), Some(index), &mut found);
    }
    if let Some(pod) = &demand.pod {
        requests_above_limits(pod, "spec.resources", &FieldPath::of("spec"), None, &mut found);
        containers_above_pod(demand, pod, &mut found);
    }
    found
}

fn requests_above_limits(
    asks: &Requirements,
    at: &str,
    owner: &FieldPath,
    container: Option<usize>,
    found: &mut Vec<Refusal>,
) {
    for (name, request) in &asks.requests {
        let text = match asks.limits.get(name) {
            Some(limit) if request != limit && !may_overcommit(name) => format!(
                "{at}.requests: Invalid value: \"{request}\": must be equal to {name} limit of {limit}"
            ),
            Some(limit) if request > limit => format!(
                "{at}.requests: Invalid value: \"{request}\": must be less than or equal to {name} limit of {limit}"
            ),
            None if !may_overcommit(name) => format!(
                "{at}.limits: Required value: Limit must be set for non overcommitable resources"
            ),
            _ => continue,
        };
        let limit = asks.limits.get(name).map(|limit| json!({ "limit": limit.to_string() }));
        found.push(Refusal {
            by: None,
            text,
            container,
            path: owner.clone().fields("resources.requests").field(name.clone()),
            asked: Some(request.to_string().into()),
            limits: limit,
            admitted: None,
        });
    }
    found.extend(huge_pages_alone(asks, at, owner, container));
}

/// Huge pages alone are not enough.
fn huge_pages_alone(
    asks: &Requirements,
    at: &str,
    owner: &FieldPath,
    container: Option<usize>,
) -> Option<Refusal> {
    let any = |of: fn(&str) -> bool| {
        asks.lists().into_iter().flat_map(ResourceList::keys).any(|name| of(name))
    };
    let alone =
        any(|name| name.starts_with(HUGE_PAGES)) && !any(|name| matches!(name, "cpu" | "memory"));
    alone.then(|| Refusal {
        by: None,
        text: format!("{at}: Forbidden: HugePages require cpu or memory"),
        container,
        path: owner.clone().field("resources"),
        asked: None,
        limits: None,
        admitted: None,
    })
}

fn containers_above_pod(demand: &Demand<'_>, pod: &Requirements, found: &mut Vec<Refusal>) {
    let mut add = |text: String, list: &'static str, name: &String, asked: &Quantity| {
        found.push(Refusal {
            by: None,
            text,
            container: None,
            path: FieldPath::of("spec.resources").fields(list).field(name.clone()),
            asked: Some(asked.to_string().into()),
            limits: None,
            admitted: None,
        });
    };
    for (name, sum) in &demand.sums(|asks| &asks.requests) {
        if let Some(request) = pod.requests.get(name).filter(|request| sum > *request) {
            let text = format!(
                "spec.resources.requests[{name}]: Invalid value: \"{request}\": must be greater than or equal to aggregate container requests of {sum}"
            );
            add(text, "requests", name, request);
        }
    }
    let huge_pages = demand.sums(|asks| &asks.limits).into_iter();
    for (name, sum) in huge_pages.filter(|(name, _)| name.starts_with(HUGE_PAGES)) {
        if let Some(limit) = pod.limits.get(&name).filter(|limit| sum > **limit) {
            let text = format!(
                "spec.resources.limits[{name}]: Invalid value: \"{limit}\": must be greater than or equal to aggregate container limits of {sum}"
            );
            add(text, "limits", &name, limit);
        }
    }
    let normal = demand.containers.iter().map(|asking| (&asking.container, &asking.asks.limits));
    for (container, limits) in
        normal.filter(|(container, _)| container.kind.field() == "containers")
    {
        for (name, limit) in limits {
            if let Some(most) = pod.limits.get(name).filter(|most| limit > *most) {
                // The path is the server's, odd as it is.
                let index = container.index;
                let text = format!(
                    "spec.resources.containers[{index}][{name}].limits: Invalid value: \"{limit}\": must be less than or equal to pod limits of {most}"
                );
                add(text, "limits", name, limit);
            }
        }
    }
}
