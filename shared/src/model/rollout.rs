//! What comes of changing an object's pod template: which pods are replaced and when, or why the
//! change is refused and what can be done instead.

use super::node::Value;
use super::object::Object;
use super::owners::controller_of;

/// What comes of a change of an object's template, or of the pod itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rollout {
    /// Its controller replaces the pods.
    Now {
        /// How many, if that is known.
        pods: Option<u64>,
        /// How many stay as they are: those below the partition of a `StatefulSet`.
        kept: u64,
        /// Whether all are stopped before the first new one starts.
        at_once: bool,
    },
    /// Pods get it when somebody deletes them (`updateStrategy: OnDelete`).
    OnDelete {
        /// How many there are, if that is known.
        pods: Option<u64>,
    },
    /// A Deployment that is paused: nothing happens until it is resumed.
    Paused {
        /// How many pods are replaced then, if that is known.
        pods: Option<u64>,
    },
    /// The controller never replaces pods for it (`ReplicaSet`, `ReplicationController`).
    Kept {
        /// How many there are, if that is known.
        pods: Option<u64>,
    },
    /// The next run of a `CronJob` has it.
    NextRun {
        /// Whether there is no next run until somebody resumes it.
        suspended: bool,
    },
    /// Nothing runs by it (`PodTemplate`).
    Nothing,
    /// Its controller decides.
    Controller,
    /// The server refuses the change.
    Refused(Immutable),
}

/// An object that cannot be changed where it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Immutable {
    /// A Job: its template never changes.
    Job {
        /// Whether it has ended.
        ended: bool,
        /// The fields that the server has added and that a new one must not have, as JSON pointers.
        generated: Vec<String>,
    },
    /// A Pod without a controller.
    BarePod,
    /// A Pod whose controller is gone, or of a kind that nobody here knows.
    OwnedPod {
        /// The controller.
        owner: String,
    },
    /// The image of a static pod in the API: what runs is in a manifest of the node's kubelet.
    MirrorPod {
        /// The node, if it is known.
        node: Option<String>,
        /// Where the kubelet has it from: `file`, `http`.
        source: Option<String>,
    },
}

/// Marks the API's image of a static pod; the value is its hash.
///
/// Source: `MirrorPodAnnotationKey` of k8s.io/api/core/v1.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Where the kubelet has a pod from.
///
/// Source: `ConfigSourceAnnotationKey` of Kubernetes' `pkg/kubelet/types`.
const SOURCE: &str = "kubernetes.io/config.source";

/// The labels that the Job controller's selector goes by, which the server adds to the template.
///
/// Source: `generateSelector` of Kubernetes' `pkg/registry/batch/job`.
const JOB_LABELS: [&str; 2] = ["batch.kubernetes.io/controller-uid", "controller-uid"];

/// What comes of changing the template of an object; of a Pod, of changing the pod.
pub fn of(object: &Object) -> Rollout {
    let spec = object.value().get("spec");
    let pods = count(object);
    let strategy = |field: &str| {
        let strategy = spec?.get(field)?;
        strategy.get("type")?.as_str()
    };
    match (object.group(), object.kind()) {
        ("apps", "Deployment") if is_true(spec, "paused") => Rollout::Paused { pods },
        ("apps", "Deployment") => {
            let at_once = strategy("strategy") == Some("Recreate");
            Rollout::Now { pods, kept: 0, at_once }
        }
        ("apps", "StatefulSet" | "DaemonSet") if strategy("updateStrategy") == Some("OnDelete") => {
            Rollout::OnDelete { pods }
        }
        ("apps", "StatefulSet") if strategy("updateStrategy") == Some("Recreate") => {
            Rollout::Now { pods, kept: 0, at_once: true }
        }
        ("apps", "StatefulSet") => {
            let rolling = spec.and_then(|spec| spec.get("updateStrategy")?.get("rollingUpdate"));
            let partition = rolling.and_then(|rolling| number(rolling, "partition")).unwrap_or(0);
            let kept = pods.map_or(partition, |pods| pods.min(partition));
            let pods = pods.map(|pods| pods.saturating_sub(partition));
            Rollout::Now { pods, kept, at_once: false }
        }
        ("apps", "DaemonSet") => Rollout::Now { pods, kept: 0, at_once: false },
        ("apps", "ReplicaSet") | ("", "ReplicationController") => Rollout::Kept { pods },
        ("batch", "CronJob") => Rollout::NextRun { suspended: is_true(spec, "suspend") },
        ("batch", "Job") => Rollout::Refused(job(object)),
        ("", "Pod") => Rollout::Refused(pod(object)),
        ("", "PodTemplate") => Rollout::Nothing,
        _ => Rollout::Controller,
    }
}

