//! Our own binaries on a terminal: what somebody sees there, and what they type.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{LocalFlags, tcgetattr};
use tempfile::TempDir;

use crate::binary::Run;

/// How long a program may take to show what is expected, or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked at.
const PAUSE: Duration = Duration::from_millis(5);

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
    master: Option<PtyMaster>,
    seen: String,
    /// Up to where somebody has looked.
    read: usize,
    output: Option<PathBuf>,
    /// None once it has ended.
    home: Option<TempDir>,
}

/// How a program on a terminal ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Everything that was to be seen.
    pub screen: String,
    /// Its home folder, as it left it.
    pub home: TempDir,
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
        let (master, slave) = open();
        let own = || slave.try_clone().expect("one more file");
        let output = (streams == Streams::WithoutStdout).then(|| home.path().join("stdout"));
        let stdout = match &output {
            Some(path) => Stdio::from(File::create(path).expect("a file")),
            None => Stdio::from(own()),
        };
        let child = command
            .stdin(own())
            .stdout(stdout)
            .stderr(own())
            .spawn()
            .expect("our own binary can be started");
        // Who holds it open would not let it hang up.
        drop((command, slave));
        Session {
            child,
            master: Some(master),
            seen: String::new(),
            read: 0,
            output,
            home: Some(home),
        }
    }
}

/// A terminal: the side that is a screen and a keyboard, which never waits, and the side of
/// programs. No program that is started meanwhile inherits either.
fn open() -> (PtyMaster, File) {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
    let master = posix_openpt(flags).expect("a terminal");
    grantpt(&master).expect("it is ours");
    unlockpt(&master).expect("it is ours");
    let path = ptsname_r(&master).expect("it has a name");
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits());
    (master, options.open(path).expect("its other side is there"))
}

impl Session {
    /// Takes in what is to be seen by now.
    fn look(&mut self) {
        let Some(master) = &mut self.master else { return };
        let mut buffer = [0; 4096];
        // A terminal without a program is an error to read; so is one with nothing to be seen.
        while let Ok(count @ 1..) = master.read(&mut buffer) {
            self.seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    }

    /// Waits until a text is to be seen behind the last one that was expected.
    ///
    /// # Panics
    /// If it does not come.
    pub fn expect(&mut self, text: &str) {
        let start = Instant::now();
        loop {
            self.look();
            if let Some(at) = self.seen[self.read..].find(text) {
                self.read += at + text.len();
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{text:?} does not come:\n{}", self.seen);
            thread::sleep(PAUSE);
        }
    }

    /// Types something.
    ///
    /// # Panics
    /// If nobody is there to take it.
    pub fn send(&mut self, keys: &str) {
        let mut master = self.master.as_ref().expect("the terminal is there");
        master.write_all(keys.as_bytes()).expect("the terminal takes it");
    }

    /// Takes the terminal away, as when its window is closed.
    pub fn hang_up(&mut self) {
        self.look();
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
        self.look();
        let screen = std::mem::take(&mut self.seen);
        let home = self.home.take().expect("it ends once");
        Ended { code: status.code(), signal: status.signal(), screen, home }
    }

    fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status;
            }
            self.look();
            assert!(start.elapsed() < PATIENCE, "it does not end:\n{}", self.seen);
            thread::sleep(PAUSE);
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
