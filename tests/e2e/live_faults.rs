//! A connection whose server misbehaves: nothing is lost without a word, nothing waits for ever.
#![cfg(test)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use posture::client::connection::{Connection, JSON};
use posture::client::failure::{Failure, FailureKind};
use posture::client::list::{Event, List};
use posture::client::resource::Resource;
use posture_e2e::live::{self, pods};
use posture_harness::cluster::{ADMIN, Cluster, ClusterOptions, Namespace};
use posture_harness::proxy::{Fault, Proxy, Reply, Rule};
use serde_json::{Value, json};

/// The namespace that all tests read.
const NAMESPACE: &str = "faults";

/// How many pods are in it, and how many of them in a page.
const PODS: usize = 30;
const PAGE: usize = 10;

/// The path of its pods.
const PATH: &str = "/api/v1/namespaces/faults/pods";

const SECOND: Duration = Duration::from_secs(1);

fn pod(name: &str) -> Value {
    let spec = json!({ "containers": [{ "name": "c", "image": "x" }] });
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name }, "spec": spec })
}

fn name(index: usize) -> String {
    format!("p{index:02}")
}

fn seed(cluster: &Cluster) {
    let empty = Namespace::new(NAMESPACE);
    cluster.seed(&[(0..PODS).fold(empty, |namespace, index| namespace.object(pod(&name(index))))]);
}

/// The cluster of all tests but those that need one of their own.
fn cluster() -> &'static Cluster {
    static SEEDED: std::sync::Once = std::sync::Once::new();
    SEEDED.call_once(|| seed(Cluster::shared()));
    Cluster::shared()
}

fn proxy(rules: Vec<Rule>) -> Proxy {
    Proxy::before(cluster(), "admin", rules)
}

fn connect(proxy: &Proxy, timeout: Option<Duration>) -> Connection {
    live::open(&proxy.kubeconfig(), timeout, 0).0
}

/// What happened to one list.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Page(Vec<String>),
    Restart,
    Failed(FailureKind, Option<u16>),
    End,
}

/// Reads lists to their ends, with the messages of those that fail.
fn read_all(connection: &Connection, lists: Vec<List>) -> (Vec<Vec<Told>>, Vec<String>) {
    let mut told: Vec<Vec<Told>> = lists.iter().map(|_| Vec::new()).collect();
    let mut messages = Vec::new();
    for (position, event) in connection.read(lists) {
        let ended = matches!(told[position].last(), Some(Told::End | Told::Failed(..)));
        assert!(!ended, "{event:?} after the end");
        told[position].push(match event {
            Event::Page(body) => {
                let page: Value = serde_json::from_slice(&body).unwrap();
                let name = |item: &Value| item["metadata"]["name"].as_str().unwrap().to_owned();
                Told::Page(
                    page["items"]
                        .as_array()
                        .map_or(Vec::new(), |items| items.iter().map(name).collect()),
                )
            }
            Event::Restart => Told::Restart,
            Event::Failed(failure) => {
                messages.push(failure.message.clone());
                Told::Failed(failure.kind, failure.status)
            }
            Event::End => Told::End,
        });
    }
    for told in &told {
        assert!(matches!(told.last(), Some(Told::End | Told::Failed(..))), "{told:?}");
    }
    (told, messages)
}

/// Reads the pods in pages.
fn read(proxy: &Proxy, timeout: Option<Duration>) -> (Vec<Told>, String) {
    let list = pods(Some(NAMESPACE), PAGE);
    let (mut told, messages) = read_all(&connect(proxy, timeout), vec![list]);
    (told.remove(0), messages.concat())
}

/// The page of this number, counted from 0.
fn page(number: usize) -> Told {
    Told::Page((number * PAGE..(number + 1) * PAGE).map(name).collect())
}

fn everything() -> Vec<Told> {
    vec![page(0), page(1), page(2), Told::End]
}

fn requests(proxy: &Proxy) -> usize {
    proxy.seen().len()
}

/// The longest that something without a pause may take on a busy machine.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn nothing_happens() {
    let proxy = proxy(Vec::new());
    assert_eq!(read(&proxy, None).0, everything());
    let seen = proxy.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[0].target, format!("{PATH}?limit={PAGE}"));
    // As kubectl: no credentials in the clear.
    assert!(!seen[0].headers.contains_key("authorization"));
    assert!(seen[0].headers["user-agent"].starts_with("kubectl-pss/v"), "{seen:?}");
}

