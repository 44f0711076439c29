//! What runs in a cluster with a mesh.

use posture_harness::binary::Run;
use posture_harness::cluster::{ADMIN, Cluster, Namespace};
use serde_json::{Value, json};

#[test]
fn what_runs_is_judged_as_it_would_be_if_it_were_created_again() {
    let cluster = Cluster::shared();
    cluster.seed(&[
        Namespace::new("assume-on").pod_security("enforce", "restricted"),
        Namespace::new("assume-off").label("istio-injection", "disabled"),
    ]);
    let container = |name: &str| {
        json!({ "name": name, "image": "x", "securityContext": {
            "allowPrivilegeEscalation": false,
            "runAsNonRoot": true,
            "capabilities": { "drop": ["ALL"] },
            "seccompProfile": { "type": "RuntimeDefault" },
        } })
    };
    let pod = |namespace: &str, name: &str, containers: Value, annotations: Value| {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": name, "namespace": namespace, "annotations": annotations },
            "spec": { "containers": containers },
        })
    };
    let status = json!({ "sidecar.istio.io/status": "{\"containers\":[\"istio-proxy\"]}" });
    let template = json!({ "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [container("a")] } });
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "namespace": "assume-on" },
        "spec": { "selector": { "matchLabels": { "app": "web" } }, "template": template },
    });
    cluster.create_all(&[
        pod("assume-on", "meshed", json!([container("a"), container("istio-proxy")]), status),
        pod("assume-on", "plain", json!([container("a")]), json!({})),
        pod("assume-off", "aside", json!([container("a")]), json!({})),
        deployment,
    ]);
    let report = |namespace: &str| {
        let arguments = ["check", "-n", namespace, "--assume-injection", "istio", "-o", "json"];
        Run::new("kubectl-pss")
            .env("KUBECONFIG", cluster.kubeconfig(ADMIN).to_str().expect("a path in UTF-8"))
            .args(arguments)
            .finish()
            .json()
    };
    let object = |report: &Value, name: &str| -> Value {
        let objects = report["objects"].as_array().expect("objects");
        objects.iter().find(|object| object["name"] == name).expect(name).clone()
    };
    let on = report("assume-on");
    for (name, verdict, by, untouched) in [
        ("meshed", "allowed", json!([]), json!(["istio: the sidecar is there already"])),
        ("plain", "rejected", json!(["istio"]), json!([])),
        ("web", "rejected", json!(["istio"]), json!([])),
    ] {
        let found = object(&on, name);
        assert_eq!(found["verdict"], verdict, "{found:#}");
        assert_eq!(found["assumed"]["by"], by, "{found:#}");
        assert_eq!(found["assumed"]["untouched"], untouched, "{found:#}");
    }
    let added = &object(&on, "plain")["assumed"]["added"];
    assert_eq!(added[0], "spec.initContainers[istio-init]");
    let aside = object(&report("assume-off"), "aside");
    let why = "istio: namespace assume-off is labelled istio-injection=disabled";
    assert_eq!(aside["assumed"]["untouched"], json!([why]));
}
