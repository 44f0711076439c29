//! The binary `kubectl-seccomp`: kubectl runs it as `kubectl seccomp`.

use std::process::ExitCode;

mod args;

fn main() -> ExitCode {
    posture::cli::start::run::<args::Args>("kubectl-seccomp", args::dispatch)
}
