//! Our own binaries: built as the tests are, run with nothing of the caller's environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::{env, thread};

use tempfile::TempDir;

/// What was built in this process already.
static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());

/// The path of one of our binaries, built now if it is not up to date. Cargo tells a test only
/// of the binaries of its own package, and does not build those of another.
///
/// # Panics
/// If the build fails.
pub fn path(name: &str) -> PathBuf {
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = built.get(name) {
        return path.clone();
    }
    let path = build(name);
    built.insert(name.to_owned(), path.clone());
    path
}

fn build(name: &str) -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--message-format=json", "-p", name, "--bin", name])
        .stderr(Stdio::inherit());
    if is_release() {
        command.arg("--release");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = command.current_dir(root).output().expect("cargo can be started");
    assert!(output.status.success(), "building {name} failed");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .unwrap_or_else(|| panic!("cargo built no {name}"))
}

/// Whether this test was built for release: it then lies in `target/release/deps`.
fn is_release() -> bool {
    let own = env::current_exe().expect("a test knows its own path");
    own.ancestors().nth(2).is_some_and(|profile| profile.ends_with("release"))
}

/// A run of one of our binaries, in an environment with a home of its own, no colour and no
/// kubeconfig.
#[derive(Debug)]
pub struct Run {
    command: Command,
    home: TempDir,
    input: Vec<u8>,
}

impl Run {
    /// Prepares a run of the binary `name` (`kubectl-pss`).
    ///
    /// # Panics
    /// If it cannot be built.
    pub fn new(name: &str) -> Self {
        Self::of(&path(name))
    }

    /// Prepares a run of any program in the same environment.
    ///
    /// # Panics
    /// If there is no place for its home.
    pub fn of(program: &Path) -> Self {
        let home = TempDir::new().expect("a temporary folder");
        let mut command = Command::new(program);
        command.env_clear().env("HOME", home.path()).env("NO_COLOR", "1").env("TERM", "dumb");
        command.env("PATH", env::var_os("PATH").unwrap_or_default());
        Self { command, home, input: Vec::new() }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I, S>(mut self, arguments: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<OsString>,
    {
        self.command.args(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets the folder that it runs in; by default the test's own.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Sets its standard input; by default that is empty.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// The home folder of the run, empty and removed with it.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// What is to be run, and the home that goes with it.
    pub(crate) fn into_parts(self) -> (Command, TempDir) {
        (self.command, self.home)
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// If it cannot be started or is ended by a signal.
    pub fn finish(mut self) -> Finished {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("our own binary can be started");
        let mut stdin = child.stdin.take().expect("its standard input is a pipe");
        let input = std::mem::take(&mut self.input);
        // A program that ends without reading everything closes the pipe: that is its right.
        let writing = thread::spawn(move || stdin.write_all(&input).is_ok());
        let output = child.wait_with_output().expect("its output is readable");
        writing.join().expect("the writer does not panic");
        Finished::new(&output)
    }
}

/// What a run said, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Finished {
    pub(crate) fn new(output: &Output) -> Self {
        let code = output.status.code().unwrap_or_else(|| panic!("it {}", output.status));
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it prints UTF-8");
        Self { code, stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Standard output as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON: {error}\n{}\n{}", self.stdout, self.stderr))
    }
}
