//! `kubectl seccomp set -f`: every kind, every style of file, what is left alone, and that a second
//! run has nothing to do.
#![cfg(test)]

mod kinds;
mod wishes;

use std::fs;
use std::path::Path;

use posture_e2e::{folder, object};
use posture_harness::binary::{Finished, Run};
use serde_json::Value;
use tempfile::TempDir;

/// Runs `kubectl seccomp set` in a folder.
fn set(folder: &Path, arguments: &[&str]) -> Finished {
    Run::new("kubectl-seccomp").in_folder(folder).args([&["set"], arguments].concat()).finish()
}

/// What a file holds, document by document.
fn documents(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("the file is there");
    let objects = object::from_yaml("written", &text);
    objects.iter().map(|object| object.value().to_json()).collect()
}

/// Writes a text into a new folder, sets a profile on it, and again, which must change nothing;
/// returns the folder, what the first run said and the text afterwards.
fn written(text: &str, arguments: &[&str]) -> (TempDir, Finished, String) {
    let folder = folder::with(&[("x.yaml", text)]);
    let all = [arguments, &["-f", "x.yaml", "--write"]].concat();
    let first = set(folder.path(), &all);
    let path = folder.path().join("x.yaml");
    let after = fs::read_to_string(&path).expect("the file is there");
    let modified = || fs::metadata(&path).and_then(|file| file.modified()).expect("a time");
    let time = modified();
    let second = set(folder.path(), &all);
    assert_eq!(second.stdout, "", "a second run has nothing to do: {second:?}");
    assert_eq!(fs::read_to_string(&path).expect("the file is there"), after);
    assert_eq!(modified(), time, "a second run does not touch the file");
    (folder, first, after)
}

/// Whether every line of one text is in the other, in the same order.
fn keeps(before: &str, after: &str) -> bool {
    let mut lines = after.split_inclusive('\n');
    before.split_inclusive('\n').all(|line| lines.any(|other| other.trim_end() == line.trim_end()))
}
