//! The command line of `kubectl pss`, and from it to the commands.

mod assume;
mod check;
mod diff;
mod fix;
mod require;
mod sides;

use clap::{Args as ClapArgs, Parser, Subcommand};
use kubectl_pss::commands::explain::{self, ExplainOptions};
use kubectl_pss::commands::overview;
use posture::cli::exit;
use posture::cli::flags::StyleFlags;
use posture::cli::undo::{self, UndoArgs};
use posture::model::error::Result;

use self::check::CheckArgs;
use self::diff::DiffArgs;
use self::fix::FixArgs;

/// What Pod Security Admission says of pods and workloads, word for word, before it says it.
#[derive(Parser, Debug)]
#[command(name = "kubectl-pss", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,

    #[command(flatten)]
    style: StyleFlags,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Say what Pod Security Admission would do: with what is in a cluster, or with manifests.
    Check(Box<CheckArgs>),
    /// Say what changes between two states: servers, levels, revisions of files, a cluster and
    /// files.
    Diff(Box<DiffArgs>),
    /// Mend what Pod Security objects to, as far as that is safe or you decide: in manifests, or
    /// in what runs, after a question.
    Fix(Box<FixArgs>),
    /// Take back what an undo file holds.
    Undo(Box<UndoArgs>),
    /// Print the document of a check, or what a level asks for.
    Explain(ExplainArgs),
}

#[derive(ClapArgs, Debug)]
struct ExplainArgs {
    /// A check (privileged, runAsNonRoot …), a level (restricted, baseline:v1.34), or nothing for
    /// the list of checks.
    #[arg(value_name = "CHECK|LEVEL")]
    topic: Option<String>,
}

/// Runs what the command line asks for; returns the exit code.
pub(crate) fn dispatch(args: &Args, program: &str) -> Result<u8> {
    let style = args.style.stdout();
    match &args.verb {
        None => {
            overview::run(program, style)?;
            Ok(exit::CLEAN)
        }
        Some(Verb::Check(check)) => check::run(check, args.style, program),
        Some(Verb::Diff(diff)) => diff::run(diff, args.style, program),
        Some(Verb::Fix(fix)) => fix::run(fix, args.style, program),
        Some(Verb::Undo(file)) => undo::run(file, args.style, program, env!("CARGO_PKG_NAME")),
        Some(Verb::Explain(explain)) => {
            let options = ExplainOptions { program, topic: explain.topic.as_deref(), style };
            explain::run(&options)?;
            Ok(exit::CLEAN)
        }
    }
}
