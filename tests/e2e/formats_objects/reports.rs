//! Reports for a cluster, created by kubectl in one that knows their kinds.

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use posture_generators::random::Random;
use posture_harness::cluster::{ADMIN, Cluster};
use posture_harness::{judge, score, seed};
use serde_json::Value;

use super::input::Input;

/// How many hostile objects are reported on.
const OBJECTS: [usize; 2] = [300, 3_000];

/// The formats: the judge's file and the API, with its two collections.
const KINDS: [(&str, &str, [&str; 2]); 2] = [
    ("policyreport", "wgpolicyk8s.io/v1alpha2", ["policyreports", "clusterpolicyreports"]),
    ("openreports", "openreports.io/v1alpha1", ["reports", "clusterreports"]),
];

/// What says that a kind is served.
const WAIT: [&str; 5] = ["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"];

/// The cluster, once it knows the kinds of reports.
fn cluster() -> &'static Cluster {
    static READY: LazyLock<&'static Cluster> = LazyLock::new(|| {
        let cluster = Cluster::shared();
        for (format, ..) in KINDS {
            let path = judge::path(&format!("{format}.yaml"));
            cluster.apply(&fs::read_to_string(path).unwrap());
        }
        let waited = cluster.kubectl(&WAIT);
        assert_eq!(waited.code, 0, "{}", waited.stderr);
        cluster
    });
    &READY
}

/// Creates the namespaces that objects of a report are in, where they can be called so.
fn create_namespaces(cluster: &Cluster, report: &Value) -> BTreeSet<String> {
    let objects = report["objects"].as_array().unwrap();
    let names: BTreeSet<&str> =
        objects.iter().filter_map(|own| own["namespace"].as_str()).collect();
    let mut there = BTreeSet::new();
    for name in names {
        let object = serde_json::json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        let created = cluster.create("/api/v1/namespaces", &object, "");
        if created.is_success() || created.status == 409 {
            there.insert(name.to_owned());
        }
    }
    there
}

/// What a result says of which object: kind, namespace, name, check and fingerprint.
type Said = [String; 5];

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn said(object: &Value, check: &str, fingerprint: &str) -> Said {
    [
        text(object, "kind"),
        text(object, "namespace"),
        text(object, "name"),
        check.to_owned(),
        fingerprint.to_owned(),
    ]
}

/// What the report in JSON says.
fn of_json(report: &Value) -> Vec<Said> {
    let findings = report["findings"].as_array().unwrap().iter();
    let mut all: Vec<Said> = findings
        .clone()
        .map(|own| said(&own["object"], &text(own, "check"), &text(own, "fingerprint")))
        .collect();
    let found: BTreeSet<[String; 3]> = all
        .iter()
        .map(|[kind, namespace, name, ..]| [kind.clone(), namespace.clone(), name.clone()])
        .collect();
    for object in report["objects"].as_array().unwrap() {
        let own = said(object, "check", "");
        if !found.contains(&own[..3]) {
            all.push(own);
        }
    }
    all.sort();
    all
}

/// What the reports in the cluster say, and how many results are errors. What they count must be
/// what they hold.
fn of_cluster(
    cluster: &Cluster,
    api: &str,
    collections: [&str; 2],
    namespaces: &BTreeSet<String>,
) -> (Vec<Said>, usize, usize) {
    let (mut all, mut errors, mut reports) = (Vec::new(), 0, 0);
    for collection in collections {
        // kubectl waits where the server is not ready to list a kind that is new to it.
        let list = cluster.kubectl(&["get", "--raw", &format!("/apis/{api}/{collection}")]);
        assert_eq!(list.code, 0, "{}", list.stderr);
        let list = list.json();
        for report in list["items"].as_array().unwrap() {
            reports += 1;
            let results = report["results"].as_array().unwrap();
            for result in ["pass", "fail", "warn", "error", "skip"] {
                let count = results.iter().filter(|own| own["result"] == result).count();
                assert_eq!(report["summary"][result], count, "{result} of {}", report["metadata"]);
            }
            for result in results {
                assert_eq!(result["source"], "kubectl-pss");
                if result["result"] == "error" {
                    errors += 1;
                    continue;
                }
                let resource = &result["resources"][0];
                let own = text(resource, "namespace");
                let expected = if namespaces.contains(&own) { own } else { String::new() };
                assert_eq!(text(&report["metadata"], "namespace"), expected);
                assert_eq!(
                    result["result"] == "pass",
                    result["properties"]["fingerprint"].is_null()
                );
                all.push(said(
                    resource,
                    &text(result, "rule"),
                    &text(&result["properties"], "fingerprint"),
                ));
            }
        }
    }
    all.sort();
    (all, errors, reports)
}

#[test]
fn the_api_server_takes_every_report() {
    let cluster = cluster();
    let mut random = Random::new(seed::seed());
    let hostile = Input::hostile(&mut random, seed::scaled(OBJECTS[0], OBJECTS[1]));
    let mut compared = 0;
    for input in [Input::clean(), Input::single(), Input::mixed(), hostile, Input::many()] {
        let json = input.json();
        let namespaces = create_namespaces(cluster, &json);
        let expected = of_json(&json);
        for (format, api, collections) in KINDS {
            let manifests = input.run(&["-o", format]).stdout;
            // As anybody would, and again with what is new.
            for verb in ["create", "apply", "apply"] {
                let arguments = [verb, "--validate=strict", "-f", "-"];
                let done = cluster.kubectl_as(ADMIN, &arguments, &manifests);
                assert_eq!(done.code, 0, "{verb} {format} of {}: {}", input.name, done.stderr);
            }
            let (found, errors, reports) = of_cluster(cluster, api, collections, &namespaces);
            assert_eq!(found, expected, "{format} of {}", input.name);
            assert_eq!(errors, json["gaps"].as_array().unwrap().len());
            assert_eq!(reports > 20, input.name == "many", "{reports} reports of {}", input.name);
            compared += found.len();
            let gone = cluster.kubectl_as(ADMIN, &["delete", "--wait=true", "-f", "-"], &manifests);
            assert_eq!(gone.code, 0, "{}", gone.stderr);
        }
    }
    score::record(
        "formats_reports",
        "PolicyReports and OpenReports, created by kubectl in a real API server",
        &format!("{compared} results"),
        0,
    );
}

#[test]
fn the_api_server_refuses_what_is_none() {
    let cluster = cluster();
    // Not where the other test creates reports meanwhile: what is there cannot be created.
    let input = Input::apart();
    create_namespaces(cluster, &input.json());
    for (format, ..) in KINDS {
        let manifests = input.run(&["-o", format]).stdout;
        let dry = ["create", "--dry-run=server", "--validate=strict", "-f", "-"];
        assert_eq!(cluster.kubectl_as(ADMIN, &dry, &manifests).code, 0);
        for (right, wrong) in [
            ("result: fail", "result: failed"),
            ("severity: high", "severity: error"),
            ("rule: ", "check: "),
            ("line: \"", "line: 1 #"),
            ("name: kubectl-pss-check", "name: kubectl_pss"),
        ] {
            let spoilt = manifests.replacen(right, wrong, 1);
            assert_ne!(spoilt, manifests, "{right} in {manifests}");
            let refused = cluster.kubectl_as(ADMIN, &dry, &spoilt);
            assert_ne!(refused.code, 0, "{wrong} of {format}");
        }
    }
}
