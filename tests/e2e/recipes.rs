//! The recipes of the README, run as they stand there: the steps of each pipeline, with the real
//! kubectl and the real helm.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use posture_harness::{asset, binary, judge};
use serde_json::Value;
use tempfile::TempDir;

/// A Deployment that restricted refuses.
const BAD: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - name: web\n        image: x\n";

/// A pod that restricted allows.
const GOOD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: good\nspec:\n  securityContext:\n    runAsNonRoot: true\n    seccompProfile: {type: RuntimeDefault}\n  containers:\n  - name: a\n    image: x\n    securityContext:\n      allowPrivilegeEscalation: false\n      capabilities: {drop: [ALL]}\n";

fn readme() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/pss/README.md");
    fs::read_to_string(path).expect("the README")
}

/// The recipe that begins with the name of its file, as YAML.
fn recipe(file: &str) -> serde_yaml::Value {
    let readme = readme();
    let start = format!("```yaml\n# {file}\n");
    let (_, rest) = readme.split_once(&start).unwrap_or_else(|| panic!("no recipe for {file}"));
    let (text, _) = rest.split_once("```").expect("the block ends");
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// A folder with manifests, and the programs that a pipeline has in its PATH.
struct Pipeline {
    folder: TempDir,
    programs: TempDir,
}

impl Pipeline {
    fn new(manifests: &[(&str, &str)]) -> Self {
        let (folder, programs) = (TempDir::new().expect("made"), TempDir::new().expect("made"));
        fs::create_dir(folder.path().join("manifests")).expect("made");
        for (name, text) in manifests {
            fs::write(folder.path().join("manifests").join(name), text).expect("written");
        }
        for (name, path) in [
            ("kubectl", asset::path("kubectl")),
            ("kubectl-pss", binary::path("kubectl-pss")),
            ("helm", judge::path("helm")),
        ] {
            std::os::unix::fs::symlink(path, programs.path().join(name)).expect("linked");
        }
        Self { folder, programs }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a step as GitHub and GitLab do: with bash, which ends at the first failure.
    fn run(&self, step: &str) -> Output {
        Command::new("bash")
            .args(["-e", "-c", step])
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", format!("{}:/usr/bin:/bin", self.programs.path().display()))
            .output()
            .expect("bash")
    }

    fn code(&self, step: &str) -> i32 {
        self.run(step).status.code().expect("a code")
    }

    fn json(&self, name: &str) -> Value {
        let text = fs::read_to_string(self.path(name)).expect("written by the step");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"))
    }
}

fn text(value: &serde_yaml::Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value:?}")).to_owned()
}

#[test]
fn github() {
    let recipe = recipe(".github/workflows/pod-security.yml");
    let steps = recipe["jobs"]["pod-security"]["steps"].as_sequence().expect("steps").clone();
    let step = |name: &str| {
        let step = steps.iter().find(|step| step["name"].as_str() == Some(name));
        text(&step.unwrap_or_else(|| panic!("no step {name}"))["run"])
    };
    let upload = steps.iter().find(|step| {
        step["uses"]
            .as_str()
            .is_some_and(|uses| uses.starts_with("github/codeql-action/upload-sarif@"))
    });
    let sarif = text(&upload.expect("an upload")["with"]["sarif_file"]);

    let bad = Pipeline::new(&[("web.yaml", BAD), ("good.yaml", GOOD)]);
    let annotations = bad.run(&step("Annotations"));
    assert_eq!(annotations.status.code(), Some(1));
    let shown = String::from_utf8(annotations.stdout).expect("UTF-8");
    assert!(
        shown.lines().any(|line| line.starts_with("::error file=manifests/web.yaml,line=")),
        "{shown}"
    );
    assert_eq!(bad.code(&step("SARIF")), 0, "findings are for the upload to say");
    let report = bad.json(&sarif);
    let results = report["runs"][0]["results"].as_array().expect("results");
    assert!(!results.is_empty());
    for result in results {
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "manifests/web.yaml");
    }

    let good = Pipeline::new(&[("good.yaml", GOOD)]);
    assert_eq!(good.code(&step("Annotations")), 0);
    assert_eq!(good.code(&step("SARIF")), 0);
    assert_eq!(good.json(&sarif)["runs"][0]["results"], Value::Array(Vec::new()));

    let broken = Pipeline::new(&[("good.yaml", GOOD), ("broken.yaml", "a: [\n")]);
    assert_eq!(broken.code(&step("Annotations")), 4);
    assert_eq!(broken.code(&step("SARIF")), 1, "what could not be judged fails the step");
}

