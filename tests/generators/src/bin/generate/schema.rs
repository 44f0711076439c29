//! The files that hold the JSON schemas of the reports.

use std::fs;

use posture_generators::schema;

use crate::{Result, in_repository};

const REPORT: &str = "tests/schema/report-v1.json";
const NAMESPACES: &str = "tests/schema/namespaces-v1.json";
const DIFFERENCE: &str = "tests/schema/diff-v1.json";
const NETPOL_MAP: &str = "tests/schema/netpol-map-v1.json";
const NETPOL_TRACE: &str = "tests/schema/netpol-trace-v1.json";
const PLAN: &str = "tests/schema/plan-v1.json";
const SECCOMP_EXPLANATION: &str = "tests/schema/seccomp-explanation-v1.json";
const SECCOMP_REPORT: &str = "tests/schema/seccomp-report-v1.json";

/// Writes the schemas.
pub(crate) fn write() -> Result<()> {
    let schemas = [
        (REPORT, schema::report()),
        (NAMESPACES, schema::namespaces()),
        (DIFFERENCE, schema::difference()),
        (NETPOL_MAP, schema::netpol_map()),
        (NETPOL_TRACE, schema::netpol_trace()),
        (PLAN, schema::plan()),
        (SECCOMP_EXPLANATION, schema::seccomp_explanation()),
        (SECCOMP_REPORT, schema::seccomp_report()),
    ];
    for (file, made) in schemas {
        let text = made.map_err(|error| error.to_string())?;
        let path = in_repository(file);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| format!("{file}: {error}"))?;
        }
        fs::write(path, text).map_err(|error| format!("{file}: {error}"))?;
    }
    Ok(())
}
