//! `kubectl pss` as a user runs it: output, exit codes, hostile input.
#![cfg(test)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use posture_harness::binary::{Finished, Run};
use tempfile::TempDir;
use unicode_width::UnicodeWidthStr as _;

/// A pod that meets restricted.
const GOOD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: good\nspec:\n  securityContext:\n    runAsNonRoot: true\n    seccompProfile:\n      type: RuntimeDefault\n  containers:\n  - name: a\n    image: x\n    securityContext:\n      allowPrivilegeEscalation: false\n      capabilities:\n        drop: [ALL]\n";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/pss")
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/pss/examples")
}

fn pss(arguments: &[&str]) -> Run {
    Run::new("kubectl-pss").args(arguments.iter().copied())
}

fn check(input: &str, arguments: &[&str]) -> Finished {
    pss(&["check", "-f", "-"]).args(arguments.iter().copied()).input(input).finish()
}

/// The run as a snapshot shows it.
fn shown(run: &Finished) -> String {
    format!("exit {}\n--- stdout\n{}--- stderr\n{}", run.code, run.stdout, run.stderr)
}

#[test]
fn the_view_for_people() {
    for width in ["60", "100"] {
        let run = pss(&["check", "-f", "shop.yaml"])
            .in_folder(&examples())
            .env("COLUMNS", width)
            .finish();
        insta::assert_snapshot!(format!("human_{width}"), shown(&run));
        let limit: usize = width.parse().unwrap();
        for line in run.stdout.lines() {
            assert!(line.width() <= limit + 12, "{} columns: {line}", line.width());
        }
    }
}

#[test]
fn every_format_of_a_mixed_stream() {
    for format in ["human", "wide", "name", "json", "yaml"] {
        let run = pss(&["check", "-f", "mixed.yaml", "-o", format])
            .in_folder(&fixtures())
            .env("COLUMNS", "100")
            .finish();
        assert_eq!(run.code, 1, "the format never changes the exit code");
        assert!(
            !run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'),
            "an escape got through"
        );
        insta::assert_snapshot!(
            format!("mixed_{format}"),
            shown(&run).replace(env!("CARGO_PKG_VERSION"), "VERSION")
        );
    }
}

#[test]
fn json_and_yaml_are_the_same_tree() {
    let run =
        |format| pss(&["check", "-f", "mixed.yaml", "-o", format]).in_folder(&fixtures()).finish();
    let yaml: serde_json::Value = serde_yaml::from_str(&run("yaml").stdout).unwrap();
    assert_eq!(run("json").json(), yaml);
}

#[test]
fn explanations() {
    for (name, arguments) in [
        ("list", vec!["explain"]),
        ("check", vec!["explain", "runasnonroot"]),
        ("restricted", vec!["explain", "restricted"]),
        ("restricted_old", vec!["explain", "restricted:v1.18"]),
        ("baseline", vec!["explain", "baseline:1.33"]),
        ("unknown", vec!["explain", "priviledged"]),
    ] {
        let run = pss(&arguments).env("COLUMNS", "80").finish();
        assert_eq!(run.code, if name == "unknown" { 2 } else { 0 });
        insta::assert_snapshot!(format!("explain_{name}"), shown(&run));
    }
}

#[test]
fn exit_codes_and_first_contact() {
    let code = |arguments: &[&str]| pss(arguments).finish().code;
    assert_eq!(code(&[]), 0);
    assert_eq!(code(&["--help"]), 0);
    assert_eq!(code(&["--version"]), 0);
    assert_eq!(code(&["check"]), 2);
    assert_eq!(code(&["check", "--nonsense"]), 2);
    assert_eq!(code(&["check", "-f", "x", "-k", "y"]), 2);
    assert_eq!(code(&["check", "-f", "x", "--level", "strict"]), 2);
    assert_eq!(code(&["check", "-f", "https://example.com/x.yaml"]), 2);
    assert_eq!(code(&["check", "-f", "/does/not/exist"]), 3);
    assert_eq!(check(GOOD, &[]).code, 0);
    assert_eq!(check("", &[]).code, 4);
    assert_eq!(check("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", &[]).code, 0);
    assert_eq!(check(&format!("{GOOD}---\na: [\n"), &[]).code, 4);
    let bad = GOOD.replace("runAsNonRoot: true", "runAsNonRoot: false");
    assert_eq!(check(&bad, &[]).code, 1);
    assert_eq!(check(&bad, &["--level", "baseline"]).code, 0);
    assert_eq!(check(&format!("{bad}---\na: [\n"), &[]).code, 1);
    let no_containers = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {container: []}\n";
    let run = check(no_containers, &["--level", "privileged"]);
    assert!(run.code == 1 && run.stdout.contains("spec.containers: Required value"), "{run:?}");
    let no_template =
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {tmplate: {}}\n";
    assert_eq!(check(no_template, &[]).code, 4);
}

#[test]
fn no_known_policy_is_never_a_silent_pass() {
    let bad = GOOD.replace("runAsNonRoot: true", "runAsUser: 1000");
    let run = check(&bad, &[]);
    assert_eq!(run.code, 1);
    assert!(
        run.stdout.contains("assumed: no policy is known for namespace default"),
        "{}",
        run.stdout
    );
    let namespace = |labels: &str| {
        format!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: default\n  labels: {labels}\n---\n{bad}"
        )
    };
    assert_eq!(check(&namespace("{a: b}"), &[]).code, 1);
    assert_eq!(check(&namespace("{pod-security.kubernetes.io/warn: privileged}"), &[]).code, 4);
    assert_eq!(check(&namespace("{pod-security.kubernetes.io/enforce: baseline}"), &[]).code, 0);
    assert_eq!(check(&namespace("{pod-security.kubernetes.io/enforce: privileged}"), &[]).code, 0);
    assert_eq!(check(&namespace("{pod-security.kubernetes.io/enforce: Baseline}"), &[]).code, 1);
}