#[test]
fn a_page_is_forbidden() {
    let proxy = proxy(vec![Rule::new(PATH, Fault::Status(403)).from(2)]);
    let (told, message) = read(&proxy, None);
    assert_eq!(told, [page(0), Told::Failed(FailureKind::Forbidden, Some(403))]);
    assert_eq!(message, "refused with 403 by the proxy");
    assert_eq!(requests(&proxy), 2);
}

#[test]
fn who_asks_is_not_known() {
    let proxy = proxy(vec![Rule::new(PATH, Fault::Status(401))]);
    let (told, _) = read(&proxy, None);
    assert_eq!(told, [Told::Failed(FailureKind::Unauthorized, Some(401))]);
    assert_eq!(requests(&proxy), 1);
}

#[test]
fn too_many_requests_are_tried_again_after_the_pause_that_is_asked_for() {
    let proxy = proxy(vec![Rule::new(PATH, Fault::RetryAfter(429, 1)).from(2).times(2)]);
    let started = Instant::now();
    assert_eq!(read(&proxy, None).0, everything());
    assert!(started.elapsed() >= 2 * SECOND && started.elapsed() < 2 * SECOND + SOON);
    assert_eq!(requests(&proxy), 5);
}

#[test]
fn nobody_waits_for_minutes() {
    let proxy = proxy(vec![Rule::new(PATH, Fault::RetryAfter(429, 120))]);
    let started = Instant::now();
    let (told, message) = read(&proxy, None);
    assert_eq!(told, [Told::Failed(FailureKind::TooManyRequests, Some(429))]);
    assert_eq!(message, "refused with 429 by the proxy (the server asks for a pause of 120 s)");
    assert!(started.elapsed() < SOON);
    assert_eq!(requests(&proxy), 1);
}

#[test]
fn errors_of_the_server_are_tried_again() {
    for status in [500, 502, 503, 504] {
        let passing = proxy(vec![Rule::new(PATH, Fault::Status(status)).times(1)]);
        assert_eq!(read(&passing, None).0, everything());
        assert_eq!(requests(&passing), 4);
    }
    let lasting = proxy(vec![Rule::new(PATH, Fault::Status(503)).from(3)]);
    let started = Instant::now();
    let (told, message) = read(&lasting, None);
    assert_eq!(told, [page(0), page(1), Told::Failed(FailureKind::Server, Some(503))]);
    assert_eq!(message, "refused with 503 by the proxy (tried 5 times)");
    assert!(started.elapsed() < 2 * SECOND + SOON);
    assert_eq!(requests(&lasting), 7);
}

#[test]
fn retries_end_with_the_time_for_the_request() {
    let proxy = proxy(vec![Rule::new(PATH, Fault::RetryAfter(503, 1))]);
    let started = Instant::now();
    let (told, _) = read(&proxy, Some(Duration::from_millis(2500)));
    assert_eq!(told, [Told::Failed(FailureKind::Server, Some(503))]);
    assert!(started.elapsed() < Duration::from_millis(2500) + SECOND);
    assert_eq!(requests(&proxy), 3);
}

#[test]
fn an_answer_that_is_cut_is_asked_for_again() {
    let passing = proxy(vec![Rule::new(PATH, Fault::Cut).from(2).times(1)]);
    assert_eq!(read(&passing, None).0, everything());
    let lasting = proxy(vec![Rule::new(PATH, Fault::Cut).from(2)]);
    let (told, message) = read(&lasting, None);
    assert_eq!(told, [page(0), Told::Failed(FailureKind::Broken, None)]);
    assert!(message.starts_with("the server's answer broke off: "), "{message}");
    assert_eq!(requests(&lasting), 6);
}

#[test]
fn a_connection_that_ends_without_an_answer_is_opened_again() {
    let passing = proxy(vec![Rule::new(PATH, Fault::Close).times(1)]);
    assert_eq!(read(&passing, None).0, everything());
    let lasting = proxy(vec![Rule::new(PATH, Fault::Close)]);
    let (told, message) = read(&lasting, None);
    assert_eq!(told, [Told::Failed(FailureKind::Broken, None)]);
    assert!(message.ends_with("(tried 5 times)"), "{message}");
}

#[test]
fn a_slow_answer_has_the_time_for_the_request() {
    let slow = || proxy(vec![Rule::new(PATH, Fault::Slow(4_000)).from(2).times(1)]);
    let started = Instant::now();
    let (told, message) = read(&slow(), Some(SECOND));
    assert_eq!(told, [page(0), Told::Failed(FailureKind::Timeout, None)]);
    assert!(message.contains(&format!("{PATH} within the request timeout")), "{message}");
    assert!(started.elapsed() >= SECOND && started.elapsed() < SECOND + SOON);
    // Without a limit it is waited for.
    let started = Instant::now();
    assert_eq!(read(&slow(), None).0, everything());
    assert!(started.elapsed() > SECOND);
}

