//! Updates before a real API server: ephemeral containers through their subresource, images,
//! labels; it judges the whole pod or nothing.
#![cfg(test)]

use std::thread;
use std::time::{Duration, Instant};

use posture_e2e::pss::server::{self, Labelled, Request, Tally};
use posture_generators::pod::{Pods, Values};
use posture_generators::random::Random;
use posture_harness::cluster::{Cluster, ClusterOptions, Namespace};
use posture_harness::{score, seed};
use serde_json::{Value, json};

/// Pods in each cluster, normally and in the long run.
const PODS: [usize; 2] = [300, 1_500];

/// How many namespaces they are spread over.
const NAMESPACES: usize = 60;

/// The minor that the server emulates beside its own.
const OLDER: u32 = 34;

/// Each of the ways in which a request may end must turn up this often.
const LEAST: usize = 50;

/// How long the server may take to notice labels.
const DEADLINE: Duration = Duration::from_secs(30);

const JSON: &str = "application/json";
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";

/// Creates pods while nothing is enforced; some get a debug container at once. Returns them as
/// the server has stored them, with the position of their namespaces.
fn store(cluster: &Cluster, labelled: &[Labelled], random: &mut Random) -> Vec<(usize, Value)> {
    let bare: Vec<Namespace> = labelled.iter().map(|own| Namespace::new(&own.name)).collect();
    cluster.seed(&bare);
    let mut valid = Pods::new(random.number(), Values::Valid);
    let wanted: Vec<(usize, Value)> = (0..PODS[usize::from(seed::long())])
        .map(|number| {
            let mut pod = valid.next().expect("there is always another one");
            let namespace = random.below(labelled.len());
            pod["metadata"]["name"] = json!(format!("p{number}"));
            pod["metadata"]["namespace"] = json!(labelled[namespace].name);
            (namespace, pod)
        })
        .collect();
    let answers =
        cluster.each(&wanted, |(_, pod)| cluster.create(&cluster.collection(pod), pod, ""));
    let stored: Vec<(usize, Value)> = wanted
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.is_success())
        .map(|((namespace, _), answer)| (*namespace, answer.json()))
        .collect();
    let debugged: Vec<(bool, Value)> = stored
        .iter()
        .map(|(_, pod)| {
            let mut changed = pod.clone();
            let wanted = random.percent(40);
            if wanted {
                changed["spec"]["ephemeralContainers"] = json!(valid.ephemeral(pod, "old"));
            }
            (wanted, changed)
        })
        .collect();
    let answers = cluster.each(&debugged, |(wanted, pod)| {
        let subresource = if *wanted { "/ephemeralcontainers" } else { "" };
        let path = format!("{}{subresource}", path(pod));
        if *wanted { put(cluster, &path, pod) } else { cluster.admin().get(&path) }
    });
    let both = stored.into_iter().zip(answers);
    both.map(|((namespace, pod), answer)| {
        // What validation refuses stays as it was.
        (namespace, if answer.is_success() { answer.json() } else { pod })
    })
    .collect()
}

fn path(pod: &Value) -> String {
    let text = |field: &str| pod["metadata"][field].as_str().expect("a stored pod has it");
    format!("/api/v1/namespaces/{}/pods/{}", text("namespace"), text("name"))
}

fn put(cluster: &Cluster, path: &str, body: &Value) -> posture_harness::cluster::Answer {
    let text = body.to_string();
    let answer = cluster.admin().request("PUT", path, JSON, Some(text.as_bytes()));
    answer.unwrap_or_else(|error| panic!("PUT {path}: {error}"))
}

