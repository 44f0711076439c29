//! The undo file while changes are made: it is on the disk, whole, before each of them.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{FileUndo, ObjectUndo, Undo};
use crate::model::clock::{Clock, Time};
use crate::model::error::{Error, Result};
use crate::model::object::ObjectRef;

/// How many names of a default path are tried.
const NAMES: usize = 100;

/// An undo file that is being written. Nothing is on the disk before the first entry.
#[derive(Debug)]
pub struct Record {
    path: PathBuf,
    undo: Undo,
    is_written: bool,
}

impl Record {
    /// Prepares an undo file. Fails if there is something at its path: it may be what takes
    /// earlier changes back.
    pub fn new(path: &Path, undo: Undo) -> Result<Self> {
        if fs::symlink_metadata(path).is_ok() {
            let why = format!("{}: there is a file already", path.display());
            return Err(Error::usage(why).hint("name another one with --undo-file"));
        }
        Ok(Self { path: path.to_owned(), undo, is_written: false })
    }

    /// Takes notice of changes of objects that are about to be made. They must not be made where
    /// this fails.
    pub fn objects(&mut self, entries: Vec<ObjectUndo>) -> Result<()> {
        let before = self.undo.objects.len();
        self.undo.objects.extend(entries);
        self.write().inspect_err(|_| self.undo.objects.truncate(before))
    }

    /// Takes notice of a change of a file that is about to be made. It must not be made where this
    /// fails.
    pub fn file(&mut self, entry: FileUndo) -> Result<()> {
        self.undo.files.push(entry);
        self.write().inspect_err(|_| drop(self.undo.files.pop()))
    }

    /// As [`Self::file`], for many files at once.
    pub fn files(&mut self, entries: Vec<FileUndo>) -> Result<()> {
        let count = self.undo.files.len();
        self.undo.files.extend(entries);
        self.write().inspect_err(|_| self.undo.files.truncate(count))
    }

    /// The last change of each of these objects has surely not been made. Without an entry there is
    /// no file. If this fails the file holds more than it needs to, which does no harm.
    pub fn forget(&mut self, objects: &[ObjectRef]) -> Result<()> {
        let before = self.undo.objects.len();
        for object in objects {
            let of_object = |entry: &ObjectUndo| entry.reference() == *object;
            if let Some(position) = self.undo.objects.iter().rposition(of_object) {
                self.undo.objects.remove(position);
            }
        }
        if self.undo.objects.len() == before { Ok(()) } else { self.rewrite() }
    }

    /// The last change of this file has surely not been made.
    pub fn forget_file(&mut self, path: &Path) -> Result<()> {
        let of_file = |entry: &FileUndo| Path::new(&entry.path) == path;
        if let Some(position) = self.undo.files.iter().rposition(of_file) {
            self.undo.files.remove(position);
            self.rewrite()?;
        }
        Ok(())
    }

    /// Where the file lies; `None` while there is none.
    pub fn path(&self) -> Option<&Path> {
        self.is_written.then_some(self.path.as_path())
    }

    fn rewrite(&mut self) -> Result<()> {
        if self.undo.objects.is_empty() && self.undo.files.is_empty() {
            fs::remove_file(&self.path).map_err(|error| self.failed(&error))?;
            self.is_written = false;
            return Ok(());
        }
        self.write()
    }

    fn write(&mut self) -> Result<()> {
        let text = self.undo.to_text()?;
        put(&self.path, &text).map_err(|error| self.failed(&error))?;
        self.is_written = true;
        Ok(())
    }

    fn failed(&self, error: &io::Error) -> Error {
        Error::could_not_run(format!("the undo file {}: {error}", self.path.display()))
            .hint("name another place with --undo-file")
    }
}

