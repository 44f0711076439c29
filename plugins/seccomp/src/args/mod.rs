//! The command line of `kubectl seccomp`, and from it to the commands.

use clap::Parser;
use kubectl_seccomp::commands::overview;
use posture::cli::exit;
use posture::cli::flags::StyleFlags;
use posture::model::error::Result;

/// Seccomp profiles of pods: set where they belong, with what that does said before it is done.
#[derive(Parser, Debug)]
#[command(name = "kubectl-seccomp", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    style: StyleFlags,
}

/// Runs what the command line asks for; returns the exit code.
pub(crate) fn dispatch(args: &Args, program: &str) -> Result<u8> {
    overview::run(program, args.style.stdout())?;
    Ok(exit::CLEAN)
}
