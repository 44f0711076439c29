//! Changes over a wire that fails: nothing is done twice or unnoticed, and the undo file is there
//! before anything is changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use posture::client::connection::Connection;
use posture::patch::live::{Options, Outcome, carry_out};
use posture::patch::undo::Undo;
use posture_e2e::change::{Scripted, deployment, deployments, options, plan, target};
use posture_e2e::live;
use posture_harness::cluster::{ADMIN, Cluster, Namespace};
use posture_harness::proxy::{Fault, Proxy, Reply, Request, Rule};
use serde_json::json;

use super::{connect, json, path, undo_file};

/// Where the test that ends its own process finds what it needs.
const VICTIM: &str = "POSTURE_TEST_VICTIM";

fn seed(namespace: &str) {
    Cluster::shared().seed(&[Namespace::new(namespace).object(deployment("a"))]);
}

fn is_set(namespace: &str) -> bool {
    let object = json(&path(namespace, "a"));
    object.pointer("/spec/template/spec/securityContext/seccompProfile").is_some()
}

fn run(connection: &Connection, namespace: &str, undo: &Path) -> (Outcome, Vec<String>) {
    let targets = vec![target(&connect(), &deployments(), (namespace, "a"), plan)];
    let yes = Options { yes: true, ..options(undo) };
    let mut audience = Scripted::default();
    let outcome = carry_out(connection, targets, &plan, &mut audience, &yes);
    (outcome.expect("the server is there"), audience.notes)
}

/// A proxy whose faults happen to the changes themselves: their queries begin with the manager.
fn proxy(namespace: &str, fault: Fault) -> Proxy {
    let rule = Rule::new(&path(namespace, "a"), fault).with("a?fieldManager=").times(1);
    Proxy::before(Cluster::shared(), ADMIN, vec![rule])
}

/// How often changes were sent, dry runs aside.
fn sent(proxy: &Proxy) -> usize {
    let seen = proxy.seen();
    let changes = seen.iter().filter(|seen| seen.method == "PATCH");
    changes.filter(|seen| !seen.target.contains("dryRun")).count()
}

/// The server, reached by a function that sees each request first.
fn watched(look: impl Fn(&Request) + Send + Sync + 'static) -> Proxy {
    let client = Cluster::shared().admin().clone();
    let answer = move |request: &Request| {
        look(request);
        let content = request.headers.get("content-type").map_or("", String::as_str);
        let body = Some(request.body.as_slice()).filter(|body| !body.is_empty());
        let answer = client
            .request(&request.method, &request.target, content, body)
            .expect("the server is there");
        Reply { status: answer.status, headers: Vec::new(), body: answer.body }
            .header("Content-Type", "application/json")
    };
    Proxy::canned(answer, Vec::new())
}

fn is_change(request: &Request) -> bool {
    request.method == "PATCH" && !request.target.contains("dryRun=All")
}

#[test]
fn the_undo_file_is_there_before_the_change() {
    seed("first");
    let (folder, undo) = undo_file();
    let found = folder.path().join("found.yaml");
    let (from, to) = (undo.clone(), found.clone());
    let proxy = watched(move |request| {
        if is_change(request) {
            fs::copy(&from, &to).expect("the undo file is there");
        } else {
            assert!(!from.exists(), "nothing is changed yet");
        }
    });
    let connection = live::open(&proxy.kubeconfig(), None, 0).0;
    let (outcome, _) = run(&connection, "first", &undo);
    assert_eq!(outcome.done.len(), 1, "{outcome:#?}");
    let early = Undo::read(&found).expect("an undo file");
    assert_eq!(early.objects.len(), 1);
    assert_eq!(early, Undo::read(&undo).expect("an undo file"));
    assert_eq!(early.server.as_deref(), Some(proxy.url().as_str()));
    let seen = proxy.seen();
    let contents: Vec<_> =
        seen.iter().filter_map(|seen| seen.headers.get("content-type")).collect();
    assert_eq!(contents, ["application/json-patch+json"; 2]);
}

