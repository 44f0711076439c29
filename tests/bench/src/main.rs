//! `posture-bench`: runs our binary by turns with what it is compared with, and prints how long
//! each took and how much memory: on a file with upstream's library, on a cluster with a download
//! of the same lists, on a folder that is fixed with checking it.

mod fix;
mod live;
mod measure;
mod netpol;
mod raw;
mod seccomp;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use measure::{Measured, Summary};

/// How often each program runs.
const ROUNDS: usize = 7;

/// How often `--help` runs: it is short, and so its time varies more.
const HELP_ROUNDS: usize = 41;

const MIB: f64 = 1024.0 * 1024.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["measure", program, rest @ ..] => measure::print(program, rest),
        ["raw", lists, kubeconfig, coding] => raw::print(lists, kubeconfig, coding),
        ["live", pss, seccomp] => live::compare(pss, seccomp),
        ["netpol"] => netpol::measure(),
        ["fix", file, ours] => fix::compare(file, ours),
        ["file", file, ours, theirs] => compare(file, ours, theirs),
        _ => Err("usage: posture-bench file FILE OURS THEIRS | fix FILE OURS | live PSS SECCOMP \
                  | netpol"
            .to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => failed(&message),
    }
}

#[expect(clippy::print_stderr, reason = "a command says what went wrong on standard error")]
fn failed(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, reason = "the figures are this command's output")]
fn compare(file: &str, ours: &str, theirs: &str) -> Result<(), String> {
    let size = fs::metadata(file).map_err(|error| format!("{file}: {error}"))?.len();
    let check = ["check", "--level", "restricted", "-f", file];
    let (violating, upstream) = (violating(ours, file)?, output(theirs, &[file])?);
    if !upstream.lines().any(|line| line == format!("violating {violating}")) {
        return Err(format!(
            "the programs disagree: {violating} violate, and upstream says {upstream}"
        ));
    }
    println!("{:.1} MB, {violating} objects violate", precise(size) / 1e6);
    let (mut own, mut other, mut json) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        own.push(measure::child(ours, &check)?);
        other.push(measure::child(theirs, &[file])?);
        json.push(measure::child(ours, &[&check[..], &["-o", "json"]].concat())?);
    }
    let help: Vec<Measured> =
        (0..HELP_ROUNDS).map(|_| measure::child(ours, &["--help"])).collect::<Result<_, _>>()?;
    println!(
        "{:<30}{:>9}{:>9}{:>9}{:>10}{:>8}",
        "", "median", "fastest", "cpu", "memory", "× file"
    );
    let row = |name: &str, runs: &[Measured]| {
        let summary = Summary::of(runs);
        println!(
            "{name:<30}{:>7.3} s{:>7.3} s{:>7.3} s{:>6.0} MiB{:>8.2}",
            summary.median,
            summary.fastest,
            summary.processor,
            precise(summary.memory) / MIB,
            precise(summary.memory) / precise(size),
        );
        summary.median
    };
    let own = row("kubectl-pss check", &own);
    let json = row("kubectl-pss check -o json", &json);
    let other = row("upstream's library", &other);
    println!("ratio {:.1} (-o json {:.1})", other / own, other / json);
    println!("--help {:.1} ms", Summary::of(&help).median * 1e3);
    Ok(())
}

/// How many objects our binary refuses: both must have done the same work.
fn violating(ours: &str, file: &str) -> Result<usize, String> {
    let report = output(ours, &["check", "--level", "restricted", "-f", file, "-o", "json"])?;
    let report: serde_json::Value =
        serde_json::from_str(&report).map_err(|error| format!("no JSON: {error}"))?;
    let objects = report["objects"].as_array().ok_or("the report has no objects")?;
    Ok(objects.iter().filter(|object| object["verdict"] == "rejected").count())
}

/// What a program prints. Findings are no failure: our exit code is 1 for them.
fn output(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(Path::new(program))
        .args(arguments)
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if !matches!(output.status.code(), Some(0 | 1)) {
        return Err(format!(
            "{program}: {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A size as a number that can be divided; files are far from where that is inexact.
#[expect(clippy::cast_precision_loss, reason = "for printing, to three digits")]
fn precise(bytes: u64) -> f64 {
    bytes as f64
}
