//! What a judged suite leaves behind for the score in the README.

use std::path::PathBuf;
use std::{env, fs};

use serde_json::Value;

/// Where the suites leave what they counted: a file each, below cargo's target folder.
pub fn folder() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("score")
}

/// Leaves the counts of a suite. Only what everybody gets is a score: a run with another seed, or
/// a long one, leaves nothing.
///
/// # Panics
/// If the file cannot be written.
pub fn record(suite: &str, counts: &Value) {
    if posture_harness::seed::is_default() {
        fs::create_dir_all(folder()).expect("the target folder can be written");
        let path = folder().join(format!("{suite}.json"));
        fs::write(path, format!("{counts:#}\n")).expect("the target folder can be written");
    }
}
