//! Every kind that carries pods, and every kind of container in them.

use serde_json::Value;

use super::{checks, report, set};

#[test]
fn templates_are_found_wherever_they_are() {
    let pod = "{spec: {containers: [{name: a, image: x, securityContext: {seccompProfile: {type: Unconfined}}}]}}";
    let path = "spec.containers[a].securityContext.seccompProfile.type";
    for (api_version, kind, spec, template) in [
        ("apps/v1", "StatefulSet", "template: POD", "spec.template"),
        ("apps/v1", "DaemonSet", "template: POD", "spec.template"),
        ("apps/v1", "ReplicaSet", "template: POD", "spec.template"),
        ("batch/v1", "Job", "template: POD", "spec.template"),
        (
            "batch/v1",
            "CronJob",
            "jobTemplate: {spec: {template: POD}}",
            "spec.jobTemplate.spec.template",
        ),
        ("argoproj.io/v1alpha1", "Rollout", "template: POD", "spec.template"),
        ("serving.knative.dev/v1", "Service", "template: POD", "spec.template"),
        (
            "jobset.x-k8s.io/v1alpha2",
            "JobSet",
            "replicatedJobs: [{name: w, template: {spec: {template: POD}}}]",
            "spec.replicatedJobs[w].template.spec.template",
        ),
        (
            "leaderworkerset.x-k8s.io/v1",
            "LeaderWorkerSet",
            "leaderWorkerTemplate: {workerTemplate: POD}",
            "spec.leaderWorkerTemplate.workerTemplate",
        ),
        ("example.com/v1", "Thing", "template: POD", "spec.template"),
    ] {
        let spec = spec.replace("POD", pod);
        let text = format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{{spec}}}\n"
        );
        for text in [text.clone(), listed(&text)] {
            let (report, code) = report(&text, &[]);
            assert_eq!((code, checks(&report)), (1, set(&["unconfined"])), "{text}: {report:#}");
            assert_eq!(report["findings"][0]["path"], format!("{template}.{path}"), "{kind}");
            assert_eq!(report["objects"][0]["verdict"], "unconfined", "{kind}");
        }
    }
}

/// The same in a List.
fn listed(text: &str) -> String {
    let item = format!("- {}", text.trim_end().replace('\n', "\n  "));
    format!("apiVersion: v1\nkind: List\nitems:\n{item}\n")
}

#[test]
fn every_kind_of_container_has_its_own() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  securityContext: {seccompProfile: {type: RuntimeDefault}}\n  initContainers:\n  - {name: i, image: x, securityContext: {seccompProfile: {type: Localhost, localhostProfile: i.json}}}\n  - {name: s, image: x, restartPolicy: Always}\n  containers:\n  - {name: c, image: x, securityContext: {seccompProfile: null}}\n  - {name: p, image: x, securityContext: {privileged: yes}}\n  ephemeralContainers:\n  - {name: e, image: x, securityContext: {seccompProfile: {type: Unconfined}}}\n";
    let (report, code) = report(text, &[]);
    assert_eq!(code, 1, "{report:#}");
    let containers = report["objects"][0]["containers"].as_array().expect("containers");
    let row = |one: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let deciding = one["chain"].as_array().expect("a chain").iter();
        let by =
            deciding.filter(|link| link["role"] == "decides").map(|link| text(&link["source"]));
        let by = by.collect::<Vec<_>>().join("+");
        format!(
            "{} {} {} {by}",
            text(&one["kind"]),
            text(&one["name"]),
            text(&one["effective"]["type"])
        )
    };
    let mut rows: Vec<String> = containers.iter().map(row).collect();
    rows.sort();
    assert_eq!(
        rows,
        [
            "container c RuntimeDefault pod",
            "container p Unconfined privileged",
            "ephemeralContainer e Unconfined container",
            "initContainer i Localhost container",
            "sidecar s RuntimeDefault pod",
        ],
        "{report:#}"
    );
}
