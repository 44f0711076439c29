//! `kubectl pss check` before a server that misbehaves: what does not depend on what failed is
//! still found, what failed is said, and the exit code is the one that design promises.
#![cfg(test)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use posture_harness::binary::{Finished, Run};
use posture_harness::cluster::{Cluster, ClusterOptions, Namespace};
use posture_harness::proxy::{Fault, Proxy, Reply, Rule};
use posture_harness::score;
use serde_json::{Value, json};

/// More pods than a page of our own holds.
const PODS: usize = 520;

/// The longest that a run may take where no fault is slow by itself: five tries of a list.
const SOON: Duration = Duration::from_secs(20);

fn template() -> Value {
    json!({
        "metadata": { "labels": { "a": "b" } },
        "spec": { "containers": [{
            "name": "c",
            "image": "x",
            "securityContext": { "privileged": true },
        }] },
    })
}

fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name },
        "spec": template()["spec"],
    })
}

fn deployment(kind: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": { "name": "w" },
        "spec": { "selector": { "matchLabels": { "a": "b" } }, "template": template() },
    })
}

fn cluster() -> &'static Cluster {
    static SEEDED: std::sync::Once = std::sync::Once::new();
    SEEDED.call_once(|| {
        let cluster = Cluster::shared();
        let many = (0..PODS).fold(Namespace::new("many"), |namespace, index| {
            namespace.object(pod(&format!("p{index:03}")))
        });
        let shop = Namespace::new("shop").object(deployment("Deployment"));
        let shop = shop.object(deployment("DaemonSet")).object(pod("alone"));
        cluster.seed(&[many, shop]);
        // Once they are there: the server would refuse the pods.
        let labels = json!({ "pod-security.kubernetes.io/enforce": "baseline" });
        for namespace in ["many", "shop"] {
            let path = format!("/api/v1/namespaces/{namespace}");
            let answer = cluster.admin().merge(&path, &json!({ "metadata": { "labels": labels } }));
            assert!(answer.is_success(), "{}", answer.message());
        }
    });
    Cluster::shared()
}

/// Runs `kubectl pss check` with these words before a proxy.
fn check(words: &[&str], rules: Vec<Rule>) -> (Finished, Proxy) {
    let proxy = Proxy::before(cluster(), "admin", rules);
    // It may have to be built first.
    let run = Run::new("kubectl-pss");
    let started = Instant::now();
    let finished = run
        .args(["check", "-o", "json"])
        .args(words)
        .env("KUBECONFIG", proxy.kubeconfig().to_str().unwrap())
        .finish();
    assert!(started.elapsed() < SOON, "{:?}: {}", started.elapsed(), finished.stderr);
    (finished, proxy)
}

/// The findings, each as its JSON.
fn findings(report: &Value) -> BTreeSet<String> {
    let findings = report["findings"].as_array().unwrap();
    let set: BTreeSet<String> = findings.iter().map(Value::to_string).collect();
    assert_eq!(set.len(), findings.len(), "none is said twice");
    set
}

fn without(findings: &BTreeSet<String>, kind: &str) -> BTreeSet<String> {
    let needle = format!("\"kind\":\"{kind}\"");
    findings.iter().filter(|finding| !finding.contains(&needle)).cloned().collect()
}

