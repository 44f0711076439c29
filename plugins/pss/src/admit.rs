//! What admission says about one object: for the object itself, and for the pod that it creates.
//!
//! Source: `ValidatePod`, `ValidatePodController` and `EvaluatePod` in `admission/admission.go`
//! of k8s.io/pod-security-admission.

use std::collections::BTreeMap;
use std::fmt;

use posture::model::workload::{Carrier, PodTemplate};
use serde::Serialize;

use crate::admission_config::Exemptions;
use crate::evaluate::{Evaluator, Outcome, Session};
use crate::level::{Level, LevelVersion, PolicyVersion};
use crate::namespace::{Mode, Modes, NamespacePolicy};
use crate::pod::Pod;

/// The audit annotation that says which policy was enforced.
const ENFORCE_POLICY_ANNOTATION: &str = "pod-security.kubernetes.io/enforce-policy";
/// The audit annotation with the sentence of the audit mode.
const AUDIT_VIOLATIONS_ANNOTATION: &str = "pod-security.kubernetes.io/audit-violations";
/// The audit annotation that says why nothing was judged.
const EXEMPT_ANNOTATION: &str = "pod-security.kubernetes.io/exempt";

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

    /// The annotations that the server adds to the request's audit event, by their keys.
    pub fn audit_annotations(&self) -> BTreeMap<&'static str, String> {
        let mut annotations = BTreeMap::new();
        let mut asked = self.modes.iter().filter(|(_, mode)| mode.applies).peekable();
        if asked.peek().is_none() {
            return annotations;
        }
        // Where every mode is privileged, the server does not even ask for the runtime class.
        let privileged = asked.all(|(_, mode)| mode.policy.level == Level::Privileged);
        match self.exempt {
            Some(exempt) if exempt != Exempt::RuntimeClass || !privileged => {
                annotations.insert(EXEMPT_ANNOTATION, exempt.to_string());
                return annotations;
            }
            _ => {}
        }
        let enforce = &self.modes.enforce;
        if enforce.applies {
            // Nor does it tell the version then.
            let policy = if privileged { LevelVersion::PRIVILEGED } else { enforce.policy };
            annotations.insert(ENFORCE_POLICY_ANNOTATION, policy.to_string());
        }
        if let Some(sentence) = self.sentence(Mode::Audit) {
            annotations.insert(AUDIT_VIOLATIONS_ANNOTATION, sentence);
        }
        annotations
    }

    /// The gravest mode that objects: enforce before warn before audit.
    pub fn gravest(&self) -> Option<Mode> {
        [Mode::Enforce, Mode::Warn, Mode::Audit]
            .into_iter()
            .find(|mode| !self.modes.get(*mode).allowed())
    }
}

/// What admission says in the end.
#[derive(Clone, Debug)]
pub struct Admission {
    /// About the object itself.
    pub object: Decision,
    /// About the pod that is created from it; `None` for a Pod, which is its own.
    pub pod: Option<Decision>,
    /// The strictest level that the pod meets by the newest rules of the server.
    pub meets: Level,
}

impl Admission {
    /// What is said about the object, then what is said about its pod.
    pub fn decisions(&self) -> impl Iterator<Item = &Decision> {
        std::iter::once(&self.object).chain(&self.pod)
    }

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
        let mut session = evaluator.session(&pod);
        let object = decide(request, request.user, &Mode::ALL, &mut session);
        return Admission {
            object,
            pod: None,
            meets: session.tightest_level(PolicyVersion::Latest),
        };
    }
    let created = Pod::created_from(request.template, server);
    let mut session = evaluator.session(&created);
    let pod = decide(request, request.pod_user, &Mode::ALL, &mut session);
    let meets = session.tightest_level(PolicyVersion::Latest);
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
    Admission { object, pod: Some(pod), meets }
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
    let mut modes =
        Modes { enforce: judge(Mode::Enforce), audit: judge(Mode::Audit), warn: judge(Mode::Warn) };
    modes.warn.said &= modes.enforce.allowed();
    Decision { exempt, modes }
}

