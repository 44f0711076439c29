//! Who sets seccomp profiles when pods are created on a cluster, for which pods, and what becomes of
//! pods while it is away.
//!
//! The kubelet's `seccompDefault` is none of them: it never shows in a pod.

mod birth;
mod callers;
mod describe;
mod gatekeeper;
mod kyverno;
mod mutating_admission_policy;
mod openshift;
mod origin;
mod others;
mod setter;
mod spo;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod words;
mod world;

use posture::model::admission::{InNamespace, Labels};
use posture::model::clock::Time;
use posture::model::gap::Gap;
use posture::model::node::Value;
use posture::model::object::Object;

use birth::Birth;
use world::{Found, World};

pub use origin::{Author, SetAt};
pub use setter::{
    Expectation, FailMode, FailurePolicy, Level, Missed, Sets, Setter, SetterKind, Setting, Verdict,
};

/// A kind to list: its group and its name.
pub type Wanted = (&'static str, &'static str);

/// Everybody who sets profiles on a cluster, as far as the objects say it.
#[derive(Clone, Debug, Default)]
pub struct Setters {
    setters: Vec<Setter>,
}

impl Setters {
    /// The kinds to list, where they are served.
    pub fn wanted() -> Vec<Wanted> {
        let registration = mutating_admission_policy::GROUP;
        vec![
            (registration, "MutatingWebhookConfiguration"),
            (registration, "MutatingAdmissionPolicy"),
            (registration, "MutatingAdmissionPolicyBinding"),
            (gatekeeper::GROUP, "Assign"),
            (gatekeeper::GROUP, "ModifySet"),
            (gatekeeper::CONFIG, "Config"),
            (kyverno::GROUP, "ClusterPolicy"),
            (kyverno::GROUP, "Policy"),
            (kyverno::GROUP, "PolicyException"),
            (kyverno::CEL, "PolicyException"),
            (kyverno::CEL, "MutatingPolicy"),
            (kyverno::CEL, "NamespacedMutatingPolicy"),
            (spo::GROUP, "ProfileBinding"),
            (spo::GROUP, "ProfileRecording"),
            (spo::GROUP, "SeccompProfile"),
            (openshift::GROUP, "SecurityContextConstraints"),
        ]
    }

    /// Finds the setters among objects of any kinds. What cannot be understood of one is a gap.
    pub fn read(objects: &[Object]) -> (Self, Vec<Gap>) {
        let mut found = Found::default();
        let world = World::new(objects, &mut found);
        for read in [
            mutating_admission_policy::read,
            gatekeeper::read,
            kyverno::read,
            spo::read,
            openshift::read,
            others::read,
        ] {
            read(&world, &mut found);
        }
        (Self { setters: found.setters }, found.gaps)
    }

    /// All of them, those whose objects say most first.
    pub fn all(&self) -> &[Setter] {
        &self.setters
    }

    /// What each of them makes of a pod, or of a pod template, that is created in a namespace now.
    /// Labels that are not known make a verdict uncertain, never negative.
    pub fn expected(
        &self,
        pod: Value<'_>,
        namespace: &str,
        labels: Option<&Labels>,
    ) -> Vec<Expectation<'_>> {
        if self.setters.is_empty() {
            return Vec::new();
        }
        let birth = Birth::new(pod, InNamespace { name: namespace, labels });
        let expect = |setter| Expectation::of(setter, &birth);
        self.setters.iter().map(expect).collect()
    }
}

impl<'a> Expectation<'a> {
    fn of(setter: &'a Setter, birth: &Birth<'_>) -> Self {
        let judged = setter.judge.judge(birth);
        Self { setter, verdict: judged.verdict, settings: judged.settings }
    }

    /// Why a setter has not changed a pod that it should change; `created` is the pod's
    /// `metadata.creationTimestamp`.
    pub fn missed(&self, created: Option<Time>) -> Missed {
        let is_older = created.zip(self.setter.created).is_some_and(|(pod, setter)| pod < setter);
        match self.setter.fail.policy {
            _ if is_older => Missed::Older,
            FailurePolicy::Ignore => Missed::Outage,
            FailurePolicy::Fail => Missed::Changed,
            FailurePolicy::Unknown => Missed::Unknown,
        }
    }
}
