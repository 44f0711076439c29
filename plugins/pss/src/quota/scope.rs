//! Which pods a ResourceQuota is about.
//!
//! Sources: `podMatchesScopeFunc`, `ComputePodQOS`.

use posture::model::node::Value;

use super::demand::{Demand, Requirements};

/// One scope of a quota.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    name: String,
    operator: String,
    values: Vec<String>,
}

impl Scope {
    /// The scopes of a quota's spec, plain ones and selectors.
    pub(super) fn all(spec: Value<'_>) -> Vec<Self> {
        let text = |value: Option<Value<'_>>| {
            value.and_then(|value| value.as_str()).unwrap_or_default().to_owned()
        };
        let plain = spec.field("scopes").into_iter().flat_map(|scopes| scopes.items());
        let plain = plain.map(|scope| Self {
            name: text(Some(scope)),
            operator: "Exists".to_owned(),
            values: Vec::new(),
        });
        let selector = spec.field("scopeSelector");
        let expressions = selector.and_then(|selector| selector.field("matchExpressions"));
        let expressions = expressions.into_iter().flat_map(|expressions| expressions.items());
        let selected = expressions.map(|expression| Self {
            name: text(expression.field("scopeName")),
            operator: text(expression.field("operator")),
            values: expression
                .field("values")
                .into_iter()
                .flat_map(|values| values.items())
                .map(|value| text(Some(value)))
                .collect(),
        });
        plain.chain(selected).collect()
    }

    /// Whether a pod is in it.
    pub(super) fn holds(&self, demand: &Demand<'_>) -> bool {
        match self.name.as_str() {
            "Terminating" => has_deadline(demand),
            "NotTerminating" => !has_deadline(demand),
            "BestEffort" => is_best_effort(demand),
            "NotBestEffort" => !is_best_effort(demand),
            "CrossNamespacePodAffinity" => looks_across_namespaces(demand),
            "PriorityClass" => self.selects(&demand.priority_class),
            _ => false,
        }
    }

    fn selects(&self, class: &str) -> bool {
        let named = self.values.iter().any(|value| value == class);
        match self.operator.as_str() {
            "Exists" => !class.is_empty(),
            "DoesNotExist" => class.is_empty(),
            "In" => !class.is_empty() && named,
            "NotIn" => class.is_empty() || !named,
            _ => false,
        }
    }
}

fn has_deadline(demand: &Demand<'_>) -> bool {
    let deadline = demand.spec.and_then(|spec| spec.field("activeDeadlineSeconds"));
    deadline.and_then(|deadline| deadline.as_i64()).is_some_and(|seconds| seconds >= 0)
}

/// Whether nothing in the pod asks for CPU or memory.
fn is_best_effort(demand: &Demand<'_>) -> bool {
    let asks_nothing = |asks: &Requirements| {
        let compute = |name: &&str| {
            asks.lists().iter().any(|list| list.get(*name).is_some_and(|amount| !amount.is_zero()))
        };
        !["cpu", "memory"].iter().any(compute)
    };
    match demand.decisive_for_quality() {
        Some(pod) => asks_nothing(pod),
        None => demand.containers.iter().all(|container| asks_nothing(&container.asks)),
    }
}

/// Whether an affinity to other pods looks beyond the pod's own namespace.
fn looks_across_namespaces(demand: &Demand<'_>) -> bool {
    let affinity = demand.spec.and_then(|spec| spec.field("affinity"));
    let crosses = |term: Value<'_>| {
        let named = term.field("namespaces").is_some_and(|names| names.items().next().is_some());
        named || term.field("namespaceSelector").is_some()
    };
    ["podAffinity", "podAntiAffinity"].into_iter().any(|kind| {
        let terms = |list: &str| {
            let kind = affinity.and_then(|affinity| affinity.field(kind));
            let list = kind.and_then(|kind| kind.field(list));
            list.into_iter().flat_map(|list| list.items())
        };
        terms("requiredDuringSchedulingIgnoredDuringExecution").any(crosses)
            || terms("preferredDuringSchedulingIgnoredDuringExecution")
                .filter_map(|weighted| weighted.field("podAffinityTerm"))
                .any(crosses)
    })
}
