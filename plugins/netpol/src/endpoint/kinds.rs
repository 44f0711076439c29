//! Kinds, by the names that kubectl has for them.

/// A kind that a word can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Pod,
    Service,
    Namespace,
    Node,
    /// One that makes pods, by its name.
    Workload(&'static str),
}

const KINDS: [(Kind, &[&str]); 11] = [
    (Kind::Pod, &["po", "pod", "pods"]),
    (Kind::Service, &["svc", "service", "services"]),
    (Kind::Namespace, &["ns", "namespace", "namespaces"]),
    (Kind::Node, &["no", "node", "nodes"]),
    (Kind::Workload("Deployment"), &["deploy", "deployment", "deployments"]),
    (Kind::Workload("StatefulSet"), &["sts", "statefulset", "statefulsets"]),
    (Kind::Workload("DaemonSet"), &["ds", "daemonset", "daemonsets"]),
    (Kind::Workload("ReplicaSet"), &["rs", "replicaset", "replicasets"]),
    (
        Kind::Workload("ReplicationController"),
        &["rc", "replicationcontroller", "replicationcontrollers"],
    ),
    (Kind::Workload("Job"), &["job", "jobs"]),
    (Kind::Workload("CronJob"), &["cj", "cronjob", "cronjobs"]),
];

impl Kind {
    /// The kind of a word in any case, with or without its group: `deployments.apps`.
    pub(super) fn of(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        let plain = word.split_once('.').map_or(word.as_str(), |(plain, _)| plain);
        KINDS.iter().find(|(_, words)| words.contains(&plain)).map(|(kind, _)| *kind)
    }

    /// The name of a kind of workloads that is none of Kubernetes' own, as far as a word tells it:
    /// `rollouts.argoproj.io` is `rollout`.
    pub(super) fn singular(word: &str) -> String {
        let word = word.to_lowercase();
        let plain = word.split_once('.').map_or(word.as_str(), |(plain, _)| plain);
        plain.strip_suffix('s').unwrap_or(plain).to_owned()
    }

    /// All words.
    pub(super) fn words() -> impl Iterator<Item = &'static str> {
        KINDS.iter().flat_map(|(_, words)| words.iter().copied())
    }
}
