//! Where formats for machines say that a finding is: a file of the repository, or a name that
//! stands for an object which has none.

use std::path::{Component, Path};

use crate::finding::report::{Finding, ObjectReport, Report};
use crate::model::object::ObjectRef;
use crate::model::source::{Mark, Place};

/// The place of a finding, for formats that need a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// A path with forward slashes: relative to the current folder where it is below it.
    pub(super) file: String,
    /// Where in the file; nothing where the file is not the text that was read.
    pub(super) region: Option<Region>,
    /// Whether there is a file of that name.
    pub(super) is_file: bool,
}

impl Location {
    /// The line that it starts on: the first, where the file is not the text that was read.
    pub(super) fn line(&self) -> usize {
        self.region.as_ref().map_or(1, |region| region.start.line)
    }

    /// Whether both start on the same line.
    pub(super) fn is_on_line_of(&self, other: &Self) -> bool {
        self.line() == other.line() && self.file == other.file
    }

    /// `shop.yaml:12:5`, or the file alone; `None` where there is no file.
    pub(super) fn label(&self) -> Option<String> {
        let file = self.is_file.then_some(self.file.as_str())?;
        let start = self.region.as_ref().map(|region| &region.start);
        Some(start.map_or_else(
            || file.to_owned(),
            |start| format!("{file}:{}:{}", start.line, start.column),
        ))
    }
}

/// A stretch of a file. Lines and columns count from 1, columns in characters; the end is the
/// place behind the last character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Region {
    /// The first character.
    pub(super) start: Place,
    /// The place behind the last character.
    pub(super) end: Place,
}

/// The location of a finding: its place in the file; the chart's own file where Helm has rendered
/// it; for standard input and a cluster `cluster/NAMESPACE/KIND/NAME.yaml`.
pub(super) fn of_finding<D>(report: &Report<D>, finding: &Finding) -> Location {
    let object = report.objects.get(finding.position);
    of(&finding.object, finding.place.as_ref(), object.and_then(|own| own.chart_file.as_deref()))
}

/// The location of an object, as [`of_finding`].
pub(super) fn of_object<D>(object: &ObjectReport<D>) -> Location {
    of(&object.object, object.place.as_ref(), object.chart_file.as_deref())
}

/// The location of a mark in a file; `None` where nobody could look it up.
pub(super) fn of_mark(mark: &Mark) -> Option<Location> {
    let file = relative(mark.source().name());
    is_path(&file).then(|| Location { file, region: Some(region(mark)), is_file: true })
}

fn of(object: &ObjectRef, place: Option<&Mark>, chart_file: Option<&str>) -> Location {
    if let Some(chart_file) = chart_file {
        // The lines are those of what Helm has rendered, not of the template.
        return Location { file: chart_file.to_owned(), region: None, is_file: true };
    }
    place.and_then(of_mark).unwrap_or_else(|| Location {
        file: synthetic(object),
        region: None,
        is_file: false,
    })
}

/// Whether a source has a path: standard input and the output of programs have none.
fn is_path(name: &str) -> bool {
    !name.is_empty() && name != "STDIN" && !name.starts_with("kustomize:")
}

fn region(mark: &Mark) -> Region {
    let span = mark.span();
    let source = mark.source();
    // Marks of collections reach to the next token: the text counts, not the blanks behind it.
    let text = source.text().get(span.clone()).map_or(span.len(), |text| text.trim_end().len());
    // A mark at the very end is on a line that no editor shows: it goes where the text ends.
    let start = span.start.min(source.text().trim_end().len());
    Region { start: source.place(start), end: source.place(start + text) }
}

/// A path from the current folder where it leads below it, with forward slashes.
fn relative(name: &str) -> String {
    let path = Path::new(name);
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&here).unwrap_or(path);
    let parts: Vec<_> = path
        .components()
        .filter(|part| !matches!(part, Component::CurDir))
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/").replacen("//", "/", 1)
}

/// A name that stands for an object without a file.
fn synthetic(object: &ObjectRef) -> String {
    let namespace = object.namespace.as_deref().unwrap_or("_cluster");
    let parts = [namespace, &object.kind.to_lowercase(), &object.name];
    let parts = parts.map(|part| part.replace(['/', '\\'], "_"));
    format!("cluster/{}.yaml", parts.join("/"))
}
