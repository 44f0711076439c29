//! What a policy, or a binding of one, is for.

use super::{Matches, Request, Rule, Selectors, read};
use crate::model::node::Value;

/// `matchConstraints` of a policy, or `matchResources` of a binding.
///
/// Source: `MatchResources` of k8s.io/api/admissionregistration/v1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatchResources {
    selectors: Selectors,
    rules: Vec<Rule>,
    excluded: Vec<Rule>,
}

impl MatchResources {
    /// Reads it. Fails where the API server would not have taken it.
    pub fn read(value: Value<'_>) -> Result<Self, String> {
        let rules = |key: &str| -> Result<Vec<Rule>, String> {
            read::items(value, key)?.into_iter().map(Rule::read).collect()
        };
        Ok(Self {
            selectors: Selectors::read(value)?,
            rules: rules("resourceRules")?,
            excluded: rules("excludeResourceRules")?,
        })
    }

    /// Whether it is for a request. Without rules it is for all resources.
    ///
    /// Source: `Matcher.Matches` of policy/matching in k8s.io/apiserver.
    pub fn matches(&self, request: &Request<'_>) -> Matches {
        let rules = if self.excluded.iter().any(|rule| rule.holds(request)) {
            Matches::No(format!("its excludeResourceRules name {}", named(request)))
        } else if self.rules.is_empty() || self.rules.iter().any(|rule| rule.holds(request)) {
            Matches::Yes
        } else {
            Matches::No(format!("its resourceRules do not name {}", named(request)))
        };
        rules.and(|| self.selectors.matches(request))
    }
}

/// `CREATE of pods`
pub(super) fn named(request: &Request<'_>) -> String {
    let slash = if request.subresource.is_empty() { "" } else { "/" };
    format!("{} of {}{slash}{}", request.operation, request.resource, request.subresource)
}
