//! What would mend a finding, and how safe that is.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::model::edit::Edit;

/// How safe a fix is. The order is from the safest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Grade {
    /// No change of behaviour, which the manifest itself proves.
    A,
    /// Right for most workloads; test it.
    B,
    /// Needs a value or a decision of somebody.
    C,
    /// Cannot be fixed here: what else could be done is said.
    X,
}

impl Grade {
    /// All grades, the safest first.
    pub const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::X];

    /// What it means, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::A => "no change of behaviour",
            Self::B => "right for most workloads, test it",
            Self::C => "needs a value or a decision",
            Self::X => "cannot be fixed here",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::X => "X",
        })
    }
}

/// A fix, as findings show it: `{title, grade}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fix {
    /// What it does: an imperative half-sentence (`set seccompProfile to RuntimeDefault for the
    /// pod`).
    pub title: Cow<'static, str>,
    /// How safe it is.
    pub grade: Grade,
    /// Why it has this grade: what in the manifest shows it, or what is not known.
    #[serde(skip)]
    pub evidence: Cow<'static, str>,
    /// The edits, from the object's root; none where a value is missing or nothing can be done.
    #[serde(skip)]
    pub edits: Vec<Edit>,
}