#[test]
fn ninety_nine_good_files_and_a_broken_one() {
    let folder = TempDir::new().unwrap();
    for index in 0..99 {
        let pod = GOOD.replace("name: good", &format!("name: pod-{index:02}"));
        fs::write(folder.path().join(format!("{index:02}.yaml")), pod).unwrap();
    }
    fs::write(folder.path().join("broken.yml"), "kind: [\n").unwrap();
    let run = pss(&["check", "-f", ".", "-o", "json"]).in_folder(folder.path()).finish();
    let report = run.json();
    assert_eq!(run.code, 4);
    let objects = report["objects"].as_array().unwrap();
    assert_eq!(objects.iter().filter(|object| object["verdict"] == "allowed").count(), 99);
    assert_eq!(objects.len(), 99);
    assert_eq!(report["gaps"].as_array().unwrap().len(), 1);
    assert_eq!(report["summary"]["complete"], false);
    assert_eq!(report["gaps"][0]["place"]["file"], "broken.yml");
}

#[test]
fn files_are_named_as_for_kubectl() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, pod: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, GOOD.replace("name: good", &format!("name: {pod}"))).unwrap();
    };
    write("a.yaml", "a");
    write("b.json.txt", "b");
    write("sub/c.yml", "c");
    write("sub/deep/d.yaml", "d");
    fs::write(folder.path().join("e.json"), "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"e\"},\"spec\":{\"containers\":[{\"name\":\"a\"}]}}").unwrap();
    let names = |arguments: &[&str]| {
        let run = pss(&["check", "-o", "json", "--level", "privileged"])
            .args(arguments.iter().copied())
            .in_folder(folder.path())
            .input(GOOD)
            .finish();
        let report = run.json();
        let names: Vec<_> = report["objects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|object| object["name"].as_str().unwrap().to_owned())
            .collect();
        names.join(" ")
    };
    assert_eq!(names(&["-f", "."]), "a e");
    assert_eq!(names(&["-f", ".", "-R"]), "a e c d");
    assert_eq!(names(&["-f", ".", "-R=true"]), "a e c d");
    assert_eq!(names(&["-f", ".", "--recursive=false"]), "a e");
    assert_eq!(names(&["-f", "b.json.txt"]), "b");
    assert_eq!(names(&["-f", "a.yaml,sub/c.yml", "-f", "e.json"]), "a c e");
    assert_eq!(names(&["-f", "s*/[a-c].yml"]), "c");
    assert_eq!(names(&["-f", "-", "-f", "-"]), "good");
    assert_eq!(names(&["--filename=sub"]), "c");
}

#[test]
fn the_caret_stands_under_wide_characters() {
    let text = format!("\u{feff}{}", GOOD.replace("    image: x\n", "    image: x\n    workingDir: /日本語\n").replace(
        "      allowPrivilegeEscalation: false\n",
        "      {\"日本語\": 1, \"allowPrivilegeEscalation\": false, \"privileged\": true, \"e\\u0301\": \"very long text that does not fit into sixty columns\", ",
    ).replace("      capabilities:\n        drop: [ALL]\n", "\"capabilities\": {\"drop\": [\"ALL\"]}}\n"));
    let run = pss(&["check", "-f", "-"]).env("COLUMNS", "60").input(text).finish();
    let lines: Vec<&str> = run.stdout.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.contains("\"privileged\""))
        .unwrap_or_else(|| panic!("{}", run.stdout));
    let caret = lines[at + 1];
    let from = caret.find('^').unwrap();
    let columns = caret[..from].width();
    let mut under = String::new();
    let mut column = 0;
    for character in lines[at].chars() {
        if column >= columns && under.len() < 4 {
            under.push(character);
        }
        column += character.to_string().width();
    }
    assert_eq!(under, "true", "{}", run.stdout);
    assert!(lines[at].width() <= 60, "{}", lines[at]);
}

#[test]
fn hostile_input_ends_in_time_with_a_gap() {
    let brackets = "[".repeat(100_000);
    let mut bomb = "apiVersion: v1\nkind: Pod\na0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..12 {
        let aliases = format!("*a{},", level - 1).repeat(9);
        writeln!(bomb, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    let documents = format!("{GOOD}---\n").repeat(100_000 / 20);
    let cases: [(&str, Vec<u8>, i32); 6] = [
        ("brackets", brackets.into_bytes(), 4),
        ("alias bomb", bomb.into_bytes(), 4),
        ("a NUL", format!("{GOOD}---\na: \0\n").into_bytes(), 4),
        ("invalid UTF-8 in text", [GOOD.as_bytes(), b"# \xff\xfe\n"].concat(), 0),
        ("many documents", documents.into_bytes(), 0),
        ("a long line", format!("{GOOD}---\na: {}\n", "x".repeat(70 << 20)).into_bytes(), 4),
    ];
    for (name, input, code) in cases {
        let start = Instant::now();
        let run = pss(&["check", "-f", "-", "-o", "json"]).input(input).finish();
        assert_eq!(run.code, code, "{name}: {}", &run.stderr);
        let gaps = run.json()["gaps"].as_array().unwrap().len();
        assert_eq!(gaps > 0, code == 4, "{name}");
        assert!(start.elapsed().as_secs() < 20, "{name}: {:?}", start.elapsed());
    }
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let run = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!(
            "{} explain | head -n 1; exit ${{PIPESTATUS:-0}}",
            posture_harness::binary::path("kubectl-pss").display()
        ))
        .output()
        .unwrap();
    assert!(run.status.success());
    assert!(
        String::from_utf8_lossy(&run.stderr).is_empty(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
}
