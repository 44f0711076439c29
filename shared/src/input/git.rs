//! Manifests as they were at a revision of git: the `git` program tells their names and their
//! bytes. Nothing is checked out, and nothing of the repository runs.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;

use super::files::{EXTENSIONS, FileArgs, MAX_INPUT_BYTES, file_gap};
use super::glob;
use crate::model::error::{Error, Result};
use crate::model::gap::Gap;
use crate::model::source::Source;

/// Something in the tree of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    kind: Kind,
    /// The object's name.
    id: String,
    /// From the root of the repository.
    path: String,
}

/// What something in a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Directory,
    Link,
    Submodule,
}

/// The tree of a revision, seen from a folder of the working tree.
struct Revision {
    /// A folder that exists: git is run there.
    folder: PathBuf,
    /// Where that is, from the root of the repository; ends with a slash, or is empty.
    prefix: String,
    /// As it was written.
    name: String,
    /// The tree that it means.
    tree: String,
}

/// What one value of `-f` names at a revision.
struct Named {
    revision: Revision,
    /// From the root of the repository; empty for the root itself.
    path: String,
    /// As it was written.
    written: String,
}

/// Reads what the arguments name, as they were at a revision: sources in the order of the command
/// line, and a gap for each file that could not be read. Fails where there is no repository, no
/// such revision, or no git.
pub fn read(revision: &str, args: &FileArgs) -> Result<(Vec<Arc<Source>>, Vec<Gap>)> {
    let (mut sources, mut gaps) = (Vec::new(), Vec::new());
    for name in &args.names {
        let named = Named::new(revision, name)?;
        let found = named.files(args.recursive, &mut gaps)?;
        named.revision.read(&found, &mut sources, &mut gaps)?;
    }
    Ok((sources, gaps))
}

/// Whether a revision has something where a value of `-f` points. Fails as [`read`] does.
pub fn is_there(revision: &str, name: &str) -> Result<bool> {
    let named = Named::new(revision, name)?;
    Ok(!named.roots(&named.revision.entries()?).is_empty())
}

/// A path of `git:REV:PATH`, which starts at the root of the repository around the current folder
/// unless it starts with `./` or `../`, as a path that can stand behind `-f`. Fails where there is
/// no repository.
pub fn from_root(path: &str) -> Result<String> {
    if path.starts_with("./") || path.starts_with("../") || matches!(path, "." | "..") {
        return Ok(path.to_owned());
    }
    let root = text_of(&git(Path::new("."), &["rev-parse", "--show-cdup"])?);
    Ok(format!("{root}{}", path.trim_start_matches('/')))
}

impl Named {
    fn new(revision: &str, name: &str) -> Result<Self> {
        if name == "-" {
            return Err(Error::usage(format!("git:{revision}: standard input is at no revision")));
        }
        // Git runs in a folder that exists: what is named may have gone since.
        let given = Path::new(name);
        let mut folder = given;
        while !folder.as_os_str().is_empty() && !folder.is_dir() {
            folder = folder.parent().unwrap_or(Path::new(""));
        }
        let rest = given.strip_prefix(folder).unwrap_or(given);
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let revision = Revision::new(folder, revision)?;
        let mut path: Vec<&str> =
            revision.prefix.split('/').filter(|part| !part.is_empty()).collect();
        for part in rest.components() {
            match part {
                Component::Normal(part) => path.push(part.to_str().unwrap_or_default()),
                Component::ParentDir if path.pop().is_none() => {
                    return Err(Error::usage(format!("{name} leads out of the repository")));
                }
                _ => {}
            }
        }
        let path = path.join("/");
        Ok(Self { revision, path, written: name.to_owned() })
    }

