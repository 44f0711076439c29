//! The verbs, one a file: load, analyse, report.

mod assumed;
pub mod check;
pub mod check_ns;
mod chosen;
pub mod diff;
pub mod explain;
mod findings;
pub mod fix;
mod gate;
pub mod judge;
mod meant;
mod namespace_report;
mod namespace_table;
mod namespaces;
pub mod overview;
pub mod patches;
pub mod policies;
pub mod required;
pub mod rights;
mod scan;
pub mod standing;
pub mod verdict;

use posture::finding::report::Tool;

/// Who writes reports.
fn tool(program: &str, verb: &str) -> Tool {
    Tool::new(program, env!("CARGO_PKG_VERSION"), verb)
}
