//! Webhooks, as their configurations hold them.

use super::resources::named;
use super::{Matches, Request, Rule, Selectors, read};
use crate::model::node::Value;
use crate::model::object::Object;

/// What becomes of a request whose webhook does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    /// It is refused.
    Fail,
    /// It goes on without.
    Ignore,
}

impl FailurePolicy {
    /// Reads `failurePolicy`, whose default is `Fail`.
    pub fn read(value: Value<'_>) -> Result<Self, String> {
        match read::text(value, "failurePolicy")?.as_deref() {
            None | Some("Fail") => Ok(Self::Fail),
            Some("Ignore") => Ok(Self::Ignore),
            Some(_) => Err("failurePolicy is neither Fail nor Ignore".to_owned()),
        }
    }
}

/// How long the API server waits where a webhook does not say.
///
/// Source: `SetDefaults_MutatingWebhook` in pkg/apis/admissionregistration/v1 of Kubernetes.
const TIMEOUT_SECONDS: i64 = 10;

/// One webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The name of its configuration.
    pub configuration: String,
    /// Its own name.
    pub name: String,
    /// `failurePolicy`
    pub failure_policy: FailurePolicy,
    /// `timeoutSeconds`
    pub timeout_seconds: i64,
    rules: Vec<Rule>,
    selectors: Selectors,
    /// The names of its conditions.
    conditions: Vec<String>,
}

/// The webhooks of a configuration, in its order. A webhook that the API server would not have taken
/// is a failure: why, beside its name.
pub fn webhooks(configuration: &Object) -> Vec<Result<Webhook, String>> {
    match read::items(configuration.value(), "webhooks") {
        Err(why) => vec![Err(why)],
        Ok(items) => {
            let read = |(index, item): (usize, Value<'_>)| {
                Webhook::read(configuration.name(), item).map_err(|why| {
                    let name = item.get("name").and_then(|name| name.as_str());
                    let index = index.to_string();
                    format!("webhooks[{}]: {why}", name.unwrap_or(&index))
                })
            };
            items.into_iter().enumerate().map(read).collect()
        }
    }
}

impl Webhook {
    fn read(configuration: &str, value: Value<'_>) -> Result<Self, String> {
        let timeout = match value.field("timeoutSeconds") {
            None => TIMEOUT_SECONDS,
            Some(seconds) => seconds.as_i64().ok_or("timeoutSeconds is no whole number")?,
        };
        let conditions = read::items(value, "matchConditions")?;
        let name = |item: Value<'_>| Ok(read::text(item, "name")?.unwrap_or_default());
        Ok(Self {
            configuration: configuration.to_owned(),
            name: read::text(value, "name")?.unwrap_or_default(),
            failure_policy: FailurePolicy::read(value)?,
            timeout_seconds: timeout,
            rules: read::items(value, "rules")?
                .into_iter()
                .map(Rule::read)
                .collect::<Result<_, _>>()?,
            selectors: Selectors::read(value)?,
            conditions: conditions.into_iter().map(name).collect::<Result<_, String>>()?,
        })
    }

    /// Whether its rules name a request, wherever that is made.
    pub fn names(&self, request: &Request<'_>) -> bool {
        self.rules.iter().any(|rule| rule.holds(request))
    }

    /// Whether it is called for a request. Its conditions are not evaluated.
    ///
    /// Source: `ShouldCallHook` of webhook/generic in k8s.io/apiserver.
    pub fn matches(&self, request: &Request<'_>) -> Matches {
        let rules = if self.names(request) {
            Matches::Yes
        } else {
            Matches::No(format!("its rules do not name {}", named(request)))
        };
        rules.and(|| self.selectors.matches(request)).and(|| {
            if self.conditions.is_empty() {
                return Matches::Yes;
            }
            let names = self.conditions.join(", ");
            Matches::Maybe(format!("its matchConditions are not evaluated: {names}"))
        })
    }
}