/// Why an object is not judged, in the order in which the server asks.
pub(crate) fn exempt(
    request: &Request<'_, '_>,
    user: Option<&str>,
    pod: &Pod<'_>,
) -> Option<Exempt> {
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

#[cfg(test)]
mod tests {
    use posture::model::version::NEWEST;

    use super::*;
    use crate::namespace::UNCONFIGURED;
    use crate::testing::{template, tree};

    const POD: &str = r#"{"spec":{"runtimeClassName":"r","hostNetwork":true,"containers":[{"name":"a","ports":[{"containerPort":80}]}]}}"#;

    fn policy(labels: &[(&str, &str)]) -> NamespacePolicy {
        NamespacePolicy::of_labels(labels.iter().copied(), &UNCONFIGURED, NEWEST)
    }

    fn ask(
        carrier: Carrier,
        policy: &NamespacePolicy,
        exemptions: &Exemptions,
        user: Option<&str>,
    ) -> Admission {
        let tree = tree(POD);
        let template = template(&tree, carrier);
        let request = Request {
            template: &template,
            namespace: "shop",
            policy,
            exemptions,
            user,
            pod_user: None,
            stored: false,
        };
        admit(&Evaluator::new(NEWEST), &request)
    }

    #[test]
    fn a_pod_is_refused_and_not_warned_about() {
        let policy = policy(&[
            ("pod-security.kubernetes.io/enforce", "baseline"),
            ("pod-security.kubernetes.io/enforce-version", "v1.99"),
            ("pod-security.kubernetes.io/audit", "restricted"),
            ("pod-security.kubernetes.io/warn", "baseline"),
        ]);
        let admission = ask(Carrier::Pod, &policy, &Exemptions::default(), None);
        assert!(admission.pod.is_none() && admission.object.refused());
        // The version is printed as the label has it.
        assert_eq!(
            admission.object.sentence(Mode::Enforce).as_deref(),
            Some(
                r#"violates PodSecurity "baseline:v1.99": host namespaces (hostNetwork=true), hostPort (container "a" uses hostPort 80)"#
            )
        );
        assert!(admission.object.sentence(Mode::Audit).is_some_and(|text| {
            text.starts_with(r#"would violate PodSecurity "restricted:latest": "#)
        }));
        assert!(!admission.object.modes.warn.allowed() && !admission.object.modes.warn.said);
        assert_eq!(admission.object.gravest(), Some(Mode::Enforce));
    }

    #[test]
    fn a_workload_is_never_refused_but_its_pods_are() {
        let policy = policy(&[("pod-security.kubernetes.io/enforce", "baseline")]);
        let admission = ask(Carrier::Workload, &policy, &Exemptions::default(), None);
        assert!(!admission.object.refused() && !admission.object.modes.enforce.applies);
        assert_eq!(admission.object.modes.warn.message(), "host namespaces (hostNetwork=true)");
        assert!(admission.object.modes.warn.said);
        let pod = admission.pod.expect("a pod");
        assert!(pod.refused());
        assert_eq!(
            pod.modes.enforce.message(),
            r#"host namespaces (hostNetwork=true), hostPort (container "a" uses hostPort 80)"#
        );
    }

    /// `api.EnforcedPolicyAnnotationKey` and its like, in the order in which the server asks.
    #[test]
    fn audit_annotations_tell_policy_violations_and_exemption() {
        let list = |decision: &Decision| -> Vec<(&'static str, String)> {
            let annotations = decision.audit_annotations().into_iter();
            let short = |key: &'static str| key.rsplit('/').next().unwrap_or(key);
            annotations.map(|(key, value)| (short(key), value)).collect()
        };
        let none = Exemptions::default();
        let runtime = Exemptions { runtime_classes: vec!["r".to_owned()], ..none.clone() };
        let versioned = policy(&[("pod-security.kubernetes.io/enforce-version", "v1.30")]);
        for exemptions in [&none, &runtime] {
            let asked = ask(Carrier::Pod, &versioned, exemptions, None);
            let privileged = ("enforce-policy", "privileged:latest".to_owned());
            assert_eq!(list(&asked.object), [privileged]);
            assert_eq!(list(&ask(Carrier::Workload, &versioned, exemptions, None).object), []);
        }
        let audited = policy(&[
            ("pod-security.kubernetes.io/enforce-version", "v1.30"),
            ("pod-security.kubernetes.io/audit", "baseline"),
        ]);
        let violation = (
            "audit-violations",
            r#"would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)"#,
        );
        let workload = list(&ask(Carrier::Workload, &audited, &none, None).object);
        assert_eq!(workload, [(violation.0, violation.1.to_owned())]);
        let pod = list(&ask(Carrier::Pod, &audited, &none, None).object);
        assert!(pod[0].1.starts_with(violation.1));
        assert_eq!(pod[1], ("enforce-policy", "privileged:v1.30".to_owned()));
        let exempt = [("exempt", "runtimeClass".to_owned())];
        assert_eq!(list(&ask(Carrier::Pod, &audited, &runtime, None).object), exempt);
        assert_eq!(list(&ask(Carrier::Other, &audited, &none, None).object), []);
    }

    #[test]
    fn other_kinds_are_not_looked_at() {
        let policy = policy(&[("pod-security.kubernetes.io/enforce", "baseline")]);
        let admission = ask(Carrier::Other, &policy, &Exemptions::default(), None);
        assert_eq!(admission.object.gravest(), None);
        assert!(
            admission
                .object
                .modes
                .iter()
                .all(|(_, mode)| !mode.applies && mode.message().is_empty())
        );
        assert!(admission.of_pod().refused());
    }

    #[test]
    fn exemptions_in_their_order() {
        let policy = policy(&[("pod-security.kubernetes.io/enforce", "restricted")]);
        let list = |name: &str| vec![name.to_owned()];
        let mut exemptions = Exemptions { runtime_classes: list("r"), ..Exemptions::default() };
        let asked = ask(Carrier::Workload, &policy, &exemptions, None);
        assert_eq!(asked.object.exempt, Some(Exempt::RuntimeClass));
        assert_eq!(asked.of_pod().exempt, Some(Exempt::RuntimeClass));
        exemptions.usernames = list("me");
        let asked = ask(Carrier::Workload, &policy, &exemptions, Some("me"));
        assert_eq!(asked.object.exempt, Some(Exempt::User));
        exemptions.runtime_classes.clear();
        // Whoever sends the workload does not create its pods.
        assert_eq!(ask(Carrier::Workload, &policy, &exemptions, Some("me")).of_pod().exempt, None);
        assert_eq!(ask(Carrier::Pod, &policy, &exemptions, Some("you")).object.exempt, None);
        exemptions.namespaces = list("shop");
        let asked = ask(Carrier::Pod, &policy, &exemptions, Some("me"));
        assert_eq!(asked.object.exempt, Some(Exempt::Namespace));
        assert!(!asked.object.refused() && asked.object.gravest().is_none());
    }
}
