//! A cluster with types of its own and an aggregated API that is down; what we and kubectl ask it.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use posture::client::connect::{self, ConnectOptions};
use posture::client::connection::Connection;
use posture::client::discovery::Discovery;
use posture::client::notices::Silent;
use posture::input::yaml;
use posture_harness::cluster::{ADMIN, Cluster};
use serde_json::json;

/// The group of an aggregated API whose server is not there.
pub const DOWN: &str = "down.example.com";

/// Types of our own: short names that are taken, categories, several versions, a group that
/// begins like another, a singular that is nobody's kind in lower case.
///
/// A line each: group, plural, singular, kind, short names, categories, versions, scope.
const TYPES: &str = "\
toys.example.com  widgets     widget     Widget     wd,po  all,toys  v1,v1beta1 Namespaced
tools.example.com widgets     widget     Widget     wd,wdg tools     v1alpha1   Namespaced
tools.example.com boxes       box        ToolBox    bx,cm  toys,lone v2,v1      Cluster
apps.example.com  deployments deployment Deployment deploy -         v1         Namespaced
example.com       policies    policy     Policy     -      tools     v1,v1beta2 Namespaced
example.com       wd          wdsingle   Wd         svc    -         v1         Cluster
";

/// A type of [`TYPES`].
struct Type {
    words: Vec<&'static str>,
}

impl Type {
    fn all() -> impl Iterator<Item = Self> {
        TYPES.lines().map(|line| Self { words: line.split_whitespace().collect() })
    }

    fn list(&self, word: usize) -> Vec<&'static str> {
        self.words[word].split(',').filter(|member| *member != "-").collect()
    }

    fn manifest(&self) -> String {
        let [group, plural, singular, kind, .., scope] = self.words[..] else {
            panic!("a type has eight words")
        };
        let versions = self.list(6).into_iter().enumerate().map(|(position, name)| {
            json!({
                "name": name, "served": true, "storage": position == 0,
                "schema": { "openAPIV3Schema": { "type": "object" } },
            })
        });
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": { "name": format!("{plural}.{group}") },
            "spec": {
                "group": group, "scope": scope, "versions": versions.collect::<Vec<_>>(),
                "names": {
                    "plural": plural, "singular": singular, "kind": kind,
                    "shortNames": self.list(4), "categories": self.list(5),
                },
            },
        });
        format!("---\n{definition}\n")
    }

    fn is_known(&self, discovery: &Discovery) -> bool {
        let known = |version| {
            let api_version = format!("{}/{version}", self.words[0]);
            discovery.of_kind(&api_version, self.words[3]).is_some()
        };
        self.list(6).into_iter().all(known)
    }
}

/// The cluster with these types, once for all tests of a process.
///
/// # Panics
/// If they are not served in time.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: LazyLock<&'static Cluster> = LazyLock::new(|| {
        let cluster = Cluster::shared();
        let mut manifests: String = Type::all().map(|of| of.manifest()).collect();
        let service = json!({
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": { "name": format!("v1beta1.{DOWN}") },
            "spec": {
                "group": DOWN, "version": "v1beta1", "insecureSkipTLSVerify": true,
                "groupPriorityMinimum": 100, "versionPriority": 100,
                "service": { "name": "nowhere", "namespace": "default" },
            },
        });
        manifests.push_str("---\n");
        manifests.push_str(&service.to_string());
        cluster.apply(&manifests);
        let connection = connection(cluster, &cluster.folder().join("cache-of-setup"));
        // Until every type and the group that is down are in discovery.
        for attempt in 0.. {
            let discovery = Discovery::ask(&connection).expect("the server says what it serves");
            if Type::all().all(|of| of.is_known(&discovery)) && !discovery.gaps().is_empty() {
                break;
            }
            assert!(attempt < 300, "{:?}", discovery.gaps());
            thread::sleep(Duration::from_millis(200));
        }
        cluster
    });
    *CLUSTER
}

/// What connects to it with this cache.
pub fn options(cluster: &Cluster, cache: &Path) -> ConnectOptions {
    let mut options = ConnectOptions::new("kubectl pss", yaml::single_document);
    options.kubeconfig = Some(cluster.kubeconfig(ADMIN));
    options.cache_dir = Some(cache.to_owned());
    options
}

/// # Panics
/// If it cannot connect.
pub fn open(options: &ConnectOptions) -> Connection {
    let target = connect::resolve(options).expect("the kubeconfig names a server");
    Connection::open(target, options, Arc::new(Silent))
        .expect("a connection that is not dialled yet")
}

/// A connection with this cache.
pub fn connection(cluster: &Cluster, cache: &Path) -> Connection {
    open(&options(cluster, cache))
}

/// A path and what its query says, in one line.
pub fn with_query(path: String, mut selectors: Vec<String>) -> String {
    selectors.sort();
    selectors.iter().fold(path, |path, selector| path + " " + selector)
}

/// The request in a line of kubectl's `-v=6`, with its query decoded and without the size of pages.
///
/// # Panics
/// If it goes elsewhere.
pub fn requested(cluster: &Cluster, line: &str) -> Option<String> {
    // It comes again: the server is not ready for a type that is new.
    if line.contains("status=\"429 ") {
        return None;
    }
    let url = line.split_once("verb=\"GET\" url=\"")?.1.split_once('"')?.0;
    let target = url.strip_prefix(cluster.url()).expect("a request to the cluster");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("limit="));
    Some(with_query(path.to_owned(), pairs.map(decode).collect()))
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let (code, tail) = tail.split_at(2);
                rest = tail;
                u8::from_str_radix(str::from_utf8(code).expect("two digits"), 16)
                    .expect("two digits")
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).expect("a query is UTF-8")
}

/// `/api`, `/api/v1`, `/apis`, `/apis/GROUP` or `/apis/GROUP/VERSION`.
pub fn is_discovery(path: &str) -> bool {
    let parts = path.trim_matches('/').split('/').count();
    if path.starts_with("/apis") { parts <= 3 } else { parts <= 2 }
}
