//! `emptyLocalhost`: `Localhost` with a path that is empty.
//!
//! Source: CVE-2023-2431. The API server looks only whether there is a path.

use posture::finding::check::Severity;
use posture::model::path::FieldPath;
use serde_json::Value as Json;

use super::SeccompCheck;
use crate::effective::{Effective, Own, Place, Said, Source};
use crate::facts::{Facts, on, title};
use crate::named::PATH;
use crate::violation::Violation;

pub(super) static CHECK: SeccompCheck = SeccompCheck {
    check: identity!("emptyLocalhost", "Localhost names no file", "empty_localhost.md"),
    find,
};

fn find(facts: Facts<'_, '_>, violations: &mut Vec<Violation>) {
    let pod = facts.pod;
    let is_empty = |said: Option<&Said>| said == Some(&Said::EmptyPath);
    for (own, one) in facts.decided_by(Source::ContainerField) {
        if is_empty(own.field.as_ref().map(|field| &field.said)) {
            let path = pod.own_field_path(own).field(PATH);
            let message = message(&title(own), Source::ContainerField, &one.places);
            violations.push(violation(path, message, Some(own)));
        }
    }
    if is_empty(pod.field.as_ref().map(|field| &field.said))
        && let Some((_, one)) = facts.decided_by(Source::PodField).next()
    {
        let path = pod.field_path().field(PATH);
        let message = message("the pod", Source::PodField, &one.places);
        violations.push(violation(path, message, None));
    }
}

fn message(whose: &str, source: Source, places: &[Place]) -> String {
    let clauses = places.iter().filter(|place| place.by == source).map(|place| {
        let on = on(place);
        match &place.effective {
            Effective::Unconfined => {
                format!("it runs unconfined{on}, whose kubelets have CVE-2023-2431")
            }
            Effective::Refused(why) => format!("it does not start{on}: {why}"),
            Effective::Unknown(why) => format!("what comes of it{on} is not known: {why}"),
            _ => String::new(),
        }
    });
    let mut clauses: Vec<String> = clauses.filter(|clause| !clause.is_empty()).collect();
    clauses.dedup();
    format!("the Localhost profile of {whose} has an empty path: {}", clauses.join("; "))
}

fn violation(path: FieldPath, message: String, own: Option<&Own<'_>>) -> Violation {
    Violation::new(CHECK.check.id, Severity::Error, path, message)
        .of(own.map(|own| own.container.name))
        .at(Json::from(""))
        .advise("write the path of the profile below /var/lib/kubelet/seccomp, or set the type to RuntimeDefault")
}
