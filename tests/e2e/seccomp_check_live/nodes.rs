//! What a profile comes to on the nodes that there are.

use posture_e2e::folder;
use posture_harness::binary::Run;
use serde_json::{Value, json};

use super::world::{CLUSTER, check, effective, gaps, places, row, said};

/// The links of the chain of an object's first container, from one source.
fn links<'a>(report: &'a Value, name: &str, source: &str) -> Vec<&'a Value> {
    let chain = row(report, name)["containers"][0]["chain"].as_array().expect("a chain");
    chain.iter().filter(|link| link["source"] == source).collect()
}

#[test]
fn the_chain_ends_at_the_runtime_of_the_node() {
    let (report, code) = check(&["-A"]);
    assert_eq!(code, 1, "{report:#}");
    assert_eq!(places(&report, "web-1-a"), ["no cri-o 1.33.0 RuntimeDefault"]);
    let [runtime] = links(&report, "web-1-a", "runtime")[..] else { panic!("{report:#}") };
    assert_eq!(runtime["role"], "means", "{runtime}");
    assert!(
        runtime["says"].as_str().is_some_and(|says| says.contains("cri-o 1.33.0")),
        "{runtime}"
    );
    assert_eq!(places(&report, "fixed"), ["shut containerd 2.1.0 Localhost"]);
    // A runtime that we know nothing of keeps its own words.
    assert_eq!(places(&report, "chosen"), ["page gvisor://2025.1 Unconfined"]);
    assert_eq!(effective(&report, "glass"), "NotApplicable");
    assert_eq!(row(&report, "glass")["verdict"], "notApplicable");
    // Before 1.22 a kubelet has no seccompDefault: nothing is open there.
    assert_eq!(places(&report, "legacy"), ["old docker 20.10.7 Unconfined"]);
    assert!(said(&report, "unset", "legacy")[0].contains("before 1.22"), "{report:#}");
    assert_eq!(effective(&report, "early"), "Unknown");
    assert_eq!(effective(&report, "adrift"), "Unknown");
    let notes = row(&report, "adrift")["notes"].to_string();
    assert!(notes.contains("nothing is known of its node gone"), "{notes}");
    // A template may go to any Linux node.
    assert_eq!(
        places(&report, "web"),
        [
            "no cri-o 1.33.0 Unknown",
            "old docker 20.10.7 Unconfined",
            "page gvisor://2025.1 Unknown",
            "shut containerd 2.1.0 Unknown",
            "yes containerd 1.7.27 Unknown",
        ]
    );
    assert_eq!(effective(&report, "web"), "Depends");
}

#[test]
fn what_is_assumed_is_not_of_kubelets_that_cannot() {
    let (report, code) = check(&["-n", "shop", "--assume", "seccompDefault=true"]);
    assert_eq!(code, 1, "{report:#}");
    let places = places(&report, "web");
    assert!(places.contains(&"old docker 20.10.7 Unconfined".to_owned()), "{places:?}");
    assert!(places.contains(&"yes containerd 1.7.27 RuntimeDefault".to_owned()), "{places:?}");
    assert_eq!(gaps(&report), Vec::<String>::new());
}

#[test]
fn a_pod_by_itself_depends_on_its_node_alone() {
    let (report, code) = check(&["pod/early", "-n", "vault"]);
    assert_eq!(code, 4, "{report:#}");
    let [gap] = &gaps(&report)[..] else { panic!("{report:#}") };
    assert!(gap.starts_with("seccompDefault of the kubelet of yes:"), "{gap}");
    let (report, code) = check(&["pod/fixed", "-n", "bank"]);
    assert_eq!((code, gaps(&report).len()), (0, 0), "{report:#}");
    let (report, code) = check(&["pod/legacy", "-n", "bank"]);
    assert_eq!((code, gaps(&report).len()), (1, 0), "{report:#}");
}

#[test]
fn a_finding_has_the_same_fingerprint_in_files_and_in_the_cluster() {
    let stored = CLUSTER.get_json("/apis/apps/v1/namespaces/shop/deployments/web");
    let mut manifest = stored.clone();
    manifest["metadata"] = json!({ "name": "web", "namespace": "shop" });
    manifest.as_object_mut().expect("an object").remove("status");
    let folder = folder::with(&[("web.json", &manifest.to_string())]);
    let of_file = Run::new("kubectl-seccomp")
        .args(["check", "-f", "web.json", "-o", "json"])
        .in_folder(folder.path())
        .finish()
        .json();
    let (live, _) = check(&["deploy/web", "-n", "shop"]);
    let print = |report: &Value| report["findings"][0]["fingerprint"].clone();
    assert_eq!(said(&of_file, "unset", "web").len(), 1, "{of_file:#}");
    assert!(print(&live).is_string());
    assert_eq!(print(&of_file), print(&live));
    // What the ReplicaSet of it has is the same finding again.
    let (set, _) = check(&["rs/web-1", "-n", "shop"]);
    assert_eq!(print(&set), print(&live), "{set:#}");
}
