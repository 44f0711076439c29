//! Every format of a stream with every finding.

use std::path::{Path, PathBuf};

use kubectl_seccomp::checks::ALL;
use posture_harness::binary::{Finished, Run};
use serde_json::Value;

use super::{FORMATS, checks, run};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/seccomp")
}

fn mixed(arguments: &[&str]) -> Run {
    run(&["-f", "mixed.yaml", "--server-version", "1.29"])
        .args(arguments.iter().copied())
        .in_folder(&fixtures())
        .env("COLUMNS", "100")
}

/// The run as a snapshot shows it.
fn shown(run: &Finished) -> String {
    let text = format!("exit {}\n--- stdout\n{}--- stderr\n{}", run.code, run.stdout, run.stderr);
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn every_finding_is_there() {
    let report = mixed(&["-o", "json"]).finish().json();
    let mut found = checks(&report);
    for one in ALL {
        assert!(found.remove(one.check.id), "{} is not found: {report:#}", one.check.id);
    }
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn every_format_ends_the_same() {
    for format in FORMATS {
        let run = mixed(&["-o", format]).finish();
        assert_eq!(run.code, 1, "{format}: {run:?}");
        assert!(!run.stdout.is_empty(), "{format}");
        if ["human", "wide", "json", "yaml", "sarif"].contains(&format) {
            insta::assert_snapshot!(format!("mixed_{format}"), shown(&run));
        }
    }
}

#[test]
fn json_and_yaml_are_the_same_tree() {
    let yaml: Value = serde_yaml::from_str(&mixed(&["-o", "yaml"]).finish().stdout).expect("YAML");
    assert_eq!(mixed(&["-o", "json"]).finish().json(), yaml);
}

#[test]
fn the_tree_follows_its_schema_in_what_it_names() {
    let report = mixed(&["-o", "json"]).finish().json();
    assert_eq!((&report["apiVersion"], &report["kind"]), (&"posture/v1".into(), &"Report".into()));
    assert_eq!(report["summary"]["complete"], false, "nobody says what kubelets are told");
    let findings = report["findings"].as_array().expect("findings");
    assert_eq!(report["summary"]["findings"], findings.len());
    for finding in findings {
        assert_eq!(finding["place"]["file"], "mixed.yaml", "{finding}");
        assert!(finding["place"]["line"].as_u64() > Some(1), "{finding}");
        let print = finding["fingerprint"].as_str().unwrap_or_default();
        assert!(print.len() == 16 && print.chars().all(|one| one.is_ascii_hexdigit()));
    }
    for object in report["objects"].as_array().expect("objects") {
        for container in object["containers"].as_array().expect("containers") {
            let chain = container["chain"].as_array().expect("a chain");
            let deciding = chain.iter().filter(|link| link["role"] == "decides").count();
            assert!(deciding >= 1, "{}: {container:#}", object["name"]);
        }
    }
}
