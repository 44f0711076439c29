//! `kubectl pss diff` without a cluster: versions, levels, directories, revisions of git, formats,
//! exit codes, hostile input.
#![cfg(test)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use posture_e2e::folder::{with as folder, write};
use posture_harness::binary::{Finished, Run};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The most characters that a comment on a pull request may have.
const COMMENT: usize = 60_000;

/// A namespace that enforces a level.
fn namespace(name: &str, level: &str, version: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n  labels:\n    pod-security.kubernetes.io/enforce: {level}\n    pod-security.kubernetes.io/enforce-version: {version}\n---\n"
    )
}

/// A pod that meets restricted, but for what `host` makes of it.
fn pod(name: &str, namespace: &str, extra: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n  securityContext:\n    runAsNonRoot: true\n    seccompProfile:\n      type: RuntimeDefault\n  containers:\n  - name: a\n    image: x\n    securityContext:\n      allowPrivilegeEscalation: false\n      capabilities:\n        drop: [ALL]\n{extra}---\n"
    )
}

/// A probe that names a host: forbidden from 1.34 on.
const PROBE: &str =
    "    livenessProbe:\n      tcpSocket:\n        host: a.example\n        port: 80\n";
/// A volume that restricted allows from the server 1.33 on.
const IMAGE: &str = "  volumes:\n  - name: v\n    image:\n      reference: x\n";
const PRIVILEGED: &str = "  hostPID: true\n";

fn diff(folder: &Path, arguments: &[&str]) -> Finished {
    Run::new("kubectl-pss")
        .args(["diff"])
        .args(arguments.iter().copied())
        .in_folder(folder)
        .finish()
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=n", "-c", "user.email=e@x", "-c", "init.defaultBranch=main"])
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .expect("git can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A repository with one commit of these files.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = folder(files);
    git(folder.path(), &["init", "-q"]);
    commit(folder.path());
    folder
}

fn commit(folder: &Path) {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "-m", "state"]);
}

/// Each change as `direction name: +check -check`.
fn changes(difference: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let all = difference["changes"].as_array().expect("changes");
    let line = |change: &Value| {
        let mut line = format!("{} {}", text(&change["direction"]), text(&change["name"]));
        let (from, to) = (&change["from"]["verdict"], &change["to"]["verdict"]);
        let _ = write!(line, " {}>{}", text(from), text(to));
        let mut controls: Vec<String> = change["controls"]
            .as_array()
            .expect("controls")
            .iter()
            .map(|control| format!(" {} {}", text(&control["change"]), text(&control["check"])))
            .collect();
        controls.dedup();
        line + &controls.concat()
    };
    all.iter().map(line).collect()
}

fn counts(difference: &Value) -> [u64; 6] {
    ["worse", "changed", "added", "removed", "better", "unchanged"]
        .map(|key| difference["summary"][key].as_u64().expect("a number"))
}

