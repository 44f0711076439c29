//! The table of the releases whose default profiles are known, in the plugin's README.

use std::fmt::Write as _;

use kubectl_seccomp::defaults::version::Version;
use kubectl_seccomp::defaults::{Release, Runtime};

use crate::{Result, marked};

/// Writes the table.
pub(crate) fn write() -> Result<()> {
    let mut table = "| runtime | releases that were read |\n|---|---|\n".to_owned();
    for runtime in Runtime::ALL {
        let _ = writeln!(table, "| {runtime} | {} |", lines(runtime.releases()).join("; "));
    }
    marked::write("plugins/seccomp/README.md", "releases", &table)
}

/// The releases line after line: `1.3.0, .2, .5, .10`.
fn lines(releases: &[Release]) -> Vec<String> {
    let mut lines: Vec<(Option<(u32, u32)>, String)> = Vec::new();
    for release in releases {
        let line = release.version.map(Version::line);
        match lines.last_mut() {
            Some((last, text)) if last.is_some() && *last == line => {
                let short = release.name.rsplit('.').next().unwrap_or(&release.name);
                let _ = write!(text, ", .{short}");
            }
            _ => lines.push((line, release.name.clone())),
        }
    }
    lines.into_iter().map(|(_, text)| text).collect()
}
