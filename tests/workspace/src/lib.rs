//! The rules of this workspace that a test can check: which ring may import which, what no file
//! may hold, and that nothing is forgotten.
//!
//! Each rule is a function from a [`Tree`] of paths and texts to violations. The tests run all
//! of them on this repository, which must violate none, and on small trees that violate one
//! each: a rule that never fails proves nothing.

mod checks;
mod forgotten;
mod manifests;
mod rings;
mod source;
mod texts;
pub mod tree;

use std::fmt;

use tree::Tree;

/// A rule that the workspace keeps.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What the violating trees are named for.
    pub name: &'static str,
    /// The function that finds the violations.
    pub check: fn(&Tree) -> Vec<Violation>,
}

/// Every rule.
pub const RULES: [Rule; 13] = [
    Rule { name: "attributes", check: texts::attributes },
    Rule { name: "documents", check: checks::documents },
    Rule { name: "folders", check: checks::folders },
    Rule { name: "forgotten", check: forgotten::forgotten },
    Rule { name: "islands", check: rings::islands },
    Rule { name: "layout", check: checks::layout },
    Rule { name: "length", check: texts::length },
    Rule { name: "manifests", check: manifests::manifests },
    Rule { name: "names", check: checks::names },
    Rule { name: "opening", check: texts::opening },
    Rule { name: "printing", check: texts::printing },
    Rule { name: "rings", check: rings::rings },
    Rule { name: "unfinished", check: texts::unfinished },
];

/// Where a rule is broken, and how.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The file or folder, from the repository's root.
    pub path: String,
    /// The line, where there is one.
    pub line: Option<usize>,
    /// What is wrong there, and what would be right.
    pub message: String,
}

impl Violation {
    fn new(path: &str, line: impl Into<Option<usize>>, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: line.into(), message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}

/// The Rust files that are longer than we aim for, longest first, as (path, lines).
pub fn long_files(tree: &Tree) -> Vec<(String, usize)> {
    texts::long_files(tree)
}
