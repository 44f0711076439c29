//! The JSON schemas of the reports, made from the types that are written.

use kubectl_netpol::commands::can::Trace;
use kubectl_netpol::picture::report::MapReport;
use kubectl_pss::commands::standing::NamespaceDetail;
use kubectl_pss::commands::verdict::PssDetail;
use kubectl_seccomp::commands::check::SeccompDetail;
use posture::finding::difference::Difference;
use posture::finding::report::Report;
use posture::patch::report::PlanReport;

/// The schema of what `kubectl pss check -o json` prints, as JSON.
///
/// # Errors
/// If the schema cannot be written as JSON, which would be a fault of the types.
pub fn report() -> serde_json::Result<String> {
    schema_of::<Report<PssDetail>>()
}

/// The schema of what `kubectl pss check ns -o json` prints, as JSON.
///
/// # Errors
/// As [`report`].
pub fn namespaces() -> serde_json::Result<String> {
    schema_of::<Report<NamespaceDetail>>()
}

/// The schema of what `kubectl pss diff -o json` prints, as JSON.
///
/// # Errors
/// As [`report`].
pub fn difference() -> serde_json::Result<String> {
    schema_of::<Difference>()
}

/// The schema of what commands print with `-o json` that change something, as JSON: what all of
/// them have.
///
/// # Errors
/// As [`report`].
pub fn plan() -> serde_json::Result<String> {
    schema_of::<PlanReport<()>>()
}

/// The schema of what `kubectl seccomp check -o json` prints, as JSON.
///
/// # Errors
/// As [`report`].
pub fn seccomp_report() -> serde_json::Result<String> {
    schema_of::<Report<SeccompDetail>>()
}

/// The schema of what `kubectl seccomp explain -o json` prints, as JSON.
///
/// # Errors
/// As [`report`].
pub fn seccomp_explanation() -> serde_json::Result<String> {
    text(&kubectl_seccomp::commands::explain::schema(settings().into_generator()))
}

/// The schema of what `kubectl netpol can -o json` prints, as JSON.
///
/// # Errors
/// As [`report`].
pub fn netpol_trace() -> serde_json::Result<String> {
    schema_of::<Trace>()
}

/// The schema of what `kubectl netpol list -o json` prints, as JSON.
///
/// # Errors
/// As [`report`].
pub fn netpol_map() -> serde_json::Result<String> {
    schema_of::<MapReport>()
}

fn schema_of<T: schemars::JsonSchema>() -> serde_json::Result<String> {
    text(&settings().into_generator().into_root_schema_for::<T>())
}

/// What is written, not what could be read: fields that may be left out are not required.
fn settings() -> schemars::generate::SchemaSettings {
    schemars::generate::SchemaSettings::draft2020_12().for_serialize()
}

fn text(schema: &schemars::Schema) -> serde_json::Result<String> {
    serde_json::to_string_pretty(schema).map(|text| text + "\n")
}
