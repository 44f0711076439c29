//! A check's identity, as every plugin registers it.

use serde::{Deserialize, Serialize};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Tolerated, though said.
    Warning,
    /// Refused, or as bad.
    Error,
}

impl Severity {
    /// `error`, `warning` or `info`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a plugin registers of each of its checks.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The identifier, stable across releases; for checks of Kubernetes its own name.
    pub id: &'static str,
    /// One line: what is wrong when it fires.
    pub title: &'static str,
    /// The check's document, Markdown with front matter ([`super::document::Document`]).
    pub document: &'static str,
}
