//! `kubectl pss` as a user runs it: output, exit codes, hostile input.
#![cfg(test)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use posture_e2e::schema::violations;
use posture_harness::binary::{Finished, Run};
use serde_json::Value;
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
    let yaml: Value = serde_yaml::from_str(&run("yaml").stdout).unwrap();
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
    let without_cluster = pss(&["check"]).finish();
    assert_eq!(without_cluster.code, 3);
    assert!(
        without_cluster.stderr.starts_with(
            "error: no cluster configured; to check files: kubectl pss check -f DIR\nhint: "
        ),
        "{}",
        without_cluster.stderr
    );
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
fn what_nobody_judged_is_never_a_pass() {
    let code = |text: &str| check(text, &["--level", "privileged"]).code;
    let privileged = "metadata: {name: a}\nspec: {containers: [{name: a, image: x, securityContext: {privileged: true}}]}\n";
    for (head, expected) in [
        ("apiVersion: v1\nkind: Pod\n", 0),
        ("apiVersion: v1\nkind: pod\n", 4),
        ("apiVersion: 'v1 '\nkind: Pod\n", 4),
        ("apiVersion: v2\nkind: Pod\n", 4),
        ("apiVersion: example.com/v1\nkind: Pod\n", 4),
        ("apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\n", 4),
        ("apiVersion: extensions/v1beta1\nkind: Deployment\n", 4),
        ("apiVersion: apps/v1\nkind: Deploymnt\n", 4),
        ("apiVersion: v1\nkind: ReplicationController\n", 4),
        ("apiVersion: v1\nkind: List\n", 4),
        ("apiVersion: example.com/v1\nkind: Thing\nitem: {}\n", 4),
    ] {
        assert_eq!(code(&format!("{head}{privileged}")), expected, "{head}");
    }
    let run = check("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", &["-o", "json"]);
    assert_eq!((run.code, run.json()["summary"]["skipped"].as_u64()), (0, Some(1)));
}

#[test]
fn templates_are_found_in_kinds_that_embed_them() {
    let pod = "{spec: {containers: [{name: a, image: x, securityContext: {privileged: true}}]}}";
    let path = "spec.containers[a].securityContext.privileged";
    for (api_version, kind, spec, template) in [
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
        ("apps.kruise.io/v1alpha1", "BroadcastJob", "template: POD", "spec.template"),
        ("apps/v1", "StatefulSet", "template: POD", "spec.template"),
        (
            "batch/v1",
            "CronJob",
            "jobTemplate: {spec: {template: POD}}",
            "spec.jobTemplate.spec.template",
        ),
    ] {
        let spec = spec.replace("POD", pod);
        let text = format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{{spec}}}\n"
        );
        let report = check(&text, &["--level", "baseline", "-o", "json"]).json();
        let finding = &report["findings"][0];
        assert_eq!(finding["check"], "privileged", "{kind}: {report}");
        assert_eq!(finding["path"], format!("{template}.{path}"), "{kind}");
        assert_eq!(report["objects"][0]["verdict"], "rejected", "{kind}");
        // Admission audits and warns about its own kinds, and about no other.
        let warned = report["objects"][0]["modes"]["warn"]["allowed"] == false;
        assert_eq!(warned, !api_version.contains('.'), "{kind}: {report}");
    }
}

#[test]
fn policies_that_are_half_known_are_said() {
    let bad = GOOD.replace("        drop: [ALL]\n", "        drop: [NET_RAW]\n");
    let with = |labels: &str, arguments: &[&str]| {
        let namespace = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: default, labels: {labels}}}\n---\n"
        );
        check(&format!("{namespace}{bad}"), arguments)
    };
    // At v1.18 nobody asks for dropped capabilities.
    assert_eq!(with("{pod-security.kubernetes.io/enforce-version: v1.18}", &[]).code, 0);
    assert_eq!(with("{pod-security.kubernetes.io/enforce-version: latest}", &[]).code, 1);
    let mistyped = with("{pod-security.kubernetes.io/enfore: restricted}", &["-o", "json"]);
    assert!(mistyped.stdout.contains("is no label of Pod Security Admission"), "{mistyped:?}");
    let twice = format!(
        "{}---\n{}---\n{GOOD}",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {pod-security.kubernetes.io/enforce: baseline}}\n",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {pod-security.kubernetes.io/enforce: privileged}}\n",
    );
    let run = check(&twice, &[]);
    assert!(run.code == 4 && run.stdout.contains("more than once"), "{run:?}");
}

