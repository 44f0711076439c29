//! The command line of `kubectl netpol`, and from it to the commands.

mod can;
mod list;
mod reading;

use clap::{Parser, Subcommand};
use kubectl_netpol::commands::overview;
use posture::cli::exit;
use posture::cli::flags::StyleFlags;
use posture::model::error::Result;

use self::can::CanArgs;
use self::list::ListArgs;

/// Network policies: who can talk to whom, and why.
#[derive(Parser, Debug)]
#[command(name = "kubectl-netpol", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,

    #[command(flatten)]
    style: StyleFlags,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Say whether one can reach another, what decides, and what is missing if not.
    Can(Box<CanArgs>),
    /// Draw the map: who can reach whom, at which ports.
    List(Box<ListArgs>),
}

/// Runs what the command line asks for; returns the exit code.
pub(crate) fn dispatch(args: &Args, program: &str) -> Result<u8> {
    match &args.verb {
        None => {
            overview::run(program, args.style.stdout())?;
            Ok(exit::CLEAN)
        }
        Some(Verb::Can(can)) => can::run(can, args.style, program),
        Some(Verb::List(list)) => list::run(list, args.style, program),
    }
}
