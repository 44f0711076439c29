//! What admission says about an update: of a pod only if its containers or their images change.
//!
//! Source: `ValidatePod`, `ValidatePodController` and `isSignificantPodUpdate` in
//! `admission/admission.go` of k8s.io/pod-security-admission.

use posture::model::container::{Container, ContainerKind, containers};
use posture::model::workload::{Carrier, PodTemplate};

use crate::admit::{Admission, Decision, Exempt, Request, admit};
use crate::evaluate::Evaluator;
use crate::level::Level;

/// The subresources of a pod that are never looked at; every other one is judged as the pod.
const IGNORED: [&str; 8] =
    ["exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"];

/// Asks admission about an update. `request` has the object as the server would store it, `old`
/// is what it has stored, and `subresource` is empty for the object itself.
///
/// The whole pod is judged, also where a request may add ephemeral containers alone: what would
/// not be admitted any more keeps new ones out.
pub fn admit_update(
    evaluator: &Evaluator,
    request: &Request<'_, '_>,
    old: &PodTemplate<'_>,
    subresource: &str,
) -> Admission {
    let mut admission = admit(evaluator, request);
    let is_pod = request.template.carrier == Carrier::Pod;
    let unseen = if is_pod { IGNORED.contains(&subresource) } else { !subresource.is_empty() };
    if unseen {
        silence(&mut admission.object);
    } else if is_pod && !is_significant(request.template, old) {
        let object = &mut admission.object;
        // These the server asks about first, and they leave their traces in the audit log.
        let sooner = matches!(object.exempt, Some(Exempt::Namespace | Exempt::User))
            || object.modes.iter().all(|(_, mode)| mode.policy.level == Level::Privileged);
        if !sooner {
            silence(object);
        }
    }
    admission
}

/// Whether an update of a pod changes anything that is judged anew: the number of its containers,
/// an image, or a new ephemeral container.
pub fn is_significant(new: &PodTemplate<'_>, old: &PodTemplate<'_>) -> bool {
    let (new, old) = (of_template(new), of_template(old));
    let ephemeral = |container: &&Container<'_>| container.kind == ContainerKind::Ephemeral;
    for kind in [ContainerKind::Normal, ContainerKind::Init] {
        let images = |containers: &[Container<'_>]| -> Vec<String> {
            let own = containers.iter().filter(|container| container.kind == kind);
            own.map(|container| text(container, "image")).collect()
        };
        if images(&new) != images(&old) {
            return true;
        }
    }
    new.iter().filter(ephemeral).any(|container| {
        let name = text(container, "name");
        let known = old.iter().filter(ephemeral).find(|known| text(known, "name") == name);
        known.is_none_or(|known| text(known, "image") != text(container, "image"))
    })
}

fn of_template<'a>(template: &PodTemplate<'a>) -> Vec<Container<'a>> {
    template.value.field("spec").into_iter().flat_map(containers).collect()
}

fn text(container: &Container<'_>, field: &str) -> String {
    let value = container.value.field(field).and_then(|value| value.as_str());
    value.unwrap_or_default().to_owned()
}

/// Nothing is looked at, so nothing is said.
fn silence(decision: &mut Decision) {
    decision.exempt = None;
    for mode in decision.modes.values_mut() {
        mode.applies = false;
        mode.outcome = None;
        mode.said = false;
    }
}

#[cfg(test)]
mod tests {
    use posture::model::version::NEWEST;

    use super::*;
    use crate::admission_config::Exemptions;
    use crate::namespace::{Mode, NamespacePolicy, UNCONFIGURED};
    use crate::testing::{template, tree};

    const OLD: &str = r#"{"spec":{"hostPID":true,"containers":[{"name":"a","image":"x:1"}],
        "initContainers":[{"name":"i","image":"y:1"}],
        "ephemeralContainers":[{"name":"e","image":"z:1"}]}}"#;

    fn refused(new: &str, subresource: &str, exemptions: &Exemptions) -> Option<String> {
        let labels = [("pod-security.kubernetes.io/enforce", "baseline")];
        let policy = NamespacePolicy::of_labels(labels, &UNCONFIGURED, NEWEST);
        let (new, old) = (tree(new), tree(OLD));
        let (new, old) = (template(&new, Carrier::Pod), template(&old, Carrier::Pod));
        let request = Request {
            template: &new,
            namespace: "shop",
            policy: &policy,
            exemptions,
            user: None,
            pod_user: None,
            stored: true,
        };
        let admission = admit_update(&Evaluator::new(NEWEST), &request, &old, subresource);
        admission.object.sentence(Mode::Enforce)
    }

    #[test]
    fn only_images_and_new_containers_count() {
        let none = Exemptions::default();
        let said = |new: &str| refused(new, "", &none).is_some();
        assert!(!said(OLD));
        assert!(!said(&OLD.replace(r#""hostPID":true"#, r#""hostPID":true,"hostIPC":true"#)));
        assert!(!said(&OLD.replace(r#""name":"a""#, r#""name":"b""#)));
        for image in ["x:1", "y:1", "z:1"] {
            assert!(said(&OLD.replace(image, "other")), "{image}");
        }
        let added = OLD.replace(r#"{"name":"e""#, r#"{"name":"f"},{"name":"e""#);
        assert!(said(&added));
        assert!(said(&OLD.replace(r#"{"name":"a""#, r#"{"name":"f"},{"name":"a""#)));
        // One that is gone does not count; under another name it is a new one.
        assert!(!said(&OLD.replace(r#"{"name":"e","image":"z:1"}"#, "")));
        assert!(said(&OLD.replace(r#""name":"e""#, r#""name":"f""#)));
    }

    #[test]
    fn some_subresources_are_not_looked_at() {
        let none = Exemptions::default();
        let new = OLD.replace("x:1", "x:2");
        for subresource in ["", "ephemeralcontainers", "resize", "unheard-of"] {
            assert!(refused(&new, subresource, &none).is_some(), "{subresource}");
        }
        for subresource in IGNORED {
            assert_eq!(refused(&new, subresource, &none), None, "{subresource}");
        }
    }

    #[test]
    fn an_old_violation_keeps_new_containers_out() {
        let new = OLD.replace(r#"{"name":"e""#, r#"{"name":"f"},{"name":"e""#);
        assert_eq!(
            refused(&new, "ephemeralcontainers", &Exemptions::default()).as_deref(),
            Some(r#"violates PodSecurity "baseline:latest": host namespaces (hostPID=true)"#)
        );
        let exempt = Exemptions { namespaces: vec!["shop".to_owned()], ..Exemptions::default() };
        assert_eq!(refused(&new, "ephemeralcontainers", &exempt), None);
    }
}
