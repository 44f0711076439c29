//! The command line of `kubectl seccomp`, and from it to the commands.

mod check;
mod explain;
mod fix;
mod set;

use clap::{Parser, Subcommand};
use kubectl_seccomp::commands::overview;
use posture::cli::exit;
use posture::cli::flags::StyleFlags;
use posture::cli::undo::{self, UndoArgs};
use posture::model::error::Result;

use self::check::CheckArgs;
use self::explain::ExplainArgs;
use self::fix::FixArgs;
use self::set::SetArgs;

/// Seccomp profiles of pods: set where they belong, with what that does said before it is done.
#[derive(Parser, Debug)]
#[command(name = "kubectl-seccomp", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,

    #[command(flatten)]
    style: StyleFlags,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Say what confines every container: of what runs, or in manifests.
    Check(Box<CheckArgs>),
    /// Set a profile: on what runs, after a question, or in manifests.
    Set(Box<SetArgs>),
    /// Mend what check finds, as far as that is safe or you say so: in what runs, after a question,
    /// or in manifests.
    Fix(Box<FixArgs>),
    /// Say what the default profile of a runtime does: with one system call, or with all.
    Explain(Box<ExplainArgs>),
    /// Take back what an undo file holds.
    Undo(Box<UndoArgs>),
}

/// Runs what the command line asks for; returns the exit code.
pub(crate) fn dispatch(args: &Args, program: &str) -> Result<u8> {
    match &args.verb {
        None => {
            overview::run(program, args.style.stdout())?;
            Ok(exit::CLEAN)
        }
        Some(Verb::Check(check)) => check::run(check, args.style, program),
        Some(Verb::Set(set)) => set::run(set, args.style, program),
        Some(Verb::Fix(fix)) => fix::run(fix, args.style, program),
        Some(Verb::Explain(explain)) => explain::run(explain, args.style, program),
        Some(Verb::Undo(undo)) => undo::run(undo, args.style, program, env!("CARGO_PKG_NAME")),
    }
}
