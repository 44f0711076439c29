//! The binary `kubectl-pss`: kubectl runs it as `kubectl pss`.

use std::process::ExitCode;

mod args;

fn main() -> ExitCode {
    posture::cli::start::run::<args::Args>("kubectl-pss", args::dispatch)
}
