//! Overrides, containers, annotations, what is left alone, and how it ends.

use posture_e2e::folder;
use serde_json::json;

use super::{documents, set, written};

fn deployment(metadata: &str, spec: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d\nspec:\n  template:\n    metadata: {{{metadata}}}\n    spec: {{{spec}}}\n"
    )
}

#[test]
fn overrides_are_shown_and_removed_only_when_asked() {
    let own = "containers: [{name: a, image: x, securityContext: {seccompProfile: {type: Unconfined}}}, {name: b, image: x}]";
    let text = deployment("", own);
    let folder = folder::with(&[("x.yaml", &text)]);
    let shown = set(folder.path(), &["RuntimeDefault", "-f", "x.yaml"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(shown.stderr.contains("container a has a profile of its own, Unconfined"), "{shown:?}");
    let (folder, finished, _) = written(&text, &["RuntimeDefault", "--override-containers"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    let spec = documents(&folder.path().join("x.yaml"))[0]["spec"]["template"]["spec"].clone();
    assert_eq!(spec["securityContext"], json!({"seccompProfile": {"type": "RuntimeDefault"}}));
    assert_eq!(spec["containers"][0], json!({"name": "a", "image": "x"}));
    // The pod has it and the container does not get it: nothing can be done without the flag.
    let text = deployment(
        "",
        &format!("securityContext: {{seccompProfile: {{type: RuntimeDefault}}}}, {own}"),
    );
    let (_, finished, after) = written(&text, &["RuntimeDefault"]);
    assert_eq!((finished.code, &after), (1, &text), "{finished:?}");
    assert!(finished.stderr.contains("--override-containers removes it"), "{finished:?}");
}

#[test]
fn one_container() {
    let text =
        deployment("", "initContainers: [{name: i, image: x}], containers: [{name: a, image: x}]");
    let (folder, finished, _) = written(&text, &["Unconfined", "--container", "i"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    let spec = documents(&folder.path().join("x.yaml"))[0]["spec"]["template"]["spec"].clone();
    let own = &spec["initContainers"][0]["securityContext"]["seccompProfile"];
    assert_eq!(*own, json!({"type": "Unconfined"}));
    assert!(
        spec["securityContext"].is_null() && spec["containers"][0]["securityContext"].is_null()
    );
    let folder = folder::with(&[("x.yaml", &text)]);
    let missing = set(folder.path(), &["Unconfined", "--container", "z", "-f", "x.yaml"]);
    assert_eq!(missing.code, 4, "{missing:?}");
    assert!(missing.stderr.contains("has a container of this name"), "{missing:?}");
    let named = set(folder.path(), &["Unconfined", "deploy/d", "--container", "z", "-f", "x.yaml"]);
    assert_eq!(named.code, 1, "{named:?}");
}

#[test]
fn annotations_become_fields() {
    let annotations = "annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined, container.seccomp.security.alpha.kubernetes.io/b: localhost/x.json, keep: me}";
    let text = deployment(annotations, "containers: [{name: a, image: x}, {name: b, image: x}]");
    let folder = folder::with(&[("x.yaml", &text)]);
    let left = set(folder.path(), &["RuntimeDefault", "-f", "x.yaml"]);
    assert_eq!((left.code, left.stdout.as_str()), (1, ""), "{left:?}");
    assert!(left.stderr.contains("--migrate-annotations"), "{left:?}");
    let (folder, finished, _) = written(&text, &["RuntimeDefault", "--migrate-annotations"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    let template = documents(&folder.path().join("x.yaml"))[0]["spec"]["template"].clone();
    assert_eq!(template["metadata"], json!({"annotations": {"keep": "me"}}));
    let spec = &template["spec"];
    assert_eq!(spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    let own = &spec["containers"][1]["securityContext"]["seccompProfile"];
    assert_eq!(*own, json!({"type": "Localhost", "localhostProfile": "x.json"}));
}

#[test]
fn what_somebody_should_know_is_said() {
    let plain = "containers: [{name: a, image: x, securityContext: {privileged: true}}]";
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels: {pod-security.kubernetes.io/enforce: baseline}\n---\n";
    let text = deployment("", plain).replace("  name: d\n", "  name: d\n  namespace: shop\n");
    let windows = deployment("", "os: {name: windows}, containers: [{name: a, image: x}]");
    let folder = folder::with(&[
        ("x.yaml", &text),
        ("both.yaml", &format!("{namespace}{text}")),
        ("windows.yaml", &windows),
        ("chart.yaml", &format!("# Source: web/templates/d.yaml\n{text}")),
    ]);
    let said = |arguments: &[&str]| set(folder.path(), arguments).stderr.replace('\n', " ");
    let alone = said(&["Unconfined", "-f", "x.yaml"]);
    assert!(alone.contains("container a is privileged"), "{alone}");
    assert!(alone.contains("namespace shop is not among the input"), "{alone}");
    let both = said(&["Unconfined", "-f", "both.yaml"]);
    assert!(both.contains("namespace shop enforces baseline:latest"), "{both}");
    assert!(!said(&["RuntimeDefault", "-f", "both.yaml"]).contains("enforces"));
    assert!(said(&["RuntimeDefault", "-f", "chart.yaml"]).contains("web/templates/d.yaml"));
    let left = set(folder.path(), &["RuntimeDefault", "-f", "windows.yaml"]);
    assert_eq!(left.code, 1, "{left:?}");
    assert!(left.stderr.contains("a Windows pod"), "{left:?}");
    let report = set(folder.path(), &["RuntimeDefault", "-f", "both.yaml", "-o", "json"]).json();
    assert_eq!(report["kind"], "Plan");
    assert_eq!(report["profile"], "RuntimeDefault");
    assert_eq!(report["changes"][0]["namespace"], "shop");
}

#[test]
fn mistakes_are_answered() {
    let folder = folder::with(&[("x.yaml", &deployment("", "containers: [{name: a, image: x}]"))]);
    for (arguments, said) in [
        (&["runtimedefault", "-f", "x.yaml"][..], "did you mean RuntimeDefault?"),
        (&["Localhost", "-f", "x.yaml"], "Localhost needs the path"),
        (&["Localhost=/etc/x", "-f", "x.yaml"], "must be a relative path"),
        (&["Localhost=a/../b", "-f", "x.yaml"], "must not contain '..'"),
        (&["Localhost=", "-f", "x.yaml"], "is empty"),
        (&["RuntimeDefault", "-f", "-", "--write"], "--write cannot write standard input"),
        (&["RuntimeDefault", "-f", "x.yaml", "--dry-run=server"], "no server is asked"),
        (
            &["RuntimeDefault", "-f", "x.yaml", "--override-containers", "--container=a"],
            "cannot be used with",
        ),
    ] {
        let finished = set(folder.path(), arguments);
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (2, ""),
            "{arguments:?} {finished:?}"
        );
        assert!(finished.stderr.contains(said), "{arguments:?} {finished:?}");
    }
    let missing = set(folder.path(), &["RuntimeDefault", "-f", "y.yaml"]);
    assert_eq!(missing.code, 3, "{missing:?}");
}
