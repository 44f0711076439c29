//! The judges: where they lie, and the conversation with one that answers line by line.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::{env, fs, thread};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::asset;

/// Names the folder that `tests/judges/build` printed.
pub const FOLDER_VARIABLE: &str = "POSTURE_JUDGES";

/// How much is written to a judge, or read from it, at once.
const BUFFER: usize = 1 << 20;

/// What a judge of Pod Security is called, before its version.
const POD_SECURITY: &str = "pss-v";

/// The folder that holds the judges.
///
/// # Panics
/// If the variable is not set or names no folder.
pub fn folder() -> PathBuf {
    let folder = env::var_os(FOLDER_VARIABLE).map_or_else(
        || {
            panic!(
                "{FOLDER_VARIABLE} is not set, so there is no judge.\n\
             Run the judged suites with tests/run, or set it yourself:\n    \
             export {FOLDER_VARIABLE}=$(tests/judges/build)"
            )
        },
        PathBuf::from,
    );
    assert!(folder.is_dir(), "{FOLDER_VARIABLE} names no folder: {}", folder.display());
    folder
}

/// The path of a judge's program.
///
/// # Panics
/// If it has not been built.
pub fn path(name: &str) -> PathBuf {
    let path = folder().join(name);
    assert!(
        path.exists(),
        "the judge {name} is missing from {}: build it with tests/judges/build",
        folder().display()
    );
    path
}

/// The real kubectl.
pub fn kubectl() -> PathBuf {
    asset::path("kubectl")
}

/// The folder of pods that Kubernetes tests its own Pod Security library with:
/// `LEVEL/VERSION/{pass,fail}/NAME.yaml`.
///
/// # Panics
/// If the judges were built without it.
pub fn fixtures() -> PathBuf {
    let note = path("fixtures");
    let folder = fs::read_to_string(&note).expect("the note beside the judges is readable");
    let folder = PathBuf::from(folder.trim_end());
    assert!(
        folder.is_dir(),
        "the fixtures are gone from {}: run tests/judges/build",
        folder.display()
    );
    folder
}

/// A judge of Pod Security as one minor release of Kubernetes carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodSecurityJudge {
    /// `37` for a server of version 1.37.
    pub minor: u32,
    /// The program's name, for [`LineJudge::start`].
    pub name: String,
}

/// Every judge of Pod Security that was built, the oldest first.
///
/// # Panics
/// If there is none.
pub fn pod_security() -> Vec<PodSecurityJudge> {
    let mut judges: Vec<PodSecurityJudge> = fs::read_dir(folder())
        .expect("the folder of judges is readable")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| {
            let version = name.strip_prefix(POD_SECURITY)?;
            let minor = version.split('.').nth(1)?.parse().ok()?;
            Some(PodSecurityJudge { minor, name })
        })
        .collect();
    judges.sort_by_key(|judge| judge.minor);
    assert!(!judges.is_empty(), "no judge of Pod Security: run tests/judges/build");
    judges
}

/// A judge that answers each line of JSON with one line of JSON, in the same order.
#[derive(Debug)]
pub struct LineJudge {
    name: String,
    child: Child,
    requests: Option<BufWriter<ChildStdin>>,
    answers: BufReader<ChildStdout>,
}

impl LineJudge {
    /// Starts a judge by its name in the folder of judges.
    ///
    /// # Panics
    /// If it is missing or does not start.
    pub fn start(name: &str) -> Self {
        Self::at(&path(name))
    }

    /// Starts the judge at a path.
    ///
    /// # Panics
    /// If it does not start.
    pub fn at(path: &Path) -> Self {
        let mut child =
            Command::new(path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap_or_else(
                |error| panic!("cannot start the judge {}: {error}", path.display()),
            );
        let requests = child.stdin.take().expect("its standard input is a pipe");
        let answers = child.stdout.take().expect("its standard output is a pipe");
        Self {
            name: path.display().to_string(),
            child,
            requests: Some(BufWriter::with_capacity(BUFFER, requests)),
            answers: BufReader::with_capacity(BUFFER, answers),
        }
    }

    /// Asks one thing.
    ///
    /// # Panics
    /// As [`Self::ask_all`].
    pub fn ask<Q: Serialize + Sync, A: DeserializeOwned>(&mut self, request: &Q) -> A {
        self.ask_all(std::slice::from_ref(request)).pop().expect("one answer to one request")
    }

    /// Asks many things at once and returns the answers in the same order. Requests are written
    /// by a thread of their own: a judge that has filled its pipe with answers waits for us to
    /// read, and must not find us waiting for it to read.
    ///
    /// # Panics
    /// If the judge ends before it has answered, or answers with something unexpected.
    pub fn ask_all<Q: Serialize + Sync, A: DeserializeOwned>(&mut self, requests: &[Q]) -> Vec<A> {
        let name = &self.name;
        let writer = self.requests.as_mut().expect("open until the judge is dropped");
        let (answers, child) = (&mut self.answers, &mut self.child);
        thread::scope(|scope| {
            let writing = scope.spawn(move || -> std::io::Result<()> {
                for request in requests {
                    serde_json::to_writer(&mut *writer, request)?;
                    writer.write_all(b"\n")?;
                }
                writer.flush()
            });
            let answered = read_answers(answers, name, requests.len());
            if answered.is_err() {
                // The writer may wait for a judge that nobody reads from any more.
                drop(child.kill());
            }
            let written = writing.join().expect("the writer does not panic");
            let answered = answered.unwrap_or_else(|error| panic!("{error}"));
            written.unwrap_or_else(|error| panic!("{name} does not read: {error}"));
            answered
        })
    }
}

/// Reads so many answers, or says which one is none.
fn read_answers<A: DeserializeOwned>(
    answers: &mut impl BufRead,
    name: &str,
    count: usize,
) -> Result<Vec<A>, String> {
    let mut line = String::new();
    (0..count)
        .map(|index| {
            line.clear();
            let length =
                answers.read_line(&mut line).map_err(|error| format!("{name}: {error}"))?;
            if length == 0 {
                return Err(format!("{name} ended before request {index} was answered"));
            }
            serde_json::from_str(&line)
                .map_err(|error| format!("{name} answered {line:?}: {error}"))
        })
        .collect()
}

impl Drop for LineJudge {
    /// Closes the judge's input, which ends it, and waits for it.
    fn drop(&mut self) {
        drop(self.requests.take());
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn big_batches_do_not_deadlock() {
        let mut echo = LineJudge::at(Path::new("/bin/cat"));
        let requests: Vec<String> =
            (0..20_000).map(|index| format!("{index} {}", "x".repeat(200))).collect();
        let answers: Vec<String> = echo.ask_all(&requests);
        assert_eq!(answers, requests);
        assert_eq!(echo.ask::<_, u32>(&7), 7);
    }

    #[test]
    #[should_panic(expected = "ended before request 0")]
    fn a_judge_that_ends_is_a_failure() {
        let _: u32 = LineJudge::at(Path::new("/bin/true")).ask(&1);
    }
}
