//! The real kubectl as judge: what it reads from files, what it builds, how it runs us.
#![cfg(test)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use posture::input::files::FileArgs;
use posture::input::inventory::{self, Inventory};
use posture::model::source::Source;
use posture_generators::random::Random;
use posture_generators::yaml as generate;
use posture_harness::{binary, judge, seed};
use serde_json::Value;
use tempfile::TempDir;

/// kubectl, without a cluster and without anybody's configuration.
fn kubectl(home: &Path) -> Command {
    let mut command = Command::new(judge::kubectl());
    command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("KUBECONFIG", "/dev/null");
    command
}

/// The objects that kubectl reads from a file, and whether it was content with the whole file.
fn kubectl_reads(home: &Path, file: &Path) -> (Vec<Value>, bool) {
    let output = kubectl(home)
        .args(["label", "--local", "-f"])
        .arg(file)
        .args(["posture-test=x", "-o", "json", "--overwrite"])
        .output()
        .unwrap();
    let objects = serde_json::Deserializer::from_slice(&output.stdout)
        .into_iter::<Value>()
        .map(|object| without_label(object.unwrap()))
        .collect();
    (objects, output.status.success())
}

/// Takes away the label that made kubectl print the object.
fn without_label(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        let emptied =
            metadata.get_mut("labels").and_then(Value::as_object_mut).is_some_and(|labels| {
                labels.remove("posture-test");
                labels.is_empty()
            });
        if emptied {
            metadata.remove("labels");
        }
    }
    normal(object)
}

/// The same of ours: empty labels and null ones look alike after kubectl's treatment.
fn normal(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        let empty = metadata.get("labels").is_some_and(|labels| {
            labels.is_null() || labels.as_object().is_some_and(serde_json::Map::is_empty)
        });
        if empty {
            metadata.remove("labels");
        }
    }
    if object.get("metadata").and_then(Value::as_object).is_some_and(serde_json::Map::is_empty) {
        object.as_object_mut().unwrap().remove("metadata");
    }
    object
}

fn we_read(file: &Path) -> Inventory {
    let mut inventory = Inventory::default();
    inventory.add(&Arc::new(Source::new(file.to_string_lossy(), fs::read(file).unwrap())));
    inventory
}

/// Compares one file; `None` if kubectl and we agree.
///
/// kubectl gives a file up at its first error, and prints nothing of an object that it cannot
/// label (labels that are no mapping): then ours may hold more.
fn difference(home: &Path, file: &Path) -> Option<String> {
    let (theirs, content) = kubectl_reads(home, file);
    let ours = we_read(file);
    let objects: Vec<Value> =
        ours.objects.iter().map(|object| normal(object.value().to_json())).collect();
    if content {
        if !ours.gaps.is_empty() && !ours.gaps.iter().all(|gap| is_our_own_refusal(&gap.why)) {
            return Some(format!(
                "{}: kubectl is content, we are not: {:?}",
                file.display(),
                ours.gaps[0].why
            ));
        }
        if ours.gaps.is_empty() && objects.len() != theirs.len() {
            return Some(format!(
                "{}: kubectl reads {} objects, we {}",
                file.display(),
                theirs.len(),
                objects.len()
            ));
        }
    }
    theirs
        .iter()
        .find(|object| !objects.contains(&normal((*object).clone())))
        .filter(|_| ours.gaps.iter().all(|gap| !is_our_own_refusal(&gap.why)))
        .map(|object| format!("{}: we do not have {object}", file.display()))
}

/// What kubectl reads locally and no cluster would take.
fn is_our_own_refusal(why: &str) -> bool {
    ["for kustomize", "'apiVersion' is missing", "a Helm template"]
        .iter()
        .any(|known| why.contains(known))
}

fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path
            .extension()
            .is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known))
        {
            found.push(path);
        }
    }
}

#[test]
fn generated_files_are_read_as_kubectl_reads_them() {
    let home = TempDir::new().unwrap();
    let mut random = Random::new(seed::seed());
    let mut differences = Vec::new();
    let count = seed::scaled(300, 3_000);
    for _ in 0..count {
        let mut text =
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {a: b}}\ndata:\n"
                .to_owned();
        for line in generate::document(&mut random).lines() {
            writeln!(text, "  {line}").unwrap();
        }
        let file = home.path().join("x.yaml");
        fs::write(&file, &text).unwrap();
        differences.extend(
            difference(home.path(), &file).map(|difference| format!("{difference}\n{text}")),
        );
    }
    println!("{count} generated files, {} differences", differences.len());
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

