//! `--snapshot`, and `-f` of what it has written: the same report again.

use posture_harness::binary::{Finished, Run};
use posture_harness::cluster::ADMIN;
use posture_harness::proxy::{Fault, Proxy, Rule};
use serde_json::Value;
use tempfile::TempDir;

use super::world::{CLUSTER, gaps, with};

/// The report without what says where it comes from, as text.
fn content(said: &Finished) -> String {
    let mut report: Value = said.json();
    report.as_object_mut().expect("a report").remove("target");
    format!("{report:#}")
}

/// Takes a snapshot with these words and flags, and says them again without a cluster.
fn replays(words: &[&str], flags: &[&str], rules: Vec<Rule>) -> Value {
    let proxy = Proxy::before(&CLUSTER, ADMIN, rules);
    let folder = TempDir::new().expect("room");
    let dir = folder.path().join("snapshot");
    let dir = dir.to_str().expect("a path in UTF-8");
    let json = [flags, &["-o", "json"]].concat();
    let live = with(&proxy.kubeconfig(), &["check", "--snapshot", dir])
        .args(words.iter().copied())
        .args(json.iter().copied())
        .finish();
    assert!(live.stderr.contains("snapshot written"), "{words:?}: {live:?}");
    for words in [&[][..], words] {
        let again = Run::new("kubectl-seccomp")
            .args(["check", "-f", dir])
            .args(words.iter().copied())
            .args(json.iter().copied())
            .finish();
        assert_eq!(content(&again), content(&live), "{words:?} {flags:?}");
        assert_eq!(again.code, live.code, "{words:?} {flags:?}");
    }
    live.json()
}

#[test]
fn a_replay_is_the_report_of_the_live_command() {
    for words in [
        "-A",
        "-n shop",
        "-n vault",
        "-n nowhere",
        "pods -n shop",
        "po/early -n vault",
        "deploy,po -n shop -l app=web",
        "rs/web-1 po/web-1-a -n shop",
        "pods -A --field-selector spec.nodeName=page",
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let report = replays(&words, &[], Vec::new());
        assert_eq!(report["kind"], "Report");
    }
    for flags in [
        "--assume seccompDefault=true",
        "--assume seccompDefault=false --fail-on info",
        "--server-version 1.26",
        "--select missed",
    ] {
        let flags: Vec<&str> = flags.split(' ').collect();
        replays(&["-A"], &flags, Vec::new());
    }
}

#[test]
fn what_could_not_be_read_is_not_known_in_the_replay_either() {
    for path in [
        "/api/v1/nodes?",
        "/apis/mutations.gatekeeper.sh/v1/assign?",
        "/api/v1/namespaces?",
        "/apis/apps/v1/replicasets?",
    ] {
        let rules = vec![Rule::new(path, Fault::Status(403))];
        let report = replays(&["-A"], &[], rules);
        let gaps = gaps(&report);
        assert!(gaps.iter().any(|gap| gap.contains("403")), "{path}: {gaps:?}");
    }
}
