//! What admission says about one object: for the object itself, and for the pod that it creates.
//!
//! Source: `ValidatePod`, `ValidatePodController` and `EvaluatePod` in `admission/admission.go`
//! of k8s.io/pod-security-admission.

use std::fmt;

use posture::model::workload::{Carrier, PodTemplate};
use serde::Serialize;

use crate::admission_config::Exemptions;
use crate::evaluate::{Evaluator, Outcome, Session};
use crate::level::LevelVersion;
use crate::namespace::{Mode, Modes, NamespacePolicy};
use crate::pod::Pod;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r, 'a> {
    /// The pod, or the template inside the object.
    pub template: &'r PodTemplate<'a>,
    /// The namespace of the object; empty if nobody knows it.
    pub namespace: &'r str,
    /// The policy of that namespace.
    pub policy: &'r NamespacePolicy,
    /// What the cluster never judges.
    pub exemptions: &'r Exemptions,
    /// Who sends the object, if it is known.
    pub user: Option<&'r str>,
    /// Who creates the pods, if it is known: a controller's service account. Exempting a user
    /// does not exempt what controllers create for them.
    pub pod_user: Option<&'r str>,
    /// The object was read from the cluster: what happens on creation has happened to it.
    pub stored: bool,
}

/// Why an object is not judged at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Exempt {
    /// Its namespace is exempt.
    Namespace,
    /// Whoever sends it is exempt.
    User,
    /// Its runtime class is exempt.
    RuntimeClass,
}

/// What one mode says.
#[derive(Clone, Debug)]
pub struct ModeDecision {
    /// The policy, as messages print it: as the label has it, however new.
    pub policy: LevelVersion,
    /// Whether the mode looks at such an object: enforce never looks at a workload, and nothing
    /// looks at other kinds.
    pub applies: bool,
    /// What the policy says; `None` if it does not apply or the object is exempt.
    pub outcome: Option<Outcome>,
    /// Whether the server says it: a request that is refused gets no warnings besides.
    pub said: bool,
}

impl ModeDecision {
    /// Whether the mode has nothing to object.
    pub fn allowed(&self) -> bool {
        self.outcome.as_ref().is_none_or(Outcome::allowed)
    }

    /// The list of violations as the server prints it, from the first reason on; empty if there
    /// are none.
    pub fn message(&self) -> String {
        self.outcome.as_ref().map(Outcome::detail).unwrap_or_default()
    }
}

/// What admission says about one object or pod.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Why it is not judged, if it is not.
    pub exempt: Option<Exempt>,
    /// What each mode says.
    pub modes: Modes<ModeDecision>,
}

impl Decision {
    /// Whether the request is refused.
    pub fn refused(&self) -> bool {
        !self.modes.enforce.allowed()
    }

    /// The whole sentence of a mode, as it stands in the server's answer or audit log: nothing if
    /// there is nothing to object.
    pub fn sentence(&self, mode: Mode) -> Option<String> {
        let decision = self.modes.get(mode);
        if decision.allowed() {
            return None;
        }
        let verb = if mode == Mode::Enforce { "violates" } else { "would violate" };
        Some(format!("{verb} PodSecurity \"{}\": {}", decision.policy, decision.message()))
    }

    /// The gravest mode that objects: enforce before warn before audit.
    pub fn gravest(&self) -> Option<Mode> {
        [Mode::Enforce, Mode::Warn, Mode::Audit].into_iter().find(|mode| !self.modes.get(*mode).allowed())
    }
}

/// What admission says in the end.
#[derive(Clone, Debug)]
pub struct Admission {
    /// About the object itself.
    pub object: Decision,
    /// About the pod that is created from it; `None` for a Pod, which is its own.
    pub pod: Option<Decision>,
}

impl Admission {
    /// What is said about the pod in the end, whoever creates it.
    pub fn of_pod(&self) -> &Decision {
        self.pod.as_ref().unwrap_or(&self.object)
    }
}

impl fmt::Display for Exempt {
    /// The value of the audit annotation `exempt`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Namespace => "namespace",
            Self::User => "user",
            Self::RuntimeClass => "runtimeClass",
        })
    }
}

/// Asks admission about one object.
pub fn admit(evaluator: &Evaluator, request: &Request<'_, '_>) -> Admission {
    let server = evaluator.server();
    if request.template.carrier == Carrier::Pod {
        let pod = if request.stored {
            Pod::stored(request.template, server)
        } else {
            Pod::created_from(request.template, server)
        };
        let object = decide(request, request.user, &Mode::ALL, &mut evaluator.session(&pod));
        return Admission { object, pod: None };
    }
    let created = Pod::created_from(request.template, server);
    let mut session = evaluator.session(&created);
    let pod = decide(request, request.pod_user, &Mode::ALL, &mut session);
    let modes: &[Mode] = match request.template.carrier {
        Carrier::Workload => &[Mode::Audit, Mode::Warn],
        Carrier::Pod | Carrier::Other => &[],
    };
    let object = if !request.stored && !created.differs_from_template() {
        // The server judges both alike, so nothing needs to run again.
        decide(request, request.user, modes, &mut session)
    } else {
        let template = if request.stored {
            Pod::stored(request.template, server)
        } else {
            Pod::of_template(request.template, server)
        };
        decide(request, request.user, modes, &mut evaluator.session(&template))
    };
    Admission { object, pod: Some(pod) }
}

fn decide(
    request: &Request<'_, '_>,
    user: Option<&str>,
    modes: &[Mode],
    session: &mut Session<'_, '_, '_>,
) -> Decision {
    let exempt = exempt(request, user, session.pod());
    let mut judge = |mode: Mode| {
        let policy = request.policy.modes.get(mode).policy;
        let applies = modes.contains(&mode);
        let outcome = (applies && exempt.is_none()).then(|| session.evaluate(policy));
        ModeDecision { policy, applies, outcome, said: applies && exempt.is_none() }
    };
    let mut modes = Modes { enforce: judge(Mode::Enforce), audit: judge(Mode::Audit), warn: judge(Mode::Warn) };
    modes.warn.said &= modes.enforce.allowed();
    Decision { exempt, modes }
}

/// Why an object is not judged, in the order in which the server asks.
fn exempt(request: &Request<'_, '_>, user: Option<&str>, pod: &Pod<'_>) -> Option<Exempt> {
    let listed = |list: &[String], name: Option<&str>| {
        name.is_some_and(|name| !name.is_empty() && list.iter().any(|known| known == name))
    };
    let exemptions = request.exemptions;
    if listed(&exemptions.namespaces, Some(request.namespace)) {
        Some(Exempt::Namespace)
    } else if listed(&exemptions.usernames, user) {
        Some(Exempt::User)
    } else if listed(&exemptions.runtime_classes, pod.runtime_class()) {
        Some(Exempt::RuntimeClass)
    } else {
        None
    }
}