/// What happens to a list, and what is then said of it.
type Expected = (fn() -> Fault, &'static str);

/// What may happen to a list.
fn faults() -> Vec<Expected> {
    vec![
        (|| Fault::Status(401), "refused with 401"),
        (|| Fault::Status(403), "refused with 403"),
        (|| Fault::Status(404), "refused with 404"),
        (|| Fault::Status(410), "refused with 410"),
        (|| Fault::RetryAfter(429, 120), "asks for a pause of 120 s"),
        (|| Fault::Status(500), "refused with 500"),
        (|| Fault::Status(503), "refused with 503"),
        (|| Fault::Cut, "broke off"),
        (|| Fault::Close, "tried 5 times"),
        (|| Fault::Half, "is cut"),
        (|| Fault::Html, "is a web page"),
        (|| Fault::Answer(Reply::new(200, "{}")), "something without a kind"),
        (
            || Fault::Answer(Reply::new(302, "").header("Location", "https://login.invalid/")),
            "redirects to https://login.invalid/",
        ),
    ]
}

/// The faults of a single request: who is not known to the server at all is told so at once.
fn single_faults() -> Vec<Expected> {
    faults().into_iter().filter(|(_, says)| !says.contains("401")).collect()
}

fn healthy(words: &[&str]) -> (Value, i32) {
    let (finished, _) = check(words, Vec::new());
    (finished.json(), finished.code)
}

/// The reasons of all gaps but those about the server's defaults, which nobody can read.
fn gaps(report: &Value) -> Vec<String> {
    let gaps = report["gaps"].as_array().unwrap().iter();
    let lists = gaps.filter(|gap| gap["what"] != "policy");
    lists.map(|gap| format!("{}: {}", gap["object"], gap["why"])).collect()
}

#[test]
fn what_does_not_depend_on_the_failed_list_is_found() {
    let (report, code) = healthy(&["-A"]);
    assert_eq!((code, gaps(&report)), (1, Vec::new()));
    let all = findings(&report);
    let expected = without(&all, "Deployment");
    assert!(all.len() > PODS + 2 && expected.len() < all.len());
    let faults = faults();
    for (fault, says) in &faults {
        let (finished, _) = check(&["-A"], vec![Rule::new("/apis/apps/v1/deployments", fault())]);
        let report = finished.json();
        assert_eq!(finished.code, 1, "{says}: {}", finished.stderr);
        assert_eq!(findings(&report), expected, "{says}");
        let [gap] = &gaps(&report)[..] else { panic!("{says}: {:?}", report["gaps"]) };
        assert!(gap.contains("deployments.apps") && gap.contains(says), "{gap}");
        assert_eq!(report["summary"]["complete"], false);
    }
    score::record(
        "pss_live_faults",
        "check before a server that misbehaves",
        &format!("{} faults", faults.len()),
        0,
    );
}

#[test]
fn a_list_that_never_comes_takes_no_other_with_it() {
    let (report, _) = healthy(&["-A"]);
    let slow: [fn() -> Fault; 2] = [|| Fault::Silent, || Fault::Slow(200)];
    for fault in slow {
        let rules = vec![Rule::new("/apis/apps/v1/deployments", fault())];
        let (finished, _) = check(&["-A", "--request-timeout=4s"], rules);
        let partly = finished.json();
        let expected = without(&findings(&report), "Deployment");
        assert_eq!((finished.code, findings(&partly)), (1, expected));
        let [gap] = &gaps(&partly)[..] else { panic!("{:?}", partly["gaps"]) };
        assert!(gap.contains("within the request timeout"), "{gap}");
    }
}

#[test]
fn without_findings_a_failed_list_is_no_pass() {
    let words = ["-A", "--level", "privileged"];
    let (_, code) = healthy(&words);
    assert_eq!(code, 0);
    for (fault, says) in faults() {
        let rules = vec![Rule::new("/apis/batch/v1/cronjobs", fault())];
        let (finished, _) = check(&words, rules);
        assert_eq!(finished.code, 4, "{says}: {}", finished.stderr);
        assert_eq!(gaps(&finished.json()).len(), 1, "{says}");
    }
}

#[test]
fn what_came_before_the_fault_stands() {
    let (report, _) = healthy(&["-A"]);
    let rules = vec![Rule::new("/api/v1/pods", Fault::Status(403)).with("continue=")];
    let (finished, _) = check(&["-A"], rules);
    let partly = findings(&finished.json());
    assert_eq!(finished.code, 1);
    assert!(partly.is_subset(&findings(&report)));
    // The first page, and what is in no page of pods.
    assert!(partly.len() >= 500 + 2 && partly.len() < findings(&report).len());
    assert_eq!(gaps(&finished.json()).len(), 1);
}

#[test]
fn a_list_that_starts_again_is_found_once() {
    let (report, _) = healthy(&["-A"]);
    let rules = vec![Rule::new("/api/v1/pods", Fault::Status(410)).with("continue=")];
    let (finished, proxy) = check(&["-A"], rules);
    assert_eq!(findings(&finished.json()), findings(&report));
    assert_eq!((finished.code, gaps(&finished.json())), (1, Vec::new()));
    assert_eq!(proxy.seen().iter().filter(|seen| seen.is_faulty).count(), 1);
}

#[test]
fn what_passes_is_not_said() {
    let (report, _) = healthy(&["-A"]);
    let passing: [fn() -> Fault; 4] =
        [|| Fault::Status(503), || Fault::RetryAfter(429, 1), || Fault::Cut, || Fault::Close];
    for fault in passing {
        let rules = vec![Rule::new("/api/v1/pods", fault()).times(2)];
        let (finished, proxy) = check(&["-A"], rules);
        assert_eq!(finished.json(), report);
        assert_eq!(proxy.seen().iter().filter(|seen| seen.is_faulty).count(), 2);
    }
}

#[test]
fn nothing_at_all() {
    for (fault, says) in faults() {
        let (finished, _) = check(&["-A"], vec![Rule::new("/api", fault())]);
        assert_eq!((finished.code, finished.stdout.as_str()), (3, ""), "{says}");
        let says = if says.contains("401") { "does not accept the login" } else { says };
        assert!(finished.stderr.contains(says), "{says}: {}", finished.stderr);
        assert!(!finished.stderr.contains("of-the-proxy"));
    }
}

#[test]
fn namespaces_are_no_reason_to_say_nothing_of_pods() {
    let (report, _) = healthy(&["-A"]);
    let objects = |report: &Value| report["objects"].as_array().unwrap().len();
    for (fault, says) in single_faults() {
        let (finished, _) = check(&["-A"], vec![Rule::new("/api/v1/namespaces", fault())]);
        let partly = finished.json();
        // What is assumed of the policy is stricter than what it is.
        assert_eq!((finished.code, objects(&partly)), (1, objects(&report)), "{says}");
        assert!(gaps(&partly).iter().any(|gap| gap.contains(says)), "{says}: {partly:#}");
    }
}

#[test]
fn the_version_is_no_reason_either() {
    let (report, _) = healthy(&["-A"]);
    for (fault, says) in single_faults() {
        let (finished, _) = check(&["-A"], vec![Rule::new("/version", fault())]);
        let partly = finished.json();
        assert_eq!((finished.code, findings(&partly)), (1, findings(&report)), "{says}");
        let [gap] = &gaps(&partly)[..] else { panic!("{says}: {:?}", partly["gaps"]) };
        assert!(gap.contains("/version"), "{gap}");
    }
}

#[test]
fn check_ns_says_what_it_did_not_see() {
    let (report, code) = healthy(&["ns"]);
    assert_ne!(code, 3);
    let names = |report: &Value| -> BTreeSet<String> {
        let objects = report["objects"].as_array().unwrap().iter();
        objects.map(|object| object["name"].as_str().unwrap().to_owned()).collect()
    };
    for (fault, says) in single_faults() {
        let (finished, _) = check(&["ns"], vec![Rule::new("/api/v1/pods", fault())]);
        let partly = finished.json();
        assert!(matches!(finished.code, 1 | 4), "{says}: {}", finished.code);
        assert_eq!(names(&partly), names(&report), "{says}");
        assert!(gaps(&partly).iter().any(|gap| gap.contains(says)), "{says}: {partly:#}");
        let (finished, _) = check(&["ns"], vec![Rule::new("/api/v1/namespaces", fault())]);
        // Those that have pods are named by these.
        let partly = finished.json();
        assert!(matches!(finished.code, 1 | 4), "{says}: {}", finished.code);
        assert!(names(&partly).is_superset(&["many", "shop"].map(str::to_owned).into()));
        assert!(gaps(&partly).iter().any(|gap| gap.contains(says)), "{says}: {partly:#}");
    }
}

/// A kind of somebody else's, with pods of its own.
const CRD: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: rollouts.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: rollouts, singular: rollout, kind: Rollout, listKind: RolloutList, categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.example.com}
spec:
  group: metrics.example.com
  version: v1beta1
  insecureSkipTLSVerify: true
  groupPriorityMinimum: 100
  versionPriority: 100
  service: {name: nowhere, namespace: default}