impl Rollout {
    /// How many pods are replaced as soon as the change is made; 0 where none is, or nobody knows.
    pub fn restarts(&self) -> u64 {
        match self {
            Self::Now { pods, .. } => pods.unwrap_or(0),
            _ => 0,
        }
    }

    /// What comes of it, as a half-sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Now { pods: Some(0), kept: 0, .. } => "no pod restarts: it has none".to_owned(),
            Self::Now { pods, kept: 0, at_once } => {
                let how = if *at_once { ", all at once" } else { "" };
                match pods {
                    Some(1) => "1 pod restarts".to_owned(),
                    Some(pods) => format!("{pods} pods restart{how}"),
                    None => format!("its pods restart{how}"),
                }
            }
            Self::Now { pods, kept, .. } => {
                let rest = match pods {
                    Some(0) => "no pod restarts".to_owned(),
                    Some(1) => "1 pod restarts".to_owned(),
                    Some(pods) => format!("{pods} pods restart"),
                    None => "its pods restart".to_owned(),
                };
                format!("{rest}; the partition keeps {kept} as they are")
            }
            Self::OnDelete { pods } => format!(
                "no pod restarts by itself: with updateStrategy OnDelete {} it when deleted",
                get(*pods)
            ),
            Self::Paused { pods } => format!(
                "nothing restarts while the Deployment is paused: {} it after kubectl rollout resume",
                get(*pods)
            ),
            Self::Kept { pods } => {
                format!("no pod restarts by itself: {} it when deleted", get(*pods))
            }
            Self::NextRun { suspended: false } => "the next run has it".to_owned(),
            Self::NextRun { suspended: true } => {
                "it is suspended: the first run after it is resumed has it".to_owned()
            }
            Self::Nothing => "nothing runs by it".to_owned(),
            Self::Controller => "its controller decides which pods restart".to_owned(),
            Self::Refused(immutable) => immutable.why(),
        }
    }
}

/// `3 pods get`
fn get(pods: Option<u64>) -> String {
    match pods {
        Some(1) => "1 pod gets".to_owned(),
        Some(pods) => format!("{pods} pods get"),
        None => "its pods get".to_owned(),
    }
}

impl Immutable {
    /// Why the change is refused.
    pub fn why(&self) -> String {
        match self {
            Self::Job { ended: false, .. } => "the template of a Job cannot be changed".to_owned(),
            Self::Job { ended: true, .. } => {
                "the template of a Job cannot be changed, and this one has ended".to_owned()
            }
            Self::BarePod => "the security context of a Pod cannot be changed".to_owned(),
            Self::OwnedPod { owner } => {
                format!(
                    "the security context of a Pod cannot be changed, and it belongs to {owner}"
                )
            }
            Self::MirrorPod { node, .. } => {
                let node = node.as_ref().map(|node| format!(" {node}")).unwrap_or_default();
                format!("a static pod: what runs is a manifest of the kubelet on node{node}")
            }
        }
    }

