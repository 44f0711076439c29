//! Writes a snapshot while a command reads a cluster: page by page, nothing is kept in memory.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::record::{Asked, Entry, LookupGap, Record, Refusal, Server, Tool};
use super::{INDEX, KIND, UNFINISHED, manifest, read};
use crate::client::discovery::Discovery;
use crate::client::failure::Failure;
use crate::client::list::List;
use crate::finding::report::API_VERSION;
use crate::input::live::Arrival;
use crate::input::selection::resolve::Resolved;
use crate::model::clock::Clock;
use crate::model::error::{Error, Result};
use crate::model::gap::Gap;
use crate::model::object::Object;
use crate::model::version::Minor;

/// While it is written, what becomes [`INDEX`].
const NEXT_INDEX: &str = "snapshot.yaml.next";

/// What is known when a recording begins.
#[derive(Clone, Debug)]
pub struct Recording<'a> {
    /// `kubectl-pss`
    pub tool: &'a str,
    /// The release of the tool.
    pub version: &'a str,
    /// The context of the kubeconfig.
    pub context: Option<&'a str>,
    /// What the command line asks for.
    pub asked: Asked,
    /// Where the time comes from.
    pub clock: Clock,
}

/// A snapshot that is being written. Nothing is on disk before the cluster has answered, and
/// nothing that was there is lost before that.
#[derive(Debug)]
pub struct Recorder {
    dir: PathBuf,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    record: Record,
    lists: Vec<List>,
    /// What the command line asks for; what is read beside is context.
    asked: Vec<List>,
    /// Files of an earlier snapshot in the same place.
    old: BTreeSet<String>,
    begun: bool,
    /// The first thing that went wrong; nothing is written from then on.
    failed: Option<String>,
}

impl Recorder {
    /// Prepares a recording. Fails if something is in the directory that is no snapshot: it is
    /// never written over.
    pub fn new(dir: &Path, recording: Recording<'_>) -> Result<Self> {
        let old = occupied_by(dir)?;
        let record = Record {
            api_version: API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            tool: Tool { name: recording.tool.to_owned(), version: recording.version.to_owned() },
            time: recording.clock.now().to_string(),
            context: recording.context.map(str::to_owned),
            server: Server::default(),
            asked: recording.asked,
            lists: Vec::new(),
            lookup_gaps: Vec::new(),
            discovery: None,
            gaps: Vec::new(),
        };
        let (lists, asked) = (Vec::new(), Vec::new());
        let state = State { record, lists, asked, old, begun: false, failed: None };
        Ok(Self { dir: dir.to_owned(), state: RefCell::new(state) })
    }

    /// Takes notice of the release of the server, or of why it is not known.
    pub(in crate::input) fn server(&self, version: std::result::Result<Minor, &Failure>) {
        let server = match version {
            Ok(minor) => Server { version: Some(minor.to_string()), failure: None },
            Err(failure) => Server { version: None, failure: Some(failure.into()) },
        };
        self.state.borrow_mut().record.server = server;
    }

    /// Takes notice of what the words of the command line mean, and of what is known of the server.
    pub(in crate::input) fn resolved(&self, resolved: &Resolved, discovery: Option<&Discovery>) {
        let mut state = self.state.borrow_mut();
        state.asked.clone_from(&resolved.lists);
        state.record.lookup_gaps = resolved.gaps.iter().map(LookupGap::from).collect();
        state.record.discovery = discovery.map(Discovery::to_document);
    }

    /// Takes notice of lists that will be read; returns the position of the first one.
    pub(in crate::input) fn lists(&self, lists: &[List]) -> usize {
        let mut state = self.state.borrow_mut();
        let first = state.lists.len();
        let asked = |list| state.asked.contains(list);
        let entries = lists.iter().map(|list| Entry::new(list, asked(list))).collect::<Vec<_>>();
        state.record.lists.extend(entries);
        state.lists.extend_from_slice(lists);
        first
    }

    /// Takes notice of what comes of a list.
    pub(in crate::input) fn arrival(&self, position: usize, arrival: &Arrival) {
        let state = &mut *self.state.borrow_mut();
        if state.failed.is_some() {
            return;
        }
        let outcome = match arrival {
            Arrival::Objects(objects) => self.objects(state, position, objects),
            Arrival::Restart => self.restart(state, position),
            Arrival::Failed(failure) => {
                state.record.lists[position].failure = Some(Refusal::from(failure));
                Ok(())
            }
            Arrival::End => {
                state.record.lists[position].complete = true;
                Ok(())
            }
        };
        if let Err(error) = outcome {
            state.failed = Some(error.to_string());
        }
    }

    fn objects(&self, state: &mut State, position: usize, objects: &[Object]) -> io::Result<()> {
        if objects.is_empty() {
            return Ok(());
        }
        self.begin(state)?;
        let list = &state.lists[position];
        let written: Vec<String> =
            objects.par_iter().map(|object| manifest::of(object, list)).collect();
        let entry = &mut state.record.lists[position];
        let mut file = if let Some(name) = &entry.file {
            OpenOptions::new().append(true).open(self.dir.join(name))?
        } else {
            let name = file_name(position, entry);
            // Whoever takes this snapshot's place shall know whose file it is.
            let mut names = OpenOptions::new().append(true).open(self.dir.join(UNFINISHED))?;
            names.write_all(format!("{name}\n").as_bytes())?;
            let file = create(&self.dir.join(&name))?;
            entry.file = Some(name);
            file
        };
        for text in written {
            file.write_all(text.as_bytes())?;
            entry.objects += 1;
        }
        Ok(())
    }