#[test]
fn real_manifests_are_read_as_kubectl_reads_them() {
    let home = TempDir::new().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    yaml_files(&root.join("../fixtures"), &mut files);
    yaml_files(&root.join("../../plugins"), &mut files);
    match std::env::var_os("POSTURE_CORPUS") {
        Some(folder) => yaml_files(Path::new(&folder), &mut files),
        None => println!("POSTURE_CORPUS names no folder: only the project's own files are read"),
    }
    let differences: Vec<_> =
        files.iter().filter_map(|file| difference(home.path(), file)).collect();
    println!("{} files, {} differences", files.len(), differences.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn kustomizations_are_built_by_kubectl_itself() {
    let home = TempDir::new().unwrap();
    let folder = home.path().join("base");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("pod.yaml"), "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: x}]}\n").unwrap();
    fs::write(
        folder.join("kustomization.yaml"),
        "namePrefix: dev-\nnamespace: team\nresources: [pod.yaml]\n",
    )
    .unwrap();
    let run = |arguments: &[&str]| {
        let kubectl = judge::kubectl();
        binary::Run::new("kubectl-pss")
            .args(arguments.iter().copied())
            .env("KUBECTL_PATH", kubectl.to_str().unwrap())
            .in_folder(home.path())
            .finish()
    };
    let report = run(&["check", "-k", "base", "-o", "json"]);
    assert_eq!(report.code, 1, "{}", report.stderr);
    let object = &report.json()["objects"][0];
    assert_eq!(
        (object["name"].as_str(), object["namespace"].as_str()),
        (Some("dev-web"), Some("team"))
    );
    let missing = run(&["check", "-k", "nowhere"]);
    assert_eq!(missing.code, 3);
    assert!(missing.stderr.contains("nowhere"), "{}", missing.stderr);
}

/// Runs `kubectl pss …` with our binary on the path.
fn through_kubectl(home: &Path, arguments: &[&str]) -> Output {
    let plugin = binary::path("kubectl-pss");
    let path = format!("{}:{}", plugin.parent().unwrap().display(), std::env::var("PATH").unwrap());
    kubectl(home)
        .arg("pss")
        .args(arguments)
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

#[test]
fn kubectl_runs_us_and_hands_on_flags_and_exit_codes() {
    let home = TempDir::new().unwrap();
    let example =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/pss/examples/shop.yaml");
    let example = example.to_str().unwrap();
    let code = |arguments: &[&str]| through_kubectl(home.path(), arguments).status.code();
    assert_eq!(code(&["check", "-f", example]), Some(1));
    assert_eq!(code(&["check", "-f", example, "--level=privileged", "-o", "name"]), Some(0));
    assert_eq!(code(&["check", "--server_version", "1.30", "-f", example]), Some(1));
    assert_eq!(code(&["check", "--nonsense"]), Some(2));
    assert_eq!(code(&["check", "-f", "/does/not/exist"]), Some(3));
    let help = through_kubectl(home.path(), &["--help"]);
    assert!(String::from_utf8_lossy(&help.stdout).contains("kubectl pss"), "{help:?}");
}

#[test]
fn files_args_are_expanded_as_kubectl_does() {
    let home = TempDir::new().unwrap();
    for (name, object) in [
        ("a.yaml", "a"),
        ("b.yml", "b"),
        ("c.txt", "c"),
        ("d/e.json", "e"),
        ("d/f/g.yaml", "g"),
        ("[x].yaml", "x"),
    ] {
        let path = home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{{\"name\":\"{object}\"}}}}")).unwrap();
    }
    for arguments in [
        &["-f", "."][..],
        &["-f", ".", "-R"],
        &["-f", "d"],
        &["-f", "*.y*ml"],
        &["-f", "a.yaml,b.yml"],
        &["-f", "c.txt"],
        &["-f", "d/*"],
        &["-f", "[ab].y*"],
        &["-f", "[x].yaml"],
        &["-f", "d", "-R", "-f", "a.yaml"],
        &["-f", "?.txt"],
        &["-f", "[^a].y*"],
    ] {
        let output = kubectl(home.path())
            .current_dir(home.path())
            .args(["label", "--local"])
            .args(arguments)
            .args(["p=q", "-o", "jsonpath={.metadata.name} "])
            .output()
            .unwrap();
        let theirs = String::from_utf8(output.stdout).unwrap();
        let names: Vec<String> = arguments
            .iter()
            .filter(|argument| !argument.starts_with('-'))
            .flat_map(|argument| argument.split(','))
            .map(|name| home.path().join(name).to_string_lossy().into_owned())
            .collect();
        let recursive = arguments.contains(&"-R");
        let ours = inventory::read(&FileArgs { names, recursive, revision: None }, None).unwrap();
        let ours: Vec<&str> =
            ours.objects.iter().map(posture::model::object::Object::name).collect();
        let theirs: Vec<&str> = theirs.split_whitespace().collect();
        assert_eq!(ours, theirs, "{arguments:?} {}", String::from_utf8_lossy(&output.stderr));
    }
}
