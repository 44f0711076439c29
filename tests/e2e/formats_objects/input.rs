//! What is reported on: files of their own, in folders of their own.

use std::fs;
use std::path::PathBuf;

use posture_generators::random::Random;
use posture_harness::binary::{Finished, Run};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Pods without a security context: four findings each.
pub(crate) const MANY: usize = 2_500;

/// A folder with manifests.
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) folder: TempDir,
}

/// A pod that meets restricted, with a place for more fields.
fn good(name: &str, more: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n{more}spec:\n  securityContext:\n    runAsNonRoot: true\n    seccompProfile:\n      type: RuntimeDefault\n  containers:\n  - name: a\n    image: x\n    securityContext:\n      allowPrivilegeEscalation: false\n      capabilities:\n        drop: [ALL]\n"
    )
}

impl Input {
    fn of(name: &'static str, files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        for (file, text) in files {
            let path: PathBuf = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { name, folder }
    }

    /// No finding.
    pub(crate) fn clean() -> Self {
        Self::of("clean", &[("pod.yaml", &good("good", ""))])
    }

    /// One finding.
    pub(crate) fn single() -> Self {
        let text = good("bad", "").replace("Escalation: false", "Escalation: true");
        Self::of("single", &[("pod.yaml", &text)])
    }

    /// One finding, in a namespace that no other input has.
    pub(crate) fn apart() -> Self {
        let text = good("bad", "  namespace: apart\n");
        let text = text.replace("Escalation: false", "Escalation: true");
        Self::of("apart", &[("pod.yaml", &text)])
    }

    /// A warning.
    pub(crate) fn warned() -> Self {
        let namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: team\n  labels:\n    pod-security.kubernetes.io/enforce: privileged\n    pod-security.kubernetes.io/warn: baseline\n---\n";
        let pod = good("warned", "  namespace: team\n")
            .replace("  containers:", "  hostPID: true\n  containers:");
        Self::of("warned", &[("pod.yaml", &format!("{namespace}{pod}"))])
    }

    /// A finding that somebody has accepted, and nothing where another suppression stands.
    pub(crate) fn accepted() -> Self {
        let notes = "  annotations:\n    kubectl-posture/ignore: |\n      allowPrivilegeEscalation @octocat knows\n      sysctls nobody knows\n";
        let text = good("bad", notes).replace("Escalation: false", "Escalation: true");
        Self::of("accepted", &[("pod.yaml", &text)])
    }

    /// 10,000 findings in one namespace.
    pub(crate) fn many() -> Self {
        let pod = |number: usize| {
            format!(
                "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: pod-{number}\n  namespace: crowd\nspec:\n  containers:\n  - name: a\n    image: x\n"
            )
        };
        Self::of("many", &[("pods.yaml", &(0..MANY).map(pod).collect::<String>())])
    }

    /// What Helm has rendered, namespaces with labels of all modes, and what cannot be judged.
    pub(crate) fn mixed() -> Self {
        let labels = |namespace: &str, label: &str| {
            format!(
                "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {namespace}\n  labels:\n    pod-security.kubernetes.io/{label}\n---\n"
            )
        };
        let namespaces = [
            labels("team-a", "enforce: restricted"),
            labels("team-b", "warn: baseline"),
            labels("team-c", "enforce: strict"),
            labels("\"on\"", "audit: restricted"),
        ];
        let source = "---\n# Source: shop/templates/web.yaml\n";
        let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: team-a\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec:\n      hostNetwork: true\n      containers:\n      - name: web\n        image: x\n        securityContext: {privileged: true}\n";
        let warned = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: warned, namespace: team-b}\nspec:\n  hostPID: true\n  containers: [{name: a, image: x}]\n";
        let audited = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: audited, namespace: \"on\"}\nspec:\n  containers: [{name: \"</x>|`@me`\\e[31m\", image: x}]\n";
        let broken =
            "---\nkind: [\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n";
        let rendered = format!(
            "{source}{}{source}{deployment}{warned}{audited}{broken}",
            good("fine", "  namespace: team-a\n")
        );
        let files = [("namespaces.yaml", &*namespaces.concat()), ("out/rendered.yaml", &*rendered)];
        Self::of("mixed", &files)
    }

    /// Objects whose every text tries to be something else.
    pub(crate) fn hostile(random: &mut Random, count: usize) -> Self {
        let documents: Vec<String> =
            (0..count).map(|_| format!("---\n{}\n", pod(random))).collect();
        // As an escape: no character of YAML, but text all the same.
        let documents = documents.concat().replace('\u{fffe}', "\\ufffe");
        let file = format!("{}.yaml", hostile(random).replace(['/', '\0', ','], "~"));
        let file: String = file.chars().filter(|own| !"*?[]{}".contains(*own)).collect();
        Self::of("hostile", &[(&file, &documents)])
    }

    /// `kubectl pss check` of all of it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        let run = Run::new("kubectl-pss").args(["check", "-R", "-f", "."]);
        run.args(arguments.iter().copied()).in_folder(self.folder.path()).finish()
    }

    /// The report that the others are held against.
    pub(crate) fn json(&self) -> Value {
        self.run(&["-o", "json"]).json()
    }
}

/// What ends cells, code, lines and comments, and what GitHub and GitLab make links and calls of.
const PARTS: [&str; 42] = [
    "|",
    "\\|",
    "\\",
    "`",
    "``",
    "```",
    "\n",
    "\r",
    "\n\n",
    " ",
    "  ",
    "<b>",
    "</summary>",
    "</details>",
    "<!--",
    "-->",
    "<img src=x onerror=y>",
    "&lt;",
    "&",
    "@octocat",
    "#123",
    "!45",
    "GH-1",
    "owner/repo#7",
    "https://example.com/x",
    "www.example.com",
    "a@example.com",
    "[a](https://b.c)",
    "![i](https://b.c/i.png)",
    "[^1]",
    "*b*",
    "_c_",
    "~~d~~",
    "$e$",
    ":smile:",
    "---",
    "\u{1b}[31m",
    "\u{202e}",
    "\u{fffe}",
    "]]>",
    "ü日本",
    "x",
];

/// Text of such parts.
fn hostile(random: &mut Random) -> String {
    (0..=random.below(6)).map(|_| random.pick(&PARTS)).collect()
}

fn pod(random: &mut Random) -> Value {
    let namespaces = ["on", "y", "1e3", "0x1f", "null", "crowd", "No_Name", "-x"];
    let namespace =
        if random.percent(70) { random.pick(&namespaces).to_owned() } else { hostile(random) };
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": hostile(random), "namespace": namespace },
        "spec": { "containers": [{ "name": hostile(random), "image": "x" }] },
    })
}
