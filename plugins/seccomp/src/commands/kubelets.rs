//! What kubelets are told about containers without a profile. It stands in no object of the API:
//! a kubelet says it itself, through the API server.
//!
//! Source: `/configz` of `pkg/kubelet/server/server.go`, `seccompDefault` of
//! `KubeletConfiguration`. The API server asks for `get` on `nodes/proxy`, a right that lets its
//! holder run commands in every container of the node.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use posture::client::connection::{Connection, JSON};
use posture::client::rbac::Access;
use posture::client::resource::Resource;
use serde_json::Value;

/// How many kubelets are asked at once.
const CONCURRENCY: usize = 8;

/// What kubelets have answered, by node: whether `seccompDefault` is on, or why that is not known.
pub(super) type Answers = BTreeMap<String, Result<bool, String>>;

/// Asks the kubelets of nodes.
pub(super) fn ask(connection: &Connection, nodes: &[&str]) -> Answers {
    let (next, answers) = (AtomicUsize::new(0), Mutex::new(Answers::new()));
    thread::scope(|scope| {
        for _ in 0..CONCURRENCY.min(nodes.len()) {
            scope.spawn(|| {
                while let Some(node) = nodes.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let answer = ask_one(connection, node);
                    if let Ok(mut answers) = answers.lock() {
                        answers.insert((*node).to_owned(), answer);
                    }
                }
            });
        }
    });
    answers.into_inner().unwrap_or_default()
}

fn ask_one(connection: &Connection, node: &str) -> Result<bool, String> {
    let nodes = Resource::nodes();
    let path = format!("{}/proxy/configz", nodes.object_path(None, node));
    let answer = connection.get(&path, JSON).map_err(|failure| failure.message)?;
    let config: Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
    read(&config)
}

/// What a kubelet's configuration says. It is complete: what was not configured has its default.
fn read(config: &Value) -> Result<bool, String> {
    let Some(kubelet) = config.get("kubeletconfig") else {
        return Err("the answer at /configz is no configuration of a kubelet".to_owned());
    };
    match kubelet.get("seccompDefault") {
        Some(Value::Bool(on)) => Ok(*on),
        // Before v1.22 no kubelet had it.
        None => Ok(false),
        Some(_) => Err("seccompDefault at /configz is neither true nor false".to_owned()),
    }
}

/// What the server must allow for it.
pub(super) fn access() -> Access {
    Access {
        verb: "get".to_owned(),
        group: String::new(),
        resource: "nodes/proxy".to_owned(),
        namespace: None,
        name: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn configurations_are_read() {
        let of = |kubelet: Value| read(&json!({ "kubeletconfig": kubelet }));
        assert_eq!(of(json!({ "seccompDefault": true })), Ok(true));
        assert_eq!(of(json!({ "seccompDefault": false })), Ok(false));
        assert_eq!(of(json!({ "port": 10250 })), Ok(false));
        assert!(of(json!({ "seccompDefault": "true" })).is_err());
        assert!(read(&json!({ "kind": "Status" })).is_err());
    }
}