    /// What can be done instead: sentences and commands. `edit` is a command that changes the object
    /// between its standard input and its standard output.
    /// `kubectl` is the beginning of its commands, with the context that is meant.
    pub fn instead(&self, object: &Object, kubectl: &str, edit: &str) -> Vec<String> {
        let name = format!("{}/{}", object.kind().to_lowercase(), object.name());
        let scope = object.namespace().map(|name| format!(" -n {name}")).unwrap_or_default();
        let read = format!("{kubectl} get {name}{scope} -o json");
        match self {
            Self::Job { ended: true, .. } => {
                vec!["change the manifest that such Jobs are made from".to_owned()]
            }
            Self::Job { ended: false, generated } => {
                let mut steps = vec![read];
                if !generated.is_empty() {
                    let remove = |path: &String| format!(r#"{{"op":"remove","path":"{path}"}}"#);
                    let removed: Vec<String> = generated.iter().map(remove).collect();
                    let patch = removed.join(",");
                    steps.push(format!(
                        "kubectl patch --local -f - --type=json -p '[{patch}]' -o json"
                    ));
                }
                steps.extend([edit.to_owned(), format!("{kubectl} replace --force -f -")]);
                vec![
                    "change the manifest that it is made from".to_owned(),
                    format!("or stop it and run it anew: {}", steps.join(" | ")),
                ]
            }
            Self::BarePod => vec![
                "change the manifest that it is made from".to_owned(),
                format!(
                    "or stop it and create it anew: {read} | {edit} | {kubectl} replace --force -f -"
                ),
            ],
            Self::OwnedPod { owner } => vec![format!("change {owner}")],
            Self::MirrorPod { source, .. } => {
                let place = match source.as_deref() {
                    Some("http") => "where the kubelet fetches it from (staticPodURL)",
                    _ => "in the kubelet's staticPodPath (for kubeadm /etc/kubernetes/manifests)",
                };
                vec![format!("change the manifest {place}; the kubelet then replaces the pod")]
            }
        }
    }
}

fn job(object: &Object) -> Immutable {
    let value = object.value();
    let has = |dotted: &[&str]| {
        let mut at = Some(value);
        for key in dotted {
            at = at.and_then(|value| value.get(key));
        }
        at.is_some_and(|value| !value.is_null())
    };
    let mut generated = Vec::new();
    if !is_true(value.get("spec"), "manualSelector") {
        if has(&["spec", "selector"]) {
            generated.push("/spec/selector".to_owned());
        }
        for label in JOB_LABELS {
            if has(&["spec", "template", "metadata", "labels", label]) {
                let escaped = label.replace('/', "~1");
                generated.push(format!("/spec/template/metadata/labels/{escaped}"));
            }
        }
    }
    Immutable::Job { ended: has_ended(object), generated }
}

/// Whether a Pod or a Job has ended: nothing will come of it any more (`IsPodTerminal`,
/// `IsJobFinished`). Nothing else ends.
pub fn has_ended(object: &Object) -> bool {
    let Some(status) = object.value().get("status") else { return false };
    match (object.group(), object.kind()) {
        ("", "Pod") => {
            let phase = status.get("phase").and_then(|phase| phase.as_str());
            matches!(phase, Some("Succeeded" | "Failed"))
        }
        ("batch", "Job") => {
            let conditions = status.get("conditions");
            conditions.into_iter().flat_map(|conditions| conditions.items()).any(|condition| {
                let text = |key: &str| condition.get(key).and_then(|value| value.as_str());
                matches!(text("type"), Some("Complete" | "Failed"))
                    && text("status") == Some("True")
            })
        }
        _ => false,
    }
}

fn pod(object: &Object) -> Immutable {
    let value = object.value();
    let annotations = value.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let annotation = |key: &str| annotations.and_then(|all| all.get(key)?.as_str());
    let source = annotation(SOURCE).filter(|source| *source != "api");
    if annotation(MIRROR).is_some() || source.is_some() {
        let node = value.get("spec").and_then(|spec| spec.get("nodeName")?.as_str());
        return Immutable::MirrorPod {
            node: node.map(str::to_owned),
            source: source.map(str::to_owned),
        };
    }
    match controller_of(value) {
        None => Immutable::BarePod,
        Some(owner) => Immutable::OwnedPod { owner: owner.reference(None).to_string() },
    }
}

/// How many pods there are: what the controller has counted, else what is wanted.
fn count(object: &Object) -> Option<u64> {
    let value = object.value();
    let status = value.get("status");
    if object.kind() == "DaemonSet" {
        return status.and_then(|status| number(status, "currentNumberScheduled"));
    }
    let counted = status.and_then(|status| number(status, "replicas"));
    counted.or_else(|| {
        let spec = value.get("spec")?;
        // A server's default; its other controllers leave the number away where it is 0.
        Some(number(spec, "replicas").unwrap_or(1))
    })
}

fn number(value: Value<'_>, key: &str) -> Option<u64> {
    value.get(key)?.as_i64().and_then(|number| u64::try_from(number).ok())
}

fn is_true(spec: Option<Value<'_>>, key: &str) -> bool {
    spec.and_then(|spec| spec.get(key)?.as_bool()) == Some(true)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value as Json, json};

