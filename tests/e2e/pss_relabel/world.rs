//! A server with exempt namespaces and an exempt runtime class: how its namespaces get labels, and
//! what we say of it.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use kubectl_pss::admission_config::{Configuration, Exemptions};
use kubectl_pss::evaluate::Evaluator;
use kubectl_pss::namespace::{Defaults, Mode, NamespacePolicy};
use kubectl_pss::relabel::{Change, Relabelling, relabel};
use posture::model::object::Object;
use posture::model::version::Minor;
use posture_e2e::object;
use posture_harness::cluster::{Answer, Cluster, ClusterOptions, Namespace};
use serde_json::{Map, Value, json};

/// The namespaces that every server exempts.
const EXEMPT: [&str; 3] = ["n3", "n8", "fresh1"];
/// The runtime class that every server exempts, and one that none does.
pub(super) const EXEMPT_CLASS: &str = "exempt-class";
pub(super) const JUDGED_CLASS: &str = "judged-class";

/// How long a server may take to hear of its own pods.
const HEARSAY: Duration = Duration::from_secs(30);

/// A server with its namespaces.
pub(super) struct World {
    pub(super) cluster: Cluster,
    pub(super) configuration: Configuration,
    pub(super) evaluator: Evaluator,
}

pub(super) type Labels = BTreeMap<String, String>;

impl World {
    pub(super) fn start(options: &ClusterOptions, defaults: Defaults) -> Self {
        let mut printed = Map::new();
        for (mode, default) in defaults.iter() {
            printed.insert(mode.as_str().to_owned(), json!(default.level.as_str()));
            printed.insert(format!("{mode}-version"), json!(default.version.to_string()));
        }
        let file = json!({
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "AdmissionConfiguration",
            "plugins": [{ "name": "PodSecurity", "configuration": {
                "apiVersion": "pod-security.admission.config.k8s.io/v1",
                "kind": "PodSecurityConfiguration",
                "defaults": printed,
                "exemptions": { "namespaces": EXEMPT, "runtimeClasses": [EXEMPT_CLASS] },
            } }],
        });
        let cluster = Cluster::start(&options.clone().admission(&file.to_string()));
        let exemptions = Exemptions {
            usernames: Vec::new(),
            namespaces: EXEMPT.map(str::to_owned).to_vec(),
            runtime_classes: vec![EXEMPT_CLASS.to_owned()],
        };
        let minor = Minor(u16::try_from(cluster.minor()).expect("a minor"));
        let classes = [EXEMPT_CLASS, JUDGED_CLASS].map(|class| {
            json!({
                "apiVersion": "node.k8s.io/v1",
                "kind": "RuntimeClass",
                "metadata": { "name": class },
                "handler": "none",
            })
        });
        cluster.create_all(&classes);
        Self {
            cluster,
            configuration: Configuration { defaults, exemptions },
            evaluator: Evaluator::new(minor),
        }
    }

    pub(super) fn policy(&self, labels: &Labels) -> NamespacePolicy {
        let labels = labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        NamespacePolicy::of_labels(labels, &self.configuration.defaults, self.evaluator.server())
    }

    /// What we say.
    pub(super) fn foretold(
        &self,
        namespace: &str,
        before: Option<&Labels>,
        after: &Labels,
        pods: &[Object],
    ) -> Relabelling {
        let (before, after) = (before.map(|labels| self.policy(labels)), self.policy(after));
        let configuration = &self.configuration;
        let change = Change { namespace, before: before.as_ref(), after: &after, configuration };
        relabel(&self.evaluator, &change, pods)
    }

    /// Gives a namespace these labels for good. Nobody asks Pod Security on this way, so that they
    /// may be invalid.
    pub(super) fn label(&self, namespace: &str, labels: &Labels) -> Answer {
        let path = format!("/api/v1/namespaces/{namespace}/status");
        self.cluster.admin().merge(&path, &patch(labels))
    }

    /// What the server would say if a namespace got these labels.
    pub(super) fn ask(&self, namespace: &str, labels: &Labels) -> Answer {
        let path = format!("/api/v1/namespaces/{namespace}?dryRun=All");
        self.cluster.admin().merge(&path, &patch(labels))
    }

    /// The pods of a namespace as they are stored.
    pub(super) fn pods(&self, namespace: &str) -> Vec<Object> {
        let list = self.cluster.get_json(&format!("/api/v1/namespaces/{namespace}/pods"));
        list["items"].as_array().expect("a list").iter().map(object::from_json).collect()
    }

    /// Waits until the server's own view of the pods, which lags behind, has all that were created
    /// or changed so far: until it has one that is created now.
    pub(super) fn settle(&self) {
        self.cluster.seed(&[Namespace::new("probe").pod_security("enforce", "privileged").object(
            json!({
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": { "name": "probe" },
                "spec": { "hostPID": true, "containers": [{ "name": "a", "image": "a" }] },
            }),
        )]);
        let labels = Labels::from([level(Mode::Enforce, "baseline")]);
        let started = Instant::now();
        loop {
            let answer = self.ask("probe", &labels);
            if answer.warnings.iter().any(|text| text == "probe: host namespaces") {
                return;
            }
            assert!(started.elapsed() < HEARSAY, "the server has not heard of its pods");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

pub(super) fn level(mode: Mode, level: &str) -> (String, String) {
    (mode.level_label().to_owned(), level.to_owned())
}

/// The patch after which a namespace has exactly these labels of Pod Security.
pub(super) fn patch(labels: &Labels) -> Value {
    let mut all = Map::new();
    for mode in Mode::ALL {
        for key in [mode.level_label(), mode.version_label()] {
            all.insert(key.to_owned(), json!(labels.get(key)));
        }
    }
    json!({ "metadata": { "labels": all } })
}
