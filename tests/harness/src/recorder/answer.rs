//! What a server without objects answers: its version, the lists of what it serves, empty lists.

use std::io::Write;

use serde_json::{Value, json};

/// What it serves: group, version, plural, singular, kind, short name, whether in namespaces.
const SERVED: [(&str, &str, &str, &str, &str, &str, bool); 12] = [
    ("", "v1", "pods", "pod", "Pod", "po", true),
    ("", "v1", "namespaces", "namespace", "Namespace", "ns", false),
    ("", "v1", "nodes", "node", "Node", "no", false),
    ("", "v1", "services", "service", "Service", "svc", true),
    ("", "v1", "podtemplates", "podtemplate", "PodTemplate", "", true),
    ("", "v1", "replicationcontrollers", "rc", "ReplicationController", "rc", true),
    ("apps", "v1", "deployments", "deployment", "Deployment", "deploy", true),
    ("apps", "v1", "replicasets", "replicaset", "ReplicaSet", "rs", true),
    ("apps", "v1", "statefulsets", "statefulset", "StatefulSet", "sts", true),
    ("apps", "v1", "daemonsets", "daemonset", "DaemonSet", "ds", true),
    ("batch", "v1", "jobs", "job", "Job", "", true),
    ("batch", "v1", "cronjobs", "cronjob", "CronJob", "cj", true),
];

/// The status and body for a path with its query, whatever prefix the server lies below.
pub(super) fn body(target: &str) -> (u16, String) {
    let path = target.split('?').next().unwrap_or_default();
    let words: Vec<&str> = path.split('/').filter(|word| !word.is_empty()).collect();
    let first = words.iter().position(|word| matches!(*word, "api" | "apis" | "version"));
    let answered = first.and_then(|first| match &words[first..] {
        ["version"] => Some(json!({"major": "1", "minor": "37", "gitVersion": "v1.37.1"})),
        ["api"] => Some(json!({"kind": "APIVersions", "versions": ["v1"]})),
        ["apis"] => Some(groups()),
        ["api", version] => resources("", version),
        ["apis", group, version] => resources(group, version),
        ["api", "v1", rest @ ..] => objects("", rest),
        ["apis", group, "v1", rest @ ..] => objects(group, rest),
        _ => None,
    });
    answered.map_or_else(|| (404, status(404)), |value| (200, value.to_string()))
}

fn groups() -> Value {
    let group = |name: &str| {
        let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
        json!({"name": name, "versions": [version], "preferredVersion": version})
    };
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [group("apps"), group("batch")]})
}

fn resources(group: &str, version: &str) -> Option<Value> {
    let served: Vec<Value> = SERVED
        .iter()
        .filter(|row| (row.0, row.1) == (group, version))
        .map(|&(_, _, plural, singular, kind, short, namespaced)| {
            let shorts: Vec<&str> = Some(short).filter(|short| !short.is_empty()).into_iter().collect();
            json!({"name": plural, "singularName": singular, "kind": kind, "namespaced": namespaced,
                   "shortNames": shorts, "verbs": ["get", "list", "watch", "create", "patch", "delete"]})
        })
        .collect();
    let name = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    (!served.is_empty()).then(|| {
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": served})
    })
}

/// An empty list; one namespace of any name, without labels.
fn objects(group: &str, words: &[&str]) -> Option<Value> {
    let plural = match words {
        ["namespaces", name] => {
            return Some(
                json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}}),
            );
        }
        ["namespaces", _, plural] | [plural] => plural,
        _ => return None,
    };
    let row = SERVED.iter().find(|row| row.0 == group && row.2 == *plural)?;
    let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    Some(json!({"kind": format!("{}List", row.4), "apiVersion": version,
                "metadata": {"resourceVersion": "1"}, "items": []}))
}

/// The `Status` of a refusal.
pub(super) fn status(code: u16) -> String {
    let (reason, message) = match code {
        401 => ("Unauthorized", "Unauthorized"),
        403 => ("Forbidden", "pods is forbidden: the recorder says no"),
        404 => ("NotFound", "the server could not find the requested resource"),
        429 => ("TooManyRequests", "the recorder has too many requests"),
        503 => ("ServiceUnavailable", "the recorder rests"),
        504 => ("Timeout", "the recorder is too slow"),
        _ => ("InternalError", "the recorder has a fault"),
    };
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message,
           "reason": reason, "code": code})
    .to_string()
}

/// Writes an answer.
pub(super) fn write(
    stream: &mut impl Write,
    code: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<()> {
    let mut text = format!(
        "HTTP/1.1 {code} Recorded\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        body.len()
    );
    // Whoever asks next does so over a connection of its own: each is seen as it begins.
    text.push_str("Connection: close\r\n");
    for (name, value) in headers {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.push_str(body);
    stream.write_all(text.as_bytes())?;
    stream.flush()
}
