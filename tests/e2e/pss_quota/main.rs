//! The real API server as judge of quotas: random pods among random LimitRanges and
//! ResourceQuotas, and amounts of all spellings; its refusals against ours, word for word.
#![cfg(test)]

mod compare;
mod world;

use std::thread;
use std::time::Duration;

use posture::model::quantity::Quantity;
use posture_generators::random::Random;
use posture_harness::cluster::{Answer, Cluster, ClusterOptions};
use posture_harness::{score, seed};
use serde_json::{Map, Value, json};

use compare::{Coverage, agrees, decided};
use world::{World, classes, pod, worlds};

/// How many namespaces, and how many pods in each, normally and in the long run.
const NAMESPACES: [usize; 2] = [200, 600];
const PODS: [usize; 2] = [40, 100];

/// How often each rule must have refused, and not refused.
const LEAST: usize = 10;

/// How long the server's caches take to see what was just written.
const CACHES: Duration = Duration::from_secs(3);

/// What of the objects our engine is not shown, to see that the judge notices.
const FAULTS: [&str; 9] = [
    "min",
    "max",
    "maxLimitRequestRatio",
    "default",
    "defaultRequest",
    "scopes",
    "scopeSelector",
    "used",
    "hard",
];

struct Asked {
    world: World,
    pod: Value,
}

fn ask(cluster: &Cluster, asked: &[Asked]) -> Vec<Answer> {
    cluster.each(asked, |asked| {
        let path = format!("/api/v1/namespaces/{}/pods", asked.world.namespace);
        cluster.create(&path, &asked.pod, "dryRun=All")
    })
}

/// Decides everything; returns how many decisions differ, and prints the first.
fn differences(asked: &[Asked], answers: &[Answer], minor: u32, say: bool, hide: &str) -> usize {
    let mut differ = 0;
    for (asked, answer) in asked.iter().zip(answers) {
        let mut objects = asked.world.objects.clone();
        if !hide.is_empty() {
            for object in &mut objects {
                remove(object, hide);
            }
        }
        objects.extend(classes());
        let decision = decided(&asked.pod, &objects, minor, 1);
        if !agrees(&asked.pod, &decision, answer) {
            differ += 1;
            if say && differ <= 3 {
                println!(
                    "the server: {} {}\nwe: {decision:#?}\n{:#}\n{:#}",
                    answer.status,
                    answer.message(),
                    json!(asked.world.objects),
                    asked.pod
                );
            }
        }
    }
    differ
}

/// Takes a field away wherever it is.
fn remove(value: &mut Value, key: &str) {
    match value {
        Value::Object(fields) => {
            fields.remove(key);
            fields.values_mut().for_each(|value| remove(value, key));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| remove(item, key)),
        _ => {}
    }
}

fn judge(cluster: &Cluster, run: usize, random: &mut Random) -> (usize, usize, Coverage) {
    cluster.create_all(&classes());
    let worlds = worlds(cluster, NAMESPACES[run], random);
    thread::sleep(CACHES);
    let mut asked = Vec::new();
    for world in &worlds {
        for number in 0..PODS[run] {
            let pod = pod(&format!("p{number}"), random);
            asked.push(Asked { world: world.clone(), pod });
        }
    }
    let answers = ask(cluster, &asked);
    let minor = cluster.minor();
    let differ = differences(&asked, &answers, minor, true, "");
    let mut coverage = Coverage::default();
    let admitted = answers.iter().filter(|answer| answer.is_success()).count();
    for (asked, answer) in asked.iter().zip(&answers) {
        let mut objects = asked.world.objects.clone();
        objects.extend(classes());
        let decision = decided(&asked.pod, &objects, minor, 1);
        let said = if answer.is_success() { String::new() } else { answer.message() };
        let texts = decision.refusals.iter().map(|refusal| refusal.text.as_str());
        let texts: Vec<&str> = texts.filter(|text| said.contains(text)).collect();
        coverage.note(&asked.world.objects, &texts);
    }
    println!("server 1.{minor}: {} pods, {admitted} admitted, {differ} differ", asked.len());
    if differ == 0 {
        for fault in FAULTS {
            let red = differences(&asked, &answers, minor, false, fault);
            println!("  without {fault}: {red} differ");
            assert!(red > 0, "{fault}: that it is not seen goes unnoticed");
        }
    }
    (asked.len(), differ, coverage)
}

#[test]
fn the_server_refuses_what_we_foretell() {
    let run = usize::from(seed::long());
    let mut random = Random::new(seed::seed());
    let (pods, differ, coverage) = judge(Cluster::shared(), run, &mut random);
    coverage.print();
    let older = Cluster::start(&ClusterOptions::default().emulated_minor(35));
    let (more, differ_of_older, _) = judge(&older, 0, &mut random);
    let what = "a real API server's LimitRanger and ResourceQuota on dry-run creation";
    let compared = format!("{} pods at 2 minors", pods + more);
    score::record("9_server_quota", what, &compared, differ + differ_of_older);
    assert_eq!(differ + differ_of_older, 0, "see above");
    assert_eq!(coverage.thin(LEAST), [""; 0], "seen too rarely");
}