    fn restart(&self, state: &mut State, position: usize) -> io::Result<()> {
        let entry = &mut state.record.lists[position];
        entry.objects = 0;
        match &entry.file {
            Some(name) => OpenOptions::new().write(true).open(self.dir.join(name))?.set_len(0),
            None => Ok(()),
        }
    }

    /// Makes room: from here on an earlier snapshot is gone.
    fn begin(&self, state: &mut State) -> io::Result<()> {
        if state.begun {
            return Ok(());
        }
        create_dir(&self.dir)?;
        let unfinished = self.dir.join(UNFINISHED);
        remove(&unfinished)?;
        let mut names = create(&unfinished)?;
        for name in &state.old {
            names.write_all(format!("{name}\n").as_bytes())?;
        }
        remove(&self.dir.join(INDEX))?;
        for name in &state.old {
            remove(&self.dir.join(name))?;
        }
        state.begun = true;
        Ok(())
    }

    /// Completes the snapshot; asks what the server serves if that is not known yet. Fails if
    /// anything of it could not be written.
    pub(in crate::input) fn finish(
        &self,
        gaps: &[Gap],
        discover: impl FnOnce() -> Option<Discovery>,
    ) -> Result<()> {
        let state = &mut *self.state.borrow_mut();
        let refused = |why: String| {
            Error::could_not_run(format!("--snapshot {}: {why}", self.dir.display()))
                .hint("the snapshot is not complete: take it again")
        };
        if let Some(why) = &state.failed {
            return Err(refused(why.clone()));
        }
        if state.record.discovery.is_none() {
            state.record.discovery = discover().as_ref().map(Discovery::to_document);
        }
        state.record.gaps = gaps.iter().filter_map(|gap| serde_json::to_value(gap).ok()).collect();
        let record =
            serde_json::to_value(&state.record).map_err(|error| refused(error.to_string()))?;
        let text = manifest::text(&record);
        let write = |state: &mut State| {
            self.begin(state)?;
            let next = self.dir.join(NEXT_INDEX);
            remove(&next)?;
            let mut file = create(&next)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&next, self.dir.join(INDEX))?;
            remove(&self.dir.join(UNFINISHED))
        };
        write(state).map_err(|error| refused(error.to_string()))
    }

    /// Where it is written to.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// The files of an earlier snapshot in a directory; none if there is no directory, or nothing in
/// it. Anything else in its place is an error.
fn occupied_by(dir: &Path) -> Result<BTreeSet<String>> {
    let refused = |why: &str| Error::usage(format!("--snapshot {}: {why}", dir.display()));
    let mut entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(refused(&error.to_string())),
    };
    if entries.next().is_none() {
        return Ok(BTreeSet::new());
    }
    let index = read::index(dir)?;
    let unfinished = fs::read_to_string(dir.join(UNFINISHED)).ok();
    if index.is_none() && unfinished.is_none() {
        return Err(refused("there is something in it that is no snapshot")
            .hint("name a directory that is empty or does not exist"));
    }
    let listed = index.into_iter().flat_map(|record| record.lists).filter_map(|entry| entry.file);
    let noted: Vec<String> = unfinished.unwrap_or_default().lines().map(str::to_owned).collect();
    Ok(listed.chain(noted).filter(|name| is_ours(name)).collect())
}

/// Whether a name is one that [`file_name`] makes: nothing else is ever read or removed, whatever
/// an index says.
pub(super) fn is_ours(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.starts_with(|first: char| first.is_ascii_digit())
        && Path::new(name).extension().is_some_and(|ending| ending == "yaml")
        && name.bytes().all(|byte| plain(byte) || matches!(byte, b'-' | b'.'))
}

/// `003-deployments.apps.yaml`; with the namespace, where the list is of one.
fn file_name(position: usize, entry: &Entry) -> String {
    let list = entry.list();
    let mut name = list.resource.qualified();
    let parts = [list.namespace.as_deref(), list.name.as_deref()];
    for part in parts.into_iter().flatten() {
        name.push('.');
        name.push_str(part);
    }
    if entry.metadata_only {
        name.push_str(".metadata");
    }
    let plain = |character: char| match character.to_ascii_lowercase() {
        lower @ ('a'..='z' | '0'..='9' | '-' | '.') => lower,
        _ => '-',
    };
    // File systems end names at 255 bytes.
    let name: String = name.chars().take(200).map(plain).collect();
    format!("{:03}-{name}.yaml", position + 1)
}

/// Makes a directory that only its owner can look into; one that is there stays as it is.
fn create_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Makes a file that only its owner can read. Fails if there is one.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::resource::Resource;

    #[test]
    fn names_of_files_lead_nowhere_else() {
        let pods = Resource::new("", "v1", "pods", "Pod", true);
        let list = List { name: Some("../../x".to_owned()), ..List::of(pods, Some("Team_A")) };
        let name = file_name(0, &Entry::new(&list, true));
        assert_eq!(name, "001-pods.team-a...-..-x.yaml");
        assert!(is_ours(&name));
        for name in ["", "a.yaml", "../001-pods.yaml", "001-pods.yml", "/001-pods.yaml", "0/x.yaml"]
        {
            assert!(!is_ours(name), "{name}");
        }
    }
}
