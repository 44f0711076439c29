//! A program with a home folder of its own, a terminal if it needs one, and an end.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::pty::openpty;

use super::case::Input;

/// After which a program hangs.
const LIMIT: Duration = Duration::from_mins(1);

/// How long to wait before the next look.
const PAUSE: Duration = Duration::from_millis(5);

/// What a program has said, and how it ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The exit code; `None` if it had to be killed.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

/// Runs a program to its end, or kills it when it hangs.
///
/// # Panics
/// If it cannot be started.
pub fn run(
    program: &Path,
    arguments: &[String],
    home: &Path,
    env: &[(String, String)],
    input: Input,
) -> Ended {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("PATH", format!("{}/bin:/usr/bin:/bin", home.display()))
        .env("NO_COLOR", "1")
        .envs(env.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let terminal = match input {
        Input::Empty => {
            command.stdin(Stdio::null());
            None
        }
        Input::Terminal(text) => {
            let pair = openpty(None, None).expect("a terminal");
            let mut master = File::from(pair.master);
            master.write_all(text.as_bytes()).expect("it can be typed on");
            command.stdin(Stdio::from(pair.slave));
            Some(master)
        }
    };
    let started = Instant::now();
    let mut child =
        command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let code = wait(&mut child, started);
    drop(terminal);
    let text = |reader: JoinHandle<String>| reader.join().expect("a reader does not panic");
    Ended { code, stdout: text(stdout), stderr: text(stderr), took: started.elapsed() }
}

fn wait(child: &mut Child, started: Instant) -> Option<i32> {
    loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return status.code();
        }
        if started.elapsed() > LIMIT {
            child.kill().expect("it can be killed");
            child.wait().expect("it can be waited for");
            return None;
        }
        thread::sleep(PAUSE);
    }
}

fn collect(stream: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    let mut stream = stream.expect("it is a pipe");
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("a pipe can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
