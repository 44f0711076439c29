//! Changed files, put in the place of the old ones: as a whole, or not at all.
//!
//! What is written goes to a new file in the same folder, which then takes the old one's name. So
//! nobody ever reads half a file, and whatever goes wrong before leaves the old one as it was. A
//! link stays, and what it leads to is written. Mode, owner and group are kept; access control
//! lists and extended attributes are not.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::model::error::{Error, Result};
use crate::model::source::Source;

/// How many names for the new file are tried: each holds the process and a number, so that more
/// than one is taken only where somebody takes them on purpose.
const TRIES: usize = 100;

/// Puts a text in the place of a source, in its encoding. Fails, and leaves the file as it is,
/// where it is no longer what was read, holds what is no text, or cannot be replaced without loss
/// (see [`replace`]). The message is a clause that does not name the file.
pub fn write(source: &Source, after: &str) -> Result<()> {
    let Some(path) = source.path() else {
        return Err(refused("it was not read from a file"));
    };
    let encoded = |text: &str| {
        let bytes = source.encoding().encode(text);
        bytes.ok_or_else(|| refused("it holds bytes that are no text, and they would be lost"))
    };
    let (before, after) = (encoded(source.text())?, encoded(after)?);
    replace(path, |bytes| {
        if bytes == before { Ok(after) } else { Err(refused("it has changed since it was read")) }
    })
}

/// Puts another text in the place of a file's, in its encoding: `make` gets the one that it holds
/// now. Fails as [`replace`] does, and where the file holds what is no text.
pub fn replace_text(path: &Path, make: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    replace(path, |bytes| {
        let source = Source::new("", bytes.to_vec());
        let after = source.encoding().encode(&make(source.text())?);
        after.ok_or_else(|| refused("it holds bytes that are no text, and they would be lost"))
    })
}

