//! What admission objects to, as findings with their places.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use posture::finding::check::{Check, Severity};
use posture::finding::fingerprint;
use posture::finding::fix::Fix;
use posture::finding::report::Finding;
use posture::model::mark;
use posture::model::object::{Object, ObjectRef};
use posture::model::path::Segment;
use posture::model::source::Mark;
use posture::model::version::Minor;
use posture::model::workload::PodTemplate;

use super::assumed::After;
use super::verdict::Verdict;
use crate::admit::Admission;
use crate::checks::PssCheck;
use crate::fixes::answers::Answers;
use crate::fixes::{Facts, Scene};
use crate::namespace::Mode;
use crate::pod::Pod;
use crate::requirements::{Requirement, Unmet};
use crate::violation::{Subject as Whose, Violation};

/// A pod or template in its object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'r, 'a> {
    /// The object.
    pub(super) object: &'a Object,
    /// How reports name it.
    pub(super) reference: &'r ObjectRef,
    /// The template in it.
    pub(super) template: &'r PodTemplate<'a>,
    /// Its root owner: what fingerprints name, so that a pod's are those of its workload.
    pub(super) owner: Option<&'r ObjectRef>,
    /// The release of the server.
    pub(super) server: Minor,
}

impl Subject<'_, '_> {
    /// Adds everything that admission objects to, each thing once, at its gravest.
    pub(super) fn collect(
        &self,
        admission: &Admission,
        after: Option<&After>,
        findings: &mut Vec<Finding>,
    ) {
        let mut known = BTreeSet::new();
        // Seldom needed: most objects have no findings.
        let written = OnceCell::new();
        let written = || written.get_or_init(|| Pod::created_from(self.template, self.server));
        for mode in [Mode::Enforce, Mode::Warn, Mode::Audit] {
            let severity = Verdict::of_mode(mode).severity().unwrap_or(Severity::Info);
            for decision in admission.decisions() {
                let is_pod = std::ptr::eq(decision, admission.of_pod());
                let after = after.filter(|after| is_pod && after.is_changed());
                let Some(outcome) = &decision.modes.get(mode).outcome else {
                    continue;
                };
                for (check, violation) in outcome.violations() {
                    if !known.insert((check.id(), violation.path.to_string())) {
                        continue;
                    }
                    let finding = self.finding(severity, check, violation, after);
                    let fix = self.fix(check, violation, after, written());
                    findings.push(Finding { fix, ..finding });
                }
            }
        }
    }

    /// What would mend it, for reports. Where something else has changed the pod, only what is in
    /// the manifest can be mended.
    fn fix(
        &self,
        check: &'static PssCheck,
        violation: &Violation,
        after: Option<&After>,
        pod: &Pod<'_>,
    ) -> Option<Fix> {
        let (facts, answers) = (Facts::default(), Answers::default());
        let scene = Scene::new(self.template, pod, &facts, &answers).brief();
        match after {
            None => Some(scene.propose(check, violation).fix),
            Some(_) => Some(scene.propose(check, &in_manifest(violation, pod)?).fix),
        }
    }

    /// A requirement that is not met.
    pub(super) fn unmet(&self, requirement: &'static Requirement, unmet: &Unmet) -> Finding {
        let violation = &unmet.violation;
        let mark = match violation.node {
            Some(node) => mark::of(self.object.tree().value(node), &violation.path),
            None => mark::nearest(self.template.value, &violation.path),
        };
        let said = unmet.says.as_ref().map(|says| format!("{says}: ")).unwrap_or_default();
        let advice = format!("{said}{}", violation.advice);
        self.at(&requirement.check, Severity::Error, violation, mark, advice)
    }

    fn finding(
        &self,
        severity: Severity,
        check: &'static PssCheck,
        violation: &Violation,
        after: Option<&After>,
    ) -> Finding {
        let mark = match (after, violation.node) {
            // The pod is another document than the manifest.
            (Some(_), _) => mark::by_names(self.template.value, &violation.path),
            (None, Some(node)) => mark::of(self.object.tree().value(node), &violation.path),
            (None, None) => mark::nearest(self.template.value, &violation.path),
        };
        let mut because =
            violation.derived.map(|clause| format!(" ({clause})")).unwrap_or_default();
        if let Some(after) = after {
            because.push_str(&after.because(check, violation));
        }
        let advice = format!("{}{because}", violation.advice);
        self.at(&check.check, severity, violation, mark, advice)
    }

    /// A finding of a check at a place.
    fn at(
        &self,
        check: &'static Check,
        severity: Severity,
        violation: &Violation,
        mark: Mark,
        advice: String,
    ) -> Finding {
        let path = self.template.path.clone().join(&violation.path);
        let message = format!("{}: {advice}", check.title);
        let steps = self.template.path.segments().len();
        let fingerprint = fingerprint::of_pod(check.id, self.reference, self.owner, &path, steps);
        Finding {
            fingerprint,
            container: violation.container().map(|container| container.name.clone()),
            value: violation.value.clone(),
            allowed: violation.allowed.clone(),
            advice: Some(advice),
            ..Finding::new(check.id, severity, self.reference, &path, mark.to_show(), message)
        }
    }
}

/// The violation of a changed pod in the manifest's own; `None` if its container is not there.
fn in_manifest(violation: &Violation, pod: &Pod<'_>) -> Option<Violation> {
    let mut own = violation.clone();
    match &mut own.subject {
        Whose::Container(known) => {
            let container = pod
                .containers()
                .iter()
                .find(|container| container.kind == known.kind && container.name == known.name)?;
            known.index = container.index;
            // What leads to the container is three steps: `spec`, the list, the element. What an
            // annotation sets stands elsewhere.
            if matches!(violation.path.segments().first(), Some(Segment::Field(key)) if key == "spec")
            {
                own.path = container.path().join(&violation.path.behind(3));
            }
        }
        Whose::Volume { index, name } => {
            *index = pod.volumes().iter().find(|volume| volume.name == name)?.index;
        }
        Whose::Pod | Whose::Annotation { .. } => {}
    }
    Some(own)
}
