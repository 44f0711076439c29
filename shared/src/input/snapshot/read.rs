//! Answers from a snapshot: the same lists, the same refusals, the same release.

use std::collections::{BTreeSet, VecDeque};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::{Asked, Entry, Record, Refusal};
use super::write::is_ours;
use super::{INDEX, KIND, UNFINISHED};
use crate::client::discovery::Discovery;
use crate::client::failure::{Failure, FailureKind};
use crate::client::list::List;
use crate::finding::report::API_VERSION;
use crate::input::live::Arrival;
use crate::input::selection::resolve::Resolved;
use crate::input::yaml;
use crate::model::clock::{Clock, Time};
use crate::model::error::{Error, Result};
use crate::model::gap::Gap;
use crate::model::object::Object;
use crate::model::path::FieldPath;
use crate::model::source::Source;
use crate::model::version::Minor;

/// How much of a file is parsed at once, in bytes; a document is never cut.
const BATCH_BYTES: usize = 4 << 20;

/// The largest index that is read.
const MAX_INDEX_BYTES: u64 = 256 << 20;

/// A cluster as it was when a command looked at it.
#[derive(Debug)]
pub struct Snapshot {
    dir: PathBuf,
    record: Record,
    time: Time,
}

impl Snapshot {
    /// Opens the snapshot that one of the values of `-f` names: its directory, or `snapshot.yaml`
    /// in it. `None` if none of them does. Fails if it is not complete, or not the only value.
    pub fn named(names: &[String]) -> Result<Option<Self>> {
        for name in names {
            let path = Path::new(name);
            let dir = match path.parent() {
                Some(parent) if path.file_name().is_some_and(|file| file == INDEX) => parent,
                _ => path,
            };
            let Some(record) = index(dir)? else {
                if path == dir && dir.join(UNFINISHED).is_file() {
                    return Err(Error::could_not_run(format!(
                        "{name}: the snapshot is not complete: {INDEX} is missing"
                    ))
                    .hint("take it again with --snapshot"));
                }
                continue;
            };
            if names.len() > 1 {
                return Err(Error::usage(format!("{name} is a snapshot: it stands alone"))
                    .hint("name nothing else with -f"));
            }
            let time = record.time.parse().map_err(|why: String| {
                Error::could_not_run(format!("{}: time: {why}", dir.join(INDEX).display()))
            })?;
            return Ok(Some(Self { dir: dir.to_owned(), record, time }));
        }
        Ok(None)
    }

    /// What the same verb of the same tool asked for when it was taken, if it was taken by that.
    pub fn asked(&self, tool: &str, verb: &str) -> Option<&Asked> {
        let record = &self.record;
        (record.tool.name == tool && record.asked.verb == verb).then_some(&record.asked)
    }

    /// What the words of the command line meant when it was taken.
    pub fn resolved(&self) -> Resolved {
        let asked = self.record.lists.iter().filter(|entry| entry.asked);
        Resolved {
            lists: asked.map(Entry::list).collect(),
            warnings: Vec::new(),
            gaps: self.record.lookup_gaps.iter().map(Gap::from).collect(),
        }
    }

    /// What the server served. Fails if that was not to be found out.
    pub fn discovery(&self) -> Result<Discovery> {
        let document = self.record.discovery.as_ref().map(Discovery::of_document);
        document.ok_or_else(|| {
            Error::could_not_run("the snapshot does not say which types the server had")
                .hint("leave out TYPE to see everything in it")
        })
    }

    /// The context of the kubeconfig.
    pub fn context(&self) -> Option<&str> {
        self.record.context.as_deref()
    }

    /// The clock of what looks at it: it stands still at the time of the recording.
    pub fn clock(&self) -> Clock {
        Clock::Fixed(self.time)
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The release that the server behaved as, or why it is not known.
    pub fn server_version(&self) -> std::result::Result<Minor, Failure> {
        let server = &self.record.server;
        if let Some(failure) = &server.failure {
            return Err(failure.into());
        }
        let version = server.version.as_deref().and_then(|version| version.parse().ok());
        version.ok_or_else(|| Failure {
            kind: FailureKind::NotRecorded,
            message: "the snapshot does not say it".to_owned(),
            status: None,
        })
    }

    /// Reads lists as they were; arrivals carry the position of their list, one list after the
    /// other. What was not recorded ends as a failure, after what is known of it.
    pub fn read(&self, lists: Vec<List>) -> impl Iterator<Item = (usize, Arrival)> + '_ {
        lists.into_iter().enumerate().flat_map(|(position, list)| {
            Reading::new(self, list).map(move |arrival| (position, arrival))
        })
    }

