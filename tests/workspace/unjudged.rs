//! The last test target of the workspace. Where the judged suites did not run, it says which
//! these are and how they are run: a green test run must not look like more than it is.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

/// The feature that the judged suites require.
const JUDGED: &str = "judged";

#[expect(
    clippy::print_stdout,
    reason = "it is a test target without a harness: this is its output"
)]
fn main() {
    if cfg!(feature = "judged") {
        return;
    }
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/Cargo.toml");
    let text = fs::read_to_string(manifest).unwrap_or_default();
    let suites = judged_suites(&text);
    println!("\nNot run, for want of their judges:");
    for suite in &suites {
        println!("    {suite}");
    }
    println!("tests/run builds the judges (it needs Go) and runs everything.\n");
}

/// The names of the test targets that require the feature.
fn judged_suites(manifest: &str) -> Vec<String> {
    let manifest: Table = manifest.parse().unwrap_or_default();
    let tests = manifest.get("test").and_then(Value::as_array).cloned().unwrap_or_default();
    tests
        .iter()
        .filter(|test| {
            let features = test.get("required-features").and_then(Value::as_array);
            features.is_some_and(|list| list.iter().any(|item| item.as_str() == Some(JUDGED)))
        })
        .filter_map(|test| Some(test.get("name")?.as_str()?.to_owned()))
        .collect()
}