    /// The entries that are meant: the one of that path, or those that the pattern matches. `None`
    /// stands for the root of the repository.
    fn roots<'e>(&self, entries: &'e [Entry]) -> Vec<Option<&'e Entry>> {
        if self.path.is_empty() {
            return vec![None];
        }
        let own: Vec<_> =
            entries.iter().filter(|entry| entry.path == self.path).map(Some).collect();
        if !own.is_empty() || !glob::has_meta(&self.path) {
            return own;
        }
        let pattern: Vec<&str> = self.path.split('/').collect();
        let matches = |entry: &&Entry| {
            let parts: Vec<&str> = entry.path.split('/').collect();
            let each = || pattern.iter().zip(&parts);
            parts.len() == pattern.len() && each().all(|(own, part)| glob::matches(own, part))
        };
        entries.iter().filter(matches).map(Some).collect()
    }

    /// The files that are meant: as for files on the disk, of directories those with the endings
    /// of manifests, and below their first level only where that is asked for.
    fn files(&self, recursive: bool, gaps: &mut Vec<Gap>) -> Result<Vec<Entry>> {
        let entries = self.revision.entries()?;
        let roots = self.roots(&entries);
        let shown = |path: &str| self.revision.shown(path);
        if roots.is_empty() {
            let why =
                format!("the path {:?} does not exist at {}", self.written, self.revision.name);
            gaps.push(file_gap(&shown(&self.path), why, ""));
        }
        let mut found = Vec::new();
        for root in roots {
            let inside = match root {
                Some(entry) if entry.kind != Kind::Directory => {
                    found.push(entry.clone());
                    continue;
                }
                Some(entry) => format!("{}/", entry.path),
                None => String::new(),
            };
            let before = found.len() + gaps.len();
            for entry in &entries {
                let Some(rest) = entry.path.strip_prefix(&inside) else { continue };
                let below = !recursive && rest.contains('/');
                let is_own = rest.rsplit('/').next() == Some(super::ignore::NAME);
                if below || is_own || entry.kind == Kind::Directory {
                    continue;
                }
                if entry.kind == Kind::Submodule {
                    if recursive {
                        let why = "a submodule: its files are in a repository of their own";
                        gaps.push(file_gap(&shown(&entry.path), why, "compare it by itself"));
                    }
                } else if has_ending(rest) {
                    found.push(entry.clone());
                }
            }
            if found.len() + gaps.len() == before {
                let hint = if recursive { "" } else { "add -R to search below it" };
                let why = "no .json, .yaml or .yml file in this directory";
                gaps.push(file_gap(&shown(inside.trim_end_matches('/')), why, hint));
            }
        }
        Ok(found)
    }
}

fn has_ending(path: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|ending| EXTENSIONS.iter().any(|known| ending == *known))
}

impl Revision {
    fn new(folder: &Path, name: &str) -> Result<Self> {
        let prefix = text_of(&git(folder, &["rev-parse", "--show-prefix"])?);
        let wanted = format!("{name}^{{tree}}");
        let found =
            run(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])?;
        let tree = found.map(|printed| text_of(&printed)).map_err(|_| {
            Error::could_not_run(format!("git:{name}: the repository has no such revision"))
                .hint("a shallow clone has only its newest commits: git fetch --unshallow, or fetch that one")
        })?;
        Ok(Self { folder: folder.to_owned(), prefix, name: name.to_owned(), tree })
    }

    /// How a file is named in places.
    fn shown(&self, path: &str) -> String {
        format!("git:{}:{path}", self.name)
    }

    /// Everything in the tree, in the order of `filepath.Walk`.
    fn entries(&self) -> Result<Vec<Entry>> {
        let listed = git(&self.folder, &["ls-tree", "-r", "-t", "-z", "--full-tree", &self.tree])?;
        let mut entries = Vec::new();
        for line in listed.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
            let line = String::from_utf8_lossy(line);
            let parsed = line.split_once('\t').and_then(|(head, path)| {
                let mut words = head.split(' ');
                let kind = match (words.next()?, words.next()?) {
                    ("120000", _) => Kind::Link,
                    (_, "tree") => Kind::Directory,
                    (_, "commit") => Kind::Submodule,
                    _ => Kind::File,
                };
                Some(Entry { kind, id: words.next()?.to_owned(), path: path.to_owned() })
            });
            entries.extend(parsed);
        }
        // By names, folder by folder: git sorts a folder as if its name ended with a slash.
        entries.sort_by(|one, other| one.path.split('/').cmp(other.path.split('/')));
        Ok(entries)
    }

    /// Reads files, and what links lead to.
    fn read(
        &self,
        entries: &[Entry],
        sources: &mut Vec<Arc<Source>>,
        gaps: &mut Vec<Gap>,
    ) -> Result<()> {
        let line_breaks = |entry: &&Entry| entry.path.contains('\n');
        for entry in entries.iter().filter(line_breaks) {
            let why = "a name with a line break in it";
            gaps.push(file_gap(&self.shown(&entry.path), why, ""));
        }
        let plain: Vec<&Entry> = entries.iter().filter(|entry| !line_breaks(entry)).collect();
        if plain.is_empty() {
            return Ok(());
        }
        // Links by path: only so does git know where they lead.
        let questions = plain.iter().map(|entry| {
            if entry.kind == Kind::Link {
                format!("{}:{}\n", self.tree, entry.path)
            } else {
                format!("{}\n", entry.id)
            }
        });
        let questions: String = questions.collect();
        let mut child = start(&self.folder, &["cat-file", "--batch", "--follow-symlinks"])?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else {
            return Err(Error::could_not_run("git cannot be talked to"));
        };
        // Git answers while it reads: who writes must not wait for who reads.
        let writing = thread::spawn(move || stdin.write_all(questions.as_bytes()));
        let mut answers = BufReader::new(stdout);
        for entry in plain {
            match answer(&mut answers) {
                Ok(Answer::File(bytes)) => {
                    sources.push(Arc::new(Source::new(self.shown(&entry.path), bytes)));
                }
                // As on the disk, links to folders are not followed.
                Ok(Answer::Other) => {}
                Ok(Answer::Refused(why)) => {
                    gaps.push(file_gap(&self.shown(&entry.path), why, ""));
                }
                Err(error) => {
                    let why = format!("git cat-file: {error}");
                    return Err(Error::could_not_run(why));
                }
            }
        }
        drop(answers);
        drop(writing.join());
        drop(child.wait());
        Ok(())
    }
}