";

#[test]
fn kinds_of_others_fail_alone() {
    // A cluster of its own: what is down here is in everybody's discovery.
    let cluster = Cluster::start(&ClusterOptions::default());
    let shop = Namespace::new("shop").pod_security("enforce", "baseline");
    cluster.seed(&[shop.object(deployment("Deployment"))]);
    cluster.apply(CRD);
    let rollout = json!({
        "apiVersion": "example.com/v1",
        "kind": "Rollout",
        "metadata": { "name": "r", "namespace": "shop" },
        "spec": { "template": template() },
    });
    let check = |rules: Vec<Rule>| {
        let proxy = Proxy::before(&cluster, "admin", rules);
        Run::new("kubectl-pss")
            .args(["check", "all", "-n", "shop", "-o", "json"])
            .env("KUBECONFIG", proxy.kubeconfig().to_str().unwrap())
            .finish()
    };
    // A kind is served some time after its definition is stored.
    let deadline = Instant::now() + Duration::from_secs(30);
    let path = "/apis/example.com/v1/namespaces/shop/rollouts";
    while !cluster.create(path, &rollout, "").is_success() {
        assert!(Instant::now() < deadline, "the server does not serve it");
        std::thread::sleep(Duration::from_millis(100));
    }
    let is_there = |report: &Value| findings(report).iter().any(|one| one.contains("Rollout"));
    let healthy = loop {
        let finished = check(Vec::new());
        let is_down =
            |report: &Value| gaps(report).iter().any(|gap| gap.contains("metrics.example.com"));
        if finished.code == 1 && is_there(&finished.json()) && is_down(&finished.json()) {
            break finished.json();
        }
        assert!(Instant::now() < deadline, "{}{}", finished.stdout, finished.stderr);
        std::thread::sleep(Duration::from_millis(200));
    };
    // The group that is down is said, and takes nothing with it.
    assert!(findings(&healthy).iter().any(|one| one.contains("Deployment")), "{healthy:#}");
    for (fault, says) in single_faults() {
        let finished = check(vec![Rule::new(path, fault())]);
        let partly = finished.json();
        assert_eq!(finished.code, 1, "{says}");
        assert_eq!(findings(&partly), without(&findings(&healthy), "Rollout"), "{says}");
        let said = gaps(&partly);
        let about = |gap: &String| gap.contains("rollouts.example.com") && gap.contains(says);
        assert!(said.iter().any(about), "{says}: {said:#?}");
    }
}
