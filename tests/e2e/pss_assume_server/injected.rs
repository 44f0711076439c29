//! Pods with the sidecars that we inject.

use kubectl_pss::assume::{Assumptions, Injection};
use posture_e2e::pss::server;
use posture_harness::cluster::ClusterOptions;
use posture_harness::{score, seed};
use serde_json::json;

use super::{LEAST, assume, namespaces, pods, record, request};

/// Pods for each mesh, normally and in the long run; and how many of all must get as far as Pod
/// Security.
const PODS: [usize; 2] = [150, 2_000];
const REACHED: [usize; 2] = [300, 4_000];

const MESHES: [&str; 4] = ["istio", "istio,cni", "linkerd", "linkerd,cni"];

#[test]
fn injected_pods_are_judged_as_the_server_judges_them() {
    let run = usize::from(seed::long());
    let cluster = server::audited(&ClusterOptions::default());
    let labelled = namespaces(&cluster, "n");
    let mut requests = Vec::new();
    let mut untouched = 0;
    for mesh in MESHES {
        let injection: Injection = mesh.parse().expect("a mesh");
        let assumptions = Assumptions { injections: vec![injection], patches: Vec::new() };
        for mut pod in pods(PODS[run]) {
            let number = requests.len();
            let position = number % labelled.len();
            let namespace = labelled[position].name.as_str();
            pod["metadata"]["name"] = json!(format!("o{number}"));
            pod["metadata"]["namespace"] = json!(namespace);
            let Ok(assumed) = assume(&assumptions, &pod, namespace) else {
                assert_eq!(pod["spec"]["os"]["name"], "windows", "{pod}");
                continue;
            };
            untouched += usize::from(assumed.by.is_empty());
            let after = &assumed.pod;
            requests.push(request(after, after, number, (position, namespace)));
        }
    }
    let said = server::ask(&cluster, &requests);
    let tally = server::compare(&requests, &said, &labelled, cluster.minor());
    println!("{untouched} of {} pods are left alone by their mesh", requests.len());
    record("injected", &tally);
    assert!(tally.reached() >= REACHED[run], "too few get as far as Pod Security");
    assert!(untouched >= LEAST && untouched * 2 < requests.len(), "{untouched} are left alone");
    let what = "a real API server's refusals, warnings and audit annotations on pods with the sidecars that we inject";
    score::record(
        "9_assume_injected",
        what,
        &format!("{} pods", tally.reached()),
        tally.differences,
    );
}
