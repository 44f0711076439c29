//! What is read of files.
#![cfg(test)]

use std::path::{Path, PathBuf};

use posture::input::files::FileArgs;
use posture::input::scope::Scope;
use posture::input::selection::{Selection, SelectionArgs};
use posture::model::error::{ErrorKind, Result};

use super::load::{Loaded, Loading};

fn read(path: &Path, namespace: Option<&str>) -> Result<Loaded> {
    let names = vec![path.to_string_lossy().into_owned()];
    let loading = Loading {
        command: "kubectl netpol can",
        scope: Scope::Files {
            files: FileArgs { names, ..FileArgs::default() },
            kustomize: None,
            selection: Selection::parse(&SelectionArgs::default()).unwrap(),
            cluster: None,
        },
        namespace: namespace.map(str::to_owned),
        server: None,
    };
    assert!(loading.accesses().is_empty());
    loading.read()
}

/// A file that goes away with its folder.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, text: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("netpol-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("all.yaml"), text).unwrap();
        Self(dir)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[test]
fn manifests_are_read_with_their_gaps() {
    let text = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: \
                {spec: {containers: [{name: c, image: x}]}}}}\n---\nkind: [\n---\n\
                {apiVersion: v1, kind: Service, metadata: {name: web, namespace: b}}\n---\n\
                {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: good}, \
                spec: {podSelector: {}}}\n---\n\
                {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: bad}, \
                spec: {podSelector: {}, ingress: [{from: [{}]}]}}\n";
    let files = Temporary::new("gaps", text);
    let loaded = read(&files.0, Some("shop")).unwrap();
    let world = &loaded.world;
    let names: Vec<&str> = world.namespaces.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["b", "shop"]);
    assert_eq!((world.workloads.len(), world.pods.len(), world.services.len()), (1, 1, 1));
    assert_eq!(world.policies.len(), 1);
    assert_eq!(world.policies[0].object.namespace.as_deref(), Some("shop"));
    let gaps: Vec<&str> = world.gaps.iter().map(|gap| gap.what.as_str()).collect();
    assert_eq!(gaps, ["object", "document"]);
    assert!(world.gaps[0].why.contains("must specify a peer"), "{}", world.gaps[0].why);
    assert_eq!(loaded.namespace, "shop");
    assert_eq!(loaded.detected.line(None), "enforcer: not known (manifests only)");
    assert_eq!(loaded.target.files.len(), 1);
    assert_eq!(world.workloads[0].mark.as_ref().unwrap().line(), 1);
    assert_eq!(read(&files.0, None).unwrap().namespace, "default");
}

#[test]
fn what_is_not_there_cannot_be_read() {
    let error = read(Path::new("/nowhere/x.yaml"), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CouldNotRun);
}
