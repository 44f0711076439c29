//! Our own binaries on a terminal: what somebody sees there, and what they type.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::pty::openpty;
use nix::sys::termios::{LocalFlags, tcgetattr};
use tempfile::TempDir;

use crate::binary::Run;

/// How long a program may take to show what is expected, or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// What Ctrl-C sends.
pub const CTRL_C: &str = "\u{3}";
/// What Ctrl-D sends.
pub const CTRL_D: &str = "\u{4}";

/// Which streams are the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// All three, and the program's session has no other one: Ctrl-C and hanging up reach it as
    /// signals too.
    All,
    /// All three, without signals: as below a program that keeps them away.
    WithoutSignals,
    /// Standard input and standard error; standard output is a file ([`Session::written`]).
    WithoutStdout,
}

/// A program that runs on a terminal.
#[derive(Debug)]
pub struct Session {
    child: Child,
    master: Option<File>,
    seen: Arc<Mutex<String>>,
    /// Up to where somebody has looked.
    read: usize,
    output: Option<PathBuf>,
    home: TempDir,
}

/// How a program on a terminal ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Everything that was to be seen.
    pub screen: String,
}

impl Run {
    /// Starts it on a terminal of its own.
    ///
    /// # Panics
    /// If there is no terminal to be had, or the program cannot be started.
    pub fn on_terminal(self, streams: Streams) -> Session {
        let (mut command, home) = self.into_parts();
        if streams == Streams::All {
            // The one program that can make it the session's own without unsafe code of ours.
            let mut session = Command::new("setsid");
            session.arg("--ctty").arg(command.get_program()).args(command.get_args());
            session.env_clear();
            for (name, value) in command.get_envs() {
                if let Some(value) = value {
                    session.env(name, value);
                }
            }
            if let Some(folder) = command.get_current_dir() {
                session.current_dir(folder);
            }
            command = session;
        }
        let pty = openpty(None, None).expect("a terminal");
        // Copies are closed in the programs that we start; these are not.
        let own = |fd: &OwnedFd| fd.try_clone().expect("one more file");
        let (master, slave) = (own(&pty.master), own(&pty.slave));
        drop(pty);
        let output = (streams == Streams::WithoutStdout).then(|| home.path().join("stdout"));
        let stdout = match &output {
            Some(path) => Stdio::from(File::create(path).expect("a file")),
            None => Stdio::from(own(&slave)),
        };
        let child = command
            .stdin(own(&slave))
            .stdout(stdout)
            .stderr(own(&slave))
            .spawn()
            .expect("our own binary can be started");
        // They hold the terminal open.
        drop((command, slave));
        let seen = Arc::new(Mutex::new(String::new()));
        let mut screen = File::from(own(&master));
        let shared = Arc::clone(&seen);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // A terminal without a program is an error to read.
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
                shared.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
            }
        });
        Session { child, master: Some(File::from(master)), seen, read: 0, output, home }
    }
}

impl Session {
    fn seen(&self) -> MutexGuard<'_, String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a text is to be seen behind the last one that was expected.
    ///
    /// # Panics
    /// If it does not come.
    pub fn expect(&mut self, text: &str) {
        let start = Instant::now();
        loop {
            let found = self.seen()[self.read..].find(text);
            if let Some(at) = found {
                self.read += at + text.len();
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{text:?} does not come:\n{}", self.seen());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Types something.
    ///
    /// # Panics
    /// If nobody is there to take it.
    pub fn send(&mut self, keys: &str) {
        let master = self.master.as_mut().expect("the terminal is there");
        master.write_all(keys.as_bytes()).expect("the terminal takes it");
    }

    /// Takes the terminal away, as when its window is closed.
    pub fn hang_up(&mut self) {
        drop(self.master.take());
    }

    /// Whether the terminal reads whole lines and shows what is typed: as a shell wants it back.
    ///
    /// # Panics
    /// If it was taken away.
    pub fn is_as_before(&self) -> bool {
        let master = self.master.as_ref().expect("the terminal is there");
        let flags = tcgetattr(master).expect("it is a terminal").local_flags;
        flags.contains(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG)
    }

    /// The home folder of the program.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// What it has written to a standard output that is no terminal.
    ///
    /// # Panics
    /// If it is one.
    pub fn written(&self) -> String {
        let path = self.output.as_ref().expect("standard output is a file");
        std::fs::read_to_string(path).expect("it is there")
    }

    /// Waits until it ends.
    ///
    /// # Panics
    /// If it does not.
    pub fn finish(mut self) -> Ended {
        let status = self.wait();
        // What it has said may still be on its way.
        thread::sleep(Duration::from_millis(50));
        let screen = self.seen().clone();
        Ended { code: status.code(), signal: status.signal(), screen }
    }

    fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status;
            }
            if start.elapsed() > PATIENCE {
                panic!("it does not end:\n{}", self.seen());
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Whatever has gone wrong, it outlives no test.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