/// Puts a file in its place as a whole: only its owner may read it, or look into the folders that
/// are made for it.
fn put(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let mut name = OsString::from(".");
    name.push(path.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    name.push(format!(".{}", std::process::id()));
    let draft = folder.join(name);
    let outcome = fill(&draft, text).and_then(|()| fs::rename(&draft, path));
    if outcome.is_err() {
        drop(fs::remove_file(&draft));
    }
    outcome?;
    // Where the system lets folders be opened.
    drop(File::open(folder).and_then(|folder| folder.sync_all()));
    Ok(())
}

fn fill(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Where an undo file goes: where somebody has said, or where [`default_path`] says. Fails where
/// nobody does.
pub(in crate::patch) fn path(said: Option<&Path>, tool: &str, clock: Clock) -> Result<PathBuf> {
    match said {
        Some(path) => Ok(path.to_owned()),
        None => default_path(tool, clock.now()).ok_or_else(|| {
            Error::usage("there is no home folder for the undo file")
                .hint("say where it goes with --undo-file")
        }),
    }
}

/// Where an undo file goes if nobody says: below `$XDG_STATE_HOME`, or `~/.local/state`; `None`
/// without either. A name that is not taken.
fn default_path(tool: &str, time: Time) -> Option<PathBuf> {
    let absolute =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| {
        let home = if cfg!(windows) { absolute("USERPROFILE") } else { absolute("HOME") };
        Some(home?.join(".local").join("state"))
    })?;
    Some(free_name(&state.join("kubectl-posture").join("undo"), tool, time))
}

/// `2026-11-21T19-47-16Z-kubectl-seccomp.yaml`: some systems take no colons.
fn free_name(folder: &Path, tool: &str, time: Time) -> PathBuf {
    let stem = format!("{}-{tool}", time.to_string().replace(':', "-"));
    let taken = |path: &PathBuf| fs::symlink_metadata(path).is_ok();
    let numbered = (2..NAMES).map(|number| folder.join(format!("{stem}-{number}.yaml")));
    let first = folder.join(format!("{stem}.yaml"));
    std::iter::once(first.clone()).chain(numbered).find(|path| !taken(path)).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> ObjectUndo {
        ObjectUndo {
            api_version: "v1".to_owned(),
            kind: "Pod".to_owned(),
            namespace: Some("a".to_owned()),
            name: name.to_owned(),
            resource: "pods".to_owned(),
            operations: Vec::new(),
        }
    }

    fn record(path: &Path) -> Record {
        Record::new(path, Undo::new("kubectl-x", Clock::System)).expect("nothing is there")
    }

    #[test]
    fn the_file_always_holds_what_was_announced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/er/undo.yaml");
        let mut record = record(&path);
        assert_eq!(record.path(), None);
        assert!(!path.exists());
        for name in ["p", "q"] {
            record.objects(vec![entry(name)]).expect("written");
            let last = Undo::read(&path).expect("an undo file").objects.pop();
            assert_eq!(last, Some(entry(name)));
        }
        record.forget(&[entry("p").reference()]).expect("written");
        assert_eq!(Undo::read(&path).expect("an undo file").objects, [entry("q")]);
        record.forget(&[entry("q").reference()]).expect("removed");
        assert!(!path.exists() && record.path().is_none());
        let left = fs::read_dir(path.parent().expect("a folder")).expect("it is there");
        assert_eq!(left.count(), 0);
    }

    #[test]
    #[cfg(unix)]
    fn only_its_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/er/undo.yaml");
        record(&path).objects(vec![entry("p")]).expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode();
        assert_eq!(mode(&path) & 0o777, 0o600);
        assert_eq!(mode(&folder.path().join("deep")) & 0o777, 0o700);
        assert_eq!(mode(&folder.path().join("deep/er")) & 0o777, 0o700);
    }

    #[test]
    fn no_file_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("undo.yaml");
        fs::write(&path, "").expect("written");
        let refused = Record::new(&path, Undo::new("kubectl-x", Clock::System));
        assert!(refused.expect_err("it is there").to_string().contains("there is a file"));
        let blocked = path.join("undo.yaml");
        let error = record(&blocked).objects(vec![entry("p")]).expect_err("a file is no folder");
        assert!(error.to_string().starts_with("the undo file "), "{error}");
    }

    #[test]
    fn names_are_free() {
        let folder = tempfile::tempdir().expect("a folder");
        let time: Time = "2026-11-21T19:47:16Z".parse().expect("a time");
        let name = || {
            let path = free_name(folder.path(), "kubectl-x", time);
            fs::write(&path, "").expect("written");
            path.file_name().expect("a name").to_string_lossy().into_owned()
        };
        assert_eq!(name(), "2026-11-21T19-47-16Z-kubectl-x.yaml");
        assert_eq!(name(), "2026-11-21T19-47-16Z-kubectl-x-2.yaml");
    }
}
