//! The webhooks by which the API server asks somebody who sets profiles.

use posture::model::admission::{self, Matches, Request, Webhook};

use super::setter::{FailMode, FailurePolicy};

/// The webhooks of one setter; none where they are not known.
#[derive(Clone, Debug, Default)]
pub(super) struct Callers {
    webhooks: Vec<Webhook>,
}

impl Callers {
    /// Those of these webhooks that a name belongs to.
    pub(super) fn among(webhooks: &[Webhook], is_one: impl Fn(&str) -> bool) -> Self {
        let webhooks = webhooks.iter().filter(|webhook| is_one(&webhook.name)).cloned().collect();
        Self { webhooks }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.webhooks.is_empty()
    }

    /// Whether one of them is called for a request.
    pub(super) fn matches(&self, request: &Request<'_>) -> Matches {
        let mut best = None;
        for webhook in &self.webhooks {
            let name = &webhook.name;
            let about = |why: String| format!("webhook {name} of {}: {why}", webhook.configuration);
            match webhook.matches(request) {
                Matches::Yes => return Matches::Yes,
                Matches::Maybe(what) => best = Some(Matches::Maybe(about(what))),
                Matches::No(why) => best = best.or_else(|| Some(Matches::No(about(why)))),
            }
        }
        best.unwrap_or_else(|| {
            Matches::Maybe("the webhook by which it is asked was not read".to_owned())
        })
    }

    /// What becomes of pods while it does not answer.
    pub(super) fn fail_mode(&self) -> FailMode {
        let pods = self.webhooks.first();
        pods.map_or_else(FailMode::unknown, |webhook| FailMode {
            policy: policy(webhook.failure_policy),
            timeout_seconds: Some(webhook.timeout_seconds),
            webhook: Some((webhook.configuration.clone(), webhook.name.clone())),
        })
    }
}

/// `failurePolicy` in our own words.
pub(super) fn policy(policy: admission::FailurePolicy) -> FailurePolicy {
    match policy {
        admission::FailurePolicy::Fail => FailurePolicy::Fail,
        admission::FailurePolicy::Ignore => FailurePolicy::Ignore,
    }
}
