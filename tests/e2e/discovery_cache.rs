//! The cache of discovery that we and kubectl share: each reads what the other has written.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use posture::client::connection::Connection;
use posture::client::discovery::Discovery;
use posture::input::selection::{Selection, SelectionArgs};
use posture_e2e::served::{DOWN, cluster, connection, is_discovery, open, options, requested};
use posture_harness::cluster::{ADMIN, Cluster};

/// A connection of somebody whom the server does not let in: only the cache can know anything.
fn nobody_there(cluster: &Cluster, cache: &Path) -> Connection {
    let text = fs::read_to_string(cluster.kubeconfig(ADMIN)).unwrap();
    let path = cluster.folder().join("kubeconfig-stranger.yaml");
    fs::write(&path, text.replace(cluster.token(ADMIN), "stranger")).unwrap();
    let mut options = options(cluster, cache);
    options.kubeconfig = Some(path);
    open(&options)
}

/// The requests of discovery that kubectl makes.
fn discovers(cluster: &Cluster, cache: &Path, of: &str) -> Vec<String> {
    let flag = format!("--cache-dir={}", cache.display());
    let finished = cluster.kubectl(&["get", of, "-v=6", &flag]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let requests = finished.stderr.lines().filter_map(|line| requested(cluster, line));
    requests.filter(|request| is_discovery(request.split(' ').next().unwrap())).collect()
}

/// Every file of discovery below a cache, by its path.
fn files(cache: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![cache.join("discovery")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                files.insert(path.strip_prefix(cache).unwrap().to_owned(), text);
            }
        }
    }
    files
}

#[test]
fn we_read_what_kubectl_has_cached() {
    let cluster = cluster();
    let cache = cluster.folder().join("cache-that-kubectl-wrote");
    assert!(!discovers(cluster, &cache, "pods").is_empty());
    // Whoever asks this server gets no answer: nothing but the cache can know.
    let connection = nobody_there(cluster, &cache);
    let discovery = Discovery::load(&connection).unwrap();
    assert!(!discovery.is_fresh());
    let widgets = discovery.find("wd", &mut Vec::new()).unwrap();
    assert_eq!(widgets.kind, "Wd");
    assert_eq!(discovery.gaps()[0].object.as_deref(), Some(DOWN));
    assert!(discovery.category("toys").is_some_and(|members| members.len() == 2));
    // What it does not know it has to ask for.
    let selection = Selection::parse(&SelectionArgs {
        words: vec!["nothing".to_owned()],
        ..SelectionArgs::default()
    });
    assert!(selection.unwrap().resolve(&connection).is_err());
}

#[test]
fn kubectl_reads_what_we_have_cached() {
    let cluster = cluster();
    let (ours, theirs) =
        (cluster.folder().join("cache-that-we-wrote"), cluster.folder().join("cache-to-compare"));
    let asked = Discovery::load(&connection(cluster, &ours)).unwrap();
    assert!(asked.is_fresh());
    assert_eq!(asked.gaps()[0].object.as_deref(), Some("down.example.com/v1beta1"));
    assert_eq!(discovers(cluster, &ours, "po"), Vec::<String>::new());
    assert!(!discovers(cluster, &theirs, "po").is_empty());
    // Byte for byte.
    assert_eq!(files(&ours), files(&theirs));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for (path, _) in files(&ours) {
        assert_eq!(mode(&ours.join(&path)), mode(&theirs.join(&path)), "{}", path.display());
        let folder = |cache: &Path| mode(cache.join(&path).parent().unwrap());
        assert_eq!(folder(&ours), folder(&theirs), "{}", path.display());
    }
    // And so do we.
    assert!(!Discovery::load(&connection(cluster, &ours)).unwrap().is_fresh());
}

#[test]
fn a_type_that_came_after_the_cache_is_found() {
    let cluster = cluster();
    let cache = cluster.folder().join("cache-of-before");
    let connection = connection(cluster, &cache);
    Discovery::load(&connection).unwrap();
    // As if the type had come later.
    let stale: Vec<PathBuf> = files(&cache)
        .into_iter()
        .filter(|(path, _)| path.ends_with("toys.example.com/v1/serverresources.json"))
        .map(|(path, text)| {
            let path = cache.join(path);
            fs::write(&path, text.replace("widget", "gadget").replace("Widget", "Gadget")).unwrap();
            path
        })
        .collect();
    assert_eq!(stale.len(), 1);
    assert!(!Discovery::load(&connection).unwrap().is_fresh());
    let args = SelectionArgs {
        words: vec!["widgets.v1.toys.example.com/a".to_owned()],
        ..SelectionArgs::default()
    };
    // kubectl finds it by the other version first, as we do: the cache is asked before the server.
    let before = Selection::parse(&args).unwrap().resolve(&connection).unwrap();
    assert!(before.1.is_fresh() && before.0.lists[0].resource.version == "v1", "{before:?}");
    // The cache is what the server says again.
    assert!(fs::read_to_string(&stale[0]).unwrap().contains("widgets"));
}

#[test]
fn a_cache_that_is_old_broken_or_not_writable_is_none() {
    let cluster = cluster();
    let cache = cluster.folder().join("cache-of-old");
    let connection = connection(cluster, &cache);
    assert!(Discovery::load(&connection).unwrap().is_fresh());
    assert!(!Discovery::load(&connection).unwrap().is_fresh());
    let groups = files(&cache).into_keys().find(|path| path.ends_with("servergroups.json"));
    let groups = cache.join(groups.unwrap());
    let old = SystemTime::now() - Duration::from_secs(6 * 3600 + 5);
    fs::File::options().write(true).open(&groups).unwrap().set_modified(old).unwrap();
    assert!(Discovery::load(&connection).unwrap().is_fresh());
    assert!(!Discovery::load(&connection).unwrap().is_fresh());
    for broken in ["", "{}", "null", "[1]", r#"{"kind":"Pod","apiVersion":"v1"}"#] {
        fs::write(&groups, broken).unwrap();
        assert!(Discovery::load(&connection).unwrap().is_fresh(), "{broken}");
    }
    // A file where the folder should be.
    let blocked = cluster.folder().join("cache-that-is-a-file");
    fs::write(&blocked, "").unwrap();
    let connection = open(&options(cluster, &blocked));
    assert!(Discovery::load(&connection).unwrap().is_fresh());
    assert!(Discovery::load(&connection).unwrap().is_fresh());
}