/// Puts other bytes in the place of a file's: `make` gets what it holds now. Fails, and leaves the
/// file as it is, where `make` fails, it is no regular file, it is read-only, it goes by more names
/// than one (the others would keep the old file), its owner or group cannot be kept, the folder
/// takes no new file, the disk is full, or somebody else changes it meanwhile. The message is a
/// clause that does not name the file.
pub fn replace(path: &Path, make: impl FnOnce(&[u8]) -> Result<Vec<u8>>) -> Result<()> {
    let cannot_read = |error: io::Error| failed("it cannot be read", &error);
    let target = path.canonicalize().map_err(cannot_read)?;
    // Before it is opened: opening a pipe waits for whoever is at its other end.
    let seen = fs::metadata(&target).map_err(cannot_read)?;
    if !seen.is_file() {
        return Err(refused("it is no regular file"));
    }
    if seen.permissions().readonly() {
        return Err(refused("it is read-only"));
    }
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&target)
        .map_err(|error| failed("it cannot be written", &error))?;
    let seen = file.metadata().map_err(cannot_read)?;
    let names = identity::names(&seen);
    if names > 1 {
        let why = format!("it has {names} hard links, and the others would keep what it was");
        return Err(refused(why).hint("name one of them alone, or apply the diff with patch"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(cannot_read)?;
    drop(file);
    let after = make(&bytes)?;
    let draft = Draft::beside(&target)?;
    draft.fill(&after, &seen)?;
    let is_same = fs::symlink_metadata(&target)
        .is_ok_and(|now| identity::of(&now) == identity::of(&seen))
        && path.canonicalize().is_ok_and(|now| now == target);
    if !is_same {
        return Err(refused("somebody else changes it at this moment"));
    }
    draft.become_file(&target)
}

fn refused(why: impl Into<String>) -> Error {
    Error::could_not_run(why)
}

fn failed(what: &str, error: &io::Error) -> Error {
    Error::could_not_run(format!("{what}: {error}"))
}

/// A new file, which goes away unless it takes the place of another.
struct Draft {
    path: PathBuf,
    file: File,
    done: bool,
}

impl Draft {
    /// Makes one in the folder of a file. Its name is none that a folder of manifests is read by.
    fn beside(target: &Path) -> Result<Self> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let folder = target.parent().unwrap_or(Path::new("."));
        let cannot = |error: &io::Error| failed("its folder takes no new file", error);
        let mut options = OpenOptions::new();
        // Not one that is there already, and no link either.
        options.write(true).create_new(true);
        identity::keep_private(&mut options);
        for _ in 0..TRIES {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!(".kubectl-posture-{}-{number}", std::process::id()));
            match options.open(&path) {
                Ok(file) => return Ok(Self { path, file, done: false }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(cannot(&error)),
            }
        }
        Err(cannot(&ErrorKind::AlreadyExists.into()))
    }

    /// Writes what it holds, to the disk itself, and makes it as accessible as the other.
    fn fill(&self, bytes: &[u8], like: &Metadata) -> Result<()> {
        let mut file = &self.file;
        file.write_all(bytes).map_err(|error| failed("the new file cannot be written", &error))?;
        identity::keep(file, like).map_err(|error| {
            failed("its owner, group and mode cannot be kept", &error)
                .hint("run it as the owner of the file, or apply the diff with patch")
        })?;
        file.sync_all().map_err(|error| failed("the new file cannot be written", &error))
    }

    fn become_file(mut self, target: &Path) -> Result<()> {
        fs::rename(&self.path, target).map_err(|error| failed("it cannot be replaced", &error))?;
        self.done = true;
        if let Some(folder) = target.parent() {
            // It is done, whether or not a power failure would undo it: no reason to say that it
            // was not. Some systems do not let folders be opened at all.
            drop(File::open(folder).and_then(|folder| folder.sync_all()));
        }
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.done {
            // What failed before is the better message.
            drop(fs::remove_file(&self.path));
        }
    }
}

/// What tells one file from another, and one state of it from the next.
#[cfg(unix)]
mod identity {
    use std::fs::{File, Metadata, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};

    pub(super) fn of(metadata: &Metadata) -> [i128; 7] {
        [
            metadata.dev().into(),
            metadata.ino().into(),
            metadata.size().into(),
            metadata.mtime().into(),
            metadata.mtime_nsec().into(),
            metadata.ctime().into(),
            metadata.ctime_nsec().into(),
        ]
    }

    /// How many names the file goes by.
    pub(super) fn names(metadata: &Metadata) -> u64 {
        metadata.nlink()
    }

    /// Until it is known who may read it, nobody else does.
    pub(super) fn keep_private(options: &mut OpenOptions) {
        options.mode(0o600);
    }

    pub(super) fn keep(file: &File, like: &Metadata) -> io::Result<()> {
        let own = file.metadata()?;
        let user = (own.uid() != like.uid()).then(|| like.uid());
        let group = (own.gid() != like.gid()).then(|| like.gid());
        if user.is_some() || group.is_some() {
            fchown(file, user, group)?;
        }
        // After the owner, for whom the system takes some of its bits away.
        file.set_permissions(Permissions::from_mode(like.mode() & 0o7777))
    }
}

#[cfg(not(unix))]
mod identity {
    use std::fs::{File, Metadata, OpenOptions};
    use std::io;
    use std::time::SystemTime;

    pub(super) fn of(metadata: &Metadata) -> (u64, Option<SystemTime>) {
        (metadata.len(), metadata.modified().ok())
    }

    pub(super) fn names(_: &Metadata) -> u64 {
        1
    }

    pub(super) fn keep_private(_: &mut OpenOptions) {}

    /// A new file gets the access of its folder, as the old one had.
    pub(super) fn keep(_: &File, _: &Metadata) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    fn read(path: &Path) -> Source {
        Source::file(path, fs::read(path).expect("it is there"))
    }

    /// The names in a folder: no new file is ever left behind.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let name = |entry: io::Result<fs::DirEntry>| {
            entry.expect("an entry").file_name().to_string_lossy().into_owned()
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn replaces_a_file_and_keeps_its_encoding() {
        let folder = folder();
        let path = folder.path().join("x.yaml");
        for (before, after) in [
            (&b"a\n"[..], &b"b\n"[..]),
            (b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfb\n"),
            (b"\xff\xfea\0\n\0", b"\xff\xfeb\0\n\0"),
        ] {
            fs::write(&path, before).expect("written");
            write(&read(&path), "b\n").expect("it can be replaced");
            assert_eq!(fs::read(&path).expect("it is there"), after);
            let swap = |text: &str| Ok(text.replace('b', "a"));
            replace_text(&path, swap).expect("it can be replaced");
            assert_eq!(fs::read(&path).expect("it is there"), before);
            assert_eq!(names(folder.path()), ["x.yaml"]);
        }
    }

    #[test]
    fn refuses_what_it_would_damage() {
        let folder = folder();
        let path = folder.path().join("x.yaml");
        let why = |source: &Source| write(source, "b: 2\n").expect_err("refused").to_string();
        fs::write(&path, b"a: \xff").expect("written");
        assert_eq!(why(&read(&path)), "it holds bytes that are no text, and they would be lost");
        assert_eq!(fs::read(&path).expect("it is there"), b"a: \xff");
        fs::write(&path, "a: 1\n").expect("written");
        let source = read(&path);
        for other in ["a: 3\n", "\u{feff}a: 1\n", ""] {
            fs::write(&path, other).expect("written");
            assert_eq!(why(&source), "it has changed since it was read");
            assert_eq!(fs::read_to_string(&path).expect("it is there"), other);
        }
        fs::remove_file(&path).expect("removed");
        assert!(why(&source).starts_with("it cannot be read: "));
        assert_eq!(why(&Source::new("STDIN", Vec::new())), "it was not read from a file");
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn whoever_writes_meanwhile_is_not_overwritten() {
        let folder = folder();
        let path = folder.path().join("x.yaml");
        fs::write(&path, "a").expect("written");
        let outcome = replace(&path, |_| {
            fs::write(&path, "somebody else's").expect("written");
            Ok(b"ours".to_vec())
        });
        let why = outcome.expect_err("refused").to_string();
        assert_eq!(why, "somebody else changes it at this moment");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "somebody else's");
        assert_eq!(names(folder.path()), ["x.yaml"]);
    }

    #[test]
    fn a_read_only_file_stays() {
        let folder = folder();
        let path = folder.path().join("x.yaml");
        fs::write(&path, "a").expect("written");
        let mut permissions = fs::metadata(&path).expect("it is there").permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).expect("set");
        let why = write(&read(&path), "b").expect_err("refused").to_string();
        assert_eq!(why, "it is read-only");
        assert_eq!(names(folder.path()), ["x.yaml"]);
    }
}
