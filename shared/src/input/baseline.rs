//! The file of `--baseline`.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::finding::baseline::Baseline;
use crate::model::error::{Error, Result};

/// Reads a baseline. `None` if there is no such file.
pub fn read(path: &Path) -> Result<Option<Baseline>> {
    if path.as_os_str() == "-" {
        return Err(refused(path, "name a file"));
    }
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(path, &error.to_string())),
    };
    Baseline::read(text.trim_start_matches('\u{feff}')).map(Some).map_err(|why| {
        refused(path, &why).hint("if it may go, remove it, and --update-baseline writes it anew")
    })
}

/// Writes a baseline, whole or not at all.
pub fn write(path: &Path, baseline: &Baseline) -> Result<()> {
    let failed = |error: io::Error| {
        Error::could_not_run(format!("cannot write the baseline {}", path.display()))
            .caused_by(error)
    };
    // What a link leads to is written, not the link.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let next = beside(path);
    fs::write(&next, baseline.write()).map_err(failed)?;
    fs::rename(&next, path).map_err(|error| {
        // What is left of it is of no use.
        drop(fs::remove_file(&next));
        failed(error)
    })
}

/// A name in the same folder, so that it can become the other in one step.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.next", std::process::id()));
    path.with_file_name(name)
}

fn refused(path: &Path, why: &str) -> Error {
    Error::usage(format!("--baseline {}: {why}", path.display()))
}
