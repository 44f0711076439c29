//! The JSON schema of the report, made from the types that are written.

use kubectl_pss::commands::verdict::PssDetail;
use posture::finding::report::Report;

/// The schema of what `kubectl pss check -o json` prints, as JSON.
///
/// # Errors
/// If the schema cannot be written as JSON, which would be a fault of the types.
pub fn report() -> serde_json::Result<String> {
    let schema = schemars::schema_for!(Report<PssDetail>);
    serde_json::to_string_pretty(&schema).map(|text| text + "\n")
}
