//! OpenShift's `SecurityContextConstraints`: the one that admits a pod gives it its profile.

use std::sync::Arc;

use posture::model::admission::Matches;
use posture::model::object::Object;

use super::birth::Birth;
use super::setter::{FailMode, FailurePolicy, Judge, Judged, Level, Sets, Setter, SetterKind};
use super::words;
use super::world::{Found, World, created};
use crate::named::Profile;

/// The group of the constraints.
pub(super) const GROUP: &str = "security.openshift.io";

/// What admission writes the name of the constraint to.
pub(super) const ANNOTATION: &str = "openshift.io/scc";

#[derive(Debug)]
struct Constraint {
    name: String,
    profile: Profile,
}

/// Finds the constraints that give pods a profile: the first in their list, unless any is allowed.
pub(super) fn read(world: &World<'_>, found: &mut Found) {
    for object in world.of(GROUP, &["SecurityContextConstraints"]) {
        let profiles = words::texts(object.value(), "seccompProfiles");
        let Some(first) = profiles.first().filter(|first| *first != "*") else {
            continue;
        };
        match Profile::of_annotation(first) {
            Some(profile) => found.setters.push(setter(object, profile)),
            None => found.gap(object, "seccompProfiles: the first is no profile".to_owned()),
        }
    }
}

fn setter(object: &Object, profile: Profile) -> Setter {
    Setter {
        kind: SetterKind::SecurityContextConstraints,
        object: object.reference(None),
        part: None,
        sets: Sets::Profile(profile.clone()),
        level: Level::Pod,
        only_if_unset: Some(true),
        scope: "pods that are admitted by it".to_owned(),
        exemptions: vec!["namespaces of run level 0 and 1".to_owned()],
        // It is part of the API server.
        fail: FailMode { policy: FailurePolicy::Fail, timeout_seconds: None, webhook: None },
        created: created(object),
        judge: Arc::new(Constraint { name: object.name().to_owned(), profile }),
    }
}

impl Judge for Constraint {
    fn judge(&self, birth: &Birth<'_>) -> Judged {
        let asked = match birth.annotation(ANNOTATION) {
            Some(name) if name == self.name => Matches::Yes,
            Some(name) => Matches::No(format!("the pod was admitted by {name}")),
            None => {
                Matches::Maybe("which constraint admits a pod depends on who creates it".into())
            }
        };
        birth.judged(asked, || {
            let mut pod = birth.pod.clone();
            if birth.profile().is_none() {
                pod["spec"]["securityContext"]["seccompProfile"] = self.profile.to_json();
            }
            Ok(pod)
        })
    }
}
