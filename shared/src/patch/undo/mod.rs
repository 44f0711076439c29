//! What takes changes back: of objects in a cluster the reverse patches, of files the reverse edits.
//! Never more of either than what was changed.

pub mod record;

use std::fs;
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::operations::{self, Operation};
use super::plan::{Change, Left, Planned, Step};
use crate::model::clock::Clock;
use crate::model::error::{Error, Result};
use crate::model::object::{Object, ObjectRef};

/// The version of the format.
const API_VERSION: &str = "posture/v1";

/// What a file of this format says it is.
const KIND: &str = "Undo";

/// The largest file that is read as one, in bytes.
const LARGEST: u64 = 1 << 28;

/// Everything that a command has changed, or may have changed when it was broken off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Undo {
    api_version: String,
    kind: String,
    /// Who has made the changes.
    pub tool: Tool,
    /// When the command began, as RFC 3339.
    pub time: String,
    /// The context of the kubeconfig.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The address of the server, as it was configured, without what is secret in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The objects, in the order in which they were changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectUndo>,
    /// The files, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileUndo>,
}

/// A program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tool {
    /// `kubectl-seccomp`
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What takes the change of one object back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectUndo {
    /// `apps/v1`
    pub api_version: String,
    /// `Deployment`
    pub kind: String,
    /// Absent for cluster-scoped kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The plural name in the API: `deployments`.
    pub resource: String,
    /// A JSON Patch that tests what was written, and restores what was there before.
    pub operations: Vec<Operation>,
}

/// What takes the change of one file back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileUndo {
    /// The absolute path.
    pub path: String,
    /// SHA-256 of the text as it was left, in hexadecimal digits.
    pub sha256: String,
    /// What stands in the text as it was left, and what stood there before: in order.
    pub splices: Vec<SpliceUndo>,
}

/// One stretch of a text, and what stood in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpliceUndo {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
    /// What stood there.
    pub insert: String,
}

impl Undo {
    /// Nothing so far, by a program.
    pub fn new(tool: &str, clock: Clock) -> Self {
        Self {
            api_version: API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            tool: Tool { name: tool.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            time: clock.now().to_string(),
            context: None,
            server: None,
            objects: Vec::new(),
            files: Vec::new(),
        }
    }

    /// The same, in the cluster of a context, at an address without what is secret in it.
    #[must_use]
    pub fn at(mut self, context: Option<&str>, server: &str) -> Self {
        self.context = context.map(str::to_owned);
        self.server = Some(server.to_owned());
        self
    }

    /// Reads a file. Fails, with the place in it, where it is none of these.
    pub fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let unread = |error: std::io::Error| Error::usage(format!("{shown}: {error}"));
        if fs::metadata(path).map_err(unread)?.len() > LARGEST {
            return Err(Error::usage(format!("{shown}: it is too large to be an undo file")));
        }
        let text = fs::read_to_string(path).map_err(unread)?;
        Self::parse(&text).map_err(|why| {
            Error::usage(format!("{shown}: {why}"))
                .hint("an undo file is written by the commands that change something")
        })
    }

    /// Reads the text of a file; why it is none comes back.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        let undo: Self = serde_yaml::from_str(text).map_err(|error| match error.location() {
            // What stands there may be anybody's secret.
            Some(at) => format!("no undo file (line {}, column {})", at.line(), at.column()),
            None => "no undo file".to_owned(),
        })?;
        if undo.kind != KIND || undo.api_version != API_VERSION {
            return Err(format!("no {KIND} of {API_VERSION}"));
        }
        Ok(undo)
    }

    /// The text of the file.
    pub fn to_text(&self) -> Result<String> {
        let command = self.tool.name.replacen('-', " ", 1);
        let text = serde_yaml::to_string(self).map_err(|error| {
            Error::could_not_run("the undo file cannot be written").caused_by(error)
        })?;
        Ok(format!("# To take these changes back: {command} undo FILE\n{text}"))
    }
}

impl ObjectUndo {
    /// How reports name the object.
    pub fn reference(&self) -> ObjectRef {
        ObjectRef {
            api_version: self.api_version.clone(),
            kind: self.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }

    /// What taking the change back means for the object as it is now: nothing if it is so already;
    /// left alone if what was written is not there any more.
    pub fn plan(&self, object: Object) -> Planned {
        let before = object.value().to_json();
        let applied = |operations: &[Operation]| {
            let mut after = before.clone();
            operations::apply(operations, &mut after).map(|()| after)
        };
        let reference = self.reference();
        let outcome = applied(&self.operations).or_else(|failed| {
            let moved = operations::moved(&self.operations, &before);
            moved.and_then(|moved| applied(&moved).ok()).ok_or(failed)
        });
        match outcome {
            Ok(after) => Planned::Change(Box::new(Change {
                object,
                reference,
                steps: vec![Step {
                    title: "take the change back".into(),
                    check: None,
                    grade: None,
                    evidence: "".into(),
                    edits: Vec::new(),
                }],
                before,
                after,
                notes: Vec::new(),
            })),
            Err(_) if self.is_done(&before) => Planned::Already(reference),
            Err(failed) => Planned::Left(Left {
                object: reference,
                why: format!("it has been changed since, at what is to be taken back: {failed}"),
                instead: Vec::new(),
            }),
        }
    }

    /// Whether nothing is left to take back.
    fn is_done(&self, object: &Json) -> bool {
        operations::is_done(&self.operations, object)
    }
}

impl FileUndo {
    /// What takes edits of a text back. `edits` are stretches of `before` with what was put in
    /// their place, in order, and do not overlap.
    pub fn of<'a>(
        path: &Path,
        before: &str,
        after: &str,
        edits: impl Iterator<Item = (Range<usize>, &'a str)>,
    ) -> Self {
        let mut splices = Vec::new();
        // Where the text before lies in the one after: the bytes that came, less those that went.
        let (mut added, mut removed) = (0, 0);
        for (span, insert) in edits {
            let start = span.start + added - removed;
            let old = before.get(span.clone()).unwrap_or_default();
            splices.push(SpliceUndo { start, end: start + insert.len(), insert: old.to_owned() });
            added += insert.len();
            removed += span.len();
        }
        Self { path: path.to_string_lossy().into_owned(), sha256: digest(after), splices }
    }

    /// The text before, from the text as it was left. Fails if it is another one, with a clause
    /// that says why.
    pub fn restore(&self, text: &str) -> std::result::Result<String, &'static str> {
        if digest(text) != self.sha256 {
            return Err("it has been changed since");
        }
        let mut restored = String::with_capacity(text.len());
        let mut end = 0;
        for splice in &self.splices {
            let kept = text.get(end..splice.start).filter(|_| splice.start <= splice.end);
            restored.push_str(kept.ok_or("the undo file does not fit it")?);
            restored.push_str(&splice.insert);
            end = splice.end;
        }
        restored.push_str(text.get(end..).ok_or("the undo file does not fit it")?);
        Ok(restored)
    }
}

/// SHA-256 in hexadecimal digits.
fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).fold(String::new(), |mut text, digit| {
        text.extend(char::from_digit(digit.into(), 16));
        text
    })
}

#[cfg(test)]
mod tests;
