//! What an undo file holds is taken back, in the cluster and in files, and said one by one.

use std::path::Path;

use crate::client::connection::Connection;
use crate::model::clock::Clock;
use crate::model::error::{Error, Result};
use crate::model::source::Source;
use crate::patch::audience::Audience;
use crate::patch::diff;
use crate::patch::live::{DryRun, Options, undoing};
use crate::patch::undo::{FileUndo, Undo};
use crate::patch::write;

/// How it is taken back.
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
    /// Who takes it back: the manager of the fields that are written.
    pub field_manager: &'a str,
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
pub fn run(options: &UndoOptions<'_>, audience: &mut dyn Audience) -> Result<Undone> {
    let mut undone = Undone::default();
    for entry in options.undo.files.iter().rev() {
        let path = &entry.path;
        match file(entry, options.dry_run != DryRun::None, audience) {
            Ok(word) => {
                undone.done += 1;
                audience.note(&format!("{path}: {word}"));
            }
            Err(why) => {
                undone.left += 1;
                audience.note(&format!("{path}: left alone: {why}"));
            }
        }
    }
    if let Some(connection) = options.connection {
        objects(options, connection, audience, &mut undone)?;
    }
    Ok(undone)
}

/// Takes the changes of one file back; returns what came of it, or why not.
fn file(
    entry: &FileUndo,
    only_shown: bool,
    audience: &mut dyn Audience,
) -> std::result::Result<&'static str, String> {
    let path = Path::new(&entry.path);
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let now = Source::new("", bytes);
    let before = entry.restore(now.text()).map_err(str::to_owned)?;
    audience.diff(&diff::unified(&entry.path, now.text(), &before));
    if only_shown {
        return Ok("would be as it was");
    }
    let make = |text: &str| {
        // Somebody may have written it since it was read.
        if text == now.text() {
            Ok(before.clone())
        } else {
            Err(Error::could_not_run("somebody else has changed it meanwhile"))
        }
    };
    write::replace_text(path, make).map_err(|error| error.to_string())?;
    Ok("as it was")
}

fn objects(
    options: &UndoOptions<'_>,
    connection: &Connection,
    audience: &mut dyn Audience,
    undone: &mut Undone,
) -> Result<()> {
    let how = Options {
        field_manager: options.field_manager.to_owned(),
        yes: options.yes,
        dry_run: options.dry_run,
        undo: None,
        clock: Clock::System,
        kubectl: Vec::new(),
    };
    let outcome = undoing::take_back(connection, &options.undo, audience, &how)?;
    let shown = outcome.shown.iter().map(|shown| (&shown.object, "would be as it was"));
    let done = outcome.done.iter().map(|done| (&done.object, "as it was"));
    let already = outcome.already.iter().map(|object| (object, "as it was already"));
    let declined = outcome.declined.iter().map(|object| (object, "declined"));
    for (object, word) in done.chain(shown).chain(already).chain(declined) {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        audience.note(&format!("{object} in {namespace}: {word}"));
    }
    for left in &outcome.left {
        audience.note(&format!("{}: left alone: {}", left.object, left.why));
        for instead in &left.instead {
            audience.note(&format!("  instead: {instead}"));
        }
    }
    for gap in &outcome.failed {
        let object = gap.object.as_deref().unwrap_or_default();
        audience.note(&format!("{object}: not known to be as it was: {}", gap.why));
    }
    undone.done += outcome.done.len() + outcome.shown.len() + outcome.already.len();
    undone.left += outcome.declined.len() + outcome.left.len();
    undone.failed += outcome.failed.len();
    Ok(())
}