/// Pods that are really created count against the quota: the one after the last that fits is
/// refused as we say of the workload.
#[test]
fn the_last_replica_is_refused_as_we_foretell() {
    const WORKLOADS: usize = 40;
    const REPLICAS: u32 = 6;
    let cluster = Cluster::start(&ClusterOptions::default());
    let mut random = Random::new(seed::seed() ^ 1);
    let mut cases = Vec::new();
    for number in 0..WORKLOADS {
        let namespace = format!("replicas-{number}");
        let hard = json!({
            "requests.cpu": random.pick(&["1", "900m", "2500m"]),
            "limits.memory": random.pick(&["1Gi", "1200M", "4Gi"]),
            "pods": random.pick(&["3", "5", "9"]),
        });
        let used = json!({ "requests.cpu": random.pick(&["0", "100m"]), "limits.memory": "0",
            "pods": random.pick(&["0", "1"]) });
        let resources = json!({
            "requests": { "cpu": random.pick(&["200m", "0.35", "90m"]) },
            "limits": { "memory": random.pick(&["128Mi", "200M", "0"]) },
        });
        let objects = [
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } }),
            json!({ "apiVersion": "v1", "kind": "ResourceQuota",
                "metadata": { "name": "q", "namespace": namespace }, "spec": { "hard": hard } }),
        ];
        for object in &objects {
            cluster.create_all(std::slice::from_ref(object));
        }
        let path = format!("/api/v1/namespaces/{namespace}/resourcequotas/q/status");
        let merged = json!({ "status": { "hard": hard, "used": used } });
        assert!(cluster.admin().merge(&path, &merged).is_success());
        let mut quota = objects[1].clone();
        quota["status"] = merged["status"].clone();
        let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "generateName": "p" },
            "spec": { "containers": [{ "name": "c", "image": "i", "resources": resources }] } });
        cases.push((namespace, quota, pod));
    }
    thread::sleep(CACHES);
    let mut refused = 0;
    for (namespace, quota, pod) in &cases {
        let path = format!("/api/v1/namespaces/{namespace}/pods");
        let decision = decided(pod, std::slice::from_ref(quota), cluster.minor(), REPLICAS);
        let mut admitted = 0;
        let said = loop {
            if admitted == REPLICAS {
                break None;
            }
            let answer = cluster.create(&path, pod, "");
            if !answer.is_success() {
                break Some(answer.message());
            }
            admitted += 1;
        };
        let Some(said) = said else {
            assert!(decision.refusals.is_empty(), "{decision:?}\n{quota:#}");
            continue;
        };
        refused += 1;
        let refusal = decision.refusals.first().unwrap_or_else(|| panic!("{said}\n{quota:#}"));
        let said = said.split_once(" is forbidden: ").map(|(_, said)| said);
        assert_eq!(said, Some(refusal.text.as_str()), "{quota:#}\n{pod:#}");
        let before = refusal.admitted.map_or(0, |(before, _)| before);
        assert_eq!(before, admitted, "{quota:#}\n{pod:#}");
    }
    println!("{refused} of {WORKLOADS} workloads refused in the end");
    assert!((LEAST..=WORKLOADS - 5).contains(&refused), "{refused}");
}

/// A spelling of an amount, most of them good.
fn spelling(random: &mut Random) -> String {
    let mut digits = |most: usize| -> String {
        let count = random.below(most + 1);
        (0..count).map(|_| char::from(b'0' + u8::try_from(random.below(10)).unwrap_or(0))).collect()
    };
    let (whole, fraction, power) = (digits(9), digits(6), digits(1));
    let sign = random.pick(&["", "", "", "", "+", "-"]);
    let point = if random.percent(50) { format!(".{fraction}") } else { String::new() };
    let suffixes = [
        "", "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
        "e", "E", "e-", "E+", "K", "mi",
    ];
    let suffix = random.pick(&suffixes);
    let power = if suffix.to_ascii_lowercase().contains('e') { power } else { String::new() };
    format!("{sign}{whole}{point}{suffix}{power}")
}

#[test]
fn amounts_are_read_and_printed_as_the_server_does() {
    const TOGETHER: usize = 100;
    let cluster = Cluster::shared();
    let mut random = Random::new(seed::seed() ^ 2);
    let texts: Vec<String> =
        (0..seed::scaled(6_000, 60_000)).map(|_| spelling(&mut random)).collect();
    let (good, bad): (Vec<&String>, Vec<&String>) =
        texts.iter().partition(|text| text.parse::<Quantity>().is_ok());
    let range = |min: Map<String, Value>| {
        json!({ "apiVersion": "v1", "kind": "LimitRange", "metadata": { "name": "q" },
            "spec": { "limits": [{ "type": "Container", "min": min }] } })
    };
    let path = "/api/v1/namespaces/default/limitranges";
    for together in good.chunks(TOGETHER) {
        let names = (0..).map(|number| format!("example.com/q{number}"));
        let min = names.clone().zip(together.iter().map(|text| json!(text))).collect();
        let answer = cluster.create(path, &range(min), "dryRun=All");
        assert!(answer.is_success(), "{}\n{together:?}", answer.message());
        let printed = answer.json()["spec"]["limits"][0]["min"].clone();
        for (name, text) in names.zip(together) {
            let ours = text.parse::<Quantity>().map(|read| read.round_up_to_milli().to_string());
            assert_eq!(printed[&name].as_str(), ours.as_deref().ok(), "{text}");
        }
    }
    for text in &bad {
        let min = Map::from_iter([("cpu".to_owned(), json!(text))]);
        let answer = cluster.create(path, &range(min), "dryRun=All");
        let why = text.parse::<Quantity>().map_err(|why| why.to_string());
        let why = why.expect_err("it was refused before");
        assert!(
            answer.status == 400 && answer.message().contains(&why),
            "{text}: {}",
            answer.message()
        );
    }
    println!("{} amounts as the server has them, {} refused", good.len(), bad.len());
    assert!(good.len() > 1_000 && bad.len() > 100, "too few");
}
