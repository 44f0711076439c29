//! Namespaces, pods, rules and selectors at random, of few words, so that they often match.

use posture::model::admission::Labels;
use posture_generators::random::Random;
use posture_harness::cluster::{Cluster, Namespace};
use serde_json::{Value, json};

/// How many namespaces there are.
const NAMESPACES: usize = 10;

const KEYS: [&str; 4] = ["a", "b", "tier", "x.y/team"];
const VALUES: [&str; 3] = ["", "web", "db"];

/// A namespace of the test.
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) labels: Labels,
}

pub(crate) fn labels(random: &mut Random) -> Labels {
    let mut labels = Labels::new();
    for key in KEYS {
        if random.percent(50) {
            labels.insert(key.to_owned(), random.pick(&VALUES).to_owned());
        }
    }
    labels
}

pub(crate) fn namespaces(cluster: &Cluster, random: &mut Random) -> Vec<Place> {
    let place = |number| Place { name: format!("setters-{number}"), labels: labels(random) };
    let places: Vec<Place> = (0..NAMESPACES).map(place).collect();
    let made: Vec<Namespace> = places
        .iter()
        .map(|place| {
            let labels = place.labels.iter();
            labels.fold(Namespace::new(&place.name), |made, (key, value)| made.label(key, value))
        })
        .collect();
    cluster.seed(&made);
    places
}

/// A pod with or without a name of its own.
pub(crate) fn pod(random: &mut Random) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "labels": labels(random) },
        "spec": {
            "automountServiceAccountToken": false,
            "containers": [{ "name": "c", "image": "x" }],
        },
    });
    if random.percent(30) {
        pod["metadata"]["generateName"] = json!("p");
    } else {
        pod["metadata"]["name"] = json!(random.pick(&["p0", "p1", "p2"]));
    }
    pod
}

/// A selector of labels of an object, or of a namespace.
fn selector(random: &mut Random, of_namespace: bool) -> Value {
    let expression = |random: &mut Random| {
        if of_namespace && random.percent(25) {
            let names: Vec<String> =
                (0..3).map(|_| format!("setters-{}", random.below(NAMESPACES))).collect();
            let operator = random.pick(&["In", "NotIn"]);
            return json!({ "key": "kubernetes.io/metadata.name", "operator": operator, "values": names });
        }
        let operator = random.pick(&["In", "NotIn", "Exists", "DoesNotExist"]);
        let mut expression = json!({ "key": random.pick(&KEYS), "operator": operator });
        if operator.ends_with("In") {
            let values =
                if random.percent(50) { json!(VALUES) } else { json!([random.pick(&VALUES)]) };
            expression["values"] = values;
        }
        expression
    };
    match random.below(4) {
        0 => json!({ "matchLabels": { (random.pick(&KEYS)): random.pick(&VALUES) } }),
        1 => json!({
            "matchLabels": { (random.pick(&KEYS)): random.pick(&VALUES) },
            "matchExpressions": [expression(random)],
        }),
        _ => json!({ "matchExpressions": [expression(random)] }),
    }
}

/// Adds selectors, each as often as this percentage says.
pub(crate) fn add_selectors(random: &mut Random, to: &mut Value, percent: usize) {
    if random.percent(percent) {
        to["namespaceSelector"] = selector(random, true);
    }
    if random.percent(percent) {
        to["objectSelector"] = selector(random, false);
    }
}

/// A rule that often names the creation of pods. Policies alone may name objects.
pub(crate) fn rule(random: &mut Random, of_policy: bool) -> Value {
    let groups = [json!([""]), json!([""]), json!(["*"]), json!(["apps", ""]), json!(["apps"])];
    let versions =
        [json!(["v1"]), json!(["v1"]), json!(["*"]), json!(["v2", "v1"]), json!(["v1beta1"])];
    let operations =
        [json!(["CREATE"]), json!(["CREATE", "UPDATE"]), json!(["*"]), json!(["UPDATE"])];
    let resources = [
        json!(["pods"]),
        json!(["pods"]),
        json!(["*"]),
        json!(["*/*"]),
        json!(["pods/*"]),
        json!(["configmaps", "pods"]),
        json!(["*/exec", "pods"]),
        json!(["pods/ephemeralcontainers"]),
        json!(["pods/exec", "deployments"]),
    ];
    let mut one = |items: &[Value]| items[random.below(items.len())].clone();
    let mut rule = json!({
        "apiGroups": one(&groups), "apiVersions": one(&versions),
        "operations": one(&operations), "resources": one(&resources),
    });
    if random.percent(40) {
        rule["scope"] = json!(random.pick(&["*", "Namespaced", "Namespaced", "Cluster"]));
    }
    if of_policy && random.percent(15) {
        rule["resourceNames"] = json!([random.pick(&["p0", "p1", "x"])]);
    }
    rule
}