    use super::*;
    use crate::model::made;
    use crate::model::path::FieldPath;

    fn object(api_version: &str, kind: &str, rest: &Json) -> Object {
        let mut object = json!({"apiVersion": api_version, "kind": kind,
            "metadata": {"name": "x", "namespace": "shop"}});
        for (key, value) in rest.as_object().unwrap() {
            if key == "metadata" {
                for (key, value) in value.as_object().unwrap() {
                    object["metadata"][key] = value.clone();
                }
            } else {
                object[key] = value.clone();
            }
        }
        let tree = made::tree(&object);
        let root = tree.root().id();
        Object::new(Arc::new(tree), root, FieldPath::root(), None)
    }

    fn sentence(api_version: &str, kind: &str, rest: &Json) -> String {
        of(&object(api_version, kind, rest)).sentence()
    }

    #[test]
    fn deployments_restart_their_pods() {
        let of = |rest: Json| sentence("apps/v1", "Deployment", &rest);
        assert_eq!(of(json!({"spec": {}})), "1 pod restarts");
        assert_eq!(of(json!({"spec": {"replicas": 3}})), "3 pods restart");
        let counted = json!({"spec": {"replicas": 3}, "status": {"replicas": 2}});
        assert_eq!(of(counted), "2 pods restart");
        assert_eq!(of(json!({"spec": {"replicas": 0}})), "no pod restarts: it has none");
        let recreate = json!({"spec": {"replicas": 3, "strategy": {"type": "Recreate"}}});
        assert_eq!(of(recreate), "3 pods restart, all at once");
        let paused = of(json!({"spec": {"replicas": 3, "paused": true}}));
        assert!(paused.starts_with("nothing restarts while"), "{paused}");
    }

    #[test]
    fn partitions_and_on_delete() {
        let stateful = |rest: Json| of(&object("apps/v1", "StatefulSet", &json!({"spec": rest})));
        let partition = |replicas: u64, partition: u64| {
            stateful(json!({"replicas": replicas, "updateStrategy": {"type": "RollingUpdate",
                "rollingUpdate": {"partition": partition}}}))
        };
        let now = |pods, kept| Rollout::Now { pods: Some(pods), kept, at_once: false };
        assert_eq!(partition(5, 2), now(3, 2));
        assert_eq!(partition(5, 2).restarts(), 3);
        assert_eq!(partition(5, 9), now(0, 5));
        assert_eq!(partition(5, 0), now(5, 0));
        assert!(partition(5, 2).sentence().ends_with("the partition keeps 2 as they are"));
        let on_delete = stateful(json!({"replicas": 2, "updateStrategy": {"type": "OnDelete"}}));
        assert_eq!(on_delete, Rollout::OnDelete { pods: Some(2) });
        assert_eq!(on_delete.restarts(), 0);
        let daemon = |rest: Json| of(&object("apps/v1", "DaemonSet", &rest));
        let status = json!({"status": {"currentNumberScheduled": 4, "desiredNumberScheduled": 5}});
        assert_eq!(daemon(status), now(4, 0));
        assert_eq!(daemon(json!({})).sentence(), "its pods restart");
    }

