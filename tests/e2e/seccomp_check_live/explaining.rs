//! `explain` and `fix` of what runs.

use posture_harness::binary::Finished;
use posture_harness::cluster::ADMIN;
use serde_json::{Value, json};

use super::world::{CLUSTER, gaps, row, run_as};

fn admin(arguments: &[&str]) -> Finished {
    run_as(ADMIN, arguments)
}

#[test]
fn a_pod_is_explained_with_what_its_runtime_gives() {
    let words = ["explain", "pod/web-1-a", "-n", "shop"];
    let report = admin(&[&words[..], &["-o", "json"]].concat());
    assert_eq!(report.code, 0, "{}", report.stderr);
    let report = report.json();
    assert_eq!(report["kind"], "Explanation");
    let place = &row(&report, "web-1-a")["containers"][0]["places"][0];
    let caps = place["capabilities"].as_array().expect("capabilities");
    // CRI-O gives nine, and not CHROOT.
    assert_eq!(caps.len(), 9, "{place}");
    assert!(!caps.contains(&json!("CAP_SYS_CHROOT")), "{place}");
    let [profile] = &report["profiles"].as_array().expect("profiles")[..] else {
        panic!("{report:#}")
    };
    assert_eq!(profile["place"]["label"], "cri-o 1.33.0");
    assert!(profile["readings"][0]["allowed"].as_u64().is_some_and(|count| count > 250));

    let page = admin(&words).stdout;
    assert!(page.contains("RuntimeDefault: decides"), "{page}");
    assert!(page.contains("chroot") || page.contains("mounts"), "{page}");
    let more = "--runtime cri-o@1.33.0 --arch amd64 --kernel 6.8";
    let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(&format!("explain RuntimeDefault {more}")), "{page}");
    // What the page names works.
    let again: Vec<&str> =
        ["explain", "RuntimeDefault"].into_iter().chain(more.split(' ')).collect();
    assert_eq!(admin(&again).code, 0);
}

#[test]
fn what_is_open_is_said_and_what_is_not_there_is_an_error() {
    let open = admin(&["explain", "pod", "early", "-n", "vault", "-o", "json"]);
    assert_eq!(open.code, 4, "{}", open.stderr);
    assert_eq!(gaps(&open.json()).len(), 1);
    let assumed = ["explain", "pod/early", "-n", "vault", "--assume", "seccompDefault=true"];
    assert_eq!(admin(&assumed).code, 0);
    assert_eq!(admin(&["explain", "pod/nobody", "-n", "vault"]).code, 3);
    assert_eq!(admin(&["explain", "pod/early", "-n", "vault", "--cap", "SYS_ADMIN"]).code, 2);
    assert_eq!(admin(&["explain", "ptrace", "-n", "vault"]).code, 2);
    assert_eq!(admin(&["explain", "ptrace", "--all-nodes", "--arch", "arm64"]).code, 2);
}

#[test]
fn a_call_is_asked_about_every_kind_of_node() {
    let asked = admin(&["explain", "socket(AF_ALG)", "--all-nodes", "-o", "json"]);
    // Of one node the runtime is none that is known.
    assert_eq!(asked.code, 4, "{}", asked.stderr);
    let report = asked.json();
    let [gap] = &report["gaps"].as_array().expect("gaps")[..] else { panic!("{report:#}") };
    assert_eq!(gap["object"], "node/page");
    let mut places: Vec<String> = report["answers"]
        .as_array()
        .expect("answers")
        .iter()
        .map(|answer| {
            let place = &answer["place"];
            format!("{} {}", place["nodes"][0].as_str().unwrap_or("-"), place["label"])
        })
        .collect();
    places.sort();
    assert_eq!(
        places,
        [
            "no \"cri-o 1.33.0\"",
            "old \"docker 20.10.7\"",
            "shut \"containerd 2.1.0\"",
            "yes \"containerd 1.7.27\"",
        ]
    );
    let printed = admin(&["explain", "ptrace", "--all-nodes", "--print-rbac"]).stdout;
    assert!(printed.contains("nodes") && !printed.contains("pods"), "{printed}");
}

#[test]
fn what_check_finds_is_mended_where_it_comes_from() {
    let fix = |arguments: &[&str]| -> (Value, i32) {
        let words = [&["fix", "-n", "shop", "--dry-run=server", "-o", "json"], arguments].concat();
        let finished = admin(&words);
        (finished.json(), finished.code)
    };
    // Whether it changes anything is not known: nothing is done at A.
    let (plan, code) = fix(&["deploy/web"]);
    assert_eq!((code, plan["changes"].as_array().map(Vec::len)), (0, Some(0)), "{plan:#}");
    assert_eq!(plan["remaining"][0]["grade"], "B", "{plan:#}");
    // On nodes that do it already it changes nothing; one of them is too old for that.
    let (plan, _) = fix(&["deploy/web", "--grade", "B", "--assume", "seccompDefault=true"]);
    assert_eq!(plan["changes"].as_array().map(Vec::len), Some(1), "{plan:#}");
    assert_eq!(plan["changes"][0]["name"], "web", "{plan:#}");
    // A pod stands for what it comes from.
    let (plan, _) = fix(&["rs/web-1", "--grade", "B"]);
    assert_eq!(plan["changes"][0]["kind"], "Deployment", "{plan:#}");
    let stored = CLUSTER.get_json("/apis/apps/v1/namespaces/shop/deployments/web");
    assert!(stored["spec"]["template"]["spec"]["securityContext"]["seccompProfile"].is_null());
}
