//! The binary `kubectl-netpol`: kubectl runs it as `kubectl netpol`.

use std::process::ExitCode;

mod args;

fn main() -> ExitCode {
    posture::cli::start::run::<args::Args>("kubectl-netpol", args::dispatch)
}
