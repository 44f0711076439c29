//! Which requests admission webhooks and policies are called for: their rules and selectors.
//!
//! Source: `pkg/admission/plugin/webhook/{generic,predicates}` and
//! `pkg/admission/plugin/policy/matching` of k8s.io/apiserver.
//!
//! What `matchPolicy: Equivalent` adds are other groups and versions of the same resource: pods have
//! none, so it is not looked at here.

mod read;
mod resources;
mod rule;
mod selectors;
#[cfg(test)]
mod tests;
mod webhook;

use std::collections::BTreeMap;

use super::node::Value;

pub use resources::MatchResources;
pub use rule::Rule;
pub use selectors::Selectors;
pub use webhook::{FailurePolicy, Webhook, webhooks};

/// Labels by their keys.
pub type Labels = BTreeMap<String, String>;

/// The labels of an object, or of a pod template. What is no text is none.
pub fn labels_of(object: Value<'_>) -> Labels {
    let labels = object.get("metadata").and_then(|metadata| metadata.get("labels"));
    let entries = labels.into_iter().flat_map(|labels| labels.entries());
    entries
        .filter_map(|(key, value)| {
            let text = value.as_str().or_else(|| value.is_null().then_some(""))?;
            Some((key.as_str()?.to_owned(), text.to_owned()))
        })
        .collect()
}

/// A namespace that something is created in.
#[derive(Clone, Copy, Debug)]
pub struct InNamespace<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its labels, where they are known.
    pub labels: Option<&'a Labels>,
}

/// A request that admission is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub operation: &'a str,
    /// The API group of the resource; empty for the core group.
    pub group: &'a str,
    /// Its version.
    pub version: &'a str,
    /// `pods`
    pub resource: &'a str,
    /// `ephemeralcontainers`; empty for the resource itself.
    pub subresource: &'a str,
    /// The name in the request: empty where the server makes one of `generateName`.
    pub name: &'a str,
    /// Where; `None` for what is in no namespace.
    pub namespace: Option<InNamespace<'a>>,
    /// The labels of the object.
    pub labels: &'a Labels,
}

/// Whether a webhook or a policy is called for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matches {
    /// It is.
    Yes,
    /// It is not: why, a clause.
    No(String),
    /// It depends on what is not known or not evaluated: what, a clause.
    Maybe(String),
}

impl Matches {
    /// Both must hold. What is certain comes before what is not.
    #[must_use]
    pub fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No(why) => Self::No(why),
            Self::Yes => other(),
            Self::Maybe(what) => match other() {
                Self::No(why) => Self::No(why),
                Self::Yes | Self::Maybe(_) => Self::Maybe(what),
            },
        }
    }
}
