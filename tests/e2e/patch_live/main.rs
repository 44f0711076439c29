//! Changes of what runs, on a real API server: nothing without a dry run, an answer and an undo
//! file, nothing over what somebody else has written, and all of it can be taken back.
#![cfg(test)]

mod making;
mod random;
mod rights;
mod undoing;
mod wire;

use std::path::PathBuf;

use posture::client::connection::Connection;
use posture_e2e::live;
use posture_harness::cluster::{ADMIN, Cluster};
use serde_json::Value;
use serde_json::value::RawValue;
use tempfile::TempDir;

/// Our connection to the cluster that most tests share.
fn connect() -> Connection {
    live::open(&Cluster::shared().kubeconfig(ADMIN), None, 0).0
}

fn path(namespace: &str, name: &str) -> String {
    format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
}

/// The bytes of an object's `spec`, as the server writes them.
fn spec(path: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Object {
        spec: Box<RawValue>,
    }
    let answer = Cluster::shared().admin().get(path);
    assert!(answer.is_success(), "{}", answer.message());
    let object: Object = serde_json::from_slice(&answer.body).expect("an object");
    object.spec.get().to_owned()
}

fn json(path: &str) -> Value {
    Cluster::shared().get_json(path)
}

/// A folder, and where the undo file goes in it.
fn undo_file() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a temporary folder");
    let undo = folder.path().join("state/undo.yaml");
    (folder, undo)
}

/// Somebody else changes an object.
fn somebody(target: &str, patch: &Value) {
    let changed = Cluster::shared().admin().merge(target, patch);
    assert!(changed.is_success(), "{}", changed.message());
}
