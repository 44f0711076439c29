//! What the judged suites leave behind for the score in the README.

use std::path::PathBuf;
use std::{env, fs};

use serde::{Deserialize, Serialize};

use crate::seed;

/// What one suite counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// What was held against what.
    pub what: String,
    /// How much of it: `4537 pods`.
    pub compared: String,
    /// Where we and the judge differ.
    pub differences: usize,
}

/// Where the suites leave what they counted: a file each, below cargo's target folder.
pub fn folder() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("score")
}

/// Leaves the score of a suite. The README has them in the order of the suites' names. Only what
/// everybody gets is a score: a run with another seed, or a long one, leaves nothing.
///
/// # Panics
/// If the file cannot be written.
pub fn record(suite: &str, what: &str, compared: &str, differences: usize) {
    if seed::is_default() {
        let score = Score { what: what.to_owned(), compared: compared.to_owned(), differences };
        let text = serde_json::to_string_pretty(&score).expect("text and numbers are JSON");
        fs::create_dir_all(folder()).expect("the target folder can be written");
        fs::write(folder().join(format!("{suite}.json")), text)
            .expect("the target folder can be written");
    }
}
