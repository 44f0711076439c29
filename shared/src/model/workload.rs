//! Any kind of workload to its pod template.

use super::node::{Type, Value};
use super::object::Object;
use super::path::FieldPath;

/// How Pod Security Admission treats the kind that a pod template was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A Pod itself: enforced, audited and warned about.
    Pod,
    /// One of the eight workload kinds whose templates are audited and warned about.
    Workload,
    /// Any other object that embeds a template: admission looks only at the pods it creates.
    Other,
}

/// A pod template, or a pod, inside an object.
#[derive(Clone, Debug)]
pub struct PodTemplate<'a> {
    /// How admission treats the object around it.
    pub carrier: Carrier,
    /// The way from the object to the template; empty for a Pod.
    pub path: FieldPath,
    /// The value that holds `metadata` and `spec`.
    pub value: Value<'a>,
    /// `spec.volumeClaimTemplates` of a StatefulSet: its controller puts a claim in the place of
    /// the template's volume of the same name.
    pub claims: Option<Value<'a>>,
}

/// The workload kinds of `DefaultPodSpecExtractor` in k8s.io/pod-security-admission, with the
/// way to their templates.
const WORKLOADS: [(&str, &str, &str); 8] = [
    ("", "PodTemplate", "template"),
    ("", "ReplicationController", "spec.template"),
    ("apps", "DaemonSet", "spec.template"),
    ("apps", "Deployment", "spec.template"),
    ("apps", "ReplicaSet", "spec.template"),
    ("apps", "StatefulSet", "spec.template"),
    ("batch", "CronJob", "spec.jobTemplate.spec.template"),
    ("batch", "Job", "spec.template"),
];

/// How deep a template may lie in an object of another kind: JobSet has its templates eight
/// steps down, and nothing known has them deeper than ten.
const MAX_SEARCH_DEPTH: usize = 16;

/// The pod templates of an object: one for a Pod or a workload, any number for other kinds,
/// where they are found by structure (a mapping with `spec.containers`).
pub fn pod_templates(object: &Object) -> Vec<PodTemplate<'_>> {
    let value = object.value();
    if object.kind() == "Pod" && object.group().is_empty() {
        return vec![PodTemplate {
            carrier: Carrier::Pod,
            path: FieldPath::root(),
            value,
            claims: None,
        }];
    }
    if let Some(dotted) = template_path(object) {
        let path = FieldPath::of(dotted);
        return match path.look_up(value) {
            // A ReplicationController without a template is not judged.
            (template, true) if !template.is_null() => {
                let claims = value.get("spec").and_then(|spec| spec.field("volumeClaimTemplates"));
                let claims = claims.filter(|_| object.kind() == "StatefulSet");
                vec![PodTemplate { carrier: Carrier::Workload, path, value: template, claims }]
            }
            _ => Vec::new(),
        };
    }
    let mut found = Vec::new();
    search(value, &FieldPath::root(), 0, &mut found);
    found
}

/// The way to the template of a workload; `None` for all other kinds.
pub fn template_path(object: &Object) -> Option<&'static str> {
    template_path_of(object.group(), object.kind())
}

/// The way to the template of a workload kind, by API group and kind.
pub fn template_path_of(group: &str, kind: &str) -> Option<&'static str> {
    let is_it = |entry: &&(&str, &str, &str)| entry.0 == group && entry.1 == kind;
    WORKLOADS.iter().find(is_it).map(|(_, _, dotted)| *dotted)
}

/// Why nobody knows what pods come of an object in which [`pod_templates`] finds none: a workload
/// without a template cannot be judged, and neither can another kind that has the shape of a pod
/// itself. `None` for other kinds, which are of no concern.
pub fn without_template(object: &Object) -> Option<String> {
    if let Some(path) = template_path(object) {
        return Some(format!("no pod template at {path}: the API server would refuse it"));
    }
    looks_like_pod(object.value()).then(|| {
        "spec.containers in a kind that is no Pod: what its controller makes of it is not known"
            .to_owned()
    })
}

fn search<'a>(value: Value<'a>, path: &FieldPath, depth: usize, found: &mut Vec<PodTemplate<'a>>) {
    if depth > MAX_SEARCH_DEPTH {
        return;
    }
    match value.value_type() {
        Type::Object => {
            // The object itself is no template: operators put container overrides into their
            // own `spec.containers`.
            if depth > 0 && looks_like_pod(value) {
                found.push(PodTemplate {
                    carrier: Carrier::Other,
                    path: path.clone(),
                    value,
                    claims: None,
                });
                return;
            }
            for (key, child) in value.entries() {
                if matches!(child.value_type(), Type::Object | Type::Array) {
                    let key = key.as_str().unwrap_or_default().to_owned();
                    search(child, &path.clone().field(key), depth + 1, found);
                }
            }
        }
        Type::Array => {
            for (index, item) in value.items().enumerate() {
                let name = item.get("name").and_then(|name| name.as_str()).unwrap_or_default();
                search(item, &path.clone().named(index, name), depth + 1, found);
            }
        }
        _ => {}
    }
}

/// Whether a value has the shape of a pod or a pod template.
fn looks_like_pod(value: Value<'_>) -> bool {
    value.get("spec").is_some_and(has_containers)
}

/// Whether a value looks like a PodSpec: it has containers, and each is a mapping with an image
/// or a name. A schema (`containers: {type: array}`) does not.
fn has_containers(spec: Value<'_>) -> bool {
    let Some(containers) = spec.get("containers") else {
        return false;
    };
    let mut items = containers.items().peekable();
    items.peek().is_some()
        && items.all(|item| item.get("image").or_else(|| item.get("name")).is_some())
}
