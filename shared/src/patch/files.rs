//! Changes of manifests: their texts, and, where that is asked for, the files themselves.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::plan::Change;
use super::report::{Came, Carried, Fate};
use super::text::{self, Rewritten};
use super::undo::record::{self, Record};
use super::undo::{FileUndo, Undo};
use super::write;
use crate::model::clock::Clock;
use crate::model::error::{Error, Result};
use crate::model::gap::Gap;

/// How the files are written.
#[derive(Clone, Copy, Debug)]
pub struct Writing<'a> {
    /// The program that the undo file names: `kubectl-pss`.
    pub tool: &'a str,
    /// Where the undo file goes; by default below the user's state folder.
    pub undo_file: Option<&'a Path>,
    /// What time it is.
    pub clock: Clock,
}

/// Makes the texts of the files that changes are about, and writes them if that is asked for: the
/// undo file first, then each file as a whole. A change that cannot be made in its text is refused;
/// a file that cannot be written is a gap, and its changes have failed. Fails, and writes nothing,
/// where the undo file cannot be written.
pub fn carry_out(changes: &[Change], writing: Option<Writing<'_>>) -> Result<Carried> {
    let (rewritten, refused) = text::rewrite(changes);
    let mut carried = Carried {
        came: vec![Came::Of(Fate::Shown); changes.len()],
        rewritten: once_each(rewritten),
        refused,
        ..Carried::default()
    };
    if let Some(writing) = writing
        && !carried.rewritten.is_empty()
    {
        carried.write(writing)?;
    }
    Ok(carried)
}

impl Carried {
    fn write(&mut self, writing: Writing<'_>) -> Result<()> {
        let mut record = begin(writing)?;
        let entries = self.rewritten.iter().filter_map(|file| {
            let edits = file.splices.iter();
            let edits = edits.map(|splice| (splice.span.clone(), splice.insert.as_str()));
            let path = real_path(file)?;
            Some(FileUndo::of(&path, file.source.text(), &file.after, edits))
        });
        let entries: Vec<FileUndo> = entries.collect();
        if !entries.is_empty() {
            record.files(entries)?;
        }
        // At once: most of the time the disk is waited for.
        let write = |file: &Rewritten| write::write(&file.source, &file.after);
        let outcomes: Vec<Result<()>> = self.rewritten.par_iter().map(write).collect();
        for (file, outcome) in self.rewritten.iter().zip(outcomes) {
            let fate = if outcome.is_ok() { Fate::Made } else { Fate::Failed };
            for position in &file.positions {
                if let Some(own) = self.came.get_mut(*position) {
                    *own = Came::Of(fate);
                }
            }
            if let Err(error) = outcome {
                self.gaps.push(gap(file, &error));
                if let Some(path) = real_path(file) {
                    // What is too much in the undo file does no harm: it fits no such text.
                    drop(record.forget_file(&path));
                }
            }
        }
        self.undo = record.path().map(Path::to_owned);
        Ok(())
    }
}

fn begin(writing: Writing<'_>) -> Result<Record> {
    let path = record::path(writing.undo_file, writing.tool, writing.clock)?;
    Record::new(&path, Undo::new(writing.tool, writing.clock))
}

fn gap(file: &Rewritten, error: &Error) -> Gap {
    Gap {
        what: "change".to_owned(),
        place: None,
        object: Some(file.source.name().to_owned()),
        why: format!("not written: {error}"),
        hint: error.hints().first().cloned().unwrap_or_default(),
    }
}

/// Where a file really lies, behind all links.
fn real_path(file: &Rewritten) -> Option<PathBuf> {
    file.source.path().and_then(|path| path.canonicalize().ok())
}

/// A file that was read more than once, by several names or through links, is written once.
fn once_each(rewritten: Vec<Rewritten>) -> Vec<Rewritten> {
    let mut known: HashMap<PathBuf, usize> = HashMap::new();
    let mut once: Vec<Rewritten> = Vec::with_capacity(rewritten.len());
    for file in rewritten {
        let first = real_path(&file).map(|path| *known.entry(path).or_insert(once.len()));
        match first.and_then(|first| once.get_mut(first)) {
            Some(first) if first.after == file.after => first.positions.extend(file.positions),
            _ => once.push(file),
        }
    }
    once
}
