//! Which findings count: `--fail-on`, `--select`, `--ignore`, suppressions, baselines, and what
//! stays the same about a finding when things move.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use posture::finding::acceptance;
use posture::finding::document::Document;
use posture_e2e::folder::with as folder;
use posture_harness::binary::{Finished, Run};
use serde_json::Value;

/// A Deployment whose template breaks three rules of baseline and more of restricted.
const WEB: &str = "apiVersion: apps/v1
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
      hostPID: true
      securityContext:
        runAsNonRoot: true
        seccompProfile: {type: RuntimeDefault}
      containers:
      - name: app
        image: x
        ports:
        - containerPort: 80
          hostPort: 80
        securityContext:
          allowPrivilegeEscalation: false
          capabilities: {drop: [ALL]}
      - name: side
        image: x
        securityContext:
          privileged: true
          capabilities: {drop: [ALL]}
";

fn check(folder: &Path, arguments: &str) -> Finished {
    Run::new("kubectl-pss")
        .args(["check"].into_iter().chain(arguments.split_whitespace()))
        .in_folder(folder)
        .env("COLUMNS", "100")
        .finish()
}

fn json(folder: &Path, arguments: &str) -> (Value, i32) {
    let run = check(folder, &format!("{arguments} -o json"));
    let report = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr));
    (report, run.code)
}

/// The checks of the findings that count.
fn checks(report: &Value) -> BTreeSet<String> {
    let findings = report["findings"].as_array().expect("findings");
    findings.iter().map(|finding| finding["check"].as_str().expect("a check").to_owned()).collect()
}

fn prints(report: &Value) -> BTreeSet<String> {
    let findings = report["findings"].as_array().expect("findings");
    let print = |finding: &Value| finding["fingerprint"].as_str().expect("a print").to_owned();
    findings.iter().map(print).collect()
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

const ALL: [&str; 4] = ["allowPrivilegeEscalation", "hostNamespaces", "hostPorts", "privileged"];

#[test]
fn everything_counts_without_flags() {
    let folder = folder(&[("web.yaml", WEB)]);
    let (report, code) = json(folder.path(), "-f web.yaml");
    assert_eq!((checks(&report), code), (set(&ALL), 1));
    assert_eq!(report["summary"]["suppressed"], 0);
    assert_eq!(report.get("suppressed"), None);
    assert_eq!(report.get("suppressions"), None);
}

#[test]
fn select_and_ignore_take_identifiers_groups_and_globs() {
    let folder = folder(&[("web.yaml", WEB)]);
    for (arguments, expected) in [
        ("--select hostPorts", &["hostPorts"][..]),
        ("--select hostports,privileged", &["hostPorts", "privileged"]),
        ("--select host*", &["hostNamespaces", "hostPorts"]),
        ("--select host* --select privileged", &["hostNamespaces", "hostPorts", "privileged"]),
        ("--select restricted", &["allowPrivilegeEscalation"]),
        ("--select baseline --ignore hostP*", &["hostNamespaces", "privileged"]),
        ("--ignore baseline", &["allowPrivilegeEscalation"]),
        ("--select hostPorts --ignore baseline", &[]),
    ] {
        let (report, code) = json(folder.path(), &format!("-f web.yaml {arguments}"));
        assert_eq!(checks(&report), set(expected), "{arguments}");
        assert_eq!(code, i32::from(!expected.is_empty()), "{arguments}");
        // The verdict is the API server's, whatever was chosen.
        assert_eq!(report["objects"][0]["verdict"], "rejected", "{arguments}");
        assert_eq!(
            report["summary"]["findings"],
            report["findings"].as_array().expect("a list").len()
        );
    }
    let run = check(folder.path(), "-f web.yaml --select hostPort");
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("did you mean hostPorts?"), "{}", run.stderr);
    assert_eq!(check(folder.path(), "-f web.yaml --ignore nothing*").code, 2);
}