#[test]
fn two_servers() {
    let text = namespace("shop", "restricted", "latest")
        + &namespace("old", "restricted", "v1.32")
        + &pod("probe", "shop", PROBE)
        + &pod("probe-old", "old", PROBE)
        + &pod("image", "shop", IMAGE)
        + &pod("fine", "shop", "");
    let folder = folder(&[("all.yaml", &text)]);
    let run = diff(folder.path(), &["--from", "1.32", "--to", "v1.37.2", "-f", ".", "-o", "json"]);
    let difference = run.json();
    assert_eq!(
        changes(&difference),
        [
            "worse probe allowed>rejected started hostProbesAndHostLifecycle",
            "better image rejected>allowed stopped restrictedVolumes",
        ]
    );
    assert_eq!((run.code, counts(&difference)), (1, [1, 0, 0, 0, 1, 4]));
    let upgrade = difference["changes"][0]["notes"][0].as_str().expect("a note");
    assert!(upgrade.starts_with("at the upgrade: enforce=restricted:latest"), "{upgrade}");
    assert!(upgrade.ends_with("means v1.32 before and v1.37 after"), "{upgrade}");
    // What a label pins does not change, and would if the label changed.
    assert_eq!(difference["outlook"]["changes"][0]["name"], "probe-old");
    assert_eq!(
        difference["notes"][0],
        "labels pin v1.32 for 1 object: an upgrade leaves those rules as they are"
    );
    // Without one of the two it is the newest.
    let to = diff(folder.path(), &["--from", "1.32", "-f", ".", "-o", "json"]).json();
    assert_eq!((changes(&to), &to["to"]["state"]), (changes(&difference), &json!("1.37")));
    let same = diff(folder.path(), &["--to", "1.37", "-f", "."]);
    assert_eq!(same.code, 0, "{}", same.stdout);
    assert!(same.stdout.contains("no differences"), "{}", same.stdout);
    // A level beside it is judged by both.
    let args = ["--from", "1.32", "--to", "1.37", "-f", ".", "--level", "baseline", "-o", "json"];
    let names = ["probe", "probe-old"]
        .map(|name| format!("worse {name} allowed>rejected started hostProbesAndHostLifecycle"));
    assert_eq!(changes(&diff(folder.path(), &args).json()).len(), names.len());
}

#[test]
fn two_levels() {
    let text = pod("fine", "a", "") + &pod("host", "a", PRIVILEGED) + &pod("image", "a", IMAGE);
    let text = text.replace("    runAsNonRoot: true\n", "    fsGroup: 1\n");
    let folder = folder(&[("all.yaml", &text)]);
    let run = diff(
        folder.path(),
        &["--from", "baseline", "--to", "restricted:v1.30", "-f", ".", "-o", "json"],
    );
    let difference = run.json();
    let lines = changes(&difference);
    assert_eq!(lines[0], "worse fine allowed>rejected started runAsNonRoot");
    assert_eq!(lines[2], "changed host rejected>rejected started runAsNonRoot");
    assert_eq!(difference["from"]["state"], "baseline:latest");
    assert_eq!(run.code, 1);
    let run = diff(folder.path(), &["--to", "privileged", "-f", ".", "-o", "json"]);
    assert_eq!(run.json()["from"]["state"], "the namespaces' labels");
    assert_eq!(counts(&run.json()), [0, 0, 0, 0, 3, 0]);
}

