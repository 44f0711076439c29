//! What is known of somebody who sets profiles at admission, and what it makes of a pod.

use std::fmt;
use std::sync::Arc;

use posture::model::clock::Time;
use posture::model::object::ObjectRef;
use posture::model::path::FieldPath;

use super::birth::Birth;
use crate::named::Profile;

/// What sort of thing sets profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SetterKind {
    /// Gatekeeper's `Assign` and `ModifySet`.
    Gatekeeper,
    /// Kyverno's policies with `mutate` rules, and its `MutatingPolicy`.
    Kyverno,
    /// The API server's own `MutatingAdmissionPolicy`, by one of its bindings.
    MutatingAdmissionPolicy,
    /// `ProfileBinding` of the Security Profiles Operator.
    ProfileBinding,
    /// `ProfileRecording` of the Security Profiles Operator.
    ProfileRecording,
    /// OpenShift's `SecurityContextConstraints`.
    SecurityContextConstraints,
    /// A webhook of which nothing is known but that it is called for pods.
    Webhook,
}

impl SetterKind {
    /// Who acts: a noun.
    pub fn actor(self) -> &'static str {
        match self {
            Self::Gatekeeper => "Gatekeeper",
            Self::Kyverno => "Kyverno",
            Self::MutatingAdmissionPolicy => "the API server",
            Self::ProfileBinding | Self::ProfileRecording => "Security Profiles Operator",
            Self::SecurityContextConstraints => "OpenShift",
            Self::Webhook => "a webhook",
        }
    }
}

/// What a setter sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sets {
    /// This profile.
    Profile(Profile),
    /// What, or whether anything, is not known: why.
    May(String),
}

/// Where a setter sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// `spec.securityContext`
    Pod,
    /// The `securityContext` of containers.
    Containers,
    /// Both.
    Both,
    /// Not known.
    Unknown,
}

/// What becomes of a request that the setter does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    /// It is refused: no pod is missed while the setter is away.
    Fail,
    /// It is admitted as it is: pods are missed while the setter is away.
    Ignore,
    /// Not known.
    Unknown,
}

/// What becomes of pods while a setter is away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailMode {
    /// `failurePolicy`
    pub policy: FailurePolicy,
    /// `timeoutSeconds`, where the setter is a webhook.
    pub timeout_seconds: Option<i64>,
    /// The webhook that this was read from: its configuration and name.
    pub webhook: Option<(String, String)>,
}

impl FailMode {
    /// Nothing is known.
    pub fn unknown() -> Self {
        Self { policy: FailurePolicy::Unknown, timeout_seconds: None, webhook: None }
    }
}

/// One object that sets profiles at admission.
#[derive(Clone, Debug)]
pub struct Setter {
    /// What sort of thing it is.
    pub kind: SetterKind,
    /// The object.
    pub object: ObjectRef,
    /// The part of the object that does it, where it has several: a rule, a webhook, a binding.
    pub part: Option<String>,
    /// What it sets.
    pub sets: Sets,
    /// Where it sets it.
    pub level: Level,
    /// Whether it leaves alone what is set; `None` where that is not known.
    pub only_if_unset: Option<bool>,
    /// Which pods it changes: a clause.
    pub scope: String,
    /// Which of them it leaves out: clauses.
    pub exemptions: Vec<String>,
    /// What becomes of pods while it is away.
    pub fail: FailMode,
    /// Since when the object exists, where that is known.
    pub created: Option<Time>,
    pub(super) judge: Arc<dyn Judge>,
}

/// What a setter knows of the pods that it changes.
pub(super) trait Judge: fmt::Debug + Send + Sync {
    /// What it makes of a pod.
    fn judge(&self, birth: &Birth<'_>) -> Judged;
}

/// What a setter makes of a pod.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) settings: Vec<Setting>,
}

/// Whether a setter changes the profile of a pod that is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Should,
    /// It may: what is not known.
    May(String),
    /// It does not: why.
    Not(String),
}

/// One field that a setter writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The way from the pod to its `seccompProfile`.
    pub path: FieldPath,
    /// What it writes there.
    pub profile: Profile,
}

/// What a setter makes of a pod at its creation.
#[derive(Clone, Debug)]
pub struct Expectation<'a> {
    /// The setter.
    pub setter: &'a Setter,
    /// Whether it changes the pod's profile.
    pub verdict: Verdict,
    /// The fields that it writes, as far as they are known; empty unless it should or may.
    pub settings: Vec<Setting>,
}

/// Why a setter may have missed a pod that it would change now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// The pod is older than the setter.
    Older,
    /// The setter does not have to be there for pods to be admitted.
    Outage,
    /// Neither: the setter, its webhook or the namespace's labels were others then.
    Changed,
    /// It is not known whether requests are admitted without it.
    Unknown,
}

impl fmt::Display for Missed {
    /// A clause.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Older => "the pod was created before it",
            Self::Outage => "its failurePolicy is Ignore: it was away when the pod was created, or it has been changed since",
            Self::Changed => "it, its webhook or the labels of the namespace have been changed since the pod was created",
            Self::Unknown => "it was away when the pod was created, or it has been changed since",
        })
    }
}
