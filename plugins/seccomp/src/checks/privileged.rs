//! `privileged`: to a privileged container no profile applies.
//!
//! Source: `generateSeccompSpecOpts` in the CRI plugin of containerd; CRI-O but for its
//! `privileged_seccomp_profile`.

use posture::finding::check::Severity;
use serde_json::Value as Json;

use super::SeccompCheck;
use crate::effective::{Field, Said, Source};
use crate::facts::{Facts, title};
use crate::named::Profile;
use crate::violation::Violation;

pub(super) static CHECK: SeccompCheck = SeccompCheck {
    check: identity!("privileged", "a privileged container has no profile", "privileged.md"),
    find,
};

fn find(facts: Facts<'_, '_>, violations: &mut Vec<Violation>) {
    let pod = facts.pod;
    for (own, one) in facts.decided_by(Source::Privileged) {
        let is_set = |field: &&Field<'_>| match &field.said {
            Said::Profile(profile) => *profile != Profile::Unconfined,
            Said::EmptyPath | Said::Other(_) => true,
            Said::Refused(_) => false,
        };
        let name = title(own);
        let at = pod.container_path(own).fields("securityContext.privileged");
        let of_own = own.field.as_ref();
        let (severity, path, value, message) = match of_own.or(pod.field.as_ref()).filter(is_set) {
            Some(field) if of_own.is_some() => (
                Severity::Warning,
                pod.own_field_path(own),
                field.value.to_json(),
                format!("the profile of {name}, {}, is void: it is privileged", field.text()),
            ),
            Some(field) => (
                Severity::Warning,
                at,
                Json::Bool(true),
                format!("the profile of the pod, {}, is void for {name}: it is privileged", field.text()),
            ),
            None => (
                Severity::Info,
                at,
                Json::Bool(true),
                format!("{name} is privileged, and so runs unconfined"),
            ),
        };
        let is_cri_o = |runtime: &str| runtime.starts_with("cri-o ");
        let caveat = if one.places.iter().any(|place| is_cri_o(&place.runtime)) {
            " (unless the configuration of CRI-O names a privileged_seccomp_profile)"
        } else {
            ""
        };
        violations.push(
            Violation::new(CHECK.check.id, severity, path, format!("{message}{caveat}"))
                .of(Some(&one.name))
                .at(value)
                .advise("take privileged away and add the capabilities that are needed: then a profile applies"),
        );
    }
}
