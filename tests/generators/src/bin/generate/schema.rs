//! The file that holds the JSON schema of the report.

use std::fs;

use posture_generators::schema;

use crate::{Result, in_repository};

const FILE: &str = "tests/schema/report-v1.json";

/// Writes the schema.
pub(crate) fn write() -> Result<()> {
    let text = schema::report().map_err(|error| error.to_string())?;
    let path = in_repository(FILE);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("{FILE}: {error}"))?;
    }
    fs::write(path, text).map_err(|error| format!("{FILE}: {error}"))
}
