//! What is written comes back, and nothing else is read, removed or written over.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::*;
use crate::client::failure::{Failure, FailureKind};
use crate::client::list::List;
use crate::client::resource::Resource;
use crate::input::live::Arrival;
use crate::input::selection::resolve::Resolved;
use crate::input::yaml;
use crate::model::clock::Clock;
use crate::model::error::ErrorKind;
use crate::model::object::Object;
use crate::model::path::FieldPath;
use crate::model::source::Source;
use crate::model::version::Minor;

const TIME: &str = "2026-11-21T13:40:43Z";

/// A directory that goes when the test ends.
struct Dir(std::path::PathBuf);

impl Dir {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("posture-snapshot-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("a directory");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<String> =
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn open(&self) -> Snapshot {
        let named = Snapshot::named(&[self.0.to_string_lossy().into_owned()]);
        named.expect("it can be read").expect("it is a snapshot")
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn pods() -> Resource {
    Resource::new("", "v1", "pods", "Pod", true)
}

fn namespaces() -> Resource {
    Resource::new("", "v1", "namespaces", "Namespace", false)
}

fn objects(values: &[Value], list: &List) -> Arrival {
    let object = |value: &Value| {
        let source = Arc::new(Source::live(value.to_string().into_bytes()));
        let document = yaml::read(&source).remove(0).expect("JSON");
        let root = document.tree.root().id();
        let mut object = Object::new(document.tree, root, FieldPath::root(), None);
        object.inherit(list.resource.api_version(), list.resource.kind.clone());
        object
    };
    Arrival::Objects(values.iter().map(object).collect())
}

fn pod(namespace: &str, name: &str) -> Value {
    json!({ "metadata": { "namespace": namespace, "name": name } })
}

fn forbidden() -> Failure {
    let message = "pods is forbidden: User \"x\" cannot list it".to_owned();
    Failure { kind: FailureKind::Forbidden, message, status: Some(403) }
}

fn recorder(dir: &Path) -> crate::model::error::Result<Recorder> {
    let asked = Asked { verb: "check".to_owned(), ..Asked::default() };
    let clock = Clock::Fixed(TIME.parse().expect("a time"));
    let (tool, version, context) = ("kubectl-x", "1.2.3", Some("c"));
    Recorder::new(dir, Recording { tool, version, context, asked, clock })
}

/// Records lists with what came of them.
fn record(dir: &Dir, lists: &[List], arrivals: Vec<(usize, Arrival)>) {
    let recorder = recorder(&dir.0).expect("room");
    let resolved = Resolved { lists: lists.to_vec(), ..Resolved::default() };
    recorder.resolved(&resolved, None);
    recorder.server(Ok(Minor(35)));
    assert_eq!(recorder.lists(lists), 0);
    for (position, arrival) in arrivals {
        recorder.arrival(position, &arrival);
    }
    recorder.finish(&[], || None).expect("it is written");
}

/// The names of what a list reads from a snapshot, and how it ends.
fn read(snapshot: &Snapshot, list: List) -> (Vec<String>, Option<Failure>) {
    let (mut names, mut end) = (Vec::new(), None);
    for (position, arrival) in snapshot.read(vec![list]) {
        assert_eq!(position, 0);
        assert!(end.is_none(), "nothing comes behind the end");
        match arrival {
            Arrival::Objects(objects) => {
                names.extend(objects.iter().map(|object| object.name().to_owned()));
            }
            Arrival::Failed(failure) => end = Some(Some(failure)),
            Arrival::End => end = Some(None),
            Arrival::Restart => panic!("a replay begins once"),
        }
    }
    (names, end.expect("an end"))
}

#[test]
fn lists_come_back_as_they_were() {
    let dir = Dir::new();
    let everywhere = List::of(pods(), None);
    let one = List { name: Some("b".to_owned()), ..List::of(namespaces(), None) };
    let refused = List::of(pods(), Some("c"));
    let lists = [everywhere.clone(), one.clone(), refused.clone()];
    record(
        &dir,
        &lists,
        vec![
            (0, objects(&[pod("a", "lost")], &everywhere)),
            (1, objects(&[json!({ "metadata": { "name": "b" } })], &one)),
            (1, Arrival::End),
            (0, Arrival::Restart),
            (0, objects(&[pod("a", "1"), pod("b", "2")], &everywhere)),
            (2, Arrival::Failed(forbidden())),
            (0, objects(&[pod("b", "3")], &everywhere)),
            (0, Arrival::End),
        ],
    );
    assert_eq!(dir.names(), ["001-pods.yaml", "002-namespaces.b.yaml", "snapshot.yaml"]);
    let snapshot = dir.open();
    assert_eq!(snapshot.context(), Some("c"));
    assert_eq!(snapshot.clock().now().to_string(), TIME);
    assert_eq!(snapshot.server_version().expect("it is known"), Minor(35));
    assert_eq!(snapshot.resolved().lists, lists);
    assert_eq!(snapshot.asked("kubectl-x", "check").expect("its own").namespace, None);
    assert!(snapshot.asked("kubectl-x", "diff").is_none());
    assert_eq!(read(&snapshot, everywhere).0, ["1", "2", "3"]);
    assert_eq!(read(&snapshot, one).0, ["b"]);
    let (names, failure) = read(&snapshot, refused);
    let failure = failure.expect("it was refused");
    assert_eq!((names.len(), failure.message), (0, forbidden().message));
    assert_eq!((failure.kind, failure.status), (FailureKind::Forbidden, Some(403)));
}

#[test]
fn a_wider_list_answers_for_a_narrower_one() {
    let dir = Dir::new();
    let lists = [List::of(pods(), None), List::of(namespaces(), None)];
    let names = [json!({ "metadata": { "name": "a" } }), json!({ "metadata": { "name": "b" } })];
    record(
        &dir,
        &lists,
        vec![
            (0, objects(&[pod("a", "1"), pod("b", "2"), pod("b", "3")], &lists[0])),
            (0, Arrival::End),
            (1, objects(&names, &lists[1])),
            (1, Arrival::End),
        ],
    );
    let snapshot = dir.open();
    let of = |list: List| {
        let (names, failure) = read(&snapshot, list);
        (names, failure.map(|failure| failure.kind))
    };
    assert_eq!(of(List::of(pods(), Some("b"))), (vec!["2".to_owned(), "3".to_owned()], None));
    assert_eq!(of(List::of(pods(), Some("none"))), (vec![], None));
    let object_of = |resource, namespace, name: &str| List {
        name: Some(name.to_owned()),
        ..List::of(resource, namespace)
    };
    assert_eq!(of(object_of(pods(), Some("b"), "3")), (vec!["3".to_owned()], None));
    let missing = object_of(pods(), Some("b"), "1");
    assert_eq!(of(missing.clone()), (vec![], Some(FailureKind::NotFound)));
    let said = read(&snapshot, missing).1.map(|failure| failure.message);
    assert_eq!(said.as_deref(), Some("pods \"1\" not found"));
    assert_eq!(of(object_of(namespaces(), None, "b")), (vec!["b".to_owned()], None));
    let metadata = List { metadata_only: true, ..List::of(pods(), Some("a")) };
    assert_eq!(of(metadata), (vec!["1".to_owned()], None));
    let selected = List { label_selector: Some("a=b".to_owned()), ..List::of(pods(), Some("b")) };
    assert_eq!(of(selected), (vec![], Some(FailureKind::NotRecorded)));
}

#[test]
fn what_was_not_recorded_is_a_failure_beside_what_was() {
    let dir = Dir::new();
    let selected = List { label_selector: Some("x".to_owned()), ..List::of(pods(), Some("b")) };
    let metadata = List { metadata_only: true, ..List::of(pods(), None) };
    let lists = [List::of(pods(), Some("a")), selected, metadata, List::of(pods(), Some("c"))];
    record(
        &dir,
        &lists,
        vec![
            (0, objects(&[pod("a", "1")], &lists[0])),
            (0, Arrival::End),
            (1, objects(&[pod("b", "2")], &lists[1])),
            (1, Arrival::End),
            (2, objects(&[pod("a", "1"), pod("b", "2"), pod("b", "3")], &lists[2])),
            (2, Arrival::End),
            (3, Arrival::Failed(forbidden())),
        ],
    );
    let snapshot = dir.open();
    let (names, failure) = read(&snapshot, List::of(pods(), None));
    // The objects of which only metadata is known are no pods to judge.
    assert_eq!(names, ["1", "2"]);
    let why = "not in the snapshot: nobody asked for it when it was taken";
    assert_eq!(failure.map(|failure| failure.message).as_deref(), Some(why));
    let web = List { name: Some("web".to_owned()), ..List::of(pods(), Some("c")) };
    let failure = read(&snapshot, web).1.expect("it is not there");
    assert_eq!(failure.kind, FailureKind::NotRecorded);
    assert!(failure.message.ends_with(&forbidden().message), "{failure}");
    let deployments = Resource::new("apps", "v1", "deployments", "Deployment", true);
    assert!(read(&snapshot, List::of(deployments, None)).1.is_some());
}

#[test]
fn secrets_stay_out_of_every_file() {
    let dir = Dir::new();
    let secrets = Resource::new("", "v1", "secrets", "Secret", true);
    let lists = [List::of(secrets, None), List::of(pods(), None)];
    let annotations = json!({ "kubectl.kubernetes.io/last-applied-configuration": "canary" });
    let secret = json!({
        "metadata": { "name": "s", "annotations": annotations, "managedFields": ["canary"] },
        "data": { "password": "canary" },
    });
    let pod = json!({
        "metadata": { "name": "p", "annotations": annotations },
        "spec": { "ephemeralContainers": [{ "env": [{ "name": "KEPT", "value": "canary" }] }] },
    });
    record(&dir, &lists, vec![(0, objects(&[secret], &lists[0])), (1, objects(&[pod], &lists[1]))]);
    let texts: String = dir
        .names()
        .iter()
        .map(|name| fs::read_to_string(dir.0.join(name)).expect("text"))
        .collect();
    assert!(!texts.contains("canary"), "{texts}");
    assert!(texts.contains("password") && texts.contains("KEPT"), "{texts}");
    // Neither list has come to its end.
    assert_eq!(read(&dir.open(), lists[0].clone()).0, ["s"]);
    assert!(read(&dir.open(), lists[0].clone()).1.is_some());
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = Dir::new();
    let list = List::of(pods(), None);
    record(&dir, std::slice::from_ref(&list), vec![(0, objects(&[pod("a", "1")], &list))]);
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&dir.0), 0o700);
    assert_eq!(dir.names().len(), 2);
    for name in dir.names() {
        assert_eq!(mode(&dir.0.join(&name)), 0o600, "{name}");
    }
}

#[test]
fn only_a_snapshot_is_written_over() {
    let dir = Dir::new();
    fs::create_dir(&dir.0).expect("room");
    let lists = [List::of(pods(), None), List::of(namespaces(), None)];
    let both = |lists: &[List]| {
        vec![
            (0, objects(&[pod("a", "1")], &lists[0])),
            (1, objects(&[pod("", "b")], &lists[1])),
            (0, Arrival::End),
            (1, Arrival::End),
        ]
    };
    // An empty directory will do.
    record(&dir, &lists, both(&lists));
    fs::write(dir.0.join("mine.yaml"), "kept").expect("room");
    // Before anything has come, the old one stands.
    let pending = recorder(&dir.0).expect("a snapshot");
    pending.lists(&lists);
    pending.arrival(0, &Arrival::Failed(forbidden()));
    assert_eq!(read(&dir.open(), lists[0].clone()).0, ["1"]);
    pending.arrival(1, &objects(&[pod("", "c")], &lists[1]));
    let unfinished = ["002-namespaces.yaml", "mine.yaml", "snapshot.unfinished"];
    assert_eq!(dir.names(), unfinished);
    let name = dir.0.to_string_lossy().into_owned();
    let error = Snapshot::named(std::slice::from_ref(&name)).expect_err("it is not complete");
    assert_eq!(error.kind(), ErrorKind::CouldNotRun);
    assert!(error.to_string().contains("not complete"), "{error}");
    // What was left unfinished is a snapshot's all the same.
    record(&dir, &lists[..1], vec![(0, Arrival::End)]);
    assert_eq!(dir.names(), ["mine.yaml", "snapshot.yaml"]);
    fs::remove_file(dir.0.join("snapshot.yaml")).expect("it is there");
    let error = recorder(&dir.0).expect_err("somebody else's");
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(recorder(&dir.0.join("mine.yaml")).is_err());
}

#[test]
fn other_kinds_of_the_same_name_are_manifests() {
    let dir = Dir::new();
    fs::create_dir(&dir.0).expect("room");
    let name = || vec![dir.0.to_string_lossy().into_owned()];
    for text in
        ["", "a: [", "kind: Snapshot\napiVersion: storage/v1\n", "kind: Snapshot\n---\n{}\n"]
    {
        fs::write(dir.0.join("snapshot.yaml"), text).expect("room");
        assert!(Snapshot::named(&name()).expect("no error").is_none(), "{text}");
        assert!(recorder(&dir.0).is_err(), "{text}");
    }
    fs::write(dir.0.join("snapshot.yaml"), "kind: Snapshot\napiVersion: posture/v1\n")
        .expect("room");
    assert_eq!(Snapshot::named(&name()).expect_err("broken").kind(), ErrorKind::CouldNotRun);
    assert!(Snapshot::named(&["-".to_owned(), "x.yaml".to_owned()]).expect("no error").is_none());
}

#[test]
fn a_snapshot_stands_alone_and_is_named_by_its_index_too() {
    let dir = Dir::new();
    record(&dir, &[List::of(pods(), None)], vec![(0, Arrival::End)]);
    let name = dir.0.to_string_lossy().into_owned();
    let error = Snapshot::named(&["x.yaml".to_owned(), name.clone()]).expect_err("two inputs");
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(Snapshot::named(&[format!("{name}/snapshot.yaml")]).expect("no error").is_some());
}

#[test]
fn damage_is_noticed() {
    let dir = Dir::new();
    let list = List::of(pods(), None);
    let pods = [pod("a", "1"), pod("a", "2")];
    record(&dir, std::slice::from_ref(&list), vec![(0, objects(&pods, &list)), (0, Arrival::End)]);
    let file = dir.0.join("001-pods.yaml");
    let whole = fs::read_to_string(&file).expect("text");
    assert!(read(&dir.open(), list.clone()).1.is_none());
    let second = whole.rfind("---").expect("a separator");
    for (text, why) in [
        (whole[..second].to_owned(), "1 of its objects are missing"),
        (format!("{whole}---\na: 1\n"), "it holds more objects than were recorded"),
        (format!("{whole}---\na: [\n"), "did not find expected"),
    ] {
        fs::write(&file, text).expect("room");
        let failure = read(&dir.open(), list.clone()).1.expect("damage");
        assert!(failure.message.contains(why), "{failure}");
    }
    fs::remove_file(&file).expect("it is there");
    assert!(read(&dir.open(), list.clone()).1.is_some());
    // An index leads to no file of anybody else's.
    let index = fs::read_to_string(dir.0.join("snapshot.yaml")).expect("text");
    let leading = index.replace("001-pods.yaml", "../../etc/hostname.yaml");
    fs::write(dir.0.join("snapshot.yaml"), leading).expect("room");
    let failure = read(&dir.open(), list).1.expect("damage");
    assert!(failure.message.contains("none that a snapshot has"), "{failure}");
}

#[test]
fn long_files_are_read_in_parts() {
    let dir = Dir::new();
    let list = List::of(pods(), None);
    let filling = "x".repeat(100_000);
    let large = |number: usize| {
        // Every third one is written as JSON.
        let odd = if number.is_multiple_of(3) { "\u{202e}" } else { "" };
        json!({ "metadata": { "name": format!("p{number}"), "labels": { "x": format!("{filling}{odd}") } } })
    };
    let pages: Vec<(usize, Arrival)> = (0..10)
        .map(|page| {
            let values: Vec<Value> = (0..20).map(|number| large(page * 20 + number)).collect();
            (0, objects(&values, &list))
        })
        .chain([(0, Arrival::End)])
        .collect();
    record(&dir, std::slice::from_ref(&list), pages);
    let mut batches = 0;
    let mut names = Vec::new();
    for (_, arrival) in dir.open().read(vec![list]) {
        match arrival {
            Arrival::Objects(objects) => {
                batches += 1;
                names.extend(objects.iter().map(|object| object.name().to_owned()));
            }
            Arrival::End => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(batches >= 4, "{batches}");
    assert_eq!(names, (0..200).map(|number| format!("p{number}")).collect::<Vec<_>>());
}

#[test]
fn an_unknown_release_stays_unknown() {
    let dir = Dir::new();
    let unknown = recorder(&dir.0).expect("room");
    unknown.server(Err(&forbidden()));
    unknown.finish(&[], || None).expect("it is written");
    let failure = dir.open().server_version().expect_err("it is not known");
    assert_eq!(failure.kind, FailureKind::Forbidden);
    let silent = recorder(&dir.0).expect("a snapshot");
    silent.finish(&[], || None).expect("it is written");
    assert_eq!(dir.open().server_version().expect_err("unknown").kind, FailureKind::NotRecorded);
}