#[test]
fn two_folders() {
    let one =
        pod("same", "a", PRIVILEGED) + &pod("gone", "a", "") + &pod("mended", "a", PRIVILEGED);
    let other = pod("mended", "a", "") + &pod("new", "a", PROBE) + &pod("same", "a", PRIVILEGED);
    let folder = folder(&[("a/x.yaml", &one), ("b/y.yaml", &other), ("b/deep/z.yaml", &one)]);
    let run = diff(folder.path(), &["--from", "a", "--to", "b", "-o", "json"]);
    let difference = run.json();
    let expected = [
        "added new ->rejected started hostProbesAndHostLifecycle",
        "removed gone allowed>-",
        "better mended rejected>allowed stopped hostNamespaces",
    ];
    assert_eq!((changes(&difference), run.code), (expected.map(str::to_owned).to_vec(), 1));
    let place = &difference["changes"][2]["controls"][0]["place"];
    assert_eq!(place["file"], "a/x.yaml", "what no longer fires stood in the first state");
    assert_eq!(difference["changes"][2]["to"]["place"]["file"], "b/y.yaml");
    // One side may be standard input.
    let piped = Run::new("kubectl-pss")
        .args(["diff", "--from", "a", "--to", "-", "-o", "json"])
        .in_folder(folder.path())
        .input(other)
        .finish();
    assert_eq!(changes(&piped.json()), expected);
    // Only what is named.
    let run = diff(folder.path(), &["pod/gone", "--from", "a", "--to", "b", "-o", "json"]);
    assert_eq!(changes(&run.json()), ["removed gone allowed>-"]);
    assert_eq!(run.json()["summary"]["gaps"], 0, "it is gone, and nobody failed to find it");
    let run = diff(folder.path(), &["pod/none", "--from", "a", "--to", "b", "-o", "json"]);
    assert_eq!((run.json()["summary"]["gaps"].clone(), run.code), (json!(1), 4));
    // Who asks for less makes nothing better: that is said.
    let loose = namespace("a", "privileged", "latest") + &one;
    write(folder.path(), &[("loose/x.yaml", &loose)]);
    let run = diff(folder.path(), &["--from", "a", "--to", "loose", "-o", "json"]);
    let note = "namespace a asks for privileged, and before for enforce=restricted:latest warn=restricted:latest";
    let difference = run.json();
    assert_eq!(difference["notes"], json!([note]));
    let better: Vec<&Value> = difference["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .filter(|change| change["direction"] == "better")
        .collect();
    assert!(!better.is_empty(), "{difference:#}");
    for change in better {
        assert_eq!(change["notes"], json!([note]));
    }
}

#[test]
fn revisions_of_git() {
    let one = pod("web", "a", "") + &pod("gone", "a", "");
    let folder = repository(&[
        ("deploy/web.yaml", &one),
        ("deploy/deep/more.yml", &pod("deep", "a", "")),
        ("deploy/read.me", "not: [yaml"),
        ("deploy/.posture.yaml", "ignore: []\n"),
        ("docs/x.yaml", "a: ["),
    ]);
    let path = folder.path();
    let after =
        [("deploy/web.yaml", &*pod("web", "a", PRIVILEGED)), ("new/n.yaml", &pod("new", "b", ""))];
    write(path, &after);
    let expected = ["worse web allowed>rejected started hostNamespaces", "removed gone allowed>-"];
    for (arguments, inside) in [
        (&["--from", "git:HEAD", "-f", "deploy"][..], "."),
        (&["--from", "git:main", "-f", "."], "deploy"),
        (&["--from", "git:main:deploy", "--to", "deploy"], "."),
        (&["--from", "git:main:./", "--to", "."], "deploy"),
        (&["--from", "git:main", "-f", "../deploy/web.yaml"], "docs"),
        (&["--from", "git:HEAD", "-f", "deploy/w*.yaml"], "."),
        (&["--from", "git:HEAD", "-f", "deploy/", "-R"], "."),
    ] {
        let run = diff(&path.join(inside), &[arguments, &["-o", "json"]].concat());
        assert_eq!(
            (changes(&run.json()), run.code),
            (expected.map(str::to_owned).to_vec(), 1),
            "{arguments:?}: {}",
            run.stderr
        );
        let place = &run.json()["changes"][1]["from"]["place"];
        assert_eq!(
            place["file"],
            "git:main:deploy/web.yaml"
                .replace("main", arguments[1].split(':').nth(1).expect("a revision"))
        );
        assert_eq!(run.json()["summary"]["complete"], true, "{arguments:?}");
    }
    // The working tree stands where it stood.
    assert!(fs::read_to_string(path.join("deploy/web.yaml")).expect("there").contains("hostPID"));
    // An absolute path, from outside of the repository.
    let absolute = path.join("deploy").to_string_lossy().into_owned();
    let run = diff(Path::new("/"), &["--from", "git:HEAD", "-f", &absolute, "-o", "json"]);
    assert_eq!(changes(&run.json()), expected, "{}", run.stderr);
    // A folder that one state has and the other has not is new, not a mistake.
    let run = diff(path, &["--from", "git:HEAD", "-f", "new", "-o", "json"]);
    assert_eq!(
        (changes(&run.json()), run.code),
        (vec!["added new ->allowed".to_owned()], 1),
        "{}",
        run.stderr
    );
    assert_eq!(run.stderr, "new is not there in git:HEAD (new)\n");
    commit(path);
    fs::remove_dir_all(path.join("new")).expect("removed");
    let run = diff(path, &["--from", "git:HEAD", "-f", "new", "-o", "json"]);
    assert_eq!(changes(&run.json()), ["removed new allowed>-"], "{}", run.stderr);
    // Two revisions.
    let run =
        diff(path, &["--from", "git:HEAD~1", "--to", "git:HEAD", "-f", "deploy", "-o", "json"]);
    assert_eq!(changes(&run.json()), expected);
    let run = diff(path, &["--from", "git:HEAD", "--to", "git:HEAD", "-f", "deploy"]);
    assert_eq!(run.code, 0);
    // What neither has is a mistake.
    let run = diff(path, &["--from", "git:HEAD~1", "--to", "git:HEAD", "-f", "typo"]);
    assert_eq!(
        (run.code, run.stderr.lines().next()),
        (3, Some("error: git:HEAD~1:typo: the path \"typo\" does not exist at HEAD~1"))
    );
    for (revision, said) in [
        ("git:nowhere", "error: git:nowhere: the repository has no such revision"),
        ("git:--all", "error: git:--all: the repository has no such revision"),
        ("git:HEAD:gone", "error: git:HEAD:gone: the path \"gone\" does not exist at HEAD"),
    ] {
        let arguments: &[&str] = if revision.matches(':').count() == 2 {
            &["--to", "deploy"]
        } else {
            &["-f", "deploy"]
        };
        let run = diff(path, &[&["--from", revision], arguments].concat());
        assert_eq!((run.code, run.stderr.lines().next()), (3, Some(said)), "{revision}");
    }
    let elsewhere = TempDir::new().expect("a folder");
    let run = diff(elsewhere.path(), &["--from", "git:HEAD", "-f", "."]);
    assert!(run.code == 3 && run.stderr.contains("not a git repository"), "{}", run.stderr);
    let run = Run::new("kubectl-pss")
        .args(["diff", "--from", "git:HEAD", "-f", "deploy"])
        .in_folder(path)
        .env("PATH", "/nonexistent")
        .finish();
    assert!(run.code == 3 && run.stderr.starts_with("error: cannot run git"), "{}", run.stderr);
}

#[test]
fn what_else_is_in_a_repository() {
    let folder = repository(&[
        ("real.yaml", &pod("real", "a", "")),
        ("a b/ü \"x\".yaml", &pod("odd", "a", "")),
    ]);
    let path = folder.path();
    std::os::unix::fs::symlink("real.yaml", path.join("link.yaml")).expect("a link");
    std::os::unix::fs::symlink("gone.yaml", path.join("dangling.yaml")).expect("a link");
    std::os::unix::fs::symlink("/etc/hostname", path.join("outside.yaml")).expect("a link");
    std::os::unix::fs::symlink("a b", path.join("folder.yaml")).expect("a link");
    commit(path);
    fs::write(path.join("real.yaml"), "kind: List\napiVersion: v1\nitems: []\n").expect("written");
    let run = diff(path, &["--from", "git:HEAD", "-f", ".", "-R", "-o", "json"]);
    let difference = run.json();
    assert_eq!(changes(&difference), ["removed real allowed>-"], "{difference:#}");
    let gaps = difference["gaps"].as_array().expect("gaps");
    let of_git: Vec<&str> = gaps
        .iter()
        .filter(|gap| gap["side"] == "from")
        .filter_map(|gap| gap["object"].as_str())
        .collect();
    assert_eq!(of_git, ["git:HEAD:dangling.yaml", "git:HEAD:outside.yaml"], "{difference:#}");
    let run = diff(path, &["--from", "git:HEAD", "-f", "a b", "-o", "json"]);
    assert_eq!((run.code, counts(&run.json())), (0, [0, 0, 0, 0, 0, 1]), "{}", run.stderr);
}

#[test]
fn what_is_suppressed_or_not_chosen_makes_no_difference() {
    let (before, after) =
        (pod("a", "m", ""), pod("a", "m", &format!("{PRIVILEGED}  hostNetwork: true\n")));
    let annotation =
        "  annotations:\n    kubectl-posture/ignore: \"hostNamespaces it must\"\nspec:\n";
    let excused = after.replacen("spec:\n", annotation, 1);
    let folder = folder(&[("a.yaml", &before), ("b.yaml", &after), ("c.yaml", &excused)]);
    let run = |arguments: &[&str]| {
        let run = diff(folder.path(), &[arguments, &["-o", "json"]].concat());
        (changes(&run.json()), run.code)
    };
    let worse = vec!["worse a allowed>rejected started hostNamespaces".to_owned()];
    assert_eq!(run(&["--from", "a.yaml", "--to", "b.yaml"]), (worse.clone(), 1));
    assert_eq!(run(&["--from", "a.yaml", "--to", "c.yaml"]), (Vec::new(), 0));
    let strict = ["--from", "a.yaml", "--to", "c.yaml", "--no-suppressions"];
    assert_eq!(run(&strict), (worse.clone(), 1));
    assert_eq!(run(&["--from", "a.yaml", "--to", "b.yaml", "--ignore", "host*"]), (Vec::new(), 0));
    assert_eq!(
        run(&["--from", "a.yaml", "--to", "b.yaml", "--select", "sysctls"]),
        (Vec::new(), 0)
    );
    assert_eq!(run(&["--from", "a.yaml", "--to", "b.yaml", "--select", "baseline"]), (worse, 1));
    let better = vec!["better a rejected>rejected stopped hostNamespaces".to_owned()];
    assert_eq!(run(&["--from", "b.yaml", "--to", "c.yaml"]), (better, 1));
    let shown = diff(folder.path(), &["--from", "b.yaml", "--to", "c.yaml"]).stdout;
    assert!(shown.contains("rejected → rejected, suppressed"), "{shown}");
}

#[test]
fn what_cannot_be_read_is_said_of_its_side() {
    let broken = format!("{}a: [\n", pod("a", "m", ""));
    let folder = folder(&[
        ("good.yaml", &(pod("a", "m", "") + &pod("b", "m", ""))),
        ("broken.yaml", &broken),
    ]);
    let run = diff(folder.path(), &["--from", "broken.yaml", "--to", "broken.yaml", "-o", "json"]);
    assert_eq!((run.code, &run.json()["gaps"][0]["side"]), (4, &json!("both")));
    let run = diff(folder.path(), &["--from", "good.yaml", "--to", "broken.yaml", "-o", "json"]);
    let difference = run.json();
    assert_eq!((run.code, &difference["gaps"][0]["side"]), (1, &json!("to")));
    assert_eq!(difference["summary"]["complete"], false);
    let note = &difference["changes"][0]["notes"][0];
    assert_eq!(note, "it may be in both states: one of them could not be read completely");
    for format in ["wide", "name"] {
        let run =
            diff(folder.path(), &["--from", "good.yaml", "--to", "broken.yaml", "-o", format]);
        assert!(run.stderr.contains("NOT JUDGED"), "{format}: {}", run.stderr);
    }
    assert_eq!(diff(folder.path(), &["--from", "good.yaml", "--to", "none.yaml"]).code, 2);
}

#[test]
fn mistakes_on_the_command_line() {
    let folder = folder(&[("a.yaml", &pod("a", "m", "")), ("b.yaml", &pod("b", "m", ""))]);
    for arguments in [
        &[][..],
        &["--from", "1.33", "--to", "baseline", "-f", "a.yaml"],
        &["--from", "1.33", "--to", "a.yaml"],
        &["--from", "live", "--to", "restricted"],
        &["--from", "1.33", "--to", "1.37", "--server-version", "1.34", "-f", "a.yaml"],
        &["--from", "baseline", "--to", "restricted", "--level", "baseline", "-f", "a.yaml"],
        &["--from", "a.yaml"],
        &["--from", "a.yaml", "--to", "b.yaml", "-f", "a.yaml"],
        &["--from", "git:HEAD", "--to", "a.yaml"],
        &["--from", "git:", "-f", "a.yaml"],
        &["--from", "git:HEAD", "-k", "."],
        &["--from", "git:HEAD", "-f", "-"],
        &["--from", "-", "--to", "-"],
        &["--from", "-", "-f", "-"],
        &["--from", "restricted:v1.x", "-f", "a.yaml"],
        &["--from", "baslein", "--to", "a.yaml"],
        &["--from", "a.yaml", "--to", "b.yaml", "-o", "sarif"],
        &["--from", "a.yaml", "--to", "b.yaml", "--select", "nonsense"],
        &["--from", "1.33", "--to", "1.37", "ns", "-f", "a.yaml"],
        &["--from", "1.33", "--to", "1.37", "--with-cluster"],
        &["--from", "a.yaml", "--to", "b.yaml", "-n", "a/b"],
    ] {
        let run = diff(folder.path(), arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?}: {}", run.stderr);
    }
    let run = diff(folder.path(), &["--from", "a.yaml", "--to", "b.yaml", "-o", "junit"]);
    assert!(run.stderr.contains("human, wide, json, yaml, name, markdown"), "{}", run.stderr);
    // Without a cluster there is nothing that runs.
    let run = diff(folder.path(), &["-f", "a.yaml"]);
    assert!(run.code == 3 && run.stderr.contains("no cluster configured"), "{}", run.stderr);
    let run = diff(folder.path(), &["--from", "a.yaml", "--to", "b.yaml", "--print-rbac"]);
    assert_eq!(run.stdout, "# This command asks no cluster: it needs no rights.\n");
}

#[test]
fn every_format() {
    let before = namespace("shop", "baseline", "latest")
        + &pod("better", "shop", PRIVILEGED)
        + &pod("gone", "shop", "")
        + &pod("worse", "shop", "");
    let after = namespace("shop", "baseline", "latest")
        + &pod("better", "shop", "")
        + &pod("new", "shop", PROBE)
        + &pod("worse", "shop", &(PROBE.to_owned() + PRIVILEGED));
    let folder = folder(&[("a.yaml", &before), ("b.yaml", &format!("{after}a: [\n"))]);
    for format in ["human", "wide", "name", "markdown", "json", "yaml"] {
        let run = Run::new("kubectl-pss")
            .args(["diff", "--from", "a.yaml", "--to", "b.yaml", "-o", format])
            .in_folder(folder.path())
            .env("COLUMNS", "100")
            .finish();
        assert_eq!(run.code, 1, "the format never changes the exit code");
        let shown = format!("--- stdout\n{}--- stderr\n{}", run.stdout, run.stderr);
        insta::assert_snapshot!(
            format!("diff_{format}"),
            shown.replace(env!("CARGO_PKG_VERSION"), "VERSION")
        );
    }
    let run = |format| diff(folder.path(), &["--from", "a.yaml", "--to", "b.yaml", "-o", format]);
    let yaml: Value = serde_yaml::from_str(&run("yaml").stdout).expect("YAML");
    assert_eq!(run("json").json(), yaml);
}

#[test]
fn a_comment_holds_ten_thousand_changes_and_hostile_names() {
    let hostile = "x`|<b>@team #1 https://x.example \u{1b}[31m\u{202e}\nkind: `";
    let object = |number: usize, probe: bool| {
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": format!("{hostile}{number}"), "namespace": "a|b" },
            "spec": { "hostPID": probe, "containers": [{ "name": hostile, "image": "x" }] },
        });
        if number.is_multiple_of(2) {
            pod["metadata"]["name"] = json!(format!("p{number}"));
        }
        pod
    };
    let all = |probe: bool, count: usize| {
        let items: Vec<String> =
            (0..count).map(|number| object(number, probe).to_string()).collect();
        items.join("\n---\n")
    };
    for count in [1, 2, 40, 10_000] {
        let folder = folder(&[
            ("a.json", &all(false, count)),
            ("b.json", &format!("{}\n---\na: [`|<b>@team", all(true, count))),
        ]);
        let formats = ["markdown", "human", "wide", "name", "json"];
        for format in formats.into_iter().take(if count > 100 { 1 } else { formats.len() }) {
            let run = diff(folder.path(), &["--from", "a.json", "--to", "b.json", "-o", format]);
            assert_eq!(run.code, 1, "{}", run.stderr);
            let unsafe_text = |character| matches!(character, '\u{1b}' | '\u{202e}');
            assert!(
                !run.stdout.contains(unsafe_text) && !run.stderr.contains(unsafe_text),
                "{format}"
            );
            if format != "markdown" {
                continue;
            }
            let length = run.stdout.chars().count();
            assert!(length <= COMMENT, "{length} characters");
            assert!(
                run.stdout.contains(&format!("{count} changed")),
                "the counts are always there"
            );
            assert_eq!(
                run.stdout.matches("<details>").count(),
                run.stdout.matches("</details>").count()
            );
            for line in run.stdout.lines() {
                let bare = without_code(line);
                assert!(!bare.contains(['@', '`', '\u{1b}']) && !bare.contains("<b>"), "{line}");
                // Each row of the table has as many cells as its head.
                if line.starts_with("| ") {
                    let mut cells = 0;
                    let mut escaped = false;
                    for character in line.chars() {
                        cells += usize::from(character == '|' && !escaped);
                        escaped = character == '\\';
                    }
                    assert_eq!(cells, 6, "{line}");
                }
            }
        }
    }
}

