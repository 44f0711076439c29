//! The real API server as judge: objects of all nine kinds, created with dry-run in labelled
//! namespaces; its refusals, warnings and audit annotations against ours, word for word.
#![cfg(test)]

use kubectl_pss::checks::ALL;
use kubectl_pss::faults;
use posture::model::served;
use posture::model::version::Minor;
use posture_e2e::pss::server::{self, Labelled, Request, Tally};
use posture_e2e::pss::table::Table;
use posture_generators::mistype::mistype;
use posture_generators::pod::{Pods, Values};
use posture_generators::random::Random;
use posture_generators::workload::{KINDS, claim, wrap};
use posture_harness::cluster::{Cluster, ClusterOptions, Namespace};
use posture_harness::{score, seed};
use serde_json::{Value, json};

/// Objects for the server as it is, normally and in the long run; and how many of them must get
/// as far as Pod Security.
const OBJECTS: [usize; 2] = [3_000, 32_000];
const REACHED: [usize; 2] = [2_000, 20_000];

/// Objects for each of the older servers.
const OBJECTS_OF_OLDER: [usize; 2] = [1_500, 10_000];

/// The minors that the server emulates beside its own: their rules differ from its own.
const OLDER: [u32; 2] = [34, 35];

/// This share of the objects must get as far as Pod Security, in percent.
const SHARE: usize = 60;

/// How many namespaces the objects are spread over.
const NAMESPACES: usize = 160;

/// Each of the ways in which a request may end must turn up this often.
const LEAST: usize = 100;

/// How often each check must have fired, and stayed silent, at each of its revisions.
const LEAST_OF_CHECK: [usize; 2] = [10, 150];

/// From 1.35 on, baseline lets a pod with a user namespace change its `procMount`, and validation
/// lets no other pod do so.
const NEVER_FIRES: &str = "procMount 1.35: 0, ";

/// With how many requests a fault is looked for.
const WITH_FAULT: usize = 1_500;

/// This share of the objects gets values of wrong types, in percent.
const MISTYPED: usize = 4;

/// The workloads that insist on pods which run for ever.
fn runs_for_ever(kind: &str) -> bool {
    !matches!(kind, "Pod" | "PodTemplate" | "Job" | "CronJob")
}

/// Most are what validation lets pass; some are what it refuses, since we may say so too.
fn pods(count: usize, random: &mut Random) -> Vec<Value> {
    let mut valid = Pods::new(random.number(), Values::Valid);
    let mut plausible = Pods::new(random.number(), Values::Plausible);
    let mut odd = Pods::new(random.number(), Values::Odd);
    let mut pod = || match random.below(100) {
        0..10 => odd.next(),
        10..20 => plausible.next(),
        _ => valid.next(),
    };
    (0..count).map(|_| pod().expect("there is always another one")).collect()
}

fn requests(
    cluster: &Cluster,
    count: usize,
    labelled: &[Labelled],
    random: &mut Random,
) -> Vec<Request> {
    let pods = pods(count, random);
    let create = |(number, mut pod): (usize, Value)| {
        // Half of them Pods, which alone are refused.
        let kind = if random.percent(50) { "Pod" } else { KINDS[random.below(KINDS.len())] };
        if let Some(spec) = pod["spec"].as_object_mut() {
            if runs_for_ever(kind) {
                spec.remove("restartPolicy");
            } else if matches!(kind, "Job" | "CronJob") {
                spec.insert("restartPolicy".to_owned(), json!("Never"));
            }
        }
        let mut object = wrap(kind, &pod);
        if kind == "StatefulSet" && random.percent(30) {
            claim(&mut object, "v0");
        }
        let namespace = random.below(labelled.len());
        object["metadata"]["name"] = json!(format!("o{number}"));
        object["metadata"]["namespace"] = json!(labelled[namespace].name);
        let collection = cluster.collection(&object);
        if random.percent(MISTYPED) {
            mistype(random, &mut object);
        }
        Request {
            method: "POST",
            target: format!(
                "{collection}?dryRun=All&fieldValidation=Ignore&fieldManager=o{number}"
            ),
            content_type: "application/json",
            body: object.clone(),
            namespace,
            object,
            old: None,
        }
    };
    pods.into_iter().enumerate().map(create).collect()
}

