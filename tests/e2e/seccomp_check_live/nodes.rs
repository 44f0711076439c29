//! What a profile comes to on the nodes that there are.

use serde_json::Value;

use super::world::{check, effective, gaps, places, row, said};

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
