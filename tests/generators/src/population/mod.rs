//! A populated cluster: namespaces full of Deployments with their `ReplicaSets` and pods, as the
//! server of many teams holds them.
//!
//! No controller runs in a test cluster, so everything is created here, the pods too, each with
//! the status that a kubelet would write.

mod objects;

use std::sync::Mutex;
use std::thread;

use posture_harness::cluster::{ADMIN, Answer, Client, Cluster, ClusterOptions};
use serde_json::{Map, Value, json};

use crate::random::Random;
use objects::App;

/// Into how many namespaces the pods go.
pub const NAMESPACES: usize = 200;

/// How many pods a Deployment has at least, and at most.
const PODS: (usize, usize) = (10, 50);

/// How many requests are made at once.
const THREADS: usize = 8;

/// What the labels of namespaces ask for, by turns.
const LABELS: [&[(&str, &str)]; 5] = [
    &[],
    &[("enforce", "baseline")],
    &[("enforce", "baseline"), ("warn", "restricted")],
    &[("warn", "restricted"), ("audit", "restricted")],
    &[("enforce", "restricted")],
];

/// The cluster that can be populated: Pod Security lets its administrator create what the labels
/// of the namespaces forbid.
pub fn options() -> ClusterOptions {
    let configuration = json!({
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [{ "name": "PodSecurity", "configuration": {
            "apiVersion": "pod-security.admission.config.k8s.io/v1",
            "kind": "PodSecurityConfiguration",
            "exemptions": { "usernames": [ADMIN] },
        } }],
    });
    ClusterOptions::default().admission(&configuration.to_string())
}

/// The pods of a cluster, which grow in number. A seed always makes the same objects; their names
/// and sizes do not depend on how many there will be.
#[derive(Debug)]
pub struct Population<'a> {
    cluster: &'a Cluster,
    random: Random,
    seed: u64,
    deployments: usize,
    pods: usize,
}

impl<'a> Population<'a> {
    /// Creates the namespaces, still empty, in a cluster with these [`options`].
    ///
    /// # Panics
    /// If the server refuses one.
    pub fn start(cluster: &'a Cluster, seed: u64) -> Self {
        let names: Vec<usize> = (0..NAMESPACES).collect();
        each(cluster.admin(), names, |client, index| {
            let labels: Map<String, Value> = LABELS[index % LABELS.len()]
                .iter()
                .map(|(mode, level)| (format!("pod-security.kubernetes.io/{mode}"), json!(level)))
                .collect();
            let metadata = json!({ "name": namespace(index), "labels": labels });
            let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata });
            create(client, "/api/v1/namespaces", &object);
        });
        Self { cluster, random: Random::new(seed), seed, deployments: 0, pods: 0 }
    }

    /// How many pods there are.
    pub fn pods(&self) -> usize {
        self.pods
    }

    /// How many Deployments there are.
    pub fn deployments(&self) -> usize {
        self.deployments
    }

    /// Creates Deployments until there are so many pods. The last one may have fewer pods than its
    /// template asks for.
    ///
    /// # Panics
    /// If the server refuses an object.
    pub fn grow(&mut self, pods: usize) {
        let mut apps = Vec::new();
        while self.pods < pods {
            let (fewest, most) = PODS;
            let replicas = fewest + self.random.below(most - fewest + 1);
            let app = App::new(self.seed, self.deployments, replicas);
            let running = replicas.min(pods - self.pods);
            apps.push((app, running));
            self.deployments += 1;
            self.pods += running;
        }
        each(self.cluster.admin(), apps, |client, (app, running)| {
            create_app(client, &app, running);
        });
    }
}

/// The name of a namespace.
fn namespace(index: usize) -> String {
    format!("team-{index:03}")
}

/// Creates a Deployment, the `ReplicaSets` that it would have, and pods of the newest.
fn create_app(client: &Client, app: &App, pods: usize) {
    let namespace = namespace(app.index() % NAMESPACES);
    let apps = |plural: &str| format!("/apis/apps/v1/namespaces/{namespace}/{plural}");
    let manager = "?fieldManager=kube-controller-manager";
    let deployment = create(
        client,
        &format!("{}?fieldManager=helm", apps("deployments")),
        &app.deployment(&namespace),
    );
    let mut newest = Value::Null;
    for object in app.replica_sets(&deployment) {
        newest = create(client, &format!("{}{manager}", apps("replicasets")), &object);
    }
    let collection = format!("/api/v1/namespaces/{namespace}/pods");
    for number in 0..pods {
        let (pod, status) = app.pod(&newest, number);
        let pod = create(client, &format!("{collection}{manager}"), &pod);
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        let path = format!("{collection}/{name}/status?fieldManager=kubelet");
        done(&client.merge(&path, &json!({ "status": status })), &path);
    }
}

/// Creates an object and returns it as the server has it.
fn create(client: &Client, path: &str, object: &Value) -> Value {
    let answer = client.post(path, object);
    done(&answer, path);
    answer.json()
}

/// Checks that the server has done what it was asked.
fn done(answer: &Answer, path: &str) {
    assert!(answer.is_success(), "{path}: {}", answer.message());
}

/// Does something with every item, on several threads.
fn each<T: Send>(client: &Client, items: Vec<T>, act: impl Fn(&Client, T) + Sync) {
    let items = Mutex::new(items.into_iter());
    let next = || items.lock().ok().and_then(|mut items| items.next());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(item) = next() {
                    act(client, item);
                }
            });
        }
    });
}