fn judge(cluster: &Cluster, count: usize) -> Tally {
    let mut random = Random::new(seed::seed() ^ u64::from(cluster.minor()));
    let labelled = server::namespaces(&mut random, "n", NAMESPACES);
    let made: Vec<Namespace> = labelled
        .iter()
        .map(|own| {
            let labels = own.labels.iter();
            labels.fold(Namespace::new(&own.name), |made, (key, value)| made.label(key, value))
        })
        .collect();
    cluster.seed(&made);
    let requests = requests(cluster, count, &labelled, &mut random);
    let said = server::ask(cluster, &requests);
    let tally = server::compare(&requests, &said, &labelled, cluster.minor());
    tally.print(&format!("as 1.{}", cluster.minor()));
    if cluster.minor() == u32::from(posture_e2e::pss::policy::NEWEST) && tally.differences == 0 {
        each_fault_is_noticed(&requests, &said, &labelled, cluster.minor());
    }
    tally
}

/// A fault in one check must turn up here too: otherwise the server would prove nothing about it.
fn each_fault_is_noticed(
    requests: &[Request],
    said: &[server::Said],
    labelled: &[Labelled],
    minor: u32,
) {
    let some = requests.len().min(WITH_FAULT);
    for check in ALL {
        let fault = faults::inject(check.id());
        let red = server::compare(&requests[..some], &said[..some], labelled, minor);
        drop(fault);
        println!("  a fault in {}: {} differ", check.id(), red.differences);
        assert!(red.differences > 0, "a fault in {} goes unnoticed", check.id());
    }
}

#[test]
fn the_server_serves_the_kinds_that_we_know() {
    let cluster = Cluster::shared();
    let minor = Minor(u16::try_from(cluster.minor()).expect("a minor"));
    for (api_version, path) in
        [("v1", "/api/v1"), ("apps/v1", "/apis/apps/v1"), ("batch/v1", "/apis/batch/v1")]
    {
        let answer = cluster.get_json(path);
        let resources = answer["resources"].as_array().expect("a list of resources");
        let is_own = |resource: &&Value| !resource["name"].as_str().unwrap_or("/").contains('/');
        let mut theirs: Vec<&str> = resources
            .iter()
            .filter(is_own)
            .filter_map(|resource| resource["kind"].as_str())
            .collect();
        theirs.sort_unstable();
        assert_eq!(served::kinds(api_version, minor), Some(&theirs[..]), "{api_version}");
    }
}

#[test]
fn the_server_says_what_we_foretell() {
    let run = usize::from(seed::long());
    let own = judge(&server::audited(&ClusterOptions::default()), OBJECTS[run]);
    let mut tallies = vec![own];
    for minor in OLDER {
        let options = ClusterOptions::default().emulated_minor(minor);
        tallies.push(judge(&server::audited(&options), OBJECTS_OF_OLDER[run]));
    }
    let mut table = Table::default();
    for tally in &tallies {
        table.merge(&tally.table);
    }
    println!("\n{table}");
    let differences: usize = tallies.iter().map(|tally| tally.differences).sum();
    let reached: usize = tallies.iter().map(Tally::reached).sum();
    let compared = format!("{reached} objects at {} minors", tallies.len());
    let what = "a real API server's refusals, warnings and audit annotations on dry-run creation, all nine kinds";
    score::record("9_server", what, &compared, differences);
    assert_eq!(differences, 0, "see above");
    for tally in &tallies {
        let all = tally.reached() + tally.undecodable + tally.other;
        assert!(tally.reached() * 100 >= all * SHARE, "too few get as far as Pod Security");
        let fewest = tally.refused.min(tally.warned).min(tally.admitted);
        assert!(fewest >= LEAST, "too few of a kind");
    }
    let undecodable: usize = tallies.iter().map(|tally| tally.undecodable).sum();
    assert!(undecodable >= LEAST, "too few objects with wrong types");
    assert!(tallies[0].reached() >= REACHED[run], "too few objects");
    let mut thin = table.thin(LEAST_OF_CHECK[run]);
    thin.retain(|row| !row.starts_with(NEVER_FIRES));
    assert!(thin.is_empty(), "seen too rarely: {thin:#?}");
}