#[test]
fn a_process_that_is_killed_leaves_the_undo_file() {
    seed("killed");
    let (_folder, undo) = undo_file();
    let proxy = proxy("killed", Fault::Silent);
    let mut child = Command::new(std::env::current_exe().expect("a test"))
        .args(["--exact", "wire::victim", "--nocapture"])
        .env(VICTIM, format!("{}\n{}", proxy.kubeconfig().display(), undo.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it can be started");
    let started = Instant::now();
    while sent(&proxy) == 0 {
        assert!(started.elapsed() < Duration::from_mins(1), "it has sent nothing");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    let file = Undo::read(&undo).expect("an undo file");
    assert_eq!(file.objects.len(), 1);
    let left = fs::read_dir(undo.parent().expect("a folder")).expect("it is there").count();
    assert_eq!((left, is_set("killed")), (1, false));
}

/// Makes a change that is never answered; only as a process of the test above.
#[test]
fn victim() {
    let Ok(text) = std::env::var(VICTIM) else { return };
    let (kubeconfig, undo) = text.split_once('\n').expect("two paths");
    let connection = live::open(&PathBuf::from(kubeconfig), None, 0).0;
    let targets = vec![target(&connection, &deployments(), ("killed", "a"), plan)];
    let yes = Options { yes: true, ..options(Path::new(undo)) };
    drop(carry_out(&connection, targets, &plan, &mut Scripted::default(), &yes));
}

#[test]
fn a_lost_answer_is_looked_into() {
    // The server has done it, and the answer breaks off.
    seed("cut");
    let (_folder, undo) = undo_file();
    let way = proxy("cut", Fault::Cut);
    let (outcome, notes) = run(&live::open(&way.kubeconfig(), None, 0).0, "cut", &undo);
    assert_eq!((outcome.done.len(), sent(&way), is_set("cut")), (1, 1, true), "{outcome:#?}");
    assert!(notes[0].contains("is changed, though the server's answer was lost"), "{notes:?}");
    assert!(undo.exists());

    // It has not, or not yet: what takes it back stays.
    for (namespace, fault) in
        [("closed", Fault::Close), ("silent", Fault::Silent), ("ill", Fault::Status(500))]
    {
        seed(namespace);
        let (_folder, undo) = undo_file();
        let way = proxy(namespace, fault);
        let connection = live::open(&way.kubeconfig(), Some(Duration::from_secs(2)), 0).0;
        let (outcome, _) = run(&connection, namespace, &undo);
        assert_eq!((outcome.done.len(), outcome.failed.len()), (0, 1), "{namespace}");
        assert!(!is_set(namespace));
        assert_eq!(Undo::read(&undo).expect("an undo file").objects.len(), 1, "{namespace}");
        assert_eq!(sent(&way), 1, "{namespace}");
    }
}

#[test]
fn a_change_is_sent_again_only_where_the_server_asks_for_it() {
    seed("busy");
    let (_folder, undo) = undo_file();
    let way = proxy("busy", Fault::RetryAfter(429, 1));
    let (outcome, _) = run(&live::open(&way.kubeconfig(), None, 0).0, "busy", &undo);
    assert_eq!((outcome.done.len(), sent(&way), is_set("busy")), (1, 2, true), "{outcome:#?}");

    // A dry run changes nothing: it is tried again like a reading.
    seed("again");
    let (_folder, undo) = undo_file();
    let rule = Rule::new(&path("again", "a"), Fault::Status(503)).with("dryRun=All").times(2);
    let way = Proxy::before(Cluster::shared(), ADMIN, vec![rule]);
    let (outcome, _) = run(&live::open(&way.kubeconfig(), None, 0).0, "again", &undo);
    assert_eq!((outcome.done.len(), sent(&way)), (1, 1), "{outcome:#?}");
}

#[test]
fn a_redirection_never_makes_a_reading_of_a_change() {
    for (status, is_followed) in
        [(301, false), (302, false), (303, false), (307, true), (308, true)]
    {
        let namespace = format!("redirected-{status}");
        seed(&namespace);
        let (_folder, undo) = undo_file();
        let target = format!("{}?fieldManager=elsewhere", path(&namespace, "a"));
        let reply = Reply::new(status, "").header("Location", &target);
        let way = proxy(&namespace, Fault::Answer(reply));
        let (outcome, _) = run(&live::open(&way.kubeconfig(), None, 0).0, &namespace, &undo);
        assert_eq!(is_set(&namespace), is_followed, "{outcome:#?}");
        assert_eq!(outcome.done.len(), usize::from(is_followed), "{outcome:#?}");
        if !is_followed {
            let why = &outcome.failed[0].why;
            assert!(why.starts_with("the server redirects a change with 30"), "{why}");
            assert!(!undo.exists());
        }
    }
}

#[test]
fn somebody_who_never_rests_is_left_alone() {
    seed("restless");
    let (_folder, undo) = undo_file();
    let written = AtomicUsize::new(0);
    let proxy = watched(move |request| {
        if is_change(request) {
            let number = written.fetch_add(1, Ordering::Relaxed);
            let profile = json!({ "type": "Localhost", "localhostProfile": format!("{number}") });
            let theirs = json!({ "spec": { "template": { "spec": {
                "securityContext": { "seccompProfile": profile } } } } });
            assert!(Cluster::shared().admin().merge(&path("restless", "a"), &theirs).is_success());
        }
    });
    let connection = live::open(&proxy.kubeconfig(), None, 0).0;
    let (outcome, notes) = run(&connection, "restless", &undo);
    assert_eq!((outcome.done.len(), sent(&proxy)), (0, 3), "{outcome:#?}");
    assert_eq!(outcome.failed[0].why, "somebody else has changed it 3 times meanwhile");
    assert_eq!((notes.len(), undo.exists()), (2, false), "{notes:?}");
    let profile = json(&path("restless", "a"))["spec"]["template"]["spec"]["securityContext"]
        ["seccompProfile"]["localhostProfile"]
        .clone();
    assert_eq!(profile, "2");
}

#[test]
fn a_server_that_is_not_there_is_said_at_once() {
    seed("away");
    let (folder, undo) = undo_file();
    let targets = vec![target(&connect(), &deployments(), ("away", "a"), plan); 3];
    let nowhere = folder.path().join("kubeconfig");
    let config = json!({ "apiVersion": "v1", "kind": "Config",
        "clusters": [{ "name": "x", "cluster": { "server": "http://127.0.0.1:1" } }],
        "contexts": [{ "name": "x", "context": { "cluster": "x" } }], "current-context": "x" });
    fs::write(&nowhere, config.to_string()).expect("written");
    let connection = live::open(&nowhere, None, 0).0;
    let yes = Options { yes: true, ..options(&undo) };
    let refused = carry_out(&connection, targets, &plan, &mut Scripted::default(), &yes);
    let refused = refused.expect_err("nobody is there");
    assert!(refused.to_string().contains("connection refused"), "{refused}");
    assert!(!undo.exists());
}
