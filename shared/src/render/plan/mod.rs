//! What a command changes, in the format that was asked for, to standard output; what people must
//! know of it, to standard error.

mod documents;
mod words;

use std::io::Write;

use serde::Serialize;

use super::out::{self, Output};
use super::style::Style;
use super::{diff, machine};
use crate::model::error::Result;
use crate::patch;
use crate::patch::report::PlanReport;

/// How to write a plan. A format never changes what is done, nor the exit code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlanFormat {
    /// Unified diffs.
    #[default]
    Diff,
    /// Partial objects.
    Patch,
    /// JSON Patches.
    Jsonpatch,
    /// Patches of a kustomization.
    Kustomize,
    /// What it all becomes.
    Yaml,
    /// The plan itself.
    Json,
}

impl PlanFormat {
    /// Every format, as `-o` lists them.
    pub const ALL: [Self; 6] =
        [Self::Diff, Self::Patch, Self::Jsonpatch, Self::Kustomize, Self::Yaml, Self::Json];

    /// The word behind `-o`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Diff => "diff",
            Self::Patch => "patch",
            Self::Jsonpatch => "jsonpatch",
            Self::Kustomize => "kustomize",
            Self::Yaml => "yaml",
            Self::Json => "json",
        }
    }

    /// What it is good for, for the help text.
    pub fn about(self) -> &'static str {
        match self {
            Self::Diff => "Unified diffs, for patch -p1 and git apply",
            Self::Patch => "Partial objects, for kubectl patch --patch-file",
            Self::Jsonpatch => "JSON Patches with their targets, as one JSON list",
            Self::Kustomize => "The patches of a kustomization.yaml",
            Self::Yaml => "The changed manifests, all of them",
            Self::Json => "The whole plan",
        }
    }
}

/// What a plugin says to people at the end of a plan.
pub trait LastWords {
    /// The lines, a sentence each: what is left, and how far this goes.
    fn last_words(&self) -> Vec<String>;
}

impl LastWords for () {
    fn last_words(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Writes the plan to standard output and what people must know to standard error: all but `-o
/// json`, which holds it. Whoever reads no further knows enough: a closed pipe is no error.
pub fn print<D: Serialize + LastWords>(
    report: &PlanReport<D>,
    output: Output<PlanFormat>,
) -> Result<()> {
    let mut out = out::stdout();
    let written = write(report, output.format, output.style, &mut out);
    out::unless_closed(written.and_then(|()| Ok(out.flush()?)))?;
    if output.format == PlanFormat::Json {
        return Ok(());
    }
    let mut err = out::stderr();
    out::unless_closed(words::write(report, output.stderr_style, &mut err))
}

/// Writes the plan alone, without what only people want to know. Of a plan whose diffs were seen
/// already they are left out.
pub fn write<D: Serialize>(
    report: &PlanReport<D>,
    format: PlanFormat,
    style: Style,
    out: &mut impl Write,
) -> Result<()> {
    match format {
        PlanFormat::Diff if report.is_shown => Ok(()),
        PlanFormat::Diff => {
            diffs(report)?.iter().try_for_each(|text| diff::write(text, style, out))
        }
        PlanFormat::Patch => documents::patch(report, out),
        PlanFormat::Jsonpatch => documents::json_patch(report, out),
        PlanFormat::Kustomize => documents::kustomize(report, out),
        PlanFormat::Yaml => documents::whole(report, style, out),
        PlanFormat::Json => machine::json(report, out),
    }
}

/// The unified diffs of the files that change, then of the objects of a cluster.
fn diffs<D>(report: &PlanReport<D>) -> Result<Vec<String>> {
    let of_files =
        report.rewritten.iter().map(|file| Ok(patch::diff::of_source(&file.source, &file.after)));
    let live = report.changes.iter().filter(|change| change.place.is_none());
    let of_objects = live.map(|change| {
        let change = &change.change;
        patch::diff::of_object(&change.reference, &change.before, &change.after)
    });
    of_files.chain(of_objects).collect()
}

#[cfg(test)]
mod tests;
