//! Answers: what a command says of one question, for people or for programs.

use std::io::Write;

use serde::Serialize;

use super::machine;
use crate::model::error::Result;

/// How to write an answer. A format never changes what is said, nor the exit code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerFormat {
    /// For people.
    #[default]
    Human,
    /// Everything, as JSON.
    Json,
    /// The same tree, as YAML.
    Yaml,
}

impl AnswerFormat {
    /// Every format, as `-o` lists them.
    pub const ALL: [Self; 3] = [Self::Human, Self::Json, Self::Yaml];

    /// The word behind `-o`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Yaml => "yaml",
        }
    }

    /// What it is good for, for the help text.
    pub fn about(self) -> &'static str {
        match self {
            Self::Human => "For people",
            Self::Json => "Everything, as JSON",
            Self::Yaml => "The same tree, as YAML",
        }
    }

    /// Writes an answer: its tree for programs, and what `human` writes for people.
    pub fn write<T: Serialize, W: Write>(
        self,
        answer: &T,
        out: &mut W,
        human: impl FnOnce(&mut W) -> Result<()>,
    ) -> Result<()> {
        match self {
            Self::Human => human(out),
            Self::Json => machine::json(answer, out),
            Self::Yaml => machine::yaml(answer, out),
        }
    }
}
