//! What Pod Security says of `Unconfined`: predicted, and held against the server.

use kubectl_seccomp::policy::refuses_unconfined;
use posture_e2e::object;
use posture_harness::cluster::{Cluster, Namespace};
use posture_harness::score;
use serde_json::{Value, json};

use super::world::{create, pod, pod_spec, set, workload};

#[test]
fn the_server_refuses_where_we_say_so() {
    let cluster = Cluster::shared();
    let levels = ["", "privileged", "baseline", "restricted"];
    let versions = ["", "latest", "v1.0", "v1.18", "v1.19", "v1.30", "v1.37"];
    let mut compared = 0;
    for (row, level) in levels.iter().enumerate() {
        for (column, version) in versions.iter().enumerate() {
            let name = format!("seccomp-psa-{row}-{column}");
            let mut namespace = Namespace::new(&name);
            if !level.is_empty() {
                namespace = namespace.pod_security("enforce", level);
            }
            if !version.is_empty() {
                namespace = namespace.pod_security("enforce-version", version);
            }
            cluster.seed(&[namespace]);
            let stored = cluster.get_json(&format!("/api/v1/namespaces/{name}"));
            let predicted = refuses_unconfined(&object::from_json(&stored)).is_some();
            // All that restricted wants but the profile.
            let spec = |kind: &str| {
                json!({ "securityContext": { "seccompProfile": { "type": kind } },
                    "containers": [{ "name": "c", "image": "x", "securityContext": {
                        "allowPrivilegeEscalation": false, "runAsNonRoot": true,
                        "capabilities": { "drop": ["ALL"] } } }] })
            };
            let path = format!("/api/v1/namespaces/{name}/pods");
            let takes = |kind: &str| {
                cluster.create(&path, &pod("p", &spec(kind)), "dryRun=All").is_success()
            };
            assert!(takes("RuntimeDefault"), "{level}:{version}");
            assert_eq!(!takes("Unconfined"), predicted, "{level}:{version}");
            compared += 1;
        }
    }
    score::record(
        "seccomp_unconfined",
        "kubectl seccomp: where Pod Security refuses Unconfined, against the API server",
        &format!("{compared} policies"),
        0,
    );
}

#[test]
fn it_is_said_before_and_by_the_server() {
    let cluster = Cluster::shared();
    let name = "seccomp-enforced";
    cluster.seed(&[Namespace::new(name).pod_security("enforce", "baseline")]);
    create(cluster, name, workload("Deployment", "web", &pod_spec()));
    let shown = set(&["Unconfined", "-n", name, "--dry-run=client", "-o", "json"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    let note = format!("namespace {name} enforces baseline:latest");
    assert!(shown.json()["changes"][0]["notes"].to_string().contains(&note), "{shown:?}");
    assert!(!shown.stderr.contains("would violate"), "nothing was sent: {shown:?}");
    let done = set(&["Unconfined", "deploy/web", "-n", name, "--yes"]);
    assert_eq!(done.code, 0, "{done:?}");
    let warning = "would violate PodSecurity \"baseline:latest\": seccompProfile (pod must not set \
                   securityContext.seccompProfile.type to \"Unconfined\")";
    assert!(done.stderr.contains(warning), "{done:?}");
    let back = set(&["RuntimeDefault", "deploy/web", "-n", name, "--yes"]);
    assert!(back.code == 0 && !back.stderr.contains("would violate"), "{back:?}");
}

/// A template whose annotation contradicts the field is refused: so it is not sent.
#[test]
fn annotations_that_contradict_are_not_sent() {
    let cluster = Cluster::shared();
    let name = "seccomp-annotations";
    cluster.seed(&[Namespace::new(name)]);
    let mut web = workload("Deployment", "web", &pod_spec());
    web["spec"]["template"]["metadata"]["annotations"] =
        json!({ "seccomp.security.alpha.kubernetes.io/pod": "unconfined" });
    let web = create(cluster, name, web);
    let path = format!("{}/web?dryRun=All", cluster.collection(&web));
    let field = json!({ "spec": { "template": { "spec": { "securityContext": {
        "seccompProfile": { "type": "RuntimeDefault" } } } } } });
    let answer = cluster.admin().merge(&path, &field);
    assert!(answer.message().contains("seccomp type in annotation and field must match"));
    let left = set(&["RuntimeDefault", "deploy/web", "-n", name, "--yes"]);
    assert_eq!((left.code, left.stdout.as_str()), (1, ""), "{left:?}");
    let arguments = ["RuntimeDefault", "deploy/web", "-n", name, "--yes", "--migrate-annotations"];
    let done = set(&arguments);
    assert_eq!(done.code, 0, "{done:?}");
    let now = super::world::read(cluster, &web);
    assert_eq!(now["spec"]["template"]["metadata"]["annotations"], Value::Null);
    assert_eq!(super::world::profile(&now, "/spec/template/spec")["type"], "RuntimeDefault");
}