#[test]
fn the_threshold_decides_the_exit_code_alone() {
    let labels = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n    pod-security.kubernetes.io/enforce: privileged\n    pod-security.kubernetes.io/MODE: baseline\n";
    for (mode, fails) in [
        ("enforce", &[("error", 1), ("warning", 1), ("info", 1)]),
        ("warn", &[("error", 0), ("warning", 1), ("info", 1)]),
        ("audit", &[("error", 0), ("warning", 0), ("info", 1)]),
    ] {
        let namespace = labels
            .replace("pod-security.kubernetes.io/enforce: privileged\n    ", "")
            .replace("MODE: baseline", &format!("{mode}: baseline"));
        let namespace = if mode == "enforce" {
            namespace
        } else {
            namespace + "    pod-security.kubernetes.io/enforce: privileged\n"
        };
        let folder = folder(&[("a.yaml", WEB), ("ns.yaml", &namespace)]);
        let (plain, _) = json(folder.path(), "-f a.yaml,ns.yaml");
        for (threshold, code) in fails {
            let arguments = format!("-f a.yaml,ns.yaml --fail-on {threshold}");
            let (report, found) = json(folder.path(), &arguments);
            assert_eq!(found, *code, "{mode} {threshold}");
            assert_eq!(report["findings"], plain["findings"], "{mode} {threshold}");
            for format in ["human", "wide", "name", "yaml"] {
                let run = check(folder.path(), &format!("{arguments} -o {format}"));
                assert_eq!(run.code, *code, "{mode} {threshold} {format}");
            }
        }
    }
}

#[test]
fn the_three_forms_of_suppressions() {
    let annotated = WEB.replace(
        "  namespace: shop\n",
        "  namespace: shop\n  annotations:\n    kubectl-posture/ignore: |\n      hostPorts the load balancer\n      privileged until=2999-12-31 the agent\n",
    );
    let in_template = WEB.replace(
        "      labels: {app: web}\n",
        "      labels: {app: web}\n      annotations: {kubectl-posture/ignore: \"hostPorts,privileged both\"}\n",
    );
    let trailing = WEB
        .replace("hostPort: 80", "hostPort: 80 # posture:ignore hostPorts the load balancer")
        .replace("privileged: true", "privileged: true   #posture:ignore privileged the agent");
    let above = WEB
        .replace("          hostPort: 80", "          # posture:ignore hostPorts the load balancer\n          # and a remark\n          hostPort: 80")
        .replace("          privileged: true", "# posture:ignore priv* the agent\n          privileged: true");
    let file = "ignore:\n- {check: hostPorts, kind: Deployment, namespace: shop, name: web, path: \"*.containers[app].*\", reason: the load balancer}\n- check: privileged\n  name: w?b\n  until: 2999-12-31\n  reason: the agent\n";
    for (name, manifest, file) in [
        ("annotation", annotated.as_str(), ""),
        ("annotation of the template", in_template.as_str(), ""),
        ("comment on the line", trailing.as_str(), ""),
        ("comment above", above.as_str(), ""),
        ("file", WEB, file),
    ] {
        let folder = folder(&[("web.yaml", manifest)]);
        if !file.is_empty() {
            fs::write(folder.path().join(".posture.yaml"), file).expect("written");
        }
        let (report, code) = json(folder.path(), "-f .");
        let left = set(&["allowPrivilegeEscalation", "hostNamespaces"]);
        assert_eq!((checks(&report), code), (left, 1), "{name}");
        assert_eq!(report["summary"]["suppressed"], 2, "{name}");
        assert_eq!(report.get("suppressed"), None, "{name}");
        assert_eq!(report.get("suppressions"), None, "{name}: {}", report["suppressions"]);
        let (shown, _) = json(folder.path(), "-f . --show-suppressed");
        let suppressed = shown["suppressed"].as_array().expect("suppressed");
        assert_eq!(suppressed.len(), 2, "{name}");
        for finding in suppressed {
            let by = finding["suppression"]["by"].as_str().expect("by");
            assert!(name.starts_with(by), "{name}: {by}");
            assert!(!finding["suppression"]["reason"].as_str().expect("a reason").is_empty());
            assert!(finding["suppression"]["place"]["line"].is_u64(), "{name}");
        }
        let (strict, _) = json(folder.path(), "-f . --no-suppressions --show-suppressed");
        assert_eq!((checks(&strict), strict.get("suppressed")), (set(&ALL), None), "{name}");
        // Once nothing is left that counts, nothing fails.
        let (rest, code) =
            json(folder.path(), "-f . --ignore allowPrivilegeEscalation,hostNamespaces");
        assert_eq!((checks(&rest), code), (set(&[]), 0), "{name}");
        let names = check(folder.path(), "-f . -o name --ignore allow*,hostNamespaces");
        assert_eq!((names.stdout.as_str(), names.code), ("", 0), "{name}");
    }
}

