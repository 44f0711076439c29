//! `undo`: its command line, and from it to the command.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args as ClapArgs;
use kubectl_seccomp::commands::undo::{self, UndoOptions};
use posture::cli::changes;
use posture::cli::connection::ConnectionFlags;
use posture::cli::exit;
use posture::cli::flags::StyleFlags;
use posture::client::connect;
use posture::client::connection::Connection;
use posture::model::error::{Error, Result};
use posture::patch::live::DryRun;
use posture::patch::undo::Undo;
use posture::render::audience;
use posture::render::notices::StderrNotices;
use posture::render::out::Output;
use posture::render::plan::PlanFormat;

#[derive(ClapArgs, Debug)]
pub(super) struct UndoArgs {
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

/// Runs `undo`; returns the exit code.
pub(super) fn run(args: &UndoArgs, style: StyleFlags, program: &str) -> Result<u8> {
    let undo = Undo::read(&args.file)?;
    let dry_run = match args.dry_run.unwrap_or_default() {
        changes::DryRun::None => DryRun::None,
        changes::DryRun::Client => DryRun::Client,
        changes::DryRun::Server => DryRun::Server,
    };
    let is_live = !undo.objects.is_empty();
    if is_live && dry_run == DryRun::None && !args.yes && !audience::is_there() {
        return Err(Error::usage("nobody can be asked: this is no terminal")
            .hint("say --yes to take the changes back, or --dry-run=client to see them"));
    }
    let connection = if is_live { Some(connect(args, program, style)?) } else { None };
    let output =
        Output { format: PlanFormat::Diff, style: style.stdout(), stderr_style: style.stderr() };
    let options =
        UndoOptions { undo, connection: connection.as_ref(), dry_run, yes: args.yes, output };
    let undone = undo::run(&options)?;
    Ok(match undone {
        undo::Undone { left: 1.., .. } => exit::FINDINGS,
        undo::Undone { failed: 1.., .. } => exit::INCOMPLETE,
        undo::Undone { .. } => exit::CLEAN,
    })
}

fn connect(args: &UndoArgs, program: &str, style: StyleFlags) -> Result<Connection> {
    let options = args.connection.options(program, None, false)?;
    let target = connect::resolve(&options)?;
    Connection::open(target, &options, Arc::new(StderrNotices::new(style.stderr())))
}
