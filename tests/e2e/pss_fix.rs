//! `kubectl pss fix` on manifests: what it changes, what it leaves, and what it says of it.
#![cfg(test)]

use std::fs;
use std::path::Path;

use posture_e2e::folder;
use posture_harness::binary::{Finished, Run};
use serde_json::Value;

/// Something of every grade: a user that is known, nothing else set, a port of the node.
const WEB: &str = "# the shop
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      securityContext:
        runAsUser: 1000   # nobody
      containers:
      - name: web
        image: nginx
        # what clients call
        ports:
        - containerPort: 80
          hostPort: 80
";

const CLEAN: &str = "apiVersion: v1
kind: Pod
metadata: {name: clean}
spec:
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: c
    image: nginx
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
";

fn pss(folder: &Path, arguments: &str) -> Finished {
    piped(folder, arguments, "")
}

fn piped(folder: &Path, arguments: &str, input: &str) -> Finished {
    let state = folder.join("state");
    Run::new("kubectl-pss")
        .args(arguments.split_whitespace())
        .in_folder(folder)
        .env("XDG_STATE_HOME", state.to_str().expect("a path in UTF-8"))
        .input(input)
        .finish()
}

fn json(folder: &Path, arguments: &str) -> (Value, i32) {
    let run = pss(folder, &format!("{arguments} -o json"));
    let plan = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr));
    (plan, run.code)
}

/// The lines that a diff adds, and those that it takes out.
fn changed(diff: &str) -> (Vec<&str>, Vec<&str>) {
    let lines = |sign: &str, head: &str| {
        let is_it = |line: &&str| line.starts_with(sign) && !line.starts_with(head);
        diff.lines().filter(is_it).map(|line| line[1..].trim()).collect()
    };
    (lines("+", "+++"), lines("-", "---"))
}

/// The grades of what is left, in their order.
fn left(plan: &Value) -> Vec<String> {
    let remaining = plan["remaining"].as_array().expect("what remains");
    let text = |one: &Value, key: &str| one[key].as_str().expect(key).to_owned();
    let mut left: Vec<String> = remaining
        .iter()
        .map(|one| format!("{} {}", text(one, "grade"), text(one, "check")))
        .collect();
    left.sort();
    left
}

#[test]
fn each_grade_does_what_it_may_and_says_what_is_left() {
    let folder = folder::with(&[("web.yaml", WEB)]);
    let shown = pss(folder.path(), "fix -f web.yaml");
    assert_eq!(changed(&shown.stdout), (vec!["runAsNonRoot: true"], Vec::new()));
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let (plan, _) = json(folder.path(), "fix -f web.yaml");
    let b = ["B allowPrivilegeEscalation", "B capabilities_restricted"];
    assert_eq!(left(&plan), [&b[..], &["B seccompProfile_restricted", "C hostPorts"]].concat());
    assert_eq!(plan["levels"]["before"]["privileged"], 1);
    assert_eq!(plan["levels"]["gradeB"]["privileged"], 1, "the port is left");

    let shown = pss(folder.path(), "fix -f web.yaml --grade B");
    let (added, removed) = changed(&shown.stdout);
    assert!(removed.is_empty(), "{removed:?}");
    assert!(added.contains(&"type: RuntimeDefault") && added.contains(&"- ALL"), "{added:?}");
    assert!(shown.stderr.contains("--set remove=hostPort"), "{}", shown.stderr);
    let (plan, _) = json(folder.path(), "fix -f web.yaml --grade B");
    assert_eq!(left(&plan), ["C hostPorts"]);

    let (plan, code) = json(folder.path(), "fix -f web.yaml --grade C --set remove=hostPort");
    assert_eq!((left(&plan), code), (Vec::new(), 0));
    assert_eq!(plan["levels"]["after"]["restricted"], 1);
    let grades = plan["changes"][0]["steps"].as_array().expect("steps");
    let grade = |step: &Value| step["grade"].as_str().expect("a grade").to_owned();
    assert!(grades.iter().map(grade).any(|grade| grade == "C"), "{grades:?}");
    assert_eq!(fs::read_to_string(folder.path().join("web.yaml")).expect("there"), WEB);
}

