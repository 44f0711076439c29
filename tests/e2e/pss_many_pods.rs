//! More pods than fit a page: `check ns` counts them all, and holds only a few pages of them.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use posture_generators::population::{self, Population};
use posture_harness::cluster::{ADMIN, Cluster};
use posture_harness::{binary, seed};
use serde_json::Value;

/// How many pods there are: several pages.
const PODS: usize = 2_000;

/// The most memory, in MiB.
const MOST_MEMORY: usize = 100;

#[test]
fn pods_are_counted_over_many_pages_in_little_memory() {
    let cluster = Cluster::start(&population::options());
    let mut population = Population::start(&cluster, seed::seed());
    population.grow(PODS);
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for pod in cluster.get_json("/api/v1/pods")["items"].as_array().unwrap() {
        let namespace = pod["metadata"]["namespace"].as_str().unwrap();
        *expected.entry(namespace.to_owned()).or_default() += 1;
    }
    assert_eq!(expected.values().sum::<u64>(), PODS as u64);

    let (report, memory) = check_namespaces(&cluster);
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for namespace in report["objects"].as_array().unwrap() {
        let name = namespace["name"].as_str().unwrap();
        counted.insert(name.to_owned(), namespace["pods"].as_u64().unwrap());
        for blocker in namespace["next"]["blocked"].as_array().into_iter().flatten() {
            // Pods count for the Deployment above their ReplicaSet.
            assert_eq!(blocker["kind"], "Deployment", "{name}");
        }
    }
    counted.retain(|_, pods| *pods > 0);
    assert_eq!(counted, expected);
    println!("{PODS} pods in {memory} MiB");
    assert!(memory < MOST_MEMORY, "{memory} MiB");
}

/// What `check ns` reports, and the most memory that it held, in MiB; 0 where the system does not
/// tell.
fn check_namespaces(cluster: &Cluster) -> (Value, usize) {
    let output = cluster.folder().join("report.json");
    let mut child = Command::new(binary::path("kubectl-pss"))
        .args(["check", "ns", "-o", "json", "--kubeconfig"])
        .arg(cluster.kubeconfig(ADMIN))
        .env_clear()
        .env("HOME", cluster.folder())
        .stdin(Stdio::null())
        .stdout(File::create(&output).unwrap())
        .spawn()
        .unwrap();
    let process = Path::new("/proc").join(child.id().to_string()).join("status");
    let mut memory = 0;
    let status = loop {
        // It only ever rises, and a process that has ended has none.
        memory = peak(&process).unwrap_or(memory);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        thread::sleep(Duration::from_millis(2));
    };
    assert!(matches!(status.code(), Some(0 | 1)), "{status}");
    (serde_json::from_slice(&fs::read(&output).unwrap()).unwrap(), memory / 1024)
}

/// The most memory that a process has held so far, in KiB.
fn peak(status: &Path) -> Option<usize> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
