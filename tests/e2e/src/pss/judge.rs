//! What the judges of Pod Security are asked, and what they answer.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One pod, and the policies to judge it by: for the judges that carry a library's version.
#[derive(Clone, Debug, Serialize)]
pub struct PodQuestion {
    /// The pod as a client sends it.
    pub pod: Value,
    /// `restricted:v1.37`
    pub policies: Vec<String>,
}

/// The answer to a [`PodQuestion`].
#[derive(Clone, Debug, Deserialize)]
pub struct PodAnswer {
    /// One for each policy.
    #[serde(default)]
    pub results: Vec<Verdict>,
    /// Why the pod could not be decoded.
    pub error: Option<String>,
}

/// What one policy says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Verdict {
    /// The policy.
    pub policy: String,
    /// Whether it allows the pod.
    pub allowed: bool,
    /// The short reasons, in order.
    pub reasons: Vec<String>,
    /// What stands in parentheses after each; may be empty.
    pub details: Vec<String>,
    /// The list of violations as admission prints it.
    pub detail: String,
}

/// An object of any of the nine kinds, and the policies to judge it by: for the judge that takes
/// it through the API server's own defaults and validation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectQuestion {
    /// The object as a client sends it.
    pub object: Value,
    /// `restricted:v1.37`
    pub policies: Vec<String>,
    /// Whether to leave the defaulted spec out of the answer.
    pub omit_spec: bool,
}

/// The answer to an [`ObjectQuestion`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectAnswer {
    /// Why the request could not be read at all.
    pub error: Option<String>,
    /// Why the object could not be decoded.
    pub decode_error: Option<String>,
    /// Unknown and duplicate fields.
    #[serde(default)]
    pub strict_errors: Vec<String>,
    /// The object itself.
    pub object: Option<Admitted>,
    /// The pod that its controller would create.
    pub pod: Option<Admitted>,
}

/// What admission sees of one object, and says.
#[derive(Clone, Debug, Deserialize)]
pub struct Admitted {
    /// The reasons for which validation refuses it.
    pub invalid: Vec<String>,
    /// What each policy says, valid or not.
    pub results: Vec<Verdict>,
    /// The spec after defaulting, where it was asked for.
    #[serde(default)]
    pub spec: Value,
}