#[test]
fn what_is_written_passes_and_is_not_written_again() {
    let folder = folder::with(&[("web.yaml", WEB), ("more/clean.yaml", CLEAN)]);
    let written = pss(folder.path(), "fix -f . -R --grade B --set remove=hostPort --write");
    assert_eq!(written.code, 0, "{}", written.stderr);
    let check = pss(folder.path(), "check -f . -R");
    assert_eq!(check.code, 0, "{}{}", check.stdout, check.stderr);
    let after = fs::read(folder.path().join("web.yaml")).expect("there");
    let text = String::from_utf8_lossy(&after);
    for comment in ["# the shop", "# nobody", "# what clients call"] {
        assert!(text.contains(comment), "{text}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("more/clean.yaml")).expect("there"), CLEAN);
    let again = pss(folder.path(), "fix -f . -R --grade B --write");
    assert_eq!((again.code, again.stdout.as_str()), (0, ""), "{}", again.stderr);
    assert_eq!(fs::read(folder.path().join("web.yaml")).expect("there"), after);

    let command = written.stderr.lines().find(|line| line.contains("undo")).expect("an undo");
    let words = command.split("pss ").nth(1).expect("a command");
    let undone = pss(folder.path(), words);
    assert_eq!(undone.code, 0, "{words}: {}{}", undone.stdout, undone.stderr);
    assert_eq!(fs::read_to_string(folder.path().join("web.yaml")).expect("there"), WEB);
}

#[test]
fn nothing_to_do_is_nothing_done() {
    let folder = folder::with(&[("clean.yaml", CLEAN)]);
    let run = pss(folder.path(), "fix -f clean.yaml --grade B --write");
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
    assert!(!folder.path().join("state").exists(), "no undo file for nothing");
    let whole = pss(folder.path(), "fix -f clean.yaml -o yaml");
    assert_eq!(whole.stdout, CLEAN);
}

#[test]
fn a_pipe_fixes_what_goes_through_it() {
    let folder = folder::with(&[]);
    let through = piped(folder.path(), "fix -f - --grade B --set remove=hostPort -o yaml", WEB);
    assert_eq!(through.code, 0, "{}", through.stderr);
    let check = piped(folder.path(), "check -f -", &through.stdout);
    assert_eq!(check.code, 0, "{}", check.stdout);
}

#[test]
fn the_policy_of_the_namespace_is_the_aim() {
    let of = |level: &str| {
        format!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n    \
             pod-security.kubernetes.io/enforce: {level}\n---\n{WEB}"
        )
    };
    let folder =
        folder::with(&[("baseline.yaml", &of("baseline")), ("none.yaml", &of("privileged"))]);
    let (plan, _) = json(folder.path(), "fix -f baseline.yaml --grade B");
    assert_eq!(left(&plan), ["C hostPorts"]);
    assert_eq!(plan["changes"].as_array().map(Vec::len), Some(0));
    let (plan, _) = json(folder.path(), "fix -f none.yaml --grade B");
    assert_eq!(plan["already"].as_array().map(Vec::len), Some(1), "{plan:#}");
    let (plan, _) = json(folder.path(), "fix -f none.yaml --grade B --level restricted");
    assert_eq!(plan["changes"].as_array().map(Vec::len), Some(1), "{plan:#}");
}

#[test]
fn what_cannot_be_edited_is_refused_and_the_rest_is_done() {
    let shared = "apiVersion: v1
kind: Pod
metadata: {name: shared}
spec:
  containers:
  - name: a
    image: nginx
    securityContext: &sc
      privileged: false
  - name: b
    image: nginx
    securityContext: *sc
";
    let broken = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: [\n";
    let folder =
        folder::with(&[("shared.yaml", shared), ("web.yaml", WEB), ("broken.yaml", broken)]);
    let run = pss(folder.path(), "fix -f . --grade B --write");
    assert_eq!(run.code, 4, "{}", run.stderr);
    assert!(run.stderr.contains("alias"), "{}", run.stderr);
    assert!(run.stderr.contains("broken.yaml"), "{}", run.stderr);
    assert_eq!(fs::read_to_string(folder.path().join("shared.yaml")).expect("there"), shared);
    assert_eq!(fs::read_to_string(folder.path().join("broken.yaml")).expect("there"), broken);
    assert_ne!(fs::read_to_string(folder.path().join("web.yaml")).expect("there"), WEB);
    let (plan, code) = json(folder.path(), "fix -f shared.yaml --grade B");
    assert_eq!(code, 4);
    assert_eq!(plan["refused"].as_array().map(Vec::len), Some(1), "{plan:#}");
    assert_eq!(plan["levels"]["after"]["restricted"], 0);
}

#[test]
fn slips_on_the_command_line_are_said() {
    let folder = folder::with(&[("web.yaml", WEB)]);
    for (arguments, expected) in [
        ("fix -f web.yaml --set runAsUser=root", "runAsUser"),
        ("fix -f web.yaml --set user=1", "runAsUser=UID"),
        ("fix -f web.yaml --grade X", "grade"),
        ("fix -f - --write", "standard input"),
        ("fix -f web.yaml --yes", "--write"),
        ("fix ns -f web.yaml", "namespaces"),
        ("fix ns/shop -f web.yaml", "namespaces"),
        ("fix -f web.yaml --level strict", "strict"),
    ] {
        let run = pss(folder.path(), arguments);
        assert_eq!(run.code, 2, "{arguments}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(expected), "{arguments}: {}", run.stderr);
    }
    let run = pss(folder.path(), "fix -f nothing.yaml");
    assert_eq!(run.code, 3, "{}", run.stderr);
}
