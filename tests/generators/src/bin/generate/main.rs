//! `posture-generate`: writes what is generated in this repository, and the benchmark's file.

mod checks;
mod marked;
mod releases;
mod sample;
mod schema;
mod score;
mod seccomp;

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use posture_generators::bench;

const USAGE: &str = "usage: posture-generate all | score | seccomp | bench --out FILE
    all    the parts of the READMEs and the schema that follow from the sources
    score  the part of the README that follows from the last run of tests/run
    seccomp  the default profiles of runtimes, from their Go modules: needs Go and the network
    bench  the file that tests/bench/run measures with";

/// The benchmark's file.
const SEED: u64 = 1;
const DEPLOYMENTS: usize = 10_000;

/// What goes wrong is told to whoever ran the command.
type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["all"] => all(),
        ["score"] => score::write(),
        ["seccomp"] => seccomp::write(),
        ["bench", "--out", path] => deployments(path).map_err(|error| format!("{path}: {error}")),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => failed(&message),
    }
}

fn all() -> Result<()> {
    checks::write()?;
    releases::write()?;
    schema::write()?;
    sample::write()
}

fn deployments(path: &str) -> io::Result<()> {
    bench::write(SEED, DEPLOYMENTS, &mut BufWriter::new(File::create(path)?))
}

/// A path from the repository's root.
fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

#[expect(clippy::print_stderr, reason = "a command says what went wrong on standard error")]
fn failed(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(2)
}
