//! The questions of a real command about a real cluster: what was not wanted is not done, and what
//! was done can be taken back.

use std::fs;
use std::path::{Path, PathBuf};

use posture_harness::binary::Run;
use posture_harness::cluster::{ADMIN, Cluster};
use posture_harness::terminal::{CTRL_C, CTRL_D, Session, Streams};
use serde_json::{Value as Json, json};

const NAMES: [&str; 3] = ["a", "b", "c"];

/// A namespace of three Deployments without a profile.
fn world(namespace: &str) {
    let mut all = vec![json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace},
    })];
    all.extend(NAMES.map(|name| {
        let labels = json!({"app": name});
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "app", "image": "example.com/app:1"}]},
                },
            },
        })
    }));
    let list = json!({"apiVersion": "v1", "kind": "List", "items": all});
    Cluster::shared().apply(&list.to_string());
}

/// The specs of the three, as the server has them.
fn specs(namespace: &str) -> [Json; 3] {
    NAMES.map(|name| {
        let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}");
        Cluster::shared().get_json(&path)["spec"].clone()
    })
}

/// Which of the three have the profile.
fn done(namespace: &str) -> String {
    let pointer = "/template/spec/securityContext/seccompProfile/type";
    let specs = specs(namespace);
    let has_it = |spec: &Json| spec.pointer(pointer) == Some(&"RuntimeDefault".into());
    NAMES.iter().zip(&specs).filter(|(_, spec)| has_it(spec)).map(|(name, _)| *name).collect()
}

fn command(arguments: &[&str]) -> Run {
    let kubeconfig = Cluster::shared().kubeconfig(ADMIN);
    Run::new("kubectl-seccomp").args(arguments).env("KUBECONFIG", &kubeconfig.to_string_lossy())
}

fn set(namespace: &str, streams: Streams) -> Session {
    command(&["set", "RuntimeDefault", "-n", namespace]).on_terminal(streams)
}

fn undo_files(home: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(home.join(".local/state/kubectl-posture/undo")) else {
        return Vec::new();
    };
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

/// Answers the questions one after the other.
fn answer(session: &mut Session, keys: &[&str]) {
    for keys in keys {
        session.expect("[y]es, [n]o, [s]how, [a]ll, [q]uit ");
        session.send(keys);
    }
}

#[test]
fn only_what_was_wanted_is_done() {
    for (number, (keys, wanted, code)) in [
        (&["y\r", "n\r", "yes\r"][..], "ac", 1),
        (&["s\r", "all\r"], "abc", 0),
        (&["y\r", "y\r", "y\r"], "abc", 0),
        (&["n\r", "a\r"], "bc", 1),
        (&["y\r", "q\r"], "a", 1),
        (&["\r", "\r", "\r"], "", 1),
        (&[CTRL_C], "", 1),
        (&["y\r", CTRL_C], "a", 1),
        (&["y\r", "y\r", CTRL_D], "ab", 1),
        (&["q\r"], "", 1),
    ]
    .into_iter()
    .enumerate()
    {
        let namespace = format!("asked-{number}");
        world(&namespace);
        let before = specs(&namespace);
        let mut session = set(&namespace, Streams::All);
        answer(&mut session, keys);
        let ended = session.finish();
        assert_eq!(ended.code, Some(code), "{keys:?}\n{}", ended.screen);
        assert_eq!(done(&namespace), wanted, "{keys:?}\n{}", ended.screen);
        let undo = undo_files(ended.home.path());
        assert_eq!(undo.len(), usize::from(!wanted.is_empty()), "{}", ended.screen);
        if let Some(undo) = undo.first() {
            let undone = command(&["undo", &undo.to_string_lossy(), "--yes"]).finish();
            assert_eq!(undone.code, 0, "{}", undone.stderr);
        }
        assert_eq!(specs(&namespace), before, "{keys:?}");
    }
}

#[test]
fn a_terminal_that_goes_away_changes_nothing_more() {
    for streams in [Streams::All, Streams::WithoutSignals] {
        let namespace = format!("gone-{}", if streams == Streams::All { "all" } else { "quiet" });
        world(&namespace);
        let mut session = set(&namespace, streams);
        answer(&mut session, &["y\r"]);
        session.expect("[y]es, [n]o, [s]how, [a]ll, [q]uit ");
        session.hang_up();
        session.finish();
        assert_eq!(done(&namespace), "a");
    }
}

#[test]
fn without_a_terminal_nothing_is_done_unless_it_was_said() {
    let namespace = "nobody";
    world(namespace);
    for arguments in [
        &["set", "RuntimeDefault", "-n", namespace][..],
        &["set", "RuntimeDefault", "-n", namespace, "--all"],
        &["set", "RuntimeDefault", "-n", namespace, "--yes"],
        &["set", "RuntimeDefault", "-n", namespace, "deploy/a"],
    ] {
        let finished = command(arguments).input("y\ny\ny\n").finish();
        assert_eq!(finished.code, 2, "{arguments:?}\n{}", finished.stderr);
        assert_eq!(done(namespace), "");
    }
    let shown = command(&["set", "RuntimeDefault", "-n", namespace, "--dry-run=server"]).finish();
    assert_eq!((shown.code, done(namespace).as_str()), (0, ""), "{}", shown.stderr);
    assert_eq!(shown.stdout.matches("\n+++ ").count(), 3, "{}", shown.stdout);
    let made = command(&["set", "RuntimeDefault", "-n", namespace, "--all", "--yes"]).finish();
    assert_eq!((made.code, done(namespace).as_str()), (0, "abc"), "{}", made.stderr);
}

#[test]
fn files_are_never_asked_about() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let file = folder.path().join("pod.yaml");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  containers:\n  - name: a\n    image: x\n";
    fs::write(&file, pod).expect("written");
    let arguments = ["set", "RuntimeDefault", "-f", &file.to_string_lossy()];
    let ended = command(&arguments).on_terminal(Streams::All).finish();
    assert_eq!(ended.code, Some(0), "{}", ended.screen);
    assert!(ended.screen.contains("type: RuntimeDefault"), "{}", ended.screen);
    assert_eq!(fs::read_to_string(&file).expect("it is there"), pod);
    let arguments = [&arguments[..], &["--write"]].concat();
    let ended = command(&arguments).on_terminal(Streams::All).finish();
    assert_eq!(ended.code, Some(0), "{}", ended.screen);
    assert!(fs::read_to_string(&file).expect("it is there").contains("type: RuntimeDefault"));
    let undo = undo_files(ended.home.path());
    let undone = command(&["undo", &undo[0].to_string_lossy(), "--yes"]).finish();
    assert_eq!(undone.code, 0, "{}", undone.stderr);
    assert_eq!(fs::read_to_string(&file).expect("it is there"), pod);
}