    /// Which entries hold what a list asks for, and how it ends.
    fn plan(&self, want: &List) -> (VecDeque<&Entry>, End) {
        let entries = &self.record.lists;
        if let Some(entry) = entries.iter().find(|entry| same(&entry.list(), want)) {
            let end = match &entry.failure {
                Some(refusal) => End::Failed(refusal.into()),
                None if entry.complete => End::Complete,
                None => End::Failed(not_recorded("it was not read to its end".to_owned())),
            };
            return (VecDeque::from([entry]), end);
        }
        if let Some(entry) = entries.iter().find(|entry| entry.complete && covers(entry, want)) {
            return (VecDeque::from([entry]), End::Complete);
        }
        let related: VecDeque<&Entry> = entries.iter().filter(|entry| helps(entry, want)).collect();
        let mut wider = entries.iter().filter(|entry| covers(entry, want));
        let why = wider.find_map(|entry| entry.failure.as_ref());
        let failure = not_recorded(match why {
            Some(Refusal { message, .. }) => format!("not in the snapshot: {message}"),
            None => "not in the snapshot: nobody asked for it when it was taken".to_owned(),
        });
        (related, End::Failed(failure))
    }
}

/// What `snapshot.yaml` in a directory says; `None` if there is none, or one of another kind.
pub(super) fn index(dir: &Path) -> Result<Option<Record>> {
    let path = dir.join(INDEX);
    let refused = |why: String| Error::could_not_run(format!("{}: {why}", path.display()));
    match fs::metadata(&path) {
        Ok(metadata) if metadata.len() > MAX_INDEX_BYTES => {
            return Err(refused(format!("larger than {MAX_INDEX_BYTES} bytes")));
        }
        Ok(metadata) if metadata.is_file() => {}
        _ => return Ok(None),
    }
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(error.to_string())),
    };
    let source = Arc::new(Source::new(path.to_string_lossy(), bytes));
    let mut documents = yaml::read(&source).into_iter();
    let (Some(Ok(document)), None) = (documents.next(), documents.next()) else { return Ok(None) };
    let root = document.tree.root();
    let says =
        |key: &str, text: &str| root.get(key).is_some_and(|value| value.as_str() == Some(text));
    // Other kinds of the same name are manifests like any other.
    if !says("kind", KIND) || !says("apiVersion", API_VERSION) {
        return Ok(None);
    }
    let record = serde_json::from_value(root.to_json());
    record.map(Some).map_err(|error| refused(format!("no snapshot that is known here: {error}")))
}

/// Whether two lists ask for the same; how large their pages are is of no concern.
fn same(one: &List, other: &List) -> bool {
    let other = List { page: one.page, ..other.clone() };
    *one == other
}

/// Whether the objects of an entry are all that a list asks for, and maybe more.
fn covers(entry: &Entry, want: &List) -> bool {
    let have = entry.list();
    let wider = |have: &Option<String>, want: &Option<String>| have.is_none() || have == want;
    helps(entry, want)
        && (!have.resource.namespaced || wider(&have.namespace, &want.namespace))
        && wider(&have.name, &want.name)
        && have.label_selector == want.label_selector
        && have.field_selector == want.field_selector
}

/// Whether an entry may hold something of what a list asks for.
fn helps(entry: &Entry, want: &List) -> bool {
    let have = entry.list();
    let chosen = |have: &Option<String>, want: &Option<String>| want.is_none() || have == want;
    have.resource == want.resource
        && (want.metadata_only || !have.metadata_only)
        // Nobody here can tell which objects a selector would have chosen.
        && chosen(&have.label_selector, &want.label_selector)
        && chosen(&have.field_selector, &want.field_selector)
}

fn not_recorded(message: String) -> Failure {
    Failure { kind: FailureKind::NotRecorded, message, status: None }
}

/// How a list ends.
#[derive(Debug)]
enum End {
    Complete,
    Failed(Failure),
    /// It has.
    Over,
}

/// One list while it is read.
struct Reading<'a> {
    dir: &'a Path,
    want: List,
    entries: VecDeque<&'a Entry>,
    current: Option<Batches>,
    /// The objects that have come, where several entries may hold the same.
    seen: Option<BTreeSet<(Option<String>, String)>>,
    found: bool,
    end: End,
}

impl<'a> Reading<'a> {
    fn new(snapshot: &'a Snapshot, want: List) -> Self {
        let (entries, end) = snapshot.plan(&want);
        let seen = (entries.len() > 1).then(BTreeSet::new);
        Self { dir: &snapshot.dir, want, entries, current: None, seen, found: false, end }
    }