#[test]
fn suppressions_that_do_nothing_are_said() {
    let manifest = WEB
        .replace("hostPort: 80", "hostPort: 80 # posture:ignore hostPorts until=2020-01-31 it was needed")
        .replace("privileged: true", "privileged: true # posture:ignore privileged")
        .replace("hostPID: true", "hostPID: true # posture:ignore hostPorts wrong check")
        .replace("kind: Deployment", "kind: Deployment # posture:ignore priviledged a slip")
        .replace("        image: x\n        ports", "        image: x\n        args:\n        - |\n          # posture:ignore sysctls text and no comment\n        - \"# posture:ignore sysctls text\"\n        ports");
    let file = "ignore:\n- {check: sysctls, reason: not here}\n- {check: \"reach-anywhere,privileged\", name: other, reason: nobody knows one}\n";
    let folder = folder(&[("web.yaml", &manifest), (".posture.yaml", file)]);
    let (report, code) = json(folder.path(), "-f web.yaml");
    assert_eq!((checks(&report), code), (set(&ALL), 1));
    let idle: Vec<String> = report["suppressions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|idle| {
            let text = |key: &str| idle[key].as_str().unwrap_or_default().to_owned();
            let place = &idle["place"];
            let file = place["file"].as_str().expect("a file");
            format!("{} {} {} {file}:{}", text("status"), text("by"), text("check"), place["line"])
        })
        .collect();
    assert_eq!(
        idle,
        [
            "invalid comment priviledged web.yaml:2",
            "unused comment hostPorts web.yaml:12",
            "expired comment hostPorts web.yaml:25",
            "invalid comment privileged web.yaml:32",
            "unused file sysctls .posture.yaml:2",
            "invalid file reach-anywhere .posture.yaml:3",
            "unused file privileged .posture.yaml:3",
        ]
    );
    insta::assert_snapshot!("idle", check(folder.path(), "-f web.yaml").stdout);
    // What was not asked for cannot be called unused.
    let (report, _) = json(folder.path(), "-f web.yaml --select allowPrivilegeEscalation");
    let checks: Vec<&str> = report["suppressions"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|idle| idle["check"].as_str())
        .collect();
    assert_eq!(checks, ["priviledged", "reach-anywhere"]);
}

#[test]
fn slips_are_said_and_suppress_nothing() {
    for (comment, why) in [
        ("# posture:ignore: hostNamespaces x", "it is written: # posture:ignore CHECK reason"),
        ("# posture: ignore hostNamespaces x", "it is written: # posture:ignore CHECK reason"),
        ("# Posture:Ignore hostNamespaces x", "it is written: # posture:ignore CHECK reason"),
        ("# posture:ignore hostNamespaces x until=2020-01-01", "before the reason"),
        ("# posture:ignore hostNamespaces until:2999-01-01 x", "before the reason"),
        ("# posture:ignore hostNamespaces, privileged x", "no blanks stand in the list"),
        ("# posture:ignore bogus x", "there is no such check"),
        ("# posture:ignore", "it names no check"),
    ] {
        let manifest = WEB.replace("hostPID: true", &format!("hostPID: true {comment}"));
        let folder = folder(&[("web.yaml", &manifest)]);
        let (report, _) = json(folder.path(), "-f web.yaml");
        assert_eq!(checks(&report), set(&ALL), "{comment}");
        let said = report["suppressions"][0]["why"].as_str().unwrap_or_default().to_owned();
        assert!(said.contains(why), "{comment}: {said}");
        assert_eq!(report["suppressions"][0]["status"], "invalid", "{comment}");
    }
    for text in
        ["# the posture of this, ignore it", "# xposture:ignore a b", "# posture-ignore a b"]
    {
        let manifest = WEB.replace("hostPID: true", &format!("hostPID: true {text}"));
        let (report, _) = json(folder(&[("web.yaml", &manifest)]).path(), "-f web.yaml");
        assert_eq!(report.get("suppressions"), None, "{text}");
    }
}

