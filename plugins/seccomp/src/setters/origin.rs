//! Who has set the fields that a pod has and its owner's template has not.

use posture::model::admission::{InNamespace, Labels};
use posture::model::node::Value;
use posture::model::path::FieldPath;
use serde_json::Value as Json;

use super::Setters;
use super::birth::{Birth, field, profile_of};
use super::openshift::ANNOTATION;
use super::setter::{Expectation, Sets, Setter, SetterKind, Setting, Verdict};
use crate::installed::FOLDER;
use crate::named::Profile;

/// What Gatekeeper writes the mutators to that it applied, where it is told to.
const GATEKEEPER: &str = "gatekeeper.sh/mutations";

/// A field that was set at admission.
#[derive(Clone, Debug)]
pub struct SetAt<'a> {
    /// The way from the pod to its `seccompProfile`.
    pub path: FieldPath,
    /// What stands there; `None` for what is no profile that is known.
    pub profile: Option<Profile>,
    /// Who did it.
    pub author: Author<'a>,
}

/// Who has set a field.
#[derive(Clone, Debug)]
pub enum Author<'a> {
    /// The pod itself says so: what it says, a clause.
    Said(String),
    /// This one would set it now, and to the same.
    Likely(&'a Setter),
    /// One of these may have; none where nobody is known who may.
    Unknown(Vec<&'a Setter>),
}

impl Setters {
    /// The fields of a pod that its owner's template lacks, or has another profile in: they were set
    /// at admission, and by whom. Nothing comes of a pod without a template.
    pub fn set_by(
        &self,
        pod: Value<'_>,
        template: Option<Value<'_>>,
        namespace: &str,
        labels: Option<&Labels>,
    ) -> Vec<SetAt<'_>> {
        let Some(template) = template else {
            return Vec::new();
        };
        let place = InNamespace { name: namespace, labels };
        let (pod, template) = (Birth::new(pod, place), Birth::new(template, place));
        let mut fields = Vec::new();
        if let Some(there) = differs(pod.profile(), template.profile()) {
            fields.push((FieldPath::of("spec"), there.clone()));
        }
        let sent = template.containers();
        for (path, container) in pod.containers() {
            // What is injected is told apart by its name: positions move.
            let same = sent.iter().find(|(_, one)| one["name"] == container["name"]);
            let before = same.and_then(|(_, one)| field(one));
            if same.is_some()
                && let Some(there) = differs(field(container), before)
            {
                fields.push((path, there.clone()));
            }
        }
        if fields.is_empty() {
            return Vec::new();
        }
        let expected: Vec<_> =
            self.setters.iter().map(|setter| Expectation::of(setter, &template)).collect();
        let set_at = |(path, there): (FieldPath, Json)| {
            let path = path.fields("securityContext.seccompProfile");
            let profile = profile_of(&there);
            let author = self
                .said(&pod, &path, profile.as_ref())
                .unwrap_or_else(|| author(&expected, &path, profile.as_ref()));
            SetAt { path, profile, author }
        };
        fields.into_iter().map(set_at).collect()
    }

    /// Who it was by what stands in the pod.
    fn said<'a>(
        &self,
        pod: &Birth<'_>,
        path: &FieldPath,
        profile: Option<&Profile>,
    ) -> Option<Author<'a>> {
        let of = |kind: SetterKind| self.setters.iter().filter(move |setter| setter.kind == kind);
        // Gatekeeper names every mutator that has changed anything.
        let is_named = |mutators: &&str| {
            let mut known = of(SetterKind::Gatekeeper);
            known.any(|setter| mutators.contains(&format!("/{}:", setter.object.name)))
        };
        if let Some(mutators) = pod.annotation(GATEKEEPER).filter(is_named) {
            let who = format!("Gatekeeper, by the annotation {GATEKEEPER}: {mutators}");
            return Some(Author::Said(who));
        }
        if profile.and_then(Profile::path).is_some_and(|path| path.starts_with(FOLDER)) {
            let who = "the Security Profiles Operator, by the path of the profile";
            return Some(Author::Said(who.to_owned()));
        }
        // OpenShift writes it to every pod, whatever the constraint has set.
        let on_pod = *path == FieldPath::of("spec.securityContext.seccompProfile");
        let sets_it = |name: &&str| {
            of(SetterKind::SecurityContextConstraints).any(|setter| {
                let same = matches!(&setter.sets, Sets::Profile(one) if Some(one) == profile);
                setter.object.name == **name && same
            })
        };
        let name = pod.annotation(ANNOTATION).filter(|_| on_pod).filter(sets_it)?;
        Some(Author::Said(format!("OpenShift's constraint {name}, by the annotation {ANNOTATION}")))
    }
}

/// Who would set it now.
fn author<'a>(
    expected: &[Expectation<'a>],
    path: &FieldPath,
    profile: Option<&Profile>,
) -> Author<'a> {
    let sets = |one: &&Expectation<'a>| {
        let is_it = |setting: &Setting| {
            setting.path.to_string() == path.to_string() && Some(&setting.profile) == profile
        };
        one.verdict == Verdict::Should && one.settings.iter().any(is_it)
    };
    if let Some(one) = expected.iter().find(sets) {
        return Author::Likely(one.setter);
    }
    let may = expected.iter().filter(|one| matches!(one.verdict, Verdict::May(_)));
    Author::Unknown(may.map(|one| one.setter).collect())
}

/// What stands in a pod and did not before.
fn differs<'a>(there: Option<&'a Json>, before: Option<&Json>) -> Option<&'a Json> {
    there.filter(|there| Some(*there) != before)
}
