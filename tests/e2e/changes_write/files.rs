//! One file at a time.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use posture::input::files::{self, FileArgs};
use posture::model::source::Source;
use posture::patch::write;
use posture_generators::random::Random;
use posture_harness::{score, seed};
use tempfile::TempDir;

use crate::child;

/// Somebody who owns nothing.
const NOBODY: u32 = 65_534;

fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder")
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("its mode is set");
}

/// The names in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into()).collect()
}

fn is_root(folder: &Path) -> bool {
    let own = folder.join("own");
    fs::write(&own, "").expect("written");
    let is_root = own.metadata().expect("it is there").uid() == 0;
    fs::remove_file(own).expect("removed");
    is_root
}

fn change(path: &Path) -> Result<(), String> {
    let source = Source::file(path, fs::read(path).map_err(|error| error.to_string())?);
    write::write(&source, "after: 1\n").map_err(|error| error.to_string())
}

#[test]
fn mode_owner_and_group_stay() {
    let folder = folder();
    let path = folder.path().join("x.yaml");
    let is_root = is_root(folder.path());
    for bits in [0o600, 0o640, 0o644, 0o664, 0o666, 0o755, 0o200 | 0o400, 0o4755, 0o2755] {
        fs::write(&path, "before: 1\n").expect("written");
        if is_root {
            chown(&path, Some(1234), Some(5678)).expect("given away");
        }
        mode(&path, bits);
        let before = path.metadata().expect("it is there");
        change(&path).expect("it can be changed");
        let after = path.metadata().expect("it is there");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "after: 1\n");
        assert_eq!(after.mode(), before.mode(), "{bits:o}");
        assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
        assert_eq!(names(folder.path()).len(), 1);
        fs::remove_file(&path).expect("removed");
    }
}

#[test]
fn links_stay_and_what_they_lead_to_is_changed() {
    let folder = folder();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).expect("made");
    let path = inner.join("real.yaml");
    symlink(&path, inner.join("absolute.yaml")).expect("linked");
    symlink("inner/absolute.yaml", folder.path().join("second.yaml")).expect("linked");
    symlink("second.yaml", folder.path().join("third.yaml")).expect("linked");
    symlink("inner", folder.path().join("folder")).expect("linked");
    for link in ["third.yaml", "folder/real.yaml", "folder/absolute.yaml"] {
        fs::write(&path, "before: 1\n").expect("written");
        let link = folder.path().join(link);
        let kinds = || {
            let names = ["second.yaml", "third.yaml", "folder", "inner/absolute.yaml"];
            names.map(|name| fs::read_link(folder.path().join(name)).expect("it is a link"))
        };
        let before = kinds();
        change(&link).expect("it can be changed");
        assert_eq!(kinds(), before);
        assert!(path.symlink_metadata().expect("it is there").is_file());
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "after: 1\n");
        assert_eq!(names(&inner).len(), 2);
        assert_eq!(names(folder.path()).len(), 4);
    }
    // A link that is turned elsewhere meanwhile.
    let (link, other) = (folder.path().join("third.yaml"), folder.path().join("other.yaml"));
    fs::write(&other, "other: 1\n").expect("written");
    let outcome = write::replace(&link, |_| {
        fs::remove_file(&link).expect("removed");
        symlink("other.yaml", &link).expect("linked");
        Ok(b"lost".to_vec())
    });
    assert_eq!(
        outcome.expect_err("refused").to_string(),
        "somebody else changes it at this moment"
    );
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "after: 1\n");
    assert_eq!(fs::read_to_string(&other).expect("it is there"), "other: 1\n");
    // Links that lead nowhere, and in a circle.
    symlink("nowhere", folder.path().join("lost.yaml")).expect("linked");
    symlink("round.yaml", folder.path().join("round.yaml")).expect("linked");
    for name in ["lost.yaml", "round.yaml"] {
        let outcome = write::replace(&folder.path().join(name), |_| Ok(Vec::new()));
        let why = outcome.expect_err("refused").to_string();
        assert!(why.starts_with("it cannot be read: "), "{why}");
    }
}

#[test]
fn what_is_no_plain_file_is_refused() {
    let folder = folder();
    let path = folder.path().join("x.yaml");
    fs::write(&path, "before: 1\n").expect("written");
    fs::hard_link(&path, folder.path().join("y.yaml")).expect("linked");
    let why = change(&path).expect_err("refused");
    assert_eq!(why, "it has 2 hard links, and the others would keep what it was");
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "before: 1\n");
    let pipe = folder.path().join("pipe.yaml");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    for path in [pipe.as_path(), folder.path()] {
        let outcome = write::replace(path, |_| Ok(Vec::new()));
        assert_eq!(outcome.expect_err("refused").to_string(), "it is no regular file");
    }
    assert_eq!(names(folder.path()).len(), 3);
}