#[test]
fn what_the_server_would_not_take_is_never_a_pass() {
    let invalid = WEB.replace("hostPID: true", "hostPID: \"yes\"");
    let annotated = invalid.replace(
        "  namespace: shop\n",
        "  namespace: shop\n  annotations: {kubectl-posture/ignore: \"* all of it\"}\n",
    );
    for (manifest, arguments) in [
        (&invalid, "--select baseline"),
        (&invalid, "--ignore decoding"),
        (&annotated, ""),
        (&invalid, "--baseline known --update-baseline"),
    ] {
        let folder = folder(&[("web.yaml", manifest)]);
        let (report, code) = json(folder.path(), &format!("-f web.yaml {arguments}"));
        assert_eq!(code, 4, "{arguments}");
        assert_eq!(report["summary"]["complete"], false);
        let why = report["gaps"][0]["why"].as_str().expect("a reason");
        assert!(why.starts_with("the API server would not take it"), "{why}");
    }
    let plain = folder(&[("web.yaml", &invalid)]);
    assert_eq!(check(plain.path(), "-f web.yaml").code, 1);
}

#[test]
fn what_is_asked_for_is_not_left_out_again() {
    let folder = folder(&[("web.yaml", WEB)]);
    for arguments in
        ["--require probes --ignore probes", "--require probes --select baseline", "--select quota"]
    {
        let run = check(folder.path(), &format!("-f web.yaml {arguments}"));
        assert_eq!(run.code, 2, "{arguments}: {}", run.stderr);
    }
    let (report, code) = json(folder.path(), "-f web.yaml --require probes --select probes");
    assert_eq!((checks(&report), code), (set(&["probes"]), 1));
    let (report, _) =
        json(folder.path(), "-f web.yaml --require probes --select require,hostPorts");
    assert_eq!(checks(&report), set(&["hostPorts", "probes"]));
}

