//! What could not be read or known: said in every format, and no exit 0 beside it.

use serde::Serialize;

use super::source::Mark;

/// Something that was asked for and could not be judged.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Gap {
    /// What is missing: `document`, `file`, `object` …
    pub what: String,
    /// Where it is, when it is in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Mark>,
    /// Which object is meant, when it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Why it could not be judged, in the words of the judge where it has some.
    pub why: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hint: String,
}
