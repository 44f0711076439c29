//! `kubectl seccomp check -A` on the same cluster, beside the bare download of the lists that it reads.

use std::path::Path;

use posture_harness::cluster::Cluster;
use serde_json::{Value, json};

use crate::live::{Contender, Kubeconfigs, by_turns, print_size};
use crate::output;
use crate::raw::Lists;

/// How many nodes the pods are on.
const NODES: usize = 100;

/// The runtimes of the nodes, in turn.
const RUNTIMES: [&str; 4] =
    ["containerd://1.7.27", "containerd://2.1.4", "cri-o://1.33.4", "docker://28.5.1"];

/// Kubelets stand in no list: what depends on them is decided by this.
const ASSUMED: [&str; 2] = ["--assume", "seccompDefault=false"];

/// Adds the nodes that the pods are on.
pub(crate) fn add_nodes(cluster: &Cluster) {
    let node = |number: usize| {
        let runtime = RUNTIMES[number % RUNTIMES.len()];
        json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": format!("node-{number}"),
                "labels": { "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" },
            },
            "status": { "nodeInfo": {
                "architecture": "amd64",
                "bootID": "",
                "containerRuntimeVersion": runtime,
                "kernelVersion": "6.8.0",
                "kubeProxyVersion": "v1.33.1",
                "kubeletVersion": "v1.33.1",
                "machineID": "",
                "operatingSystem": "linux",
                "osImage": "",
                "systemUUID": "",
            } },
        })
    };
    let nodes: Vec<Value> = (0..NODES).map(node).collect();
    cluster.create_all(&nodes);
}

/// Measures with the pods that there are.
#[expect(clippy::print_stdout, reason = "the figures are this command's output")]
pub(crate) fn step(ours: &str, kubeconfigs: &Kubeconfigs, pods: usize) -> Result<(), String> {
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let (gzip, identity) = (path(&kubeconfigs.gzip), path(&kubeconfigs.identity));
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let (own, lists) = (path(&own), Lists::Seccomp);
    println!("kubectl seccomp");
    knows_all(ours, &identity, pods)?;
    for (coding, kubeconfig) in [("identity", &identity), ("gzip", &gzip)] {
        print_size(&own, lists, kubeconfig, coding)?;
    }
    let check = |kubeconfig| ["check", "-A", "--kubeconfig", kubeconfig, ASSUMED[0], ASSUMED[1]];
    let json = [&check(&identity)[..], &["-o", "json"]].concat();
    let mut contenders = [
        Contender::new("download", &own, &["raw", lists.as_str(), &identity, "identity"]),
        Contender::new("check -A", ours, &check(&identity)),
        Contender::new("download, gzip", &own, &["raw", lists.as_str(), &gzip, "gzip"]),
        Contender::new("check -A, gzip", ours, &check(&gzip)),
        Contender::new("check -A -o json", ours, &json),
    ];
    let summaries = by_turns(&mut contenders)?;
    let ratio = |own: usize, other: usize| summaries[own].median / summaries[other].median;
    println!(
        "  ratio {:.2}, with gzip {:.2}, -o json {:.2}",
        ratio(1, 0),
        ratio(3, 2),
        ratio(4, 0)
    );
    Ok(())
}

/// Whether every pod is judged, and on a node that is known.
fn knows_all(ours: &str, kubeconfig: &str, pods: usize) -> Result<(), String> {
    let words = ["check", "-A", "-o", "json", "--kubeconfig", kubeconfig, ASSUMED[0], ASSUMED[1]];
    let text = output(ours, &words)?;
    let report: Value = serde_json::from_str(&text).map_err(|error| format!("no JSON: {error}"))?;
    let objects = report["objects"].as_array().ok_or("the report has no objects")?;
    let judged = objects.iter().filter(|object| object["kind"] == "Pod");
    let on_nodes = judged.filter(|pod| pod.to_string().contains("\"nodes\":[\"node-"));
    let counted = on_nodes.count();
    if counted != pods {
        return Err(format!("check -A judges {counted} pods on their nodes, and there are {pods}"));
    }
    Ok(())
}
