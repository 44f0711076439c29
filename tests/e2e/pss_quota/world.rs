//! Random namespaces with LimitRanges and ResourceQuotas, and random pods for them.

use posture_generators::random::Random;
use posture_harness::cluster::Cluster;
use serde_json::{Map, Value, json};

use super::compare::SCOPES;

/// A namespace with what rules in it.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) namespace: String,
    /// As they were sent; quotas with the status that was patched in.
    pub(crate) objects: Vec<Value>,
}

/// What the pods of all namespaces may name.
pub(crate) fn classes() -> Vec<Value> {
    let priority = |name: &str, value: i64| {
        json!({ "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
            "metadata": { "name": name }, "value": value })
    };
    vec![
        priority("high", 1000),
        priority("low", 10),
        json!({ "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass",
            "metadata": { "name": "kata" }, "handler": "kata",
            "overhead": { "podFixed": { "cpu": "120m", "memory": "32Mi" } } }),
        json!({ "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass",
            "metadata": { "name": "plain" }, "handler": "plain" }),
    ]
}

const CPU: [&str; 9] = ["0", "100m", "150m", "250m", "0.5", "1", "1500m", "2", "2000001u"];
const MEMORY: [&str; 9] = ["0", "16Mi", "64Mi", "100M", "0.25Gi", "512Mi", "1Gi", "1.5Gi", "1e9"];
const STORAGE: [&str; 4] = ["1Gi", "1500M", "2Gi", "512Ki"];
const GPUS: [&str; 3] = ["1", "2", "4"];

fn amount<'a>(resource: &str, random: &mut Random) -> &'a str {
    let pool: &[&str] = match resource {
        "cpu" => &CPU,
        "memory" => &MEMORY,
        "ephemeral-storage" => &STORAGE,
        "hugepages-2Mi" => &["2Mi", "4Mi", "8Mi"],
        _ => &GPUS,
    };
    // From the pools alone, so that the text lives on.
    pool[random.below(pool.len())]
}

/// An amount of each of some of the resources.
fn amounts(resources: &[&str], percent: usize, random: &mut Random) -> Map<String, Value> {
    let chosen = resources.iter().filter(|_| random.percent(percent)).copied().collect::<Vec<_>>();
    chosen.into_iter().map(|name| (name.to_owned(), json!(amount(name, random)))).collect()
}

const COMPUTE: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
const GPU: &str = "example.com/gpu";

fn container(name: &str, percent: usize, random: &mut Random) -> Value {
    let mut requests = amounts(&COMPUTE, percent, random);
    let mut limits = amounts(&COMPUTE, percent, random);
    // Mostly what validation lets pass: where both are there, they are alike.
    for (resource, limit) in &limits {
        if requests.contains_key(resource) && random.percent(80) {
            requests.insert(resource.clone(), limit.clone());
        }
    }
    if random.percent(8) {
        limits.insert(GPU.to_owned(), json!(amount(GPU, random)));
    }
    if random.percent(4) {
        limits.insert("hugepages-2Mi".to_owned(), json!(amount("hugepages-2Mi", random)));
    }
    let mut container = json!({ "name": name, "image": "registry.example/a:1" });
    if random.percent(90) {
        container["resources"] = json!({ "requests": requests, "limits": limits });
    }
    container
}

/// A pod.
pub(crate) fn pod(name: &str, random: &mut Random) -> Value {
    let percent = [0, 25, 60, 85, 100][random.below(5)];
    let containers = 1 + random.below(3);
    let containers: Vec<Value> =
        (0..containers).map(|index| container(&format!("c{index}"), percent, random)).collect();
    let count = if random.percent(40) { 1 + random.below(3) } else { 0 };
    let first: Vec<Value> = (0..count)
        .map(|index| {
            let mut container = container(&format!("i{index}"), percent, random);
            if random.percent(40) {
                container["restartPolicy"] = json!("Always");
            }
            container
        })
        .collect();
    let mut spec = json!({ "containers": containers, "initContainers": first });
    if random.percent(20) {
        let of_pod = ["cpu", "memory"];
        let mut requests = amounts(&of_pod, 50, random);
        let limits = amounts(&of_pod, 50, random);
        for (resource, limit) in &limits {
            if requests.contains_key(resource) && random.percent(80) {
                requests.insert(resource.clone(), limit.clone());
            }
        }
        spec["resources"] = json!({ "requests": requests, "limits": limits });
    }
    if random.percent(30) {
        spec["activeDeadlineSeconds"] = json!(60);
    }
    if random.percent(35) {
        spec["priorityClassName"] = json!(random.pick(&["high", "low"]));
    }
    if random.percent(15) {
        spec["runtimeClassName"] = json!(random.pick(&["kata", "plain"]));
    }
    if random.percent(45) {
        spec["affinity"] = affinity(random);
    }
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name }, "spec": spec })
}

fn affinity(random: &mut Random) -> Value {
    let mut term = json!({ "topologyKey": "zone",
        "labelSelector": { "matchLabels": { "a": "b" } } });
    match random.below(4) {
        0 => term["namespaces"] = json!(["other"]),
        1 => term["namespaceSelector"] = json!({}),
        2 => term["namespaces"] = json!([]),
        _ => {}
    }
    let kind = random.pick(&["podAffinity", "podAntiAffinity"]);
    if random.percent(50) {
        json!({ kind: { "requiredDuringSchedulingIgnoredDuringExecution": [term] } })
    } else {
        let weighted = json!({ "weight": 1, "podAffinityTerm": term });
        json!({ kind: { "preferredDuringSchedulingIgnoredDuringExecution": [weighted] } })
    }
}