#[test]
fn a_comment_in_what_was_not_asked_for_is_nobodys_business() {
    let idle = |name: &str| {
        WEB.replace("name: web", &format!("name: {name}"))
            .replace("app\n", "app # posture:ignore sysctls none\n")
    };
    let folder = folder(&[("web.yaml", &format!("{}---\n{}", idle("web"), idle("other")))]);
    let count = |arguments: &str| {
        let (report, _) = json(folder.path(), arguments);
        report["suppressions"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(count("-f web.yaml"), 2);
    assert_eq!(count("deploy/web -f web.yaml"), 1);
    assert_eq!(count("deploy/other -f web.yaml"), 1);
}

#[test]
fn a_file_that_cannot_be_understood_is_refused() {
    for (text, why) in [
        ("ignore:\n- {check: privileged}\n", ".posture.yaml:2:3: the entry has no reason"),
        ("ignore:\n- {reason: x}\n", ".posture.yaml:2:3: the entry has no check"),
        (
            "ignore:\n- {check: a, reason: x, chekc: b}\n",
            ".posture.yaml:2:25: an entry has the keys",
        ),
        (
            "ignore:\n- {check: a, reason: x, until: soon}\n",
            ".posture.yaml:2:32: \"soon\" is no day",
        ),
        ("ignore:\n- {check: a, reason: 5}\n", ".posture.yaml:2:22: text is expected"),
        ("ignore: {check: a}\n", ".posture.yaml:1:9: ignore is a list"),
        ("ignored: []\n", ".posture.yaml:1:1: the only key is ignore"),
        ("ignore: [\n", ".posture.yaml:"),
        ("- x\n", ".posture.yaml:1:1: a mapping with the key ignore"),
    ] {
        let folder = folder(&[("web.yaml", WEB), (".posture.yaml", text)]);
        let run = check(folder.path(), "-f web.yaml");
        assert_eq!(run.code, 2, "{text}");
        assert!(run.stderr.contains(why), "{text}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{text}");
    }
    for empty in ["", "ignore:\n", "ignore: []\n"] {
        let folder = folder(&[("web.yaml", WEB), (".posture.yaml", empty)]);
        assert_eq!(check(folder.path(), "-f web.yaml").code, 1);
    }
}

#[test]
fn the_file_is_that_of_the_repository() {
    let outer = folder(&[(".posture.yaml", "ignore: [{check: \"*\", reason: all}]\n")]);
    let inner = outer.path().join("deploy");
    fs::create_dir(&inner).expect("made");
    fs::write(inner.join("web.yaml"), WEB).expect("written");
    assert_eq!(check(&inner, "-f web.yaml").code, 1, "a folder above is nobody's business");
    fs::create_dir(outer.path().join(".git")).expect("made");
    assert_eq!(check(&inner, "-f web.yaml").code, 0, "unless it is the same repository");
}

#[test]
fn only_what_is_new_beside_a_baseline_fails() {
    let folder = folder(&[("web.yaml", WEB)]);
    let missing = check(folder.path(), "-f web.yaml --baseline known.json");
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("--update-baseline"), "{}", missing.stderr);
    assert_eq!(check(folder.path(), "-f web.yaml --update-baseline").code, 2);
    let written = check(folder.path(), "-f web.yaml --baseline known.json --update-baseline");
    assert_eq!(written.code, 0, "{}", written.stderr);
    let first = fs::read_to_string(folder.path().join("known.json")).expect("a baseline");
    let (report, code) = json(folder.path(), "-f web.yaml --baseline known.json");
    assert_eq!((checks(&report), code), (set(&[]), 0));
    // More of the same, something graver, something new.
    let more = WEB.replace(
        "          hostPort: 80\n",
        "          hostPort: 80\n        - containerPort: 81\n          hostPort: 81\n",
    );
    fs::write(folder.path().join("web.yaml"), &more).expect("written");
    let (report, code) = json(folder.path(), "-f web.yaml --baseline known.json");
    assert_eq!((checks(&report), code), (set(&["hostPorts"]), 1));
    assert_eq!(report["summary"]["findings"], 1);
    let other = WEB.replace("hostPID: true", "hostIPC: true");
    fs::write(folder.path().join("web.yaml"), &other).expect("written");
    let (report, code) = json(folder.path(), "-f web.yaml --baseline known.json");
    assert_eq!((checks(&report), code), (set(&["hostNamespaces"]), 1));
    let gone = report["suppressions"][0]["why"].as_str().expect("why");
    assert!(gone.starts_with("1 finding of the baseline did not come again"), "{gone}");
    // What was not asked for may be there still.
    let (report, _) = json(folder.path(), "-f web.yaml --baseline known.json --select privileged");
    assert_eq!(report.get("suppressions"), None);
    // The same input writes the same file.
    fs::write(folder.path().join("web.yaml"), WEB).expect("written");
    check(folder.path(), "-f web.yaml --baseline known.json --update-baseline");
    assert_eq!(fs::read_to_string(folder.path().join("known.json")).expect("a baseline"), first);
    for broken in ["{", "[]", "{\"apiVersion\":\"posture/v1\",\"kind\":\"Report\",\"findings\":[]}"]
    {
        fs::write(folder.path().join("known.json"), broken).expect("written");
        let run = check(folder.path(), "-f web.yaml --baseline known.json");
        assert_eq!(run.code, 2, "{broken}: {}", run.stderr);
    }
}

#[test]
fn a_warning_that_became_an_error_is_new() {
    let namespace = |mode: &str| {
        format!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n    pod-security.kubernetes.io/enforce: {mode}\n    pod-security.kubernetes.io/warn: baseline\n"
        )
    };
    let folder = folder(&[("web.yaml", WEB), ("ns.yaml", &namespace("privileged"))]);
    let known = "-f web.yaml,ns.yaml --baseline known.json --fail-on warning";
    assert_eq!(check(folder.path(), &format!("{known} --update-baseline")).code, 0);
    assert_eq!(check(folder.path(), known).code, 0);
    fs::write(folder.path().join("ns.yaml"), namespace("baseline")).expect("written");
    assert_eq!(check(folder.path(), known).code, 1);
}

#[test]
fn what_could_not_be_judged_stays_in_a_baseline() {
    let folder =
        folder(&[("web.yaml", WEB), ("other.yaml", &WEB.replace("name: web", "name: other"))]);
    let update = "-f . --baseline known --update-baseline";
    assert_eq!(check(folder.path(), update).code, 0);
    let whole = fs::read_to_string(folder.path().join("known")).expect("a baseline");
    fs::write(folder.path().join("other.yaml"), "a: [\n").expect("written");
    let run = check(folder.path(), update);
    assert_eq!(run.code, 4, "{}", run.stderr);
    assert!(run.stderr.contains("is kept in it"), "{}", run.stderr);
    assert_eq!(fs::read_to_string(folder.path().join("known")).expect("a baseline"), whole);
}