/// What git says about one object.
enum Answer {
    File(Vec<u8>),
    /// A folder.
    Other,
    Refused(String),
}

/// One answer of `git cat-file --batch --follow-symlinks`.
fn answer(from: &mut impl BufRead) -> io::Result<Answer> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ended too early"));
    }
    let line = line.trim_end_matches('\n');
    let size = line.rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
    let word = line.split(' ').next().unwrap_or_default();
    match (word, size) {
        // `dangling LENGTH`, and the name that was asked for on a line.
        ("dangling" | "loop" | "notdir", Some(size)) => {
            skip(from, size)?;
            return Ok(Answer::Refused("a link that leads nowhere".to_owned()));
        }
        ("symlink", Some(size)) => {
            skip(from, size)?;
            return Ok(Answer::Refused("a link that leads out of the repository".to_owned()));
        }
        _ => {}
    }
    let Some(size) = size.filter(|_| !line.ends_with(" missing")) else {
        return Ok(Answer::Refused("git does not have it: a partial clone?".to_owned()));
    };
    if !line.contains(" blob ") {
        skip(from, size)?;
        return Ok(Answer::Other);
    }
    if size > MAX_INPUT_BYTES {
        skip(from, size)?;
        return Ok(Answer::Refused(format!("larger than {MAX_INPUT_BYTES} bytes")));
    }
    let mut bytes = Vec::new();
    from.take(size).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != size {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ended too early"));
    }
    skip(from, 0)?;
    Ok(Answer::File(bytes))
}

/// Passes over bytes and the line break behind them.
fn skip(from: &mut impl BufRead, size: u64) -> io::Result<()> {
    io::copy(&mut from.take(size + 1), &mut io::sink()).map(drop)
}

/// What git prints, less the line break at the end.
fn text_of(printed: &[u8]) -> String {
    let text = String::from_utf8_lossy(printed);
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}

/// Runs git to its end. Fails with its own words.
fn git(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>> {
    run(folder, arguments)?.map_err(|said| {
        let cause = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
        let cause = cause.trim_start_matches("fatal: ");
        Error::could_not_run(format!("git in {}: {cause}", folder.display()))
    })
}

/// Runs git to its end: what it prints, or what it says where it fails.
fn run(folder: &Path, arguments: &[&str]) -> Result<std::result::Result<Vec<u8>, String>> {
    let output = command(folder, arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| not_started(&error))?;
    Ok(if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    })
}

fn start(folder: &Path, arguments: &[&str]) -> Result<Child> {
    let mut command = command(folder, arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().map_err(|error| not_started(&error))
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments);
    // Plain words, no locks, no questions.
    command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0");
    command
}

fn not_started(error: &io::Error) -> Error {
    Error::could_not_run(format!("cannot run git: {error}"))
        .hint("git:REV needs git on the path; or name directories with --from and --to")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(text: &str) -> Vec<String> {
        let mut from = text.as_bytes();
        let mut said = Vec::new();
        while !from.is_empty() {
            said.push(match answer(&mut from) {
                Ok(Answer::File(bytes)) => String::from_utf8(bytes).expect("text"),
                Ok(Answer::Other) => "other".to_owned(),
                Ok(Answer::Refused(why)) => why,
                Err(error) => {
                    said.push(error.to_string());
                    break;
                }
            });
        }
        said
    }

    #[test]
    fn answers_are_read_whatever_is_in_them() {
        let text = "1 blob 4\na\nb\n\n2 tree 3\n\0\n1\ndangling 5\nx:a b\n3 missing\nsymlink 2\n..\n4 blob 0\n\n";
        assert_eq!(
            answers(text),
            [
                "a\nb\n",
                "other",
                "a link that leads nowhere",
                "git does not have it: a partial clone?",
                "a link that leads out of the repository",
                "",
            ]
        );
        assert_eq!(answers("1 blob 9\nshort"), ["it ended too early"]);
    }

    #[test]
    fn a_folder_comes_before_what_its_name_begins() {
        let mut paths = ["a-b", "a/c", "a.yaml", "a"];
        paths.sort_by(|one: &&str, other| one.split('/').cmp(other.split('/')));
        assert_eq!(paths, ["a", "a/c", "a-b", "a.yaml"]);
    }
}
