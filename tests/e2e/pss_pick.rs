//! What is named beside `-f`: picked from the files, and said where it is not there.
#![cfg(test)]

use std::fs;
use std::path::Path;

use posture_harness::binary::{Finished, Run};
use serde_json::Value;
use tempfile::TempDir;

/// Two namespaces, one with a policy; the same name twice; kinds of others, with and without a
/// definition.
const SHOP: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a, pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web, rank: '7'}}
spec: {template: {spec: {hostNetwork: true, containers: [{name: c, image: x}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: other, labels: {app: web}}
spec: {template: {spec: {hostNetwork: true, containers: [{name: c, image: x}]}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {template: {spec: {hostPID: true, containers: [{name: c, image: x}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: plain}
spec: {hostIPC: true, containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Service
metadata: {name: front, namespace: shop}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: front, namespace: shop}
spec: {template: {spec: {hostNetwork: true, containers: [{name: c, image: x}]}}}
---
apiVersion: batch.example.com/v1
kind: JobFactory
metadata: {name: f, namespace: shop}
spec: {template: {spec: {hostNetwork: true, containers: [{name: c, image: x}]}}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: jobfactories.batch.example.com}
spec:
  group: batch.example.com
  scope: Namespaced
  names: {kind: JobFactory, plural: jobfactories, singular: jobfactory, shortNames: [jf], categories: [all]}
  versions: [{name: v1}]
---
apiVersion: example.org/v1alpha1
kind: Proxy
metadata: {name: p}
spec: {template: {spec: {hostNetwork: true, containers: [{name: c, image: x}]}}}
";

/// How many objects are in it.
const OBJECTS: u64 = 10;

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("shop.yaml"), SHOP).unwrap();
    folder
}

fn run(folder: &Path, arguments: &str) -> Finished {
    // `_` stands for a space in a word.
    let words: Vec<String> =
        arguments.split_whitespace().map(|word| word.replace('_', " ")).collect();
    let run = Run::new("kubectl-pss").args(["check"]).args(words.iter().map(String::as_str));
    run.args(["-f", "shop.yaml"]).in_folder(folder).finish()
}

fn report(folder: &Path, arguments: &str) -> (u8, Value) {
    let run = run(folder, &format!("{arguments} -o json"));
    assert!(run.stderr.is_empty(), "{arguments}: {}", run.stderr);
    (u8::try_from(run.code).unwrap(), run.json())
}

/// `kind.group/name` or, of those that are in one, `namespace:kind.group/name`.
fn judged(report: &Value) -> Vec<String> {
    let name = |object: &Value| {
        let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
        let api_version = text("apiVersion");
        let group =
            api_version.split_once('/').map_or(String::new(), |(group, _)| format!(".{group}"));
        let kind = text("kind").to_lowercase();
        format!("{}:{kind}{group}/{}", text("namespace"), text("name"))
    };
    report["objects"].as_array().unwrap().iter().map(name).collect()
}

/// The objects of gaps of what was named.
fn missing(report: &Value) -> Vec<&str> {
    let gaps = report["gaps"].as_array().unwrap();
    let own = gaps.iter().filter(|gap| gap["what"] == "object");
    own.map(|gap| gap["object"].as_str().unwrap()).collect()
}

#[test]
fn words_pick_objects_from_files() {
    let folder = folder();
    let (web, other) = ("shop:deployment.apps/web", "other:deployment.apps/web");
    let (db, plain) = ("shop:statefulset.apps/db", "default:pod/plain");
    let factory = "shop:jobfactory.batch.example.com/f";
    let knative = "shop:service.serving.knative.dev/front";
    let namespace = ":namespace/shop";
    let proxy = "default:proxy.example.org/p";
    for (words, expected) in [
        ("", vec![namespace, web, other, db, plain, knative, factory, proxy]),
        ("deploy", vec![web, other]),
        ("deployments", vec![web, other]),
        ("Deployment", vec![web, other]),
        ("DEPLOYMENTS.apps", vec![web, other]),
        ("deploy.apps", vec![web, other]),
        ("deployments.v1.apps", vec![web, other]),
        ("deploy/web", vec![web, other]),
        ("deploy web", vec![web, other]),
        ("deploy/web -n shop", vec![web]),
        ("deploy/web -n shop -A", vec![web, other]),
        ("deploy -n other", vec![other]),
        ("po/plain -n shop", vec!["shop:pod/plain"]),
        ("sts,po", vec![db, plain]),
        ("po/plain sts/db", vec![db, plain]),
        ("jf", vec![factory]),
        ("jobfactories.batch.example.com/f", vec![factory]),
        ("jobfactory.batch/f", vec![factory]),
        ("proxies", vec![proxy]),
        ("proxy/p", vec![proxy]),
        ("service.serving.knative.dev", vec![knative]),
        ("all", vec![web, other, db, plain, factory]),
        ("-l app=web", vec![web, other]),
        ("-l app", vec![web, other, db]),
        ("-l app_in_(db,x)", vec![db]),
        ("-l rank>6", vec![web]),
        ("-l team", vec![namespace]),
        ("-l !app,!team", vec![plain, knative, factory, proxy]),
        ("deploy,sts -l app!=web", vec![db]),
        ("-l app=db -A", vec![db]),
        ("deploy -l rank", vec![web]),
    ] {
        let (_, report) = report(folder.path(), words);
        assert_eq!(judged(&report), expected, "{words}");
        assert!(missing(&report).is_empty(), "{words}: {}", report["gaps"]);
        // What is meant and no concern of Pod Security counts as left out too.
        let counted = expected.len() as u64 + report["summary"]["skipped"].as_u64().unwrap();
        assert_eq!(counted, OBJECTS, "{words}");
        // The policy comes from the files' Namespaces, whatever is picked.
        for object in report["objects"].as_array().unwrap() {
            if object["namespace"] == "shop" && object["kind"] != "Pod" {
                assert_eq!(object["modes"]["enforce"]["level"], "baseline", "{words}: {object}");
            }
        }
    }
}

#[test]
fn what_is_not_there_is_said() {
    let folder = folder();
    for (words, expected, hint) in [
        ("deploy/wev", vec!["deployment.apps/wev"], "there is deployment.apps/web"),
        ("deploy web wev", vec!["deployment.apps/wev"], "there is deployment.apps/web"),
        ("deploy/db", vec!["deployment.apps/db"], "there is statefulset.apps/db"),
        ("sts/db -n other", vec!["statefulset.apps/db"], "it is in namespace shop: say -n shop"),
        ("ds", vec!["daemonsets.apps"], ""),
        ("deploy,ds", vec!["daemonsets.apps"], ""),
        (
            "deployments.v1beta1.apps",
            vec!["deployments.v1beta1.apps"],
            "short names of other types",
        ),
        (
            "ksvc/front",
            vec!["ksvc/front"],
            "there is service/front, service.serving.knative.dev/front",
        ),
        ("job/f", vec!["job.batch/f"], "there is jobfactory.batch.example.com/f"),
        ("roles/web cm/x", vec!["role.rbac.authorization.k8s.io/web", "configmap/x"], ""),
        ("-l app=nothing", vec!["-l app=nothing"], ""),
        ("deploy -l app=db", vec!["-l app=db"], ""),
    ] {
        let (code, report) = report(folder.path(), &format!("{words} --level privileged"));
        assert_eq!(missing(&report), expected, "{words}");
        assert_eq!(code, 4, "{words}");
        assert_eq!(report["summary"]["complete"], false, "{words}");
        let gaps = report["gaps"].as_array().unwrap();
        let hints: Vec<&str> = gaps.iter().filter_map(|gap| gap["hint"].as_str()).collect();
        assert!(hints.concat().contains(hint), "{words}: {hints:?}");
    }
    // Findings go before gaps.
    assert_eq!(report(folder.path(), "deploy/web deploy/wev").0, 1);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let folder = folder();
    for (words, said) in [
        ("--field-selector metadata.name=web", "--field-selector: only a server selects by fields"),
        ("ns --field-selector metadata.name=web", "--field-selector: only a server selects"),
        ("-l app=(", "the provided selector \"app=(\" is not valid: unable to parse requirement"),
        ("deploy/web -l app", "selectors and the all flag cannot be used"),
        ("deploy web -l app", "name cannot be provided when a selector is specified"),
        ("ns shop -l app", "name cannot be provided when a selector is specified"),
        ("all web", "you must specify only one resource"),
        ("deploy/web/x", "arguments in resource/name form may not have more than one slash"),
    ] {
        let run = run(folder.path(), words);
        assert_eq!(run.code, 2, "{words}: {run:?}");
        assert!(run.stdout.is_empty() && run.stderr.contains(said), "{words}: {}", run.stderr);
    }
}

#[test]
fn namespaces_of_files() {
    let folder = folder();
    for (words, code, rows, gaps) in [
        ("ns", 1, vec![":namespace/default", ":namespace/other", ":namespace/shop"], vec![]),
        ("ns shop", 1, vec![":namespace/shop"], vec![]),
        ("ns/shop", 1, vec![":namespace/shop"], vec![]),
        ("ns/nowhere", 4, vec![], vec!["namespace/nowhere"]),
        ("ns shop nowhere", 1, vec![":namespace/shop"], vec!["namespace/nowhere"]),
        ("ns nowhere", 4, vec![], vec!["namespace/nowhere"]),
        ("ns -l team=a", 1, vec![":namespace/shop"], vec!["namespace/default", "namespace/other"]),
        ("ns -l team=b", 4, vec![], vec!["namespace/default", "namespace/other", "-l team=b"]),
    ] {
        let (found, report) = report(folder.path(), words);
        let mut names = judged(&report);
        names.sort();
        assert_eq!(names, rows, "{words}");
        assert_eq!(missing(&report), gaps, "{words}");
        assert_eq!(found, code, "{words}");
    }
}

#[test]
fn nothing_that_lives_in_a_namespace_is_said() {
    let folder = TempDir::new().unwrap();
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: quiet}\n";
    fs::write(folder.path().join("shop.yaml"), text).unwrap();
    let (code, report_) = report(folder.path(), "ns");
    assert_eq!((code, missing(&report_)), (4, vec!["namespaces"]));
    let (_, report_) = report(folder.path(), "ns quiet");
    assert_eq!(judged(&report_), [":namespace/quiet"]);
    assert!(missing(&report_).is_empty());
}
