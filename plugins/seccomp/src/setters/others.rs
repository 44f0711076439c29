//! Webhooks of which nothing is known but that they are called when pods are created.

use std::sync::Arc;

use posture::model::admission::{InNamespace, Labels, Request, Webhook};
use posture::model::object::Object;

use super::birth::Birth;
use super::callers::Callers;
use super::setter::{Judge, Judged, Level, Sets, Setter, SetterKind};
use super::world::{Found, World, created};
use super::{gatekeeper, kyverno, spo};

const WHY: &str = "what it changes is not known";

#[derive(Debug)]
struct Candidate(Webhook);

/// Finds the webhooks for new pods that belong to none whose objects can be read.
pub(super) fn read(world: &World<'_>, found: &mut Found) {
    let is_known = |name: &str| {
        gatekeeper::is_webhook(name) || kyverno::is_webhook(name) || spo::is_webhook(name)
    };
    let labels = Labels::new();
    let request = Request {
        operation: "CREATE",
        group: "",
        version: "v1",
        resource: "pods",
        subresource: "",
        name: "",
        namespace: Some(InNamespace { name: "", labels: None }),
        labels: &labels,
    };
    for object in world.of("admissionregistration.k8s.io", &["MutatingWebhookConfiguration"]) {
        let own = world.webhooks.iter().filter(|one| one.configuration == object.name());
        for webhook in own.filter(|one| !is_known(&one.name) && one.names(&request)) {
            found.setters.push(setter(object, webhook));
        }
    }
}

fn setter(object: &Object, webhook: &Webhook) -> Setter {
    let fail = Callers::among(std::slice::from_ref(webhook), |_| true).fail_mode();
    Setter {
        kind: SetterKind::Webhook,
        object: object.reference(None),
        part: Some(format!("webhook {}", webhook.name)),
        sets: Sets::May(WHY.to_owned()),
        level: Level::Unknown,
        only_if_unset: None,
        scope: "new pods that its selectors select".to_owned(),
        exemptions: Vec::new(),
        fail,
        created: created(object),
        judge: Arc::new(Candidate(webhook.clone())),
    }
}

impl Judge for Candidate {
    fn judge(&self, birth: &Birth<'_>) -> Judged {
        Birth::may(self.0.matches(&birth.request()), WHY)
    }
}
