//! `posture-generate`: writes the benchmark's file.

use std::fs::File;
use std::io::{self, BufWriter};
use std::process::ExitCode;

use posture_generators::bench;

const SEED: u64 = 1;
const DEPLOYMENTS: usize = 10_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ["bench", "--out", path] = arguments.as_slice() else {
        return failed("usage: posture-generate bench --out FILE");
    };
    match write(path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&format!("{path}: {error}")),
    }
}

fn write(path: &str) -> io::Result<()> {
    bench::write(SEED, DEPLOYMENTS, &mut BufWriter::new(File::create(path)?))
}

#[expect(clippy::print_stderr, reason = "a command says what went wrong on standard error")]
fn failed(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(2)
}
