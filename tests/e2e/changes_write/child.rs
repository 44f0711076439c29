//! Another process that changes a file: this very test, run anew.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use posture::patch::write;

const PATH: &str = "POSTURE_CHILD_PATH";
const TEXT: &str = "POSTURE_CHILD_TEXT";
const FOR_EVER: &str = "POSTURE_CHILD_FOR_EVER";

/// What the child does: puts a text in the place of a file's, once, or by turns with what it held,
/// until somebody ends it.
#[test]
#[ignore = "it is what the others run"]
fn child() {
    let Some(path) = env::var_os(PATH).map(PathBuf::from) else { return };
    let text = env::var(TEXT).expect("the text is there");
    if env::var_os(FOR_EVER).is_none() {
        let outcome = write::replace(&path, |_| Ok(text.repeat(100_000).into_bytes()));
        println!("outcome: {}", outcome.map_or_else(|error| error.to_string(), |()| String::new()));
        return;
    }
    let before = fs::read(&path).expect("it is there");
    let after = text.repeat(before.len()).into_bytes();
    for round in 0.. {
        let next = if round % 2 == 0 { after.clone() } else { before.clone() };
        write::replace(&path, |_| Ok(next)).expect("nobody else is there");
    }
}

/// The child, for a file. `program` is a copy of this test that others may run.
pub(super) fn command(program: &Path, path: &Path, text: &str) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--exact", "child::child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(PATH, path)
        .env(TEXT, text)
        .stdin(Stdio::null());
    command
}

/// The same, without an end.
pub(super) fn for_ever(program: &Path, path: &Path, text: &str) -> Command {
    let mut command = command(program, path, text);
    command.env(FOR_EVER, "1").stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Runs the child to its end. Why it could not do what it was to; nothing if it could.
pub(super) fn outcome(command: &mut Command) -> String {
    let output = command.output().expect("the child can be started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let outcome = said.lines().find_map(|line| line.split_once("outcome: ")).map(|(_, why)| why);
    let why = String::from_utf8_lossy(&output.stderr);
    outcome.unwrap_or_else(|| panic!("the child failed: {said}{why}")).to_owned()
}

/// A copy of this test in a folder.
pub(super) fn copy(folder: &Path) -> PathBuf {
    let program = folder.join("child");
    fs::copy(env::current_exe().expect("a test knows its path"), &program).expect("copied");
    program
}