/// One item of a LimitRange. Most that contradict themselves are refused by the server.
fn item(kind: &str, random: &mut Random) -> Value {
    let mut item = json!({ "type": kind });
    let mut lists = vec!["min", "max", "maxLimitRequestRatio"];
    if kind == "Container" {
        lists.extend(["default", "defaultRequest"]);
    }
    for list in lists {
        if random.percent(35) {
            let mut amounts = amounts(&COMPUTE, 50, random);
            if list == "maxLimitRequestRatio" {
                for ratio in amounts.values_mut() {
                    *ratio = json!(random.pick(&["1", "1.5", "2", "4"]));
                }
            }
            item[list] = amounts.into();
        }
    }
    item
}

fn limit_range(name: &str, kinds: &[&str], random: &mut Random) -> Value {
    let limits: Vec<Value> = kinds.iter().map(|kind| item(kind, random)).collect();
    json!({ "apiVersion": "v1", "kind": "LimitRange", "metadata": { "name": name },
        "spec": { "limits": limits } })
}

fn quota(name: &str, random: &mut Random) -> Value {
    let mut hard = Map::new();
    let names = [
        "cpu",
        "memory",
        "requests.cpu",
        "requests.memory",
        "limits.cpu",
        "limits.memory",
        "requests.ephemeral-storage",
        "limits.ephemeral-storage",
        "requests.example.com/gpu",
        "hugepages-2Mi",
        "pods",
        "count/pods",
        "count/secrets",
    ];
    let mut spec = json!({});
    let mut percent = 25;
    if random.percent(55) {
        let scope = SCOPES[random.below(SCOPES.len())];
        if scope == "BestEffort" || scope == "CrossNamespacePodAffinity" {
            percent = 0;
            hard.insert("pods".to_owned(), json!(random.pick(&["1", "2"])));
        }
        if scope == "PriorityClass" || random.percent(30) {
            let mut expression = json!({ "scopeName": scope, "operator": "Exists" });
            if scope == "PriorityClass" {
                let operator = random.pick(&["Exists", "DoesNotExist", "In", "NotIn"]);
                expression["operator"] = json!(operator);
                if operator.ends_with("In") {
                    expression["values"] = json!(["high"]);
                }
            }
            spec["scopeSelector"] = json!({ "matchExpressions": [expression] });
        } else {
            spec["scopes"] = json!([scope]);
        }
    }
    for name in names {
        if !random.percent(percent) {
            continue;
        }
        let resource = name.trim_start_matches("requests.").trim_start_matches("limits.");
        let most = match resource {
            "cpu" => random.pick(&["500m", "1", "2", "3500m", "8"]),
            "memory" => random.pick(&["256Mi", "1Gi", "2G", "3Gi", "12e9"]),
            "ephemeral-storage" => random.pick(&["2Gi", "4G"]),
            "hugepages-2Mi" => random.pick(&["4Mi", "16Mi"]),
            _ => random.pick(&["1", "3", "10"]),
        };
        hard.insert(name.to_owned(), json!(most));
    }
    spec["hard"] = hard.into();
    json!({ "apiVersion": "v1", "kind": "ResourceQuota", "metadata": { "name": name },
        "spec": spec })
}

/// The status that the controller would write: what is used of each.
fn status(quota: &Value, random: &mut Random) -> Value {
    let hard = quota["spec"]["hard"].as_object().cloned().unwrap_or_default();
    let mut used = Map::new();
    for name in hard.keys() {
        let amount = if random.percent(45) {
            "0"
        } else if name.contains("memory") || name.contains("storage") {
            random.pick(&["64Mi", "100M"])
        } else if name.contains("cpu") {
            random.pick(&["0.25", "400m"])
        } else {
            random.pick(&["1", "2"])
        };
        used.insert(name.clone(), json!(amount));
    }
    if random.percent(8)
        && let Some(name) = used.keys().next().cloned()
    {
        used.remove(&name);
    }
    json!({ "hard": hard, "used": used })
}

/// Namespaces with objects that the server has taken.
pub(crate) fn worlds(cluster: &Cluster, count: usize, random: &mut Random) -> Vec<World> {
    let world = |number: usize| {
        let namespace = format!("quota-{number}");
        let created = cluster.create(
            "/api/v1/namespaces",
            &json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } }),
            "",
        );
        assert!(created.is_success(), "{}", created.message());
        let mut wanted = Vec::new();
        // Two LimitRanges with defaults would have them set in no order.
        match random.below(10) {
            0..3 => {}
            3..6 => wanted.push(limit_range("a", &["Container"], random)),
            6..9 => wanted.push(limit_range("a", &["Pod"], random)),
            _ => {
                wanted.push(limit_range("a", &["Container"], random));
                wanted.push(limit_range("b", &["Pod"], random));
            }
        }
        for name in ["q", "r"] {
            if random.percent(60) {
                wanted.push(quota(name, random));
            }
        }
        let mut objects = Vec::new();
        for mut object in wanted {
            object["metadata"]["namespace"] = json!(namespace);
            let path = cluster.collection(&object);
            // What contradicts itself never comes to rule.
            if !cluster.create(&path, &object, "").is_success() {
                continue;
            }
            if object["kind"] == "ResourceQuota" {
                let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
                let status = status(&object, random);
                let merged = json!({ "status": status });
                let answer = cluster.admin().merge(&format!("{path}/{name}/status"), &merged);
                assert!(answer.is_success(), "{}", answer.message());
                object["status"] = status;
            }
            objects.push(object);
        }
        World { namespace, objects }
    };
    (0..count).map(world).collect()
}
