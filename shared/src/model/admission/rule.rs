//! One rule: operations on resources.

use super::{Request, read};
use crate::model::node::Value;

/// Operations on resources, of which one is enough.
///
/// Source: `NamedRuleWithOperations` of k8s.io/api/admissionregistration/v1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    operations: Vec<String>,
    groups: Vec<String>,
    versions: Vec<String>,
    resources: Vec<String>,
    scope: Option<String>,
    /// Policies alone have these.
    names: Vec<String>,
}

impl Rule {
    /// Reads a rule of a webhook or a policy. Fails where the API server would not have decoded it.
    pub fn read(value: Value<'_>) -> Result<Self, String> {
        Ok(Self {
            operations: read::texts(value, "operations")?,
            groups: read::texts(value, "apiGroups")?,
            versions: read::texts(value, "apiVersions")?,
            resources: read::texts(value, "resources")?,
            scope: read::text(value, "scope")?,
            names: read::texts(value, "resourceNames")?,
        })
    }

    /// Whether the rule is for a request.
    ///
    /// Source: `Matcher.Matches` of webhook/predicates/rules and `matchesResourceRules` of
    /// policy/matching in k8s.io/apiserver.
    pub fn holds(&self, request: &Request<'_>) -> bool {
        self.has_scope(request)
            && has(&self.operations, request.operation)
            && has(&self.groups, request.group)
            && has(&self.versions, request.version)
            && self.has_resource(request)
            && (self.names.is_empty() || self.names.iter().any(|name| name == request.name))
    }

    fn has_scope(&self, request: &Request<'_>) -> bool {
        let is_namespace =
            (request.group, request.version, request.resource) == ("", "v1", "namespaces");
        let namespaced = !is_namespace && request.namespace.is_some();
        match self.scope.as_deref() {
            None | Some("*") => true,
            Some("Namespaced") => namespaced,
            Some("Cluster") => !namespaced,
            Some(_) => false,
        }
    }

    /// `pods` is no subresource of pods; `pods/*` is pods and all of their subresources.
    fn has_resource(&self, request: &Request<'_>) -> bool {
        self.resources.iter().any(|written| {
            let (resource, subresource) = written.split_once('/').unwrap_or((written, ""));
            (resource == "*" || resource == request.resource)
                && (subresource == "*" || subresource == request.subresource)
        })
    }
}

fn has(items: &[String], wanted: &str) -> bool {
    items.iter().any(|item| item == "*" || item == wanted)
}
