//! From the command line to the exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use super::{argv, exit};
use crate::model::error::Result;
use crate::render::style::{ColorChoice, Style};
use crate::render::{error, out};

/// Reads the command line into `A`, runs it and turns its outcome into an exit code.
///
/// `default` names the binary when its own name says nothing; the name by which it is called is
/// handed to `run`. Mistakes on the command line end with code 2, help with 0.
pub fn run<A: Parser>(default: &str, run: impl FnOnce(&A, &str) -> Result<u8>) -> ExitCode {
    let args = argv::normalise(std::env::args_os());
    let program = argv::program_name(args.first(), default);
    match parse::<A>(&args, &program) {
        Ok(parsed) => match run(&parsed, &program) {
            Ok(code) => ExitCode::from(code),
            Err(failure) => {
                error::print(&failure, Style::for_stderr(ColorChoice::Auto));
                ExitCode::from(exit::of_error(&failure))
            }
        },
        Err(refusal) => {
            let shown =
                matches!(refusal.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            if let Err(failed) = refusal.print() {
                out::note(&failed.to_string());
            }
            ExitCode::from(if shown { exit::CLEAN } else { exit::USAGE })
        }
    }
}

fn parse<A: Parser>(args: &[OsString], program: &str) -> std::result::Result<A, clap::Error> {
    let command = A::command().bin_name(program).args_override_self(true);
    let mut matches = command.try_get_matches_from(args)?;
    A::from_arg_matches_mut(&mut matches)
}
