//! `undo`: the command that takes back what a command of any plugin has changed.

use std::path::PathBuf;

use super::changes;
use super::connection::ConnectionFlags;
use super::exit;
use super::flags::StyleFlags;
use crate::model::error::{Error, Result};
use crate::patch::back::{self, UndoOptions, Undone};
use crate::patch::live::DryRun;
use crate::patch::undo::Undo;
use crate::render::audience::{self, Terminal};
use crate::render::out::Output;
use crate::render::plan::PlanFormat;
use clap::Args as ClapArgs;

/// What is taken back, and how.
#[derive(ClapArgs, Debug)]
pub struct UndoArgs {
    /// The undo file that a change has written.
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    connection: ConnectionFlags,

    /// Do it without asking.
    #[arg(short = 'y', long)]
    yes: bool,

    /// Change nothing: client shows what would be sent, server asks the server about it.
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "client")]
    dry_run: Option<changes::DryRun>,
}

/// Runs `undo` for a tool (`kubectl-pss`), which is called like `program`; returns the exit code.
pub fn run(args: &UndoArgs, style: StyleFlags, program: &str, tool: &str) -> Result<u8> {
    let undo = Undo::read(&args.file)?;
    let dry_run = DryRun::from(args.dry_run.unwrap_or_default());
    let is_live = !undo.objects.is_empty();
    if is_live && dry_run == DryRun::None && !args.yes && !audience::is_there() {
        return Err(Error::usage("nobody can be asked: this is no terminal")
            .hint("say --yes to take the changes back, or --dry-run=client to see them"));
    }
    let connect = || args.connection.connect(program, None, false, style.stderr());
    let connection = is_live.then(connect).transpose()?;
    let output =
        Output { format: PlanFormat::Diff, style: style.stdout(), stderr_style: style.stderr() };
    let options = UndoOptions {
        undo,
        connection: connection.as_ref(),
        dry_run,
        yes: args.yes,
        field_manager: tool,
    };
    let mut terminal = Terminal::new(output, !args.yes && dry_run == DryRun::None);
    Ok(match back::run(&options, &mut terminal)? {
        Undone { left: 1.., .. } => exit::FINDINGS,
        Undone { failed: 1.., .. } => exit::INCOMPLETE,
        Undone { .. } => exit::CLEAN,
    })
}
