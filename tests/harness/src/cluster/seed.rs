//! What a test puts into its cluster: namespaces, and objects of any kind.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ScopedJoinHandle};

use serde_json::{Value, json};

use super::Cluster;
use super::client::{Answer, Client};

/// How many requests are made at once.
const AT_ONCE: usize = 8;

/// A namespace to be created, with what is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Namespace {
    name: String,
    labels: BTreeMap<String, String>,
    objects: Vec<Value>,
}

impl Namespace {
    /// An empty namespace without labels.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), labels: BTreeMap::new(), objects: Vec::new() }
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Adds the label of a mode of Pod Security (`enforce`, `warn`, `audit`, or `enforce-version`
    /// and so on).
    #[must_use]
    pub fn pod_security(self, mode: &str, value: &str) -> Self {
        self.label(&format!("pod-security.kubernetes.io/{mode}"), value)
    }

    /// Adds an object, which need not name its namespace.
    #[must_use]
    pub fn object(mut self, mut object: Value) -> Self {
        object["metadata"]["namespace"] = Value::from(self.name.as_str());
        self.objects.push(object);
        self
    }
}

/// Where the objects of a kind lie: its plural name, and whether these are in namespaces.
type Resource = (String, bool);

/// What the server has said of its kinds so far, by API version and kind.
#[derive(Debug, Default)]
pub(super) struct Resources(Mutex<BTreeMap<(String, String), Resource>>);

impl Resources {
    fn find(&self, client: &Client, version: &str, kind: &str) -> Resource {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (version.to_owned(), kind.to_owned());
        if let Some(resource) = known.get(&key) {
            return resource.clone();
        }
        let list = client.get(&root(version)).json();
        let resources = list["resources"].as_array().map_or(&[][..], Vec::as_slice);
        let found = resources
            .iter()
            .filter(|resource| resource["kind"] == kind)
            .find_map(|resource| {
                let name = resource["name"].as_str().filter(|name| !name.contains('/'))?;
                Some((name.to_owned(), resource["namespaced"] == true))
            })
            .unwrap_or_else(|| panic!("the server has no {kind} of {version}"));
        known.insert(key, found.clone());
        found
    }
}

/// Below which path an API version lies.
fn root(version: &str) -> String {
    if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") }
}

impl Cluster {
    /// The path that an object is created at; without a namespace it goes to `default`.
    ///
    /// # Panics
    /// If the server does not know its kind.
    pub fn collection(&self, object: &Value) -> String {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let version = text(&object["apiVersion"]);
        let (name, in_namespace) =
            self.resources.find(self.admin(), &version, &text(&object["kind"]));
        let root = root(&version);
        if in_namespace {
            let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
            format!("{root}/namespaces/{namespace}/{name}")
        } else {
            format!("{root}/{name}")
        }
    }

    /// Creates namespaces with what is in them, many at once.
    ///
    /// # Panics
    /// If the server refuses one.
    pub fn seed(&self, namespaces: &[Namespace]) {
        let objects: Vec<Value> = namespaces
            .iter()
            .map(|namespace| {
                json!({
                    "apiVersion": "v1",
                    "kind": "Namespace",
                    "metadata": { "name": namespace.name, "labels": namespace.labels },
                })
            })
            .collect();
        self.create_all(&objects);
        let inside: Vec<Value> =
            namespaces.iter().flat_map(|namespace| namespace.objects.iter().cloned()).collect();
        self.create_all(&inside);
    }

    /// Creates objects of any kind, many at once and so in no order.
    ///
    /// # Panics
    /// If the server refuses one.
    pub fn create_all(&self, objects: &[Value]) {
        let answers =
            self.each(objects, |object| self.create(&self.collection(object), object, ""));
        for (object, answer) in objects.iter().zip(answers) {
            assert!(answer.is_success(), "{}\n{object:#}", answer.message());
        }
    }

    /// Calls a function for each of the inputs on several threads, and returns the answers in the
    /// order of the inputs.
    ///
    /// # Panics
    /// If the function does.
    pub fn each<T: Sync>(&self, inputs: &[T], ask: impl Fn(&T) -> Answer + Sync) -> Vec<Answer> {
        let share = inputs.len().div_ceil(AT_ONCE).max(1);
        thread::scope(|scope| {
            let threads: Vec<_> = inputs
                .chunks(share)
                .map(|share| scope.spawn(|| share.iter().map(&ask).collect::<Vec<_>>()))
                .collect();
            let answers = threads.into_iter().map(ScopedJoinHandle::join);
            answers.flat_map(|answers| answers.expect("every answer is as expected")).collect()
        })
    }
}
