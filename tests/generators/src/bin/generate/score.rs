//! The score in the README: what the judged suites left behind.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use posture_harness::score::{Score, folder};

use crate::{Result, marked};

/// Writes the table.
pub(crate) fn write() -> Result<()> {
    let none = |error| format!("no scores in {}: {error}; run tests/run", folder().display());
    let mut files: Vec<PathBuf> = fs::read_dir(folder())
        .map_err(none)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    let mut table = "| what | compared | differences |\n|---|--:|--:|\n".to_owned();
    for path in files {
        let read = fs::read_to_string(&path).map_err(|error| error.to_string());
        let score: Score = read
            .and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let _ = writeln!(table, "| {} | {} | {} |", score.what, score.compared, score.differences);
    }
    marked::write("README.md", "score", &table)
}
