//! A change of one object: where it is sent, and what must be allowed for it.

use std::fmt::Write as _;

use super::rbac::Access;
use super::resource::Resource;

/// What is sent: a JSON Patch.
pub(super) const MEDIA_TYPE: &str = "application/json-patch+json";

/// A JSON Patch of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Of what.
    pub resource: Resource,
    /// In which namespace; `None` for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// Of which name.
    pub name: String,
    /// The operations, as JSON.
    pub operations: String,
    /// Who is written down as the manager of the fields (`--field-manager`).
    pub field_manager: String,
    /// Nothing is stored: the server answers what it would store.
    pub dry_run: bool,
}

impl Patch {
    /// The path, with a query that has the server refuse unknown fields, as kubectl does.
    pub(super) fn target(&self) -> String {
        let object = self.resource.object_path(self.namespace.as_deref(), &self.name);
        let dry_run = if self.dry_run { "dryRun=All&" } else { "" };
        let manager = escape_value(&self.field_manager);
        format!("{object}?{dry_run}fieldManager={manager}&fieldValidation=Strict")
    }
}

impl Resource {
    /// What the server must allow for one object, or for all, to be read and changed, dry runs
    /// included. The namespace of a cluster-scoped kind is ignored.
    pub fn change_accesses(&self, namespace: Option<&str>, name: Option<&str>) -> Vec<Access> {
        let access = |verb: &str| Access {
            verb: verb.to_owned(),
            group: self.group.clone(),
            resource: self.plural.clone(),
            namespace: namespace.filter(|_| self.namespaced).map(str::to_owned),
            name: name.map(str::to_owned),
        };
        vec![access("get"), access("patch")]
    }
}

/// Percent-encodes a value of a query.
fn escape_value(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(dry_run: bool) -> Patch {
        Patch {
            resource: Resource::new("apps", "v1", "deployments", "Deployment", true),
            namespace: Some("shop".to_owned()),
            name: "web".to_owned(),
            operations: "[]".to_owned(),
            field_manager: "a&b c".to_owned(),
            dry_run,
        }
    }

    #[test]
    fn dry_runs_are_asked_for() {
        let path = "/apis/apps/v1/namespaces/shop/deployments/web?";
        let query = "fieldManager=a%26b%20c&fieldValidation=Strict";
        assert_eq!(patch(false).target(), format!("{path}{query}"));
        assert_eq!(patch(true).target(), format!("{path}dryRun=All&{query}"));
    }

    #[test]
    fn a_change_needs_two_rights() {
        let resource = patch(true).resource;
        let accesses = resource.change_accesses(Some("shop"), Some("web"));
        let verbs: Vec<&str> = accesses.iter().map(|access| access.verb.as_str()).collect();
        assert_eq!(verbs, ["get", "patch"]);
        assert!(accesses.iter().all(|access| access.namespace.as_deref() == Some("shop")));
    }
}