#[test]
fn the_configuration_file_of_the_server() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let configuration = |inner: &str| {
        format!(
            "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n- name: PodSecurity\n{inner}"
        )
    };
    let inline = "  configuration:\n    apiVersion: pod-security.admission.config.k8s.io/v1\n    kind: PodSecurityConfiguration\n    defaults: {enforce: baseline}\n    exemptions:\n      namespaces: [exempt]\n      usernames: ['system:serviceaccount:kube-system:daemon-set-controller']\n";
    write("inline.yaml", &configuration(inline));
    write("path.yaml", &configuration("  path: inner.yaml\n"));
    write(
        "inner.yaml",
        "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\ndefaults: {enforce: restricted}\n",
    );
    write("wrong.yaml", &configuration(&inline.replace("baseline", "basline")));
    write("empty.yaml", "");
    let privileged =
        GOOD.replace("      allowPrivilegeEscalation: false\n", "      privileged: true\n");
    let run = |input: &str, file: &str, more: &[&str]| {
        pss(&["check", "-f", "-", "--admission-config", file])
            .args(more.iter().copied())
            .in_folder(folder.path())
            .input(input)
            .finish()
    };
    assert_eq!(run(GOOD, "inline.yaml", &[]).code, 0);
    assert_eq!(run(&privileged, "inline.yaml", &[]).code, 1);
    let exempt = run(&privileged, "inline.yaml", &["-n", "exempt"]);
    assert!(exempt.code == 0 && exempt.stdout.contains("the namespace is exempt"), "{exempt:?}");
    assert_eq!(run(&privileged, "path.yaml", &[]).code, 1);
    let daemon_set = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: a}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {hostPID: true, containers: [{name: a, image: x}]}}}\n";
    let exempt = run(daemon_set, "inline.yaml", &[]);
    assert!(exempt.code == 0 && exempt.stdout.contains("the user is exempt"), "{exempt:?}");
    let wrong = run(GOOD, "wrong.yaml", &[]);
    assert!(wrong.code == 2 && wrong.stderr.contains("wrong.yaml:"), "{wrong:?}");
    for file in ["empty.yaml", "missing.yaml", "-"] {
        assert_eq!(run(GOOD, file, &[]).code, 2, "{file}");
    }
}

#[test]
fn one_long_line_does_not_flood_a_pipe() {
    let pod = |name: usize| {
        format!(
            "{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{{\"name\":\"p{name}\"}},\"spec\":{{\"hostPID\":true,\"containers\":[{{\"name\":\"a\",\"image\":\"x\"}}]}}}}"
        )
    };
    let pods: Vec<String> = (0..500).map(pod).collect();
    let list =
        format!("{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{}]}}", pods.join(","));
    let run = check(&list, &[]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.len() < 3_000_000, "{} bytes", run.stdout.len());
}

#[test]
fn reports_are_what_their_schema_says() {
    let schema: Value = serde_json::from_str(include_str!("../schema/report-v1.json")).unwrap();
    for (folder, file) in [(fixtures(), "mixed.yaml"), (examples(), "shop.yaml")] {
        let report = pss(&["check", "-f", file, "-o", "json"]).in_folder(&folder).finish().json();
        let found = violations(&schema, &report);
        assert!(found.is_empty(), "{file}: {found:#?}");
    }
    let namespaces: Value =
        serde_json::from_str(include_str!("../schema/namespaces-v1.json")).unwrap();
    let run = pss(&["check", "ns", "-f", "shop.yaml", "-o", "json"]).in_folder(&examples());
    let found = violations(&namespaces, &run.finish().json());
    assert!(found.is_empty(), "{found:#?}");
    let found = violations(&schema, &serde_json::json!({ "kind": 1 }));
    assert!(found.len() > 3, "a report that is none must not pass: {found:?}");
}

#[test]
fn a_closed_pipe_keeps_the_verdict() {
    let binary = posture_harness::binary::path("kubectl-pss");
    let example = examples().join("shop.yaml");
    for command in ["explain", "check -o json -f"] {
        let file = if command == "explain" { String::new() } else { example.display().to_string() };
        let script = format!(
            "set -o pipefail; {} {command} {file} | head -c 1 >/dev/null",
            binary.display()
        );
        let run = std::process::Command::new("bash").arg("-c").arg(script).output().unwrap();
        let expected = i32::from(command != "explain");
        assert_eq!(run.status.code(), Some(expected), "{command}");
        assert!(run.stderr.is_empty(), "{}", String::from_utf8_lossy(&run.stderr));
    }
}
