//! Runs programs for a test, and ends them when its standard input closes or its parent is gone.
//!
//!     posture-supervise FOLDER
//!
//! reads requests from its standard input and answers on its standard output; in the end it
//! removes FOLDER. The types of both are in the library.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::{CommandExt, parent_id};
use std::path::Path;
use std::process::{self, Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use std::{env, fs, thread};

use posture_supervise::{Program, Reply, Request};

/// The first argument where this program shall only become the one that follows, after the process
/// id of its parent.
const BECOME: &str = "--become";

/// How often it looks whether its parent is still there.
const TICK: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let outcome = match arguments.next() {
        Some(word) if word == BECOME => become_program(arguments),
        Some(folder) => supervise(Path::new(&folder)),
        None => Err(io::Error::other("usage: posture-supervise FOLDER")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is closed there is nobody to tell.
            drop(writeln!(io::stderr(), "posture-supervise: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Answers requests until there are no more, or nobody who could make them.
fn supervise(folder: &Path) -> io::Result<()> {
    let parent = parent_id();
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        io::stdin().lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    let mut programs = BTreeMap::new();
    loop {
        match lines.recv_timeout(TICK) {
            Ok(line) => {
                let reply = answer(&line, folder, &mut programs);
                let line = serde_json::to_string(&reply)?;
                if writeln!(io::stdout(), "{line}").is_err() {
                    break;
                }
            }
            Err(RecvTimeoutError::Timeout) if parent_id() == parent => {}
            Err(_) => break,
        }
    }
    for program in programs.values_mut() {
        // One that has ended already cannot be killed, and need not be.
        drop(program.kill());
        program.wait()?;
    }
    fs::remove_dir_all(folder)
}

fn answer(line: &str, folder: &Path, programs: &mut BTreeMap<u32, Child>) -> Reply {
    let outcome = match serde_json::from_str(line) {
        Ok(Request::Start(program)) => start(&program, folder).map(|child| {
            let process = child.id();
            programs.insert(process, child);
            Reply::Running(process)
        }),
        Ok(Request::Status(process)) => programs
            .get_mut(&process)
            .ok_or_else(|| io::Error::other("no such program"))
            .and_then(Child::try_wait)
            .map(|status| {
                status.map_or(Reply::Running(process), |status| Reply::Ended(status.to_string()))
            }),
        Err(error) => Err(error.into()),
    };
    outcome.unwrap_or_else(|error| Reply::Failed(error.to_string()))
}

/// Starts a program, with nothing of the caller's environment but the path. What is started is
/// this binary, which then becomes the program.
fn start(program: &Program, folder: &Path) -> io::Result<Child> {
    let path = fs::canonicalize(&program.path)?;
    let log = File::create(&program.log)?;
    Command::new(env::current_exe()?)
        .arg(BECOME)
        .arg(process::id().to_string())
        .arg(path)
        .args(&program.arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null())
        .stderr(log.try_clone()?)
        .stdout(log)
        .spawn()
}

/// Becomes a program that the kernel ends together with its parent, whose process id comes first:
/// a supervisor that is killed cannot end its programs itself.
fn become_program(mut arguments: impl Iterator<Item = OsString>) -> io::Result<()> {
    let usage = || io::Error::other(format!("usage: posture-supervise {BECOME} PARENT PROGRAM…"));
    let parent = arguments.next().ok_or_else(usage)?;
    let program = arguments.next().ok_or_else(usage)?;
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    // The kernel tells only of a death that is still to come.
    if parent.to_str() != Some(&parent_id().to_string()) {
        return Err(io::Error::other("the parent is gone"));
    }
    Err(Command::new(program).args(arguments).exec())
}