/// A line without its code spans, as GitHub finds them.
fn without_code(line: &str) -> String {
    let mut bare = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('`') {
        bare.push_str(&rest[..at]);
        let run = rest[at..].chars().take_while(|character| *character == '`').count();
        let fence = "`".repeat(run);
        let inside = &rest[at + run..];
        let mut end = None;
        let mut from = 0;
        while let Some(found) = inside[from..].find('`') {
            let start = from + found;
            let length = inside[start..].chars().take_while(|character| *character == '`').count();
            if length == run {
                end = Some(start + length);
                break;
            }
            from = start + length;
        }
        if let Some(end) = end {
            rest = &inside[end..];
        } else {
            bare.push_str(&fence);
            rest = inside;
        }
    }
    bare + rest
}

#[test]
fn requirements_and_assumptions_hold_on_both_sides() {
    let before = pod("a", "shop", "  automountServiceAccountToken: false\n");
    let folder = folder(&[("before/a.yaml", &before), ("after/a.yaml", &pod("a", "shop", ""))]);
    let states = ["--from", "before", "--to", "after"];
    assert_eq!(diff(folder.path(), &states).code, 0);
    let required = ["--require", "automountServiceAccountToken", "-o", "json"];
    let run = diff(folder.path(), &[&states[..], &required[..]].concat());
    assert_eq!(run.code, 1, "{}", run.stderr);
    let controls = run.json()["changes"][0]["controls"].clone();
    assert_eq!(controls[0]["check"], "automountServiceAccountToken");
    assert_eq!(controls[0]["change"], "started");
    // Whatever the level, what a mesh adds is there on both sides.
    let levels = ["-f", "after", "--from", "baseline", "--to", "restricted", "-o", "json"];
    let plain = diff(folder.path(), &levels);
    assert_eq!(plain.code, 0, "{}", plain.stdout);
    let meshed = diff(folder.path(), &[&levels[..], &["--assume-injection", "istio"][..]].concat());
    assert_eq!(meshed.code, 1);
    let change = meshed.json()["changes"][0].clone();
    assert_eq!(change["from"]["verdict"], "rejected", "istio-init needs NET_ADMIN: {change:#}");
    let path = change["controls"][0]["path"].as_str().expect("a path").to_owned();
    assert!(path.contains("istio-"), "{path}");
    assert_eq!(diff(folder.path(), &[&states[..], &["--require", "nothing"][..]].concat()).code, 2);
}
