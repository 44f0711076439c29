//! Flags of commands that change something.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::flags::{InputFlags, StyleFlags};
#[cfg(feature = "live")]
use crate::input::snapshot::Snapshot;
use crate::model::error::{Error, Result};
#[cfg(feature = "live")]
use crate::patch::live;
use crate::render::audience;
use crate::render::out::Output;
use crate::render::plan::PlanFormat;

impl ValueEnum for PlanFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.about()))
    }
}

/// `--dry-run`, with kubectl's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// What is asked for is done.
    #[default]
    None,
    /// What would be done is shown.
    Client,
    /// The server is asked whether it would take it, and what it would make of it.
    Server,
}

#[cfg(feature = "live")]
impl From<DryRun> for live::DryRun {
    fn from(dry_run: DryRun) -> Self {
        match dry_run {
            DryRun::None => Self::None,
            DryRun::Client => Self::Client,
            DryRun::Server => Self::Server,
        }
    }
}

/// What comes of changes of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileMode {
    /// They are shown.
    Show,
    /// The files are written.
    Write,
}

/// What comes of changes of what runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveMode {
    /// They are shown.
    Show,
    /// They are sent to the server, which stores nothing.
    Try,
    /// Somebody is asked about each.
    Ask,
    /// They are made.
    Make,
}

/// What is changed, and how, for every command that changes something.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "What is changed")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct ChangeFlags {
    /// Write the changed files; without it they are shown.
    #[arg(long)]
    write: bool,

    /// Change what runs without asking.
    #[arg(short = 'y', long)]
    yes: bool,

    /// Change nothing: client shows what would be sent, server asks the server about it.
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "client")]
    dry_run: Option<DryRun>,

    /// Where the file goes that takes the changes back [default: below ~/.local/state].
    #[arg(long, value_name = "FILE")]
    undo_file: Option<PathBuf>,

    /// Change objects too that Helm, Argo CD, Flux or an operator keeps as they are.
    #[arg(long)]
    managed: bool,

    /// Everything that was found: needed where nothing is named and nobody can be asked.
    #[arg(long)]
    all: bool,

    /// How to show the changes.
    #[arg(
        short = 'o',
        long,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    output: PlanFormat,
}

impl ChangeFlags {
    /// The format, and how to write to the two streams.
    pub fn output(&self, style: StyleFlags) -> Output<PlanFormat> {
        style.output(self.output)
    }

    /// `--undo-file`
    pub fn undo_file(&self) -> Option<&Path> {
        self.undo_file.as_deref()
    }

    /// Whether objects that somebody else manages are changed too.
    pub fn managed(&self) -> bool {
        self.managed
    }

    /// What comes of changes of manifests. Fails where flags contradict each other, or there is
    /// no file that could be written.
    pub fn of_files(&self, input: &InputFlags) -> Result<FileMode> {
        if self.yes {
            return Err(Error::usage("--yes is for what runs: files are never asked about")
                .hint("--write writes them"));
        }
        if self.managed {
            return Err(Error::usage("--managed is for what runs: in files it changes nothing"));
        }
        match self.dry_run {
            Some(DryRun::Server) => {
                return Err(Error::usage(
                    "--dry-run=server is for what runs: with -f no server is asked",
                ));
            }
            Some(DryRun::Client) if self.write => {
                return Err(Error::usage("--write and --dry-run exclude each other")
                    .hint("without --write nothing is written"));
            }
            _ => {}
        }
        if !self.write {
            if self.undo_file.is_some() {
                return Err(Error::usage(
                    "--undo-file needs --write: nothing is changed without it",
                ));
            }
            return Ok(FileMode::Show);
        }
        let unwritable = match input.kustomize() {
            Some(_) => Some("what -k builds"),
            None => input.reads_stdin().then_some("standard input"),
        };
        match unwritable {
            Some(what) => Err(Error::usage(format!("--write cannot write {what}"))
                .hint("-o yaml prints the result, -o kustomize the patches")),
            None => Ok(FileMode::Write),
        }
    }

    /// Whether changes of manifests are written. Fails as [`Self::of_files`], and where the
    /// manifests are those of a snapshot.
    #[cfg(feature = "live")]
    pub fn writes(&self, input: &InputFlags) -> Result<bool> {
        if Snapshot::named(&input.files().names)?.is_some() {
            return Err(Error::usage("a snapshot is a record: nothing in it can be changed"));
        }
        Ok(self.of_files(input)? == FileMode::Write)
    }

