//! Paths and texts: this repository, or a small tree written down in one file.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

/// Folders that are not ours to check: what is built, and what breaks the rules on purpose.
const SKIPPED: [&str; 6] = [
    "target",
    "tests/fuzz/target",
    "tests/fuzz/artifacts",
    "tests/fuzz/corpus",
    "tests/fixtures",
    "tests/workspace/violations",
];

/// The files whose text a rule reads.
const READ: [&str; 3] = [".rs", ".toml", ".md"];

/// Files by their path from the root, with `/` between folders. Of files that no rule reads the
/// text is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// The repository at `root`, without what is built and without dot-folders.
    pub fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            if name.starts_with('.') || SKIPPED.contains(&path.as_str()) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                self.read_folder(&entry.path(), &path)?;
            } else {
                let read = READ.iter().any(|end| name.ends_with(end));
                let text = if read { fs::read_to_string(entry.path())? } else { String::new() };
                self.files.insert(path, text);
            }
        }
        Ok(())
    }

    /// Adds the files that `text` holds, each after a line `-- PATH --`; those that are there
    /// already are replaced.
    pub fn add(&mut self, text: &str) {
        let mut path = None;
        for line in text.lines() {
            let header = line.strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --"));
            if let Some(header) = header {
                self.files.insert(header.to_owned(), String::new());
                path = Some(header.to_owned());
            } else if let Some(text) = path.as_ref().and_then(|path| self.files.get_mut(path)) {
                text.push_str(line);
                text.push('\n');
            }
        }
    }

    /// Every path with its text, in order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The Rust files.
    pub fn rust_files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| is_rust(path))
    }

    /// The text of a file, if it is there.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether a file is there.
    pub fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }
}

/// Whether a path is that of a Rust file.
pub(crate) fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

/// The folder of a path, and its last part.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// A path below a folder; the empty folder is the root.
pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
