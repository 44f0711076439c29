//! Which findings count: selected, ignored, suppressed, known from before.

use std::fs;

use posture_e2e::folder;
use serde_json::Value;

use super::{PLAIN, checks, report, run, set};

/// A container that chooses to be free, and one that is privileged.
const BAD: &str = "apiVersion: v1
kind: Pod
metadata:
  name: p
spec:
  containers:
  - name: free
    image: x
    securityContext:
      seccompProfile:
        type: Unconfined
  - name: mighty
    image: x
    securityContext:
      privileged: true
";

#[test]
fn selected_and_ignored() {
    for (words, found, code) in [
        (&[][..], &["privileged", "unconfined"][..], 1),
        (&["--select", "seccomp"], &["privileged", "unconfined"], 1),
        (&["--select", "unconfined"], &["unconfined"], 1),
        (&["--select", "privileged"], &["privileged"], 0),
        (&["--select", "un*"], &["unconfined"], 1),
        (&["--ignore", "unconfined"], &["privileged"], 0),
        (&["--ignore", "seccomp"], &[], 0),
        (&["--select", "privileged", "--fail-on", "info"], &["privileged"], 1),
    ] {
        let (report, ended) = report(BAD, words);
        assert_eq!((checks(&report), ended), (set(found), code), "{words:?}: {report:#}");
    }
}

#[test]
fn suppressed_where_somebody_says_why() {
    let annotated = BAD.replace(
        "  name: p\n",
        "  name: p\n  annotations:\n    kubectl-posture/ignore: unconfined it debugs others\n",
    );
    let commented = BAD.replace(
        "        type: Unconfined",
        "        # posture:ignore unconfined it debugs others\n        type: Unconfined",
    );
    for text in [&annotated, &commented] {
        let (report, code) = report(text, &[]);
        assert_eq!((checks(&report), code), (set(&["privileged"]), 0), "{report:#}");
        assert_eq!(report["summary"]["suppressed"], 1, "{report:#}");
    }
    for text in [
        annotated.replace("unconfined it debugs others", "unconfined"),
        annotated.replace("unconfined it", "unconfined until=2020-01-01 it"),
        commented.replace(" it debugs others", ""),
    ] {
        let (report, code) = report(&text, &[]);
        assert!(checks(&report).contains("unconfined") && code == 1, "{text}: {report:#}");
    }
}

#[test]
fn known_from_before() {
    let folder = folder::with(&[("x.yaml", BAD)]);
    let json = |arguments: &[&str]| -> (Value, i32) {
        let words = [&["-f", "x.yaml", "-o", "json"], arguments].concat();
        let finished = run(&words).in_folder(folder.path()).finish();
        (finished.json(), finished.code)
    };
    assert_eq!(json(&["--baseline", "known.json", "--update-baseline"]).1, 0);
    assert_eq!(json(&["--baseline", "known.json"]).1, 0);
    let more = format!(
        "# moved down\n{BAD}---\n{}",
        BAD.replace("name: p", "name: q").replace("free", "other")
    );
    fs::write(folder.path().join("x.yaml"), more).expect("written");
    let (report, code) = json(&["--baseline", "known.json"]);
    assert_eq!(code, 1, "{report:#}");
    let findings = report["findings"].as_array().expect("findings");
    assert!(findings.iter().all(|one| one["object"]["name"] == "q"), "{report:#}");
}

#[test]
fn a_gap_is_a_gap_whatever_is_selected() {
    let text = super::pod("p", PLAIN);
    let (report, code) = report(&text, &["--ignore", "unset"]);
    assert_eq!((checks(&report), code), (set(&[]), 4), "{report:#}");
}
