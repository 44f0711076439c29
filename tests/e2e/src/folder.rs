//! A folder of manifests for a run of our own.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

/// A new folder with these files: names, with folders on their way, and texts.
///
/// # Panics
/// If it cannot be written.
pub fn with(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    write(folder.path(), files);
    folder
}

/// Writes files into a folder.
///
/// # Panics
/// If they cannot be written.
pub fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }
}