#[test]
fn what_cannot_be_kept_or_written_is_refused() {
    let folder = folder();
    let program = child::copy(folder.path());
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).expect("made");
    let path = inner.join("x.yaml");
    fs::write(&path, "before: 1\n").expect("written");
    mode(folder.path(), 0o755);
    let is_root = is_root(folder.path());
    let run = || {
        let mut command = child::command(&program, &path, "after");
        if is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        child::outcome(&mut command)
    };
    let untouched = || {
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "before: 1\n");
        assert_eq!(names(&inner).len(), 1);
    };
    if is_root {
        // Everybody may write the file and in the folder, but not give a file to somebody else.
        mode(&path, 0o666);
        mode(&inner, 0o777);
        let why = run();
        assert!(why.starts_with("its owner, group and mode cannot be kept: "), "{why}");
        untouched();
        mode(&path, 0o644);
        let why = run();
        assert!(why.starts_with("it cannot be written: "), "{why}");
        untouched();
        chown(&path, Some(NOBODY), Some(NOBODY)).expect("given away");
    }
    mode(&inner, 0o555);
    let why = run();
    assert!(why.starts_with("its folder takes no new file: "), "{why}");
    untouched();
    mode(&inner, 0o777);
    assert_eq!(run(), "");
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "after".repeat(100_000));
}

#[test]
fn a_full_disk_changes_nothing() {
    let folder = folder();
    let path = folder.path().join("x.yaml");
    fs::write(&path, "before: 1\n").expect("written");
    let own = std::env::current_exe().expect("a test knows its path");
    let child = child::command(&own, &path, "after");
    // No file may grow above this: the new one cannot be written to its end.
    let limited = r#"trap "" XFSZ; ulimit -f 64; exec "$0" "$@""#;
    let mut command = Command::new("sh");
    command.args(["-c", limited]).arg(child.get_program()).args(child.get_args());
    for (name, value) in child.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let why = child::outcome(&mut command);
    assert!(why.starts_with("the new file cannot be written: "), "{why}");
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "before: 1\n");
    assert_eq!(names(folder.path()).len(), 1);
}

#[test]
fn whoever_is_killed_leaves_a_whole_file() {
    let mut random = Random::new(seed::seed());
    let folder = folder();
    let own = std::env::current_exe().expect("a test knows its path");
    let path = folder.path().join("x.yaml");
    let texts = ["a".repeat(1 << 20), "b".repeat(1 << 20)];
    let (mut seen, mut left_over) = ([0, 0], 0);
    let rounds = seed::scaled(40, 400);
    for _ in 0..rounds {
        fs::write(&path, &texts[0]).expect("written");
        let mut command = child::for_ever(&own, &path, "b");
        let mut child = command.spawn().expect("the child can be started");
        // Long enough that it is at work.
        let pause = 10_000 + random.below(30_000);
        thread::sleep(Duration::from_micros(u64::try_from(pause).expect("it is small")));
        child.kill().expect("it is our child");
        child.wait().expect("it is our child");
        let text = fs::read_to_string(&path).expect("it is there");
        let which = texts.iter().position(|known| *known == text);
        seen[which.expect("it is one of the two, as a whole")] += 1;
        // What is left over is no manifest to anybody.
        let args = FileArgs {
            names: vec![folder.path().to_string_lossy().into_owned()],
            ..FileArgs::default()
        };
        let (sources, gaps) = files::read(&args).expect("the folder can be read");
        assert_eq!((sources.len(), gaps.len()), (1, 0));
        for name in names(folder.path()).into_iter().filter(|name| name != "x.yaml") {
            assert!(name.starts_with(".kubectl-posture-"), "{name}");
            left_over += 1;
            fs::remove_file(folder.path().join(name)).expect("removed");
        }
    }
    println!("old and new: {seen:?}; killed before the new file took its place: {left_over}");
    assert!(seen[0] > 0 && seen[1] > 0 && left_over > 0, "{seen:?}, {left_over}");
    score::record(
        "changes_write",
        "files, the writer killed at any moment",
        &format!("{rounds} kills"),
        0,
    );
}
