//! The API server's own mutating policies: one setter for each binding of a policy.

use std::sync::Arc;

use posture::model::admission::{FailurePolicy, MatchResources, Matches};
use posture::model::node::Value;
use posture::model::object::Object;

use super::birth::Birth;
use super::callers;
use super::setter::{FailMode, Judge, Judged, Level, Sets, Setter, SetterKind};
use super::words;
use super::world::{Found, World, created};

/// The group of policies and bindings.
pub(super) const GROUP: &str = "admissionregistration.k8s.io";

const FIELD: &str = "seccompProfile";

const CEL_WHY: &str = "its CEL expressions are not evaluated";

/// A policy by one of its bindings.
#[derive(Debug)]
struct Bound {
    constraints: MatchResources,
    /// What its binding adds; `None` for a policy without one.
    binding: Option<MatchResources>,
}

/// Finds the policies whose expressions mention the field, with their bindings.
///
/// Source: `pkg/admission/plugin/policy/{mutating,matching}` of k8s.io/apiserver.
pub(super) fn read(world: &World<'_>, found: &mut Found) {
    let bindings: Vec<&Object> = world.of(GROUP, &["MutatingAdmissionPolicyBinding"]).collect();
    for policy in world.of(GROUP, &["MutatingAdmissionPolicy"]) {
        let Some(spec) = policy.value().field("spec") else {
            continue;
        };
        if !words::mentions(spec, FIELD) {
            continue;
        }
        let of_policy = bindings.iter().filter(|binding| {
            let spec = binding.value().field("spec");
            spec.is_some_and(|spec| words::text(spec, "policyName") == policy.name())
        });
        let mut is_bound = false;
        for binding in of_policy {
            is_bound = true;
            match bound(policy, spec, Some(binding)) {
                Ok(setter) => found.setters.push(setter),
                Err(why) => found.gap(policy, why),
            }
        }
        if !is_bound {
            match bound(policy, spec, None) {
                Ok(setter) => found.setters.push(setter),
                Err(why) => found.gap(policy, why),
            }
        }
    }
}

fn bound(policy: &Object, spec: Value<'_>, binding: Option<&Object>) -> Result<Setter, String> {
    let read = |value: Value<'_>, key: &str| -> Result<MatchResources, String> {
        let resources = value.field(key).map(MatchResources::read).transpose();
        Ok(resources.map_err(|why| format!("{key}: {why}"))?.unwrap_or_default())
    };
    let constraints = read(spec, "matchConstraints")?;
    let of_binding = binding.and_then(|binding| binding.value().field("spec"));
    let resources = of_binding
        .map(|spec| read(spec, "matchResources"))
        .transpose()
        .map_err(|why| format!("binding {}: {why}", binding.map_or("", Object::name)))?;
    let (scope, mut exemptions) = scope(spec, of_binding);
    if binding.is_none() {
        exemptions.push("everything: no binding of it was read".to_owned());
    }
    if spec.field("matchConditions").is_some() {
        exemptions.push("what its matchConditions leave out".to_owned());
    }
    // A policy does nothing before it is bound.
    let since = binding.map_or_else(|| created(policy), |one| created(policy).max(created(one)));
    Ok(Setter {
        kind: SetterKind::MutatingAdmissionPolicy,
        object: policy.reference(None),
        part: binding.map(|binding| format!("binding {}", binding.name())),
        sets: Sets::May(CEL_WHY.to_owned()),
        level: Level::Unknown,
        only_if_unset: None,
        scope,
        exemptions,
        fail: FailMode {
            policy: callers::policy(FailurePolicy::read(spec)?),
            timeout_seconds: None,
            webhook: None,
        },
        created: since,
        judge: Arc::new(Bound { constraints, binding: resources }),
    })
}

/// Which objects a policy is for, and which of them it leaves out.
fn scope(policy: Value<'_>, binding: Option<Value<'_>>) -> (String, Vec<String>) {
    let holders = [
        policy.field("matchConstraints"),
        binding.and_then(|binding| binding.field("matchResources")),
    ];
    let mut clauses = Vec::new();
    let mut exemptions = Vec::new();
    for holder in holders.into_iter().flatten() {
        let rules = |key: &str| -> Vec<String> {
            let rules = holder.field(key).into_iter().flat_map(|list| list.items());
            rules.flat_map(|rule| words::texts(rule, "resources")).collect()
        };
        let resources = rules("resourceRules");
        if !resources.is_empty() {
            clauses.push(words::list(&resources));
        }
        for (key, what) in
            [("namespaceSelector", "in namespaces with labels"), ("objectSelector", "with labels")]
        {
            let selector = words::selector(holder.field(key));
            clauses.extend(selector.map(|selector| format!("{what} {selector}")));
        }
        let excluded = rules("excludeResourceRules");
        if !excluded.is_empty() {
            exemptions.push(format!("{} (excludeResourceRules)", words::list(&excluded)));
        }
    }
    let scope = if clauses.is_empty() { "all resources".to_owned() } else { clauses.join(" ") };
    (scope, exemptions)
}

impl Judge for Bound {
    fn judge(&self, birth: &Birth<'_>) -> Judged {
        let Some(binding) = &self.binding else {
            return Judged::not("no binding of it was read, and without one it does nothing");
        };
        let request = birth.request();
        let asked = self.constraints.matches(&request).and(|| {
            let prefix = |why: String| format!("binding: {why}");
            match binding.matches(&request) {
                Matches::No(why) => Matches::No(prefix(why)),
                Matches::Maybe(what) => Matches::Maybe(prefix(what)),
                Matches::Yes => Matches::Yes,
            }
        });
        Birth::may(asked, CEL_WHY)
    }
}