#[test]
fn half_a_list_is_no_list() {
    let proxy = proxy(vec![Rule::new(PATH, Fault::Half).from(2)]);
    let (told, message) = read(&proxy, None);
    assert_eq!(told, [page(0), Told::Failed(FailureKind::Broken, Some(200))]);
    assert_eq!(message, "the server's answer is cut: it ends in the middle of its JSON");
    let failure = connect(&proxy, None).get(PATH, JSON).unwrap_err();
    assert_eq!((failure.kind, failure.message), (FailureKind::Broken, message));
}

#[test]
fn a_server_that_keeps_silent_has_the_time_for_the_request() {
    let proxy = proxy(vec![Rule::new(PATH, Fault::Silent).from(2)]);
    let started = Instant::now();
    let (told, message) = read(&proxy, Some(SECOND));
    assert_eq!(told, [page(0), Told::Failed(FailureKind::Timeout, None)]);
    assert!(message.contains("within the request timeout"), "{message}");
    assert!(started.elapsed() < SECOND + SOON);
    assert_eq!(requests(&proxy), 2);
}

#[test]
fn a_login_page_is_no_list() {
    let proxy = proxy(vec![Rule::new(PATH, Fault::Html)]);
    let (told, message) = read(&proxy, None);
    assert_eq!(told, [Told::Failed(FailureKind::Broken, Some(200))]);
    assert!(message.contains("is a web page, not JSON"), "{message}");
    let failure = connect(&proxy, None).get(PATH, JSON).unwrap_err();
    assert_eq!((failure.kind, failure.message), (FailureKind::Broken, message));
}

/// The query with a continue token that is as old as the cluster.
fn aged(target: &str) -> String {
    let (path, token) = target.split_once("continue=").unwrap();
    let token = token.replace("%3D", "");
    let decoded = URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).unwrap();
    let mut token: Value = serde_json::from_slice(&decoded).unwrap();
    token["rv"] = json!(1);
    format!("{path}continue={}", URL_SAFE_NO_PAD.encode(token.to_string()))
}