    #[test]
    fn some_pods_keep_what_they_have() {
        let kept = sentence("apps/v1", "ReplicaSet", &json!({"spec": {"replicas": 2}}));
        assert_eq!(kept, "no pod restarts by itself: 2 pods get it when deleted");
        let cron =
            |suspend: bool| sentence("batch/v1", "CronJob", &json!({"spec": {"suspend": suspend}}));
        assert_eq!(cron(false), "the next run has it");
        assert!(cron(true).starts_with("it is suspended"));
        assert_eq!(sentence("v1", "PodTemplate", &json!({})), "nothing runs by it");
        assert_eq!(of(&object("argoproj.io/v1alpha1", "Rollout", &json!({}))), Rollout::Controller);
    }

    #[test]
    fn a_job_is_run_anew() {
        let rest = json!({"spec": {
            "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "1"}},
            "template": {"metadata": {"labels": {"batch.kubernetes.io/controller-uid": "1",
                "controller-uid": "1", "app": "x"}}}}});
        let job = object("batch/v1", "Job", &rest);
        let Rollout::Refused(immutable) = of(&job) else { panic!("it is refused") };
        assert_eq!(immutable.why(), "the template of a Job cannot be changed");
        let instead = immutable.instead(&job, "kubectl", "EDIT");
        let expected = concat!(
            "or stop it and run it anew: kubectl get job/x -n shop -o json",
            " | kubectl patch --local -f - --type=json -p '[",
            r#"{"op":"remove","path":"/spec/selector"},"#,
            r#"{"op":"remove","path":"/spec/template/metadata/labels/batch.kubernetes.io~1controller-uid"},"#,
            r#"{"op":"remove","path":"/spec/template/metadata/labels/controller-uid"}]' -o json"#,
            " | EDIT | kubectl replace --force -f -"
        );
        assert_eq!(instead[1], expected);
        let manual =
            object("batch/v1", "Job", &json!({"spec": {"manualSelector": true, "selector": {}}}));
        let Rollout::Refused(immutable) = of(&manual) else { panic!("it is refused") };
        assert!(!immutable.instead(&manual, "kubectl", "EDIT")[1].contains("patch"));
        let ended = json!({"status": {"conditions": [{"type": "Complete", "status": "True"}]}});
        assert!(sentence("batch/v1", "Job", &ended).ends_with("has ended"));
    }

    #[test]
    fn pods_are_made_anew_or_where_they_come_from() {
        let bare = object("v1", "Pod", &json!({}));
        let Rollout::Refused(immutable) = of(&bare) else { panic!("it is refused") };
        assert_eq!(immutable, Immutable::BarePod);
        let command = &immutable.instead(&bare, "kubectl", "EDIT")[1];
        assert!(
            command.ends_with(
                "kubectl get pod/x -n shop -o json | EDIT | kubectl replace --force -f -"
            )
        );
        let mirror = |source: &str| {
            let annotations = json!({MIRROR: "hash", SOURCE: source});
            object(
                "v1",
                "Pod",
                &json!({"metadata": {"annotations": annotations}, "spec": {"nodeName": "n1"}}),
            )
        };
        let of_file = mirror("file");
        let Rollout::Refused(immutable) = of(&of_file) else { panic!("it is refused") };
        assert!(immutable.why().ends_with("on node n1"), "{}", immutable.why());
        assert!(
            immutable.instead(&of_file, "kubectl", "EDIT")[0].contains("/etc/kubernetes/manifests")
        );
        let of_http = mirror("http");
        let Rollout::Refused(immutable) = of(&of_http) else { panic!("it is refused") };
        assert!(immutable.instead(&of_http, "kubectl", "EDIT")[0].contains("staticPodURL"));
        // The kubelet writes `api` on pods of its own that are none of these.
        let api = json!({"metadata": {"annotations": {SOURCE: "api"}}});
        assert_eq!(of(&object("v1", "Pod", &api)), Rollout::Refused(Immutable::BarePod));
    }
}
