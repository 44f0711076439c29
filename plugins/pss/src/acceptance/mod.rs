//! What the API server says before Pod Security is asked: the two things that every report may find.

use posture::finding::check::Check;
use posture::model::path::FieldPath;
use posture::model::workload::PodTemplate;

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
