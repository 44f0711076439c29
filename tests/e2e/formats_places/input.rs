//! What the formats are tried on.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// A pod that meets restricted.
pub(crate) const GOOD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: good, namespace: shop}\nspec:\n  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n  containers:\n  - {name: a, image: x, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}\n";

/// Labels under which each of the three modes objects to something.
const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n    pod-security.kubernetes.io/enforce: baseline\n    pod-security.kubernetes.io/warn: restricted\n    pod-security.kubernetes.io/audit: restricted\n";

/// Two containers, and two values on one line.
const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      hostNetwork: true\n      containers:\n      - name: web\n        image: registry.example/web:1\n        ports: [{hostPort: 80, containerPort: 80}, {hostPort: 443, containerPort: 443}]\n      - name: log\n        image: registry.example/log:1\n        securityContext: {privileged: true}\n";

/// Folders, a name that must be escaped everywhere, and a document that is none.
pub(crate) fn write_files(folder: &Path) {
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write("deploy/web.yaml", format!("{NAMESPACE}---\n{WEB}---\n{GOOD}"));
    let odd = "metadata: {name: odd, namespace: shop}\nspec: {hostPID: true, containers: [{name: 'ü', image: x, securityContext: {privileged: true}}]}\n";
    write("deploy/50%: a,b é.yaml", format!("apiVersion: v1\nkind: Pod\n{odd}"));
    write("deploy/broken.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: broken\n".to_owned());
}

/// What Helm renders, with its comments, and one document that lacks them.
pub(crate) fn rendered() -> String {
    format!(
        "---\n# Source: shop/templates/namespace.yaml\n{NAMESPACE}---\n# Source: shop/templates/web.yaml\n{WEB}---\n# Source: shop/charts/db/templates/pod.yaml\n{GOOD}---\napiVersion: v1\nkind: Pod\nmetadata: {{name: bare, namespace: shop}}\nspec: {{hostPID: true, containers: [{{name: a, image: x}}]}}\n---\na: [\n"
    )
}

/// Writes files whose pods have so many findings, each one: `hostPID`.
pub(crate) fn write_many(folder: &Path, findings: usize) {
    const PER_FILE: usize = 500;
    for file in 0..findings.div_ceil(PER_FILE) {
        let mut text = String::new();
        for pod in file * PER_FILE..findings.min((file + 1) * PER_FILE) {
            let spec = GOOD.replace("name: good", &format!("name: pod-{pod}"));
            let spec = spec.replace("spec:\n", "spec:\n  hostPID: true\n");
            writeln!(text, "{spec}---").expect("written");
        }
        fs::write(folder.join(format!("pods-{file:03}.yaml")), text).expect("a file");
    }
    fs::write(folder.join("good.yaml"), GOOD).expect("a file");
}

/// Texts that try to leave the place that they stand in, as names, images, values and paths.
pub(crate) fn hostile() -> String {
    let names = [
        "::error::a",
        "##[add-mask]b",
        "x\n::stop-commands::c",
        "%0A::set-output name=d::e",
        "a,file=f::g",
        "[h](https://evil.example)",
        "\u{1b}[31mi\u{202e}j",
        "\r::warning::k",
    ];
    let mut text = String::new();
    for name in names {
        let name = serde_json::Value::from(name);
        let container = format!(
            "{{name: {name}, image: {name}, securityContext: {{privileged: true, seLinuxOptions: {{type: {name}, user: {name}}}}}}}"
        );
        write!(
            text,
            "---\n# Source: {}\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {name}}}\nspec: {{volumes: [{{name: {name}, hostPath: {{path: {name}}}}}], containers: [{container}]}}\n---\n{name}: [\n",
            name.as_str().expect("text").replace(['\n', '\r'], " "),
        )
        .expect("written");
    }
    text
}