/// Labels the namespaces. The server learns of it by a watch, in order: when it knows of the
/// last one, it knows of all.
fn label(cluster: &Cluster, labelled: &[Labelled]) {
    const LAST: &str = "last";
    cluster.seed(&[Namespace::new(LAST)]);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "probe", "namespace": LAST },
        "spec": { "hostPID": true, "containers": [{ "name": "c", "image": "i" }] },
    });
    // Seen once, it comes from what the watch brings.
    let probe = || cluster.create(&cluster.collection(&pod), &pod, "dryRun=All").is_success();
    assert!(probe(), "nothing is enforced yet");
    for own in labelled {
        let target = format!("/api/v1/namespaces/{}", own.name);
        let answer =
            cluster.admin().merge(&target, &json!({ "metadata": { "labels": own.labels } }));
        assert!(answer.is_success(), "{}", answer.message());
    }
    let enforce = json!({ "pod-security.kubernetes.io/enforce": "baseline" });
    let target = format!("/api/v1/namespaces/{LAST}");
    cluster.admin().merge(&target, &json!({ "metadata": { "labels": enforce } }));
    let started = Instant::now();
    while probe() {
        assert!(started.elapsed() < DEADLINE, "the server does not notice the labels");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The same pod with another image of one of its containers, or with another label.
fn changed(pod: &Value, list: &str, random: &mut Random) -> Value {
    let mut changed = pod.clone();
    let count = pod["spec"][list].as_array().map_or(0, Vec::len);
    if count == 0 {
        changed["metadata"]["labels"] = json!({ "changed": "yes" });
    } else {
        changed["spec"][list][random.below(count)]["image"] = json!("example.com/app:2");
    }
    changed
}

/// With dry-run: several updates of one pod.
fn updates(pods: &[(usize, Value)], random: &mut Random) -> Vec<Request> {
    let mut drawn = Pods::new(random.number(), Values::Valid);
    let mut requests = Vec::new();
    for (namespace, pod) in pods {
        let mut update = |method, subresource: &'static str, content_type, body: Value, object| {
            let separator = if subresource.is_empty() { "" } else { "/" };
            let number = requests.len();
            requests.push(Request {
                method,
                target: format!(
                    "{}{separator}{subresource}?dryRun=All&fieldManager=u{number}",
                    path(pod)
                ),
                content_type,
                body,
                namespace: *namespace,
                object,
                old: Some((pod.clone(), subresource)),
            });
        };
        for way in [JSON, MERGE, STRATEGIC] {
            let added = drawn.ephemeral(pod, "new");
            let mut object = pod.clone();
            let list = &mut object["spec"]["ephemeralContainers"];
            let mut whole = list.as_array().cloned().unwrap_or_default();
            whole.extend(added.iter().cloned());
            *list = json!(whole);
            let names: Vec<Value> =
                whole.iter().map(|container| json!({ "name": container["name"] })).collect();
            let subresource = "ephemeralcontainers";
            match way {
                JSON => update("PUT", subresource, way, object.clone(), object),
                MERGE => {
                    let patch = json!({ "spec": { "ephemeralContainers": whole } });
                    update("PATCH", subresource, way, patch, object);
                }
                _ => {
                    // As kubectl does it, with the order of the whole list.
                    let patch = json!({ "spec": {
                        "$setElementOrder/ephemeralContainers": names,
                        "ephemeralContainers": added,
                    } });
                    update("PATCH", subresource, way, patch, object);
                }
            }
        }
        for list in ["containers", "initContainers", "ephemeralContainers", "none"] {
            let object = changed(pod, list, random);
            update("PUT", "", JSON, object.clone(), object);
        }
        // Nothing is added: that is no significant update either.
        update("PUT", "ephemeralcontainers", JSON, pod.clone(), pod.clone());
        for subresource in ["resize", "status"] {
            let labels = json!({ "metadata": { "labels": { "changed": "yes" } } });
            let object = changed(pod, "none", random);
            update("PATCH", subresource, MERGE, labels, object);
        }
    }
    requests
}

fn judge(options: &ClusterOptions) -> Tally {
    let cluster = server::audited(options);
    let mut random = Random::new(seed::seed() ^ u64::from(cluster.minor()));
    let labelled = server::namespaces(&mut random, "u", NAMESPACES);
    let pods = store(&cluster, &labelled, &mut random);
    label(&cluster, &labelled);
    let requests = updates(&pods, &mut random);
    let said = server::ask(&cluster, &requests);
    let tally = server::compare(&requests, &said, &labelled, cluster.minor());
    tally.print(&format!("as 1.{}, updates of {} pods", cluster.minor(), pods.len()));
    tally
}

#[test]
fn the_server_says_what_we_foretell_of_updates() {
    let own = judge(&ClusterOptions::default());
    let older = judge(&ClusterOptions::default().emulated_minor(OLDER));
    let differences = own.differences + older.differences;
    let compared = format!("{} updates at 2 minors", own.reached() + older.reached());
    let what = "a real API server's answers to updates of stored pods: ephemeral containers, images, labels";
    score::record("9_updates", what, &compared, differences);
    assert_eq!(differences, 0, "see above");
    for tally in [own, older] {
        let fewest = tally.refused.min(tally.warned).min(tally.admitted);
        assert!(fewest >= LEAST, "too few of a kind");
    }
}