    /// What the list asks for, of the objects of an entry that may hold more.
    fn keep(&mut self, objects: Vec<Object>) -> Vec<Object> {
        let (want, seen) = (&self.want, &mut self.seen);
        let resource = &want.resource;
        let namespace = want.namespace.as_deref().filter(|_| resource.namespaced);
        let kept = objects.into_iter().filter_map(|mut object| {
            let meant = namespace.is_none_or(|namespace| object.namespace() == Some(namespace))
                && want.name.as_ref().is_none_or(|name| object.name() == name);
            let key = || (object.namespace().map(str::to_owned), object.name().to_owned());
            let new = meant && seen.as_mut().is_none_or(|seen| seen.insert(key()));
            object.inherit(resource.api_version(), resource.kind.clone());
            new.then_some(object)
        });
        let kept: Vec<Object> = kept.collect();
        self.found |= !kept.is_empty();
        kept
    }

    fn last(&mut self) -> Option<Arrival> {
        match std::mem::replace(&mut self.end, End::Over) {
            End::Over => None,
            End::Failed(failure) => Some(Arrival::Failed(failure)),
            End::Complete => match &self.want.name {
                Some(name) if !self.found => Some(Arrival::Failed(Failure {
                    kind: FailureKind::NotFound,
                    message: format!("{} \"{name}\" not found", self.want.resource.qualified()),
                    status: Some(404),
                })),
                _ => Some(Arrival::End),
            },
        }
    }
}

impl Iterator for Reading<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        loop {
            let Some(batches) = &mut self.current else {
                let Some(entry) = self.entries.pop_front() else { return self.last() };
                match Batches::open(self.dir, entry) {
                    Ok(batches) => self.current = batches,
                    Err(failure) => self.end = End::Failed(failure),
                }
                continue;
            };
            match batches.next() {
                Some(Ok(objects)) => {
                    let objects = self.keep(objects);
                    if !objects.is_empty() {
                        return Some(Arrival::Objects(objects));
                    }
                }
                Some(Err(failure)) => {
                    self.current = None;
                    self.end = End::Failed(failure);
                }
                None => self.current = None,
            }
        }
    }
}

/// The objects of a file, a few at a time.
struct Batches {
    name: String,
    reader: BufReader<File>,
    /// How many objects are still to come.
    left: usize,
    over: bool,
}

impl Batches {
    /// `None` if the entry has no objects.
    fn open(dir: &Path, entry: &Entry) -> std::result::Result<Option<Self>, Failure> {
        let Some(name) = &entry.file else {
            return if entry.objects == 0 { Ok(None) } else { Err(damaged(INDEX, "no file")) };
        };
        if !is_ours(name) {
            return Err(damaged(INDEX, "the name of a file is none that a snapshot has"));
        }
        let file = File::open(dir.join(name)).map_err(|error| damaged(name, &error.to_string()))?;
        let reader = BufReader::with_capacity(1 << 16, file);
        Ok(Some(Self { name: name.clone(), reader, left: entry.objects, over: false }))
    }

    fn batch(&mut self) -> std::result::Result<Option<Vec<Object>>, Failure> {
        // The separator went with the batch before; without it JSON would be taken for a stream of
        // JSON.
        let mut bytes = b"---\n".to_vec();
        loop {
            let start = bytes.len();
            let read = self.reader.read_until(b'\n', &mut bytes);
            let read = read.map_err(|error| damaged(&self.name, &error.to_string()))?;
            if read == 0 {
                self.over = true;
                break;
            }
            // What begins the next document may as well end this batch.
            if bytes.len() > BATCH_BYTES && bytes[start..].starts_with(b"---") {
                break;
            }
        }
        let source = Arc::new(Source::live(bytes));
        let mut objects = Vec::new();
        for outcome in yaml::read(&source) {
            let document = outcome.map_err(|gap| damaged(&self.name, &gap.why))?;
            let (tree, path) = (document.tree, FieldPath::root());
            let root = tree.root().id();
            objects.push(Object::new(tree, root, path, None));
        }
        let Some(left) = self.left.checked_sub(objects.len()) else {
            return Err(damaged(&self.name, "it holds more objects than were recorded"));
        };
        self.left = left;
        if self.over && left > 0 {
            return Err(damaged(&self.name, &format!("{left} of its objects are missing")));
        }
        Ok((!objects.is_empty()).then_some(objects))
    }
}

impl Iterator for Batches {
    type Item = std::result::Result<Vec<Object>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.over {
            match self.batch() {
                Ok(None) => {}
                Ok(Some(objects)) => return Some(Ok(objects)),
                Err(failure) => {
                    self.over = true;
                    return Some(Err(failure));
                }
            }
        }
        None
    }
}

fn damaged(name: &str, why: &str) -> Failure {
    Failure {
        kind: FailureKind::Broken,
        message: format!("{name} of the snapshot is damaged: {why}"),
        status: None,
    }
}
