//! Findings that somebody has taken out of the count, and on what ground.

pub mod found;
pub mod line;
pub mod rule;

use serde::Serialize;

use super::report::Finding;
use crate::model::source::Mark;

/// Where somebody has said that a finding does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum By {
    /// The annotation `kubectl-posture/ignore` of the object or of its pod template.
    Annotation,
    /// A comment `# posture:ignore` on the line or the one above.
    Comment,
    /// An entry of the file `.posture.yaml`.
    File,
    /// The baseline: it was there before.
    Baseline,
}

impl By {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Annotation => "annotation",
            Self::Comment => "comment",
            Self::File => "file",
            Self::Baseline => "baseline",
        }
    }
}

/// Why a finding does not count.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ground {
    /// Where it is said.
    pub by: By,
    /// The place of the comment, the annotation or the entry, where it is in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Mark>,
    /// The last day on which it holds, `2027-01-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Why, in the words of whoever said so.
    pub reason: String,
}

/// A finding that does not count.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Suppressed {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// Why it does not count.
    pub suppression: Ground,
}

/// What is wrong with a suppression that suppresses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Idleness {
    /// Nothing that it means was found.
    Unused,
    /// Its last day is over.
    Expired,
    /// It cannot be understood, or gives no reason.
    Invalid,
}

impl Idleness {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::Expired => "expired",
            Self::Invalid => "invalid",
        }
    }
}

/// A suppression that suppresses nothing.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Idle {
    /// What is wrong with it.
    pub status: Idleness,
    /// Where it is said.
    pub by: By,
    /// The check that it names, as written.
    pub check: String,
    /// The place of the comment, the annotation or the entry, where it is in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Mark>,
    /// The object that carries or names it, where one is known: `deployment.apps/web`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// What is wrong, in one sentence.
    pub why: String,
}
