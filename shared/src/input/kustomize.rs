//! `-k`: kubectl's own kustomize, run by kubectl itself.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::model::error::{Error, Result};
use crate::model::source::Source;

/// What `kubectl kustomize DIR` prints, as a source named after the directory.
///
/// kubectl is found as plugins are told to: `KUBECTL_PATH` (set by kubectl 1.37 and later), then
/// `kubectl` on the path. Fails with the last line of what it says when it fails.
pub fn build(dir: &str) -> Result<Arc<Source>> {
    let kubectl =
        std::env::var_os("KUBECTL_PATH").map_or_else(|| PathBuf::from("kubectl"), PathBuf::from);
    let output =
        Command::new(&kubectl).arg("kustomize").arg(dir).stdin(Stdio::null()).output().map_err(
            |error| {
                Error::could_not_run(format!("-k {dir}: cannot run {}: {error}", kubectl.display()))
                    .hint("-k needs kubectl on the path; or build elsewhere and use -f -")
            },
        )?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let cause = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason given");
        return Err(Error::could_not_run(format!("-k {dir}: {}", plain(cause))));
    }
    Ok(Arc::new(Source::new(format!("kustomize:{dir}"), output.stdout)))
}

/// kubectl's cause without what its log puts around it.
fn plain(line: &str) -> &str {
    match line.split_once(" err=") {
        Some((_, cause)) => cause.trim_matches('"'),
        None => line.trim_start_matches("error: "),
    }
}
