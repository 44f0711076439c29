//! `undo`: what an undo file holds is taken back, in the cluster and in files.

use std::path::Path;

use posture::client::connection::Connection;
use posture::model::clock::Clock;
use posture::model::error::{Error, Result};
use posture::patch::audience::Audience as _;
use posture::patch::diff;
use posture::patch::live::{DryRun, Options, undoing};
use posture::patch::undo::{FileUndo, Undo};
use posture::patch::write;
use posture::render::audience::Terminal;
use posture::render::escape::escape;
use posture::render::out::{self, Output};
use posture::render::plan::PlanFormat;

/// What the command line says.
#[derive(Debug)]
pub struct UndoOptions<'a> {
    /// What is taken back.
    pub undo: Undo,
    /// The cluster, where something of one is among it.
    pub connection: Option<&'a Connection>,
    /// Whether anything is changed.
    pub dry_run: DryRun,
    /// Whether nobody is asked.
    pub yes: bool,
    /// How to show it.
    pub output: Output<PlanFormat>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// How much is as it was.
    pub done: usize,
    /// How much somebody did not want, or has changed since.
    pub left: usize,
    /// How much could not be taken back, or nobody knows.
    pub failed: usize,
}

/// Takes back; says object by object, file by file, what came of it.
pub fn run(options: &UndoOptions<'_>) -> Result<Undone> {
    let mut undone = Undone::default();
    let mut terminal =
        Terminal::new(options.output, !options.yes && options.dry_run == DryRun::None);
    for entry in options.undo.files.iter().rev() {
        let path = escape(&entry.path).into_owned();
        match file(entry, options.dry_run != DryRun::None, &mut terminal) {
            Ok(word) => {
                undone.done += 1;
                out::note(&format!("{path}: {word}"));
            }
            Err(why) => {
                undone.left += 1;
                out::note(&format!("{path}: left alone: {}", escape(&why)));
            }
        }
    }
    if let Some(connection) = options.connection {
        objects(options, connection, &mut terminal, &mut undone)?;
    }
    Ok(undone)
}

/// Takes the changes of one file back; returns what came of it, or why not.
fn file(
    entry: &FileUndo,
    only_shown: bool,
    terminal: &mut Terminal,
) -> std::result::Result<&'static str, String> {
    let path = Path::new(&entry.path);
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let before = entry.restore(&text).map_err(str::to_owned)?;
    terminal.diff(&diff::unified(&entry.path, &text, &before));
    if only_shown {
        return Ok("would be as it was");
    }
    let make = |now: &[u8]| {
        // Somebody may have written it since it was read.
        if now == text.as_bytes() {
            Ok(before.clone().into_bytes())
        } else {
            Err(Error::could_not_run("somebody else has changed it meanwhile"))
        }
    };
    write::replace(path, make).map_err(|error| error.to_string())?;
    Ok("as it was")
}

fn objects(
    options: &UndoOptions<'_>,
    connection: &Connection,
    terminal: &mut Terminal,
    undone: &mut Undone,
) -> Result<()> {
    let how = Options {
        field_manager: super::set::TOOL.to_owned(),
        yes: options.yes,
        dry_run: options.dry_run,
        undo: None,
        clock: Clock::System,
        kubectl: Vec::new(),
    };
    let outcome = undoing::take_back(connection, &options.undo, terminal, &how)?;
    let shown = outcome.shown.iter().map(|shown| (&shown.object, "would be as it was"));
    let done = outcome.done.iter().map(|done| (&done.object, "as it was"));
    let already = outcome.already.iter().map(|object| (object, "as it was already"));
    let declined = outcome.declined.iter().map(|object| (object, "declined"));
    for (object, word) in done.chain(shown).chain(already).chain(declined) {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        out::note(&escape(&format!("{object} in {namespace}: {word}")));
    }
    for left in &outcome.left {
        out::note(&escape(&format!("{}: left alone: {}", left.object, left.why)));
        for instead in &left.instead {
            out::note(&escape(&format!("  instead: {instead}")));
        }
    }
    for gap in &outcome.failed {
        let object = gap.object.as_deref().unwrap_or_default();
        out::note(&escape(&format!("{object}: not known to be as it was: {}", gap.why)));
    }
    undone.done += outcome.done.len() + outcome.shown.len() + outcome.already.len();
    undone.left += outcome.declined.len() + outcome.left.len();
    undone.failed += outcome.failed.len();
    Ok(())
}
