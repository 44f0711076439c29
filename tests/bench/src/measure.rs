//! One run of a program: time, processor time, and the most memory that it held.

use std::env;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

/// What one run took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Seconds from start to end.
    pub seconds: f64,
    /// Seconds of all processors together.
    pub processor: f64,
    /// Bytes of memory, at the most.
    pub memory: u64,
}

/// What several runs took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summary {
    pub median: f64,
    pub fastest: f64,
    /// Processor seconds, median.
    pub processor: f64,
    /// Bytes of memory, the most of all runs.
    pub memory: u64,
}

/// Runs a program once, from a process of its own: the system knows the most memory of all
/// children together only.
pub(crate) fn child(program: &str, arguments: &[&str]) -> Result<Measured, String> {
    let own = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(own)
        .args(["measure", program])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| error.to_string())?;
    serde_json::from_slice(&output.stdout).map_err(|error| format!("{program}: {error}"))
}

/// Runs a program, its output thrown away, and prints what it took. Findings are no failure: our
/// exit code is 1 for them.
#[expect(clippy::print_stdout, reason = "the parent process reads it")]
pub(crate) fn print(program: &str, arguments: &[&str]) -> Result<(), String> {
    let started = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("{program}: {error}"))?;
    let seconds = started.elapsed().as_secs_f64();
    if !matches!(status.code(), Some(0 | 1)) {
        return Err(format!("{program} {}: {status}", arguments.join(" ")));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    let measured = Measured {
        seconds,
        processor: std::time::Duration::from_micros(microseconds.unsigned_abs()).as_secs_f64(),
        // Linux counts in kibibytes, macOS in bytes.
        memory: usage.max_rss().unsigned_abs() * if cfg!(target_os = "macos") { 1 } else { 1024 },
    };
    println!("{}", serde_json::to_string(&measured).map_err(|error| error.to_string())?);
    Ok(())
}

impl Summary {
    /// The summary of at least one run.
    pub(crate) fn of(runs: &[Measured]) -> Self {
        let sorted = |of: fn(&Measured) -> f64| {
            let mut values: Vec<f64> = runs.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let (times, processor) = (sorted(|run| run.seconds), sorted(|run| run.processor));
        Self {
            median: times[times.len() / 2],
            fastest: times[0],
            processor: processor[processor.len() / 2],
            memory: runs.iter().map(|run| run.memory).max().unwrap_or_default(),
        }
    }
}
