//! `-f`: files, directories, patterns and standard input, as kubectl takes them.

use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::{git, glob};
use crate::model::error::{Error, Result};
use crate::model::gap::Gap;
use crate::model::source::Source;

/// The name that kubectl gives to standard input.
pub const STDIN: &str = "STDIN";

/// The largest input that is read at once.
pub const MAX_INPUT_BYTES: u64 = 2 << 30;

/// The endings that kubectl looks for in directories; a file that is named is read whatever its
/// ending.
pub(super) const EXTENSIONS: [&str; 3] = ["json", "yaml", "yml"];

/// What `-f` and `-R` said.
#[derive(Clone, Debug, Default)]
pub struct FileArgs {
    /// The values of `-f`, comma lists already split.
    pub names: Vec<String>,
    /// Whether directories are searched below their first level.
    pub recursive: bool,
    /// The revision of git at which they are read; none as they lie on the disk.
    pub revision: Option<String>,
}

/// Reads everything that was named: sources in the order of the command line, and a gap for each
/// file that could not be read. A mistake in the arguments themselves is an error.
pub fn read(args: &FileArgs) -> Result<(Vec<Arc<Source>>, Vec<Gap>)> {
    if let Some(revision) = &args.revision {
        return git::read(revision, args);
    }
    let mut sources = Vec::new();
    let mut gaps = Vec::new();
    let mut stdin_read = false;
    for name in &args.names {
        if name == "-" {
            // kubectl reads it once, however often it is named.
            if !stdin_read {
                stdin_read = true;
                keep(read_stdin(), &mut sources, &mut gaps);
            }
            continue;
        }
        if name.starts_with("http://") || name.starts_with("https://") {
            return Err(Error::usage(format!("-f {name}: addresses are not fetched"))
                .hint(format!("fetch it yourself: curl -sSL {name} | … -f -")));
        }
        for path in paths(name, args.recursive, &mut gaps) {
            keep(read_file(&path), &mut sources, &mut gaps);
        }
    }
    Ok((sources, gaps))
}

fn keep(
    outcome: std::result::Result<Source, Gap>,
    sources: &mut Vec<Arc<Source>>,
    gaps: &mut Vec<Gap>,
) {
    match outcome {
        Ok(source) => sources.push(Arc::new(source)),
        Err(gap) => gaps.push(gap),
    }
}

pub(super) fn file_gap(name: &str, why: impl Into<String>, hint: &str) -> Gap {
    Gap {
        what: "file".to_owned(),
        place: None,
        object: Some(name.to_owned()),
        why: why.into(),
        hint: hint.to_owned(),
    }
}

/// Whether something lies where a value of `-f` points; a pattern must match something.
pub fn is_there(name: &str) -> bool {
    name == "-" || Path::new(name).symlink_metadata().is_ok() || !glob::expand(name).is_empty()
}

/// The files behind one value of `-f`.
fn paths(name: &str, recursive: bool, gaps: &mut Vec<Gap>) -> Vec<PathBuf> {
    let path = Path::new(name);
    let mut found = Vec::new();
    let roots =
        if path.symlink_metadata().is_ok() { vec![path.to_owned()] } else { glob::expand(name) };
    if roots.is_empty() {
        gaps.push(file_gap(name, format!("the path {name:?} does not exist"), ""));
    }
    for root in roots {
        if root.is_dir() {
            let before = found.len() + gaps.len();
            // As Go cleans paths: `./x/` becomes `x`.
            let clean: PathBuf =
                root.components().filter(|part| *part != Component::CurDir).collect();
            walk(&clean, recursive, &mut found, gaps);
            if found.len() + gaps.len() == before {
                let hint = if recursive { "" } else { "add -R to search below it" };
                let why = "no .json, .yaml or .yml file in this directory";
                gaps.push(file_gap(&root.to_string_lossy(), why, hint));
            }
        } else {
            found.push(root);
        }
    }
    found
}

/// Collects the manifests of a directory in the order of their names, as `filepath.Walk` does.
/// Like there, links to directories are not followed.
fn walk(dir: &Path, recursive: bool, found: &mut Vec<PathBuf>, gaps: &mut Vec<Gap>) {
    let listed = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let mut entries: Vec<_> = match std::fs::read_dir(listed) {
        Ok(entries) => entries.filter_map(std::result::Result::ok).collect(),
        Err(error) => {
            gaps.push(file_gap(&dir.to_string_lossy(), error.to_string(), ""));
            return;
        }
    };
    entries.sort_unstable_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = dir.join(entry.file_name());
        if entry.file_name() == super::ignore::NAME {
            // What should not count is said there: no manifest.
            continue;
        }
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if recursive {
                walk(&path, recursive, found, gaps);
            }
        } else if path
            .extension()
            .is_some_and(|ending| EXTENSIONS.iter().any(|known| ending == *known))
            && !path.is_dir()
        {
            // Reading a pipe that nobody writes to would never end.
            if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
                gaps.push(file_gap(
                    &path.to_string_lossy(),
                    "not a regular file",
                    "name it with -f to read it all the same",
                ));
            } else {
                found.push(path);
            }
        }
    }
}

fn read_file(path: &Path) -> std::result::Result<Source, Gap> {
    let name = path.to_string_lossy().into_owned();
    let refuse = |error: std::io::Error| file_gap(&name, error.to_string(), "");
    let file = std::fs::File::open(path).map_err(refuse)?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    read_limited(&name, file, size).map(|bytes| Source::file(path, bytes))
}

fn read_stdin() -> std::result::Result<Source, Gap> {
    read_limited(STDIN, std::io::stdin().lock(), 0).map(|bytes| Source::new(STDIN, bytes))
}

fn read_limited(
    name: &str,
    reader: impl std::io::Read,
    size: u64,
) -> std::result::Result<Vec<u8>, Gap> {
    let too_large = || file_gap(name, format!("larger than {MAX_INPUT_BYTES} bytes"), "split it");
    if size > MAX_INPUT_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    match reader.take(MAX_INPUT_BYTES + 1).read_to_end(&mut bytes) {
        Ok(read) if read as u64 > MAX_INPUT_BYTES => Err(too_large()),
        Ok(_) => Ok(bytes),
        Err(error) => Err(file_gap(name, error.to_string(), "")),
    }
}