#[test]
fn namespaces_are_summed_up_by_the_same_gates() {
    let folder = folder(&[
        ("web.yaml", WEB),
        (
            "ns.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels: {pod-security.kubernetes.io/enforce: baseline}\n",
        ),
    ]);
    assert_eq!(check(folder.path(), "ns -f .").code, 1);
    assert_eq!(check(folder.path(), "ns -f . --select sysctls").code, 0);
    let file = "ignore: [{check: baseline, kind: Deployment, name: web, reason: all of it}]\n";
    fs::write(folder.path().join(".posture.yaml"), file).expect("written");
    let (report, code) = json(folder.path(), "ns -f .");
    assert_eq!((checks(&report), code), (set(&[]), 0));
    fs::remove_file(folder.path().join(".posture.yaml")).expect("removed");
    let annotated = WEB.replace(
        "  namespace: shop\n",
        "  namespace: shop\n  annotations: {kubectl-posture/ignore: baseline for now}\n",
    );
    fs::write(folder.path().join("web.yaml"), annotated).expect("written");
    let (report, code) = json(folder.path(), "ns -f .");
    assert_eq!((checks(&report), code), (set(&[]), 0));
}

#[test]
fn fingerprints_stay_when_things_move() {
    let second = WEB.replace("name: web", "name: second");
    let third = WEB.replace("kind: Deployment", "kind: StatefulSet");
    let original = folder(&[("a.yaml", &format!("{WEB}---\n{second}---\n{third}"))]);
    let (report, _) = json(original.path(), "-f .");
    let expected = prints(&report);
    // Three objects, of each one finding a check but for the two containers without a name clash.
    assert_eq!(expected.len(), report["findings"].as_array().expect("a list").len());
    let at = WEB.find("      - name: app").expect("a container");
    let side = WEB.find("      - name: side").expect("a container");
    let swapped = format!("{}{}{}", &WEB[..at], &WEB[side..], &WEB[at..side]);
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n{}",
        [WEB, &second, &third]
            .iter()
            .rev()
            .map(|text| format!("- {}", text.trim_end().replace('\n', "\n  ")))
            .collect::<Vec<_>>()
            .join("\n")
    );
    for (what, files) in [
        ("containers", vec![("a.yaml", format!("{swapped}---\n{second}---\n{third}"))]),
        ("documents", vec![("a.yaml", format!("{third}---\n# moved\n{second}---\n\n{WEB}"))]),
        (
            "files",
            vec![("z.yaml", WEB.to_owned()), ("b.yaml", third.clone()), ("c.yaml", second.clone())],
        ),
        ("a list", vec![("list.yaml", list)]),
        (
            "another version",
            vec![(
                "a.yaml",
                format!("{WEB}---\n{second}---\n{third}").replace("image: x", "image: z"),
            )],
        ),
    ] {
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let (report, _) = json(folder(&files).path(), "-f .");
        assert_eq!(prints(&report), expected, "{what}");
    }
    let renamed = WEB.replace("name: side", "name: other");
    let (report, _) = json(folder(&[("a.yaml", &renamed)]).path(), "-f .");
    assert!(!prints(&report).is_subset(&expected), "a container of another name is another one");
}

#[test]
fn documents_of_what_comes_before_are_executed() {
    for check_of in &acceptance::CHECKS {
        let document = Document::parse(check_of.document).expect("a document");
        let title = format!("# {}: {}", check_of.id, check_of.title);
        assert!(check_of.document.lines().any(|line| line == title), "{title}");
        for (section, fires) in [("Fails", true), ("Passes", false)] {
            let examples = document.examples(section);
            assert!(!examples.is_empty(), "{} has none", check_of.id);
            for example in examples {
                let folder = folder(&[("a.yaml", example)]);
                let (report, _) = json(folder.path(), "-f a.yaml --select decoding --fail-on info");
                let expected = if fires { set(&[check_of.id]) } else { set(&[]) };
                assert_eq!(checks(&report), expected, "{}: {example}", check_of.id);
                let severity = document.front("severity").expect("a severity");
                if fires {
                    assert_eq!(report["findings"][0]["severity"], severity);
                }
            }
        }
    }
}