#[test]
fn an_expired_token_starts_the_list_again() {
    let cluster = Cluster::start(&ClusterOptions::default().flag("--etcd-compaction-interval=1s"));
    seed(&cluster);
    // Until the server itself says that so old a token has expired.
    let first = cluster.get_json(&format!("{PATH}?limit={PAGE}"));
    let token = first["metadata"]["continue"].as_str().unwrap();
    let old = aged(&format!("{PATH}?limit={PAGE}&continue={token}"));
    let started = Instant::now();
    let expired = loop {
        let answer = cluster.admin().get(&old);
        if answer.status == 410 {
            break answer;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{}", answer.text());
        std::thread::sleep(Duration::from_millis(100));
    };
    assert_eq!(expired.json()["reason"], "Expired");

    let rule = || Rule::new(PATH, Fault::Rewrite(aged)).with("continue=");
    let proxy = Proxy::before(&cluster, "admin", vec![rule().from(2)]);
    let (told, _) = read(&proxy, None);
    let all = Told::Page((0..PODS).map(name).collect());
    assert_eq!(told, [page(0), page(1), Told::Restart, all, Told::End]);
    assert_eq!(proxy.seen().last().unwrap().target, PATH);
}

/// A server that always cuts lists, and whose tokens are expired always.
fn never_complete() -> Proxy {
    let answer = |request: &posture_harness::proxy::Request| {
        let is_next = request.target.contains("continue=");
        assert!(!is_next, "{}", request.target);
        let list = json!({
            "kind": "PodList",
            "apiVersion": "v1",
            "metadata": { "continue": "next" },
            "items": [pod("a")],
        });
        Reply::new(200, &list.to_string()).header("Content-Type", "application/json")
    };
    Proxy::canned(answer, vec![Rule::new("/", Fault::Status(410)).with("continue=")])
}

#[test]
fn a_list_starts_again_once() {
    let proxy = never_complete();
    let (told, _) = read(&proxy, None);
    let one = || Told::Page(vec!["a".to_owned()]);
    let failed = Told::Failed(FailureKind::Expired, Some(410));
    assert_eq!(told, [one(), Told::Restart, one(), failed]);
    assert_eq!(requests(&proxy), 4);
    // What expires without a token is no page in the middle.
    let proxy = self::proxy(vec![Rule::new(PATH, Fault::Status(410))]);
    assert_eq!(read(&proxy, None).0, [Told::Failed(FailureKind::Expired, Some(410))]);
}

#[test]
fn a_list_does_not_go_in_circles() {
    let answer = |_: &posture_harness::proxy::Request| {
        let list = json!({ "kind": "PodList", "metadata": { "continue": "t" }, "items": null });
        Reply::new(200, &list.to_string()).header("Content-Type", "application/json")
    };
    let proxy = Proxy::canned(answer, Vec::new());
    let (told, message) = read(&proxy, None);
    let empty = || Told::Page(Vec::new());
    assert_eq!(told, [empty(), empty(), Told::Failed(FailureKind::Broken, None)]);
    assert!(message.contains("the page that it has just sent"), "{message}");
}

#[test]
fn nothing_may_be_null() {
    let null = |mut reply: Reply| {
        let mut list: Value = serde_json::from_slice(&reply.body).unwrap();
        list["items"] = Value::Null;
        list["metadata"].as_object_mut().unwrap().remove("continue");
        reply.body = list.to_string().into_bytes();
        reply
    };
    let proxy = proxy(vec![Rule::new(PATH, Fault::Change(null))]);
    assert_eq!(read(&proxy, None).0, [Told::Page(Vec::new()), Told::End]);
}

#[test]
fn another_answer_is_no_list() {
    let version = |_| Reply::new(200, "{\"kind\":\"Status\",\"status\":\"Success\"}");
    let proxy = proxy(vec![Rule::new(PATH, Fault::Change(version))]);
    let (told, message) = read(&proxy, None);
    assert_eq!(told, [Told::Failed(FailureKind::Broken, Some(200))]);
    assert!(message.ends_with("it is Status"), "{message}");
}

#[test]
fn a_body_without_end_is_not_read() {
    let huge = Reply::new(200, "{}").header("Content-Length", "1073741825");
    let proxy = proxy(vec![Rule::new(PATH, Fault::Answer(huge))]);
    let started = Instant::now();
    let (told, message) = read(&proxy, None);
    assert_eq!(told, [Told::Failed(FailureKind::Broken, None)], "{message}");
    assert_eq!(message, "the server's answer is larger than 1073741824 bytes");
    assert!(started.elapsed() < SOON);
}

fn redirect(to: &str) -> Fault {
    Fault::Answer(Reply::new(307, "").header("Location", to))
}

#[test]
fn redirections_stay_within_the_server() {
    let within = proxy(vec![Rule::new("/moved", redirect(PATH))]);
    let answer = connect(&within, None).get("/moved", JSON).unwrap();
    assert_eq!(answer.content_type, "application/json");

    let elsewhere = Proxy::canned(|_| Reply::new(200, "{}"), Vec::new());
    let away = proxy(vec![Rule::new(PATH, redirect(&format!("{}/x?state=s", elsewhere.url())))]);
    let (told, message) = read(&away, None);
    assert_eq!(told, [Told::Failed(FailureKind::Refused, Some(307))]);
    assert!(message.contains(&format!("redirects to {}/x,", elsewhere.url())), "{message}");
    assert_eq!(requests(&elsewhere), 0);

    let circle = proxy(vec![Rule::new(PATH, redirect(PATH))]);
    let (told, message) = read(&circle, None);
    assert_eq!(told, [Told::Failed(FailureKind::Refused, None)]);
    assert_eq!(message, "the server redirects more than 10 times");
}

#[test]
fn warnings_are_heard_once_with_errors_too() {
    let warned = |reply: Reply| {
        reply
            .header("Warning", "299 - \"one, \\\"quoted\\\"\" , 299 - \"two\"")
            .header("Warning", "199 - \"not this\"")
            .header("Warning", "299 - \"ü\"")
    };
    let forbidden = Reply::new(403, "{}").header("Warning", "299 - \"with an error\"");
    let proxy = proxy(vec![
        Rule::new(PATH, Fault::Change(warned)).times(2),
        Rule::new(PATH, Fault::Answer(forbidden)),
    ]);
    let (connection, heard) = live::open(&proxy.kubeconfig(), None, 0);
    let (told, _) = read_all(&connection, vec![pods(Some(NAMESPACE), PAGE)]);
    assert_eq!(told[0].last(), Some(&Told::Failed(FailureKind::Forbidden, Some(403))));
    assert_eq!(heard.warnings(), ["one, \"quoted\"", "two", "ü", "with an error"]);
    assert!(heard.lines().is_empty());
}

#[test]
fn what_v_shows_holds_no_secret() {
    let cluster = Cluster::shared();
    for verbosity in 6..=10 {
        let (connection, heard) = live::open(&cluster.kubeconfig(ADMIN), None, verbosity);
        connection.get("/version", JSON).unwrap();
        let lines = heard.lines().join("\n");
        assert!(!lines.contains(cluster.token(ADMIN)), "{lines}");
        assert!(lines.contains(&format!("{}/version", cluster.url())), "{lines}");
        assert_eq!(lines.contains("Authorization: Bearer <masked>"), verbosity >= 7, "{lines}");
        assert_eq!(lines.contains("gitVersion"), verbosity >= 8, "{lines}");
        assert_eq!(lines.contains("curl -v -XGET"), verbosity >= 9, "{lines}");
    }
}

fn other(group: &str, plural: &str, kind: &str) -> List {
    List::of(Resource::new(group, "v1", plural, kind, true), Some(NAMESPACE))
}

#[test]
fn one_list_takes_no_other_with_it() {
    let faults = [
        Fault::Status(403),
        Fault::Status(503),
        Fault::Cut,
        Fault::Close,
        Fault::Half,
        Fault::Silent,
        Fault::Html,
    ];
    for fault in faults {
        let proxy = proxy(vec![Rule::new("/apis/apps/v1/namespaces/faults/daemonsets", fault)]);
        let lists = vec![
            other("apps", "deployments", "Deployment"),
            other("apps", "daemonsets", "DaemonSet"),
            pods(Some(NAMESPACE), PAGE),
        ];
        let (told, messages) = read_all(&connect(&proxy, Some(2 * SECOND)), lists);
        assert_eq!(told[0], [Told::Page(Vec::new()), Told::End]);
        assert!(matches!(told[1][..], [Told::Failed(..)]), "{:?}", told[1]);
        assert_eq!(told[2], everything());
        assert_eq!(messages.len(), 1);
    }
}

#[test]
fn few_pages_wait_for_whoever_takes_them() {
    let proxy = proxy(Vec::new());
    let connection = connect(&proxy, None);
    let lists: Vec<List> = (0..40).map(|_| pods(Some(NAMESPACE), PAGE)).collect();
    let mut events = connection.read(lists);
    assert!(events.next().is_some());
    // Between two pages something else may be asked for, and another list be read.
    assert!(connection.get("/version", JSON).is_ok());
    let (told, _) = read_all(&connection, vec![pods(Some(NAMESPACE), PAGE)]);
    assert_eq!(told[0], everything());
    std::thread::sleep(SECOND);
    // Eight under way, two that wait, one taken; and what was asked for between them.
    let about_these = requests(&proxy) - 1 - 3;
    assert!(about_these <= 11, "{about_these}");
    // Whoever drops the events ends the reading.
    drop(events);
    std::thread::sleep(SECOND);
    // Some of those that waited for a slot may have got one while the others ended.
    assert!(requests(&proxy) - 1 - 3 <= 11 + 8);
    assert!(connection.get("/version", JSON).is_ok());
}

#[test]
fn a_reading_outlives_its_connection() {
    let proxy = proxy(Vec::new());
    let events = connect(&proxy, None).read(vec![pods(Some(NAMESPACE), PAGE)]);
    assert_eq!(events.count(), 4);
}

/// A kubeconfig that leads to a server.
fn kubeconfig(folder: &std::path::Path, server: &str) -> PathBuf {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "c", "cluster": { "server": server } }],
        "users": [{ "name": "u", "user": { "token": "hidden" } }],
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }],
        "current-context": "c",
    });
    let path = folder.join("kubeconfig.yaml");
    std::fs::write(&path, config.to_string()).unwrap();
    path
}

fn failure_at(server: &str) -> Failure {
    let folder = tempfile::tempdir().unwrap();
    let (connection, heard) = live::open(&kubeconfig(folder.path(), server), None, 10);
    let started = Instant::now();
    let failure = connection.get("/version", JSON).unwrap_err();
    assert!(started.elapsed() < 4 * SOON, "{failure:?}");
    assert!(!format!("{failure:?}{:?}", heard.lines()).contains("hidden"));
    println!("{server}: {failure:?}");
    failure
}

#[test]
fn nobody_is_there() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let plain = proxy(Vec::new()).url().replace("http:", "https:");
    let plain_stays = proxy(Vec::new());
    for (server, says) in [
        (format!("https://{closed}"), "refused"),
        ("https://nobody.invalid".to_owned(), "dns error"),
        (plain, "refused"),
        (plain_stays.url().replace("http:", "https:"), "InvalidContentType"),
        (cluster().url().to_owned(), "certificate"),
    ] {
        let failure = failure_at(&server);
        assert_eq!(failure.kind, FailureKind::Unreachable, "{failure:?}");
        assert!(failure.message.contains(says), "{failure:?}");
        assert_eq!(failure.status, None);
    }
}
