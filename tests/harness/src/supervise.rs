//! Programs that outlive no test: they run below a supervisor, which ends them when its standard
//! input closes. The kernel closes that with the test, however the test ends.
//!
//! The supervisor is the program of the package `posture-supervise`; here is what talks to it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

pub use posture_supervise::Program;
use posture_supervise::{Reply, Request};

use crate::binary;

/// A supervisor and its programs. Dropped, it ends them all.
#[derive(Debug)]
pub struct Supervisor {
    child: Child,
    /// `None` once it is told to end.
    conversation: Mutex<Option<(ChildStdin, BufReader<ChildStdout>)>>,
}

impl Supervisor {
    /// Starts a supervisor whose programs run in `folder`, which it removes in the end.
    ///
    /// # Panics
    /// If it cannot be built or started.
    pub fn start(folder: &Path) -> Self {
        let mut child = Command::new(binary::path("posture-supervise"))
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // In a group of its own no Ctrl-C at a terminal ends it before its programs.
            .process_group(0)
            .spawn()
            .expect("the supervisor can be started");
        let requests = child.stdin.take().expect("its standard input is a pipe");
        let replies = child.stdout.take().expect("its standard output is a pipe");
        let conversation = Mutex::new(Some((requests, BufReader::new(replies))));
        Self { child, conversation }
    }

    /// Starts a program and returns its process id.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn run(&self, program: Program) -> u32 {
        let name = program.path.display().to_string();
        match self.ask(&Request::Start(program)) {
            Reply::Running(process) => process,
            Reply::Ended(why) | Reply::Failed(why) => panic!("cannot start {name}: {why}"),
        }
    }

    /// How a program ended; `None` while it runs.
    pub fn ended(&self, process: u32) -> Option<String> {
        match self.ask(&Request::Status(process)) {
            Reply::Running(_) => None,
            Reply::Ended(how) | Reply::Failed(how) => Some(how),
        }
    }

    /// The process id of the supervisor itself.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    fn ask(&self, request: &Request) -> Reply {
        let mut conversation = self.conversation.lock().unwrap_or_else(PoisonError::into_inner);
        let (requests, replies) = conversation.as_mut().expect("open until it is dropped");
        let line = serde_json::to_string(request).expect("a request is JSON");
        writeln!(requests, "{line}").expect("the supervisor reads");
        let mut line = String::new();
        replies.read_line(&mut line).expect("the supervisor writes UTF-8");
        serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("the supervisor answered {line:?}: {error}"))
    }
}

impl Drop for Supervisor {
    /// Closes its input, which makes it end its programs, and waits for it.
    fn drop(&mut self) {
        drop(self.conversation.lock().unwrap_or_else(PoisonError::into_inner).take());
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;

    fn supervised(script: &str) -> (PathBuf, Supervisor, u32) {
        let folder = TempDir::new().unwrap().keep();
        let supervisor = Supervisor::start(&folder);
        let process = supervisor.run(Program {
            path: "/bin/sh".into(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            log: folder.join("log"),
        });
        (folder, supervisor, process)
    }

    #[test]
    fn its_programs_end_with_it() {
        let (folder, supervisor, process) = supervised("echo started; exec sleep 1000");
        let probe = || {
            let status =
                Command::new("/bin/sh").args(["-c", &format!("kill -0 {process}")]).status();
            status.unwrap().success()
        };
        while fs::read_to_string(folder.join("log")).unwrap_or_default() != "started\n" {}
        assert_eq!(supervisor.ended(process), None);
        assert!(probe());
        drop(supervisor);
        assert!(!probe());
        assert!(!folder.exists());
    }

    #[test]
    fn it_tells_how_a_program_ended() {
        let (_, supervisor, process) = supervised("exit 3");
        let how = std::iter::repeat_with(|| supervisor.ended(process)).flatten().next();
        assert_eq!(how.as_deref(), Some("exit status: 3"));
    }

    #[test]
    #[should_panic(expected = "cannot start /does/not/exist")]
    fn what_is_not_there_is_not_started() {
        let folder = TempDir::new().unwrap().keep();
        let program = Program {
            path: "/does/not/exist".into(),
            arguments: Vec::new(),
            log: folder.join("log"),
        };
        Supervisor::start(&folder).run(program);
    }
}
