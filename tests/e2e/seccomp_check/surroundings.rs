//! Nodes, Namespaces and what sets profiles, where they are among the manifests.

use serde_json::Value;

use super::{PLAIN, checks, effective, gaps, pod, report};

fn node(name: &str, kubelet: &str, runtime: &str, labels: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}, labels: {{{labels}}}}}\nstatus: {{nodeInfo: {{kubeletVersion: {kubelet}, containerRuntimeVersion: '{runtime}', operatingSystem: linux}}}}\n"
    )
}

/// The nodes and the runtime of each place of the only container.
fn places(report: &Value) -> Vec<String> {
    let places = report["objects"][0]["containers"][0]["places"].as_array().expect("places");
    let row = |place: &Value| {
        let nodes = place["nodes"].as_array().map_or(&[][..], Vec::as_slice).iter();
        let nodes = nodes.filter_map(Value::as_str).collect::<Vec<_>>().join(",");
        let effective = place["effective"]["type"].as_str().unwrap_or_default();
        format!("{nodes} {} {effective}", place["runtime"].as_str().unwrap_or_default())
    };
    places.iter().map(row).collect()
}

#[test]
fn nodes_tell_their_runtimes_and_their_kubelets() {
    let nodes = [
        node("one", "v1.29.1", "containerd://1.7.27", "disk: ssd"),
        node("two", "v1.29.1", "cri-o://1.29.1", "disk: hdd"),
        node("old", "v1.21.9", "docker://20.10.7", "disk: hdd"),
    ]
    .concat();
    let confined = "securityContext: {seccompProfile: {type: RuntimeDefault}}, ";
    let of =
        |spec: &str, arguments: &[&str]| report(&format!("{}{nodes}", pod("p", spec)), arguments);
    let (report, code) = of(&format!("{confined}{PLAIN}"), &[]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(
        places(&report),
        [
            "one containerd 1.7.27 RuntimeDefault",
            "two cri-o 1.29.1 RuntimeDefault",
            "old docker 20.10.7 RuntimeDefault"
        ]
    );
    let (report, _) = of(&format!("{confined}nodeName: two, {PLAIN}"), &[]);
    assert_eq!(places(&report), ["two cri-o 1.29.1 RuntimeDefault"]);
    let (report, _) = of(&format!("{confined}nodeSelector: {{disk: ssd}}, {PLAIN}"), &[]);
    assert_eq!(places(&report), ["one containerd 1.7.27 RuntimeDefault"]);
    // The oldest kubelet has no seccompDefault at all, whatever is assumed of the others.
    let (report, code) = of(PLAIN, &["--assume", "seccompDefault=true"]);
    assert_eq!((code, effective(&report).as_str()), (1, "Depends"), "{report:#}");
    assert!(places(&report).contains(&"old docker 20.10.7 Unconfined".to_owned()), "{report:#}");
    let (report, code) = of(&format!("nodeName: one, {PLAIN}"), &[]);
    assert_eq!((code, effective(&report).as_str()), (4, "Unknown"), "{report:#}");
    assert!(gaps(&report)[0].contains("the kubelet of one"), "{report:#}");
    let (report, code) = of(&format!("nodeName: old, {PLAIN}"), &[]);
    assert_eq!((code, effective(&report).as_str()), (1, "Unconfined"), "{report:#}");
}

#[test]
fn a_fault_of_kubelets_goes_by_their_release() {
    let empty = "securityContext: {seccompProfile: {type: Localhost, localhostProfile: ''}}, ";
    let text = pod("p", &format!("{empty}{PLAIN}"));
    let of = |kubelet: &str| {
        let node = node("n", kubelet, "containerd://1.7.27", "");
        let (report, code) = report(&format!("{text}{node}"), &["--server-version", "1.29"]);
        assert!(checks(&report).contains("emptyLocalhost") && code == 1, "{report:#}");
        effective(&report)
    };
    // CVE-2023-2431: mended in 1.24.14, 1.25.10, 1.26.5 and 1.27.2.
    for vulnerable in ["v1.24.13", "v1.25.9", "v1.26.4", "v1.27.1", "v1.26.4-gke.100"] {
        assert_eq!(of(vulnerable), "Unconfined", "{vulnerable}");
    }
    for mended in ["v1.24.14", "v1.25.10", "v1.26.5", "v1.27.2", "v1.28.0", "v1.26.5+k3s1"] {
        assert_eq!(of(mended), "Refused", "{mended}");
    }
}

const ASSIGN: &str = "---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: gatekeeper-mutating-webhook-configuration}
webhooks:
  - name: mutation.gatekeeper.sh
    failurePolicy: Ignore
    timeoutSeconds: 1
    namespaceSelector:
      matchExpressions:
        - {key: admission.gatekeeper.sh/ignore, operator: DoesNotExist}
    rules:
      - {apiGroups: ['*'], apiVersions: ['*'], operations: [CREATE, UPDATE], resources: ['*']}
---
apiVersion: mutations.gatekeeper.sh/v1
kind: Assign
metadata: {name: default-seccomp, creationTimestamp: '2026-06-01T00:00:00Z'}
spec:
  applyTo: [{groups: [''], kinds: [Pod], versions: [v1]}]
  match: {scope: Namespaced, namespaceSelector: {matchLabels: {tier: tenant}}}
  location: spec.securityContext.seccompProfile.type
  parameters:
    pathTests: [{subPath: spec.securityContext.seccompProfile, condition: MustNotExist}]
    assign: {value: RuntimeDefault}
";

#[test]
fn a_setter_among_the_manifests_is_for_its_namespaces() {
    let stored = |created: &str| {
        pod("p", PLAIN).replace(
            "{name: p}",
            &format!("{{name: p, namespace: shop, uid: abc, creationTimestamp: '{created}'}}"),
        )
    };
    let namespace = |tier: &str| {
        format!(
            "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {{tier: {tier}}}}}\n"
        )
    };
    let of = |text: &str| report(text, &["--assume", "seccompDefault=false"]).0;
    let old = of(&format!("{}{}{ASSIGN}", stored("2026-01-01T00:00:00Z"), namespace("tenant")));
    assert!(checks(&old).contains("missed"), "{old:#}");
    assert!(old.to_string().contains("assign.mutations.gatekeeper.sh/default-seccomp"), "{old:#}");
    let other = of(&format!("{}{}{ASSIGN}", stored("2026-01-01T00:00:00Z"), namespace("system")));
    assert!(!checks(&other).contains("missed"), "{other:#}");
    assert_eq!(other["objects"][0]["setters"][0]["verdict"], "not", "{other:#}");
    // Without the labels of its namespace that is not known, and so not said.
    let unknown = of(&format!("{}{ASSIGN}", stored("2026-01-01T00:00:00Z")));
    assert!(!checks(&unknown).contains("missed"), "{unknown:#}");
    assert_eq!(unknown["objects"][0]["setters"][0]["verdict"], "may", "{unknown:#}");
    // What does not run yet has not been missed.
    let planned = pod("p", PLAIN).replace("{name: p}", "{name: p, namespace: shop}");
    let planned = of(&format!("{planned}{}{ASSIGN}", namespace("tenant")));
    assert!(!checks(&planned).contains("missed"), "{planned:#}");
    assert_eq!(planned["objects"][0]["setters"][0]["verdict"], "should", "{planned:#}");
}
