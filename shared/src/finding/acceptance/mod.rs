//! What the API server says before anybody judges an object: the two things that every report may
//! find.

use super::check::{Check, Severity};
use super::collected::Judged;
use super::report::{Finding, ObjectReport};
use crate::model::decode::{self, Refusal};
use crate::model::mark;
use crate::model::object::{Object, ObjectRef};
use crate::model::path::FieldPath;
use crate::model::source::Mark;
use crate::model::workload::PodTemplate;

/// The identifier of findings about objects that the server does not take.
pub const INVALID: &str = "invalid";
/// The identifier of findings about fields that the server does not know.
pub const UNKNOWN_FIELD: &str = "unknownField";

/// The word that selects both.
pub const GROUP: &str = "decoding";

/// Their documents.
pub static CHECKS: [Check; 2] = [
    Check {
        id: INVALID,
        title: "the API server would not take the object",
        document: include_str!("invalid.md"),
    },
    Check {
        id: UNKNOWN_FIELD,
        title: "a field that the API server does not know",
        document: include_str!("unknown_field.md"),
    },
];

/// Where a template has no containers, which validation refuses (`validateContainers`): the field
/// that is required.
pub fn without_containers(template: &PodTemplate<'_>) -> Option<FieldPath> {
    let spec = template.value.field("spec");
    let containers = spec.and_then(|spec| spec.field("containers"));
    if containers.is_some_and(|containers| containers.items().next().is_some()) {
        return None;
    }
    Some(template.path.clone().fields("spec.containers"))
}

/// What the server would refuse; unknown fields become findings.
pub fn refusal(
    object: &Object,
    templates: &[PodTemplate<'_>],
    reference: &ObjectRef,
    findings: &mut Vec<Finding>,
) -> Option<Refused> {
    let decoded = decode::decode(object);
    for unknown in &decoded.unknown {
        let mark = object.tree().value(unknown.node).mark();
        let what = unknown.path.to_string();
        let message = format!(
            "unknown field {what:?}: the API server drops it, kubectl's validation refuses the object"
        );
        let warning = Severity::Warning;
        findings.push(Finding {
            advice: Some(format!("{what} is unknown to the API server: correct or remove it")),
            ..Finding::new(UNKNOWN_FIELD, warning, reference, &unknown.path, Some(mark), message)
        });
    }
    let undecodable = decoded.refusal.map(|refusal| Refused::to_decode(object, refusal));
    undecodable.or_else(|| templates.iter().find_map(Refused::without_containers))
}

/// Why the server refuses an object before anybody judges it.
#[derive(Clone, Debug)]
pub struct Refused {
    message: String,
    path: FieldPath,
    place: Mark,
    advice: String,
}

impl Refused {
    /// A value that cannot be decoded. It is not repeated: it may be a secret in a wrong place.
    pub fn to_decode(object: &Object, refusal: Refusal) -> Self {
        Self {
            advice: format!("{} wants {}, not {}", refusal.path, refusal.wanted, refusal.found),
            place: object.tree().value(refusal.node).mark(),
            path: refusal.path,
            message: refusal.message,
        }
    }

    /// A pod without containers, which validation refuses (`validateContainers`).
    fn without_containers(template: &PodTemplate<'_>) -> Option<Self> {
        let path = without_containers(template)?;
        Some(Self {
            message: format!("{path}: Required value"),
            place: mark::nearest(template.value, &FieldPath::of("spec.containers")),
            advice: "a pod needs at least one container".to_owned(),
            path,
        })
    }

    /// The server's own text.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The verdict on the object: `invalid`, with the server's own text.
    pub fn judged<D: Default>(
        self,
        object: &Object,
        reference: ObjectRef,
        mut findings: Vec<Finding>,
    ) -> Judged<D> {
        let (place, message) = (Some(self.place), self.message);
        let first =
            Finding::new(INVALID, Severity::Error, &reference, &self.path, place, message.clone());
        findings.insert(0, Finding { advice: Some(self.advice), ..first });
        let report = ObjectReport {
            object: reference,
            place: object.mark(),
            chart_file: object.chart_file().map(str::to_owned),
            owner: None,
            verdict: INVALID,
            severity: Some(Severity::Error),
            settled: false,
            sentence: format!("the API server refuses it: {message}"),
            message,
            notes: Vec::new(),
            detail: D::default(),
        };
        Judged { object: Some(report), findings, gaps: Vec::new() }
    }
}