#[test]
fn gitlab() {
    let recipe = recipe(".gitlab-ci.yml");
    let job = &recipe["pod-security"];
    let script = job["script"].as_sequence().expect("a script").iter().map(text);
    let script: Vec<String> = script.collect();
    let reports = &job["artifacts"]["reports"];
    let bad = Pipeline::new(&[("web.yaml", BAD), ("good.yaml", GOOD)]);
    assert_eq!(bad.code(&script.join("\n")), 1);
    let quality = bad.json(&text(&reports["codequality"]));
    let issues = quality.as_array().expect("issues");
    assert!(!issues.is_empty());
    for issue in issues {
        assert_eq!(issue["location"]["path"], "manifests/web.yaml");
    }
    let junit = fs::read_to_string(bad.path(&text(&reports["junit"]))).expect("written");
    assert!(junit.contains("<failure") && junit.contains("good"), "{junit}");
    let good = Pipeline::new(&[("good.yaml", GOOD)]);
    assert_eq!(good.code(&script.join("\n")), 0);
    assert_eq!(good.json(&text(&reports["codequality"])), Value::Array(Vec::new()));
    let broken = Pipeline::new(&[("good.yaml", GOOD), ("broken.yaml", "a: [\n")]);
    assert_ne!(broken.code(&script.join("\n")), 0);
}

#[test]
fn before_a_commit() {
    let recipe = recipe(".pre-commit-config.yaml");
    let hook = &recipe["repos"][0]["hooks"][0];
    // What the framework does with a hook of the system that takes no names.
    assert_eq!(
        (hook["language"].as_str(), hook["pass_filenames"].as_bool()),
        (Some("system"), Some(false))
    );
    let entry = text(&hook["entry"]);
    for (manifest, allowed) in [(GOOD, true), (BAD, false), ("a: [\n", false)] {
        let pipeline = Pipeline::new(&[("web.yaml", manifest)]);
        let git = "git -c user.name=a -c user.email=a@example.com -c commit.gpgsign=false";
        let hook = format!("#!/bin/sh\nexec {entry}\n");
        assert_eq!(pipeline.code("git init -q ."), 0);
        fs::write(pipeline.path(".git/hooks/pre-commit"), hook).expect("written");
        assert_eq!(pipeline.code("chmod +x .git/hooks/pre-commit && git add -A"), 0);
        let commit = pipeline.run(&format!("{git} commit -q -m manifests"));
        assert_eq!(commit.status.success(), allowed, "{manifest}: {commit:?}");
    }
}

#[test]
fn a_chart() {
    let readme = readme();
    let line = readme.lines().find(|line| line.starts_with("helm template shop charts/shop"));
    let line = line.expect("the recipe");
    let pipeline = Pipeline::new(&[]);
    let chart = pipeline.path("charts/shop");
    fs::create_dir_all(chart.join("templates")).expect("made");
    fs::create_dir(pipeline.path("namespaces")).expect("made");
    fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: shop\nversion: 0.1.0\n")
        .expect("written");
    fs::write(chart.join("values.yaml"), "image: x\n").expect("written");
    let template = BAD.replace("image: x", "image: {{ .Values.image }}");
    fs::write(chart.join("templates/web.yaml"), template).expect("written");
    fs::write(chart.join("templates/good.yaml"), GOOD).expect("written");
    for (level, code) in [("restricted", 1), ("baseline", 0)] {
        let namespace = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels: {{pod-security.kubernetes.io/enforce: {level}}}\n"
        );
        fs::write(pipeline.path("namespaces/shop.yaml"), namespace).expect("written");
        let run = pipeline.run(&format!("set -o pipefail; {line}"));
        assert_eq!(run.status.code(), Some(code), "{run:?}");
    }
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels: {pod-security.kubernetes.io/enforce: restricted}\n";
    fs::write(pipeline.path("namespaces/shop.yaml"), namespace).expect("written");
    let run = pipeline.run(line);
    let shown = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(shown.contains("deployment.apps/web in shop"), "{shown}");
    assert!(shown.contains("(chart: shop/templates/web.yaml)"), "{shown}");
    let run = pipeline.run(&format!("{line} -o sarif"));
    let report: Value = serde_json::from_slice(&run.stdout).expect("JSON");
    let results = report["runs"][0]["results"].as_array().expect("results");
    assert!(!results.is_empty());
    for result in results {
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "charts/shop/templates/web.yaml");
    }
}
