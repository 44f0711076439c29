//! What was read of a cluster, for the readers of each sort of setter.

use posture::model::admission::{Webhook, webhooks};
use posture::model::clock::Time;
use posture::model::gap::Gap;
use posture::model::object::Object;

use super::setter::Setter;

/// What was read of a cluster.
#[derive(Debug)]
pub(super) struct World<'a> {
    objects: &'a [Object],
    pub(super) webhooks: Vec<Webhook>,
}

/// What was found in it.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) setters: Vec<Setter>,
    pub(super) gaps: Vec<Gap>,
}

impl Found {
    /// Notes that an object cannot be understood: why.
    pub(super) fn gap(&mut self, object: &Object, why: String) {
        self.gaps.push(Gap {
            what: "object".to_owned(),
            place: object.mark(),
            object: Some(object.reference(object.namespace()).to_string()),
            why,
            hint: "what it sets is not known: see what it is, or ask the API server by a dry run"
                .to_owned(),
        });
    }
}

impl<'a> World<'a> {
    /// Reads the webhooks among the objects, in the order in which the API server calls them: by
    /// the names of their configurations.
    pub(super) fn new(objects: &'a [Object], found: &mut Found) -> Self {
        let mut world = Self { objects, webhooks: Vec::new() };
        let mut configurations: Vec<&Object> =
            world.of("admissionregistration.k8s.io", &["MutatingWebhookConfiguration"]).collect();
        configurations.sort_by_key(|configuration| configuration.name());
        let mut read = Vec::new();
        for configuration in configurations {
            for webhook in webhooks(configuration) {
                match webhook {
                    Ok(webhook) => read.push(webhook),
                    Err(why) => found.gap(configuration, why),
                }
            }
        }
        world.webhooks = read;
        world
    }

    /// The objects of these kinds.
    pub(super) fn of(
        &self,
        group: &'static str,
        kinds: &'static [&'static str],
    ) -> impl Iterator<Item = &'a Object> + use<'a> {
        let objects = self.objects.iter();
        objects.filter(move |object| object.group() == group && kinds.contains(&object.kind()))
    }
}

/// When an object was created, if it says so.
pub(super) fn created(object: &Object) -> Option<Time> {
    object.metadata("creationTimestamp").and_then(|time| time.parse().ok())
}