    /// What comes of changes of what runs. `is_chosen` says whether objects are named, or chosen
    /// by a selector. Fails where flags contradict each other, and where nobody can be asked and
    /// it was not said that they are meant.
    pub fn of_live(&self, is_chosen: bool) -> Result<LiveMode> {
        self.of_live_with(is_chosen, audience::is_there())
    }

    /// As [`Self::of_live`]: whether anything is changed, and whether nobody is asked. `roles_only`
    /// says that only roles are printed, which takes no answer.
    #[cfg(feature = "live")]
    pub fn manner(&self, is_chosen: bool, roles_only: bool) -> Result<(live::DryRun, bool)> {
        match self.of_live(is_chosen) {
            Ok(LiveMode::Show) => Ok((live::DryRun::Client, true)),
            Ok(LiveMode::Try) => Ok((live::DryRun::Server, true)),
            Ok(LiveMode::Ask) => Ok((live::DryRun::None, false)),
            Ok(LiveMode::Make) => Ok((live::DryRun::None, true)),
            Err(_) if roles_only => Ok((live::DryRun::None, true)),
            Err(error) => Err(error),
        }
    }

    fn of_live_with(&self, is_chosen: bool, somebody_is_there: bool) -> Result<LiveMode> {
        if self.write {
            return Err(Error::usage("--write is for files: name them with -f")
                .hint("what runs is changed after a question, or with --yes"));
        }
        match self.dry_run.unwrap_or_default() {
            DryRun::Client => return Ok(LiveMode::Show),
            DryRun::Server => return Ok(LiveMode::Try),
            DryRun::None => {}
        }
        if somebody_is_there && !self.yes {
            return Ok(LiveMode::Ask);
        }
        if !is_chosen && !self.all {
            return Err(Error::usage("nothing is named, and nobody is asked")
                .hint("name the objects, or say --all; --dry-run=client shows the changes"));
        }
        if !self.yes {
            return Err(Error::usage("nobody can be asked: this is no terminal")
                .hint("say --yes to make the changes, or --dry-run=client to see them"));
        }
        Ok(LiveMode::Make)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        input: InputFlags,
        #[command(flatten)]
        changes: ChangeFlags,
    }

    fn line(words: &str) -> Line {
        Line::parse_from(std::iter::once("x").chain(words.split_whitespace()))
    }

    fn of_files(words: &str) -> std::result::Result<FileMode, String> {
        let line = line(words);
        line.changes.of_files(&line.input).map_err(|error| error.to_string())
    }

    fn of_live(words: &str, is_chosen: bool, is_there: bool) -> Option<LiveMode> {
        line(words).changes.of_live_with(is_chosen, is_there).ok()
    }

    #[test]
    fn files_are_shown_unless_they_are_to_be_written() {
        assert_eq!(of_files("-f x"), Ok(FileMode::Show));
        assert_eq!(of_files("-f x --dry-run --all"), Ok(FileMode::Show));
        assert_eq!(of_files("-f x --dry-run=none --write"), Ok(FileMode::Write));
        assert_eq!(of_files("-f x --write --undo-file u -o json"), Ok(FileMode::Write));
        for words in [
            "-f x --write --dry-run",
            "-f x --dry-run=server",
            "-f x --yes",
            "-f x --managed",
            "-f x --undo-file u",
            "-f - --write",
            "-f x,- --write",
            "-k x --write",
        ] {
            assert!(of_files(words).is_err(), "{words}");
        }
    }

    #[test]
    fn what_runs_is_changed_only_where_somebody_said_so() {
        assert_eq!(of_live("", false, true), Some(LiveMode::Ask));
        assert_eq!(of_live("", true, false), None);
        assert_eq!(of_live("-y", true, false), Some(LiveMode::Make));
        assert_eq!(of_live("-y", false, true), None);
        assert_eq!(of_live("-y", false, false), None);
        assert_eq!(of_live("-y --all", false, false), Some(LiveMode::Make));
        assert_eq!(of_live("--all", false, false), None);
        assert_eq!(of_live("--all", false, true), Some(LiveMode::Ask));
        assert_eq!(of_live("--dry-run", false, false), Some(LiveMode::Show));
        assert_eq!(of_live("-y --dry-run=server", false, false), Some(LiveMode::Try));
        assert_eq!(of_live("--dry-run=none -y", true, true), Some(LiveMode::Make));
        assert_eq!(of_live("--write", true, true), None);
    }
}
