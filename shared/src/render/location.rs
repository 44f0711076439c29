//! Where formats for machines say that a finding is: a file of the repository, or a name that
//! stands for an object which has none.

use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use crate::finding::report::{Finding, ObjectReport, Report};
use crate::model::object::ObjectRef;
use crate::model::source::{Mark, Place};

/// The place of a finding, for formats that need a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// A path with forward slashes: from the root of the repository where it is below that.
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
    let name = mark.source().name();
    is_path(name).then(|| Location {
        file: relative(name),
        region: Some(region(mark)),
        is_file: true,
    })
}

fn of(object: &ObjectRef, place: Option<&Mark>, chart_file: Option<&str>) -> Location {
    if let Some(chart_file) = chart_file {
        // The lines are those of what Helm has rendered, not of the template.
        let here = std::env::current_dir().unwrap_or_default();
        return Location { file: of_chart(&here, chart_file), region: None, is_file: true };
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

/// The path of a chart's file. Helm names it from the chart's own name on, and not where the chart
/// is: the current folder, one of that name in it, or one in `charts`. As Helm named it, where
/// the file is in none of them.
fn of_chart(here: &Path, file: &str) -> String {
    let mut tried = vec![file.to_owned(), format!("charts/{file}")];
    if here.join("Chart.yaml").exists() {
        tried.extend(file.split_once('/').map(|(_, inside)| inside.to_owned()));
    }
    let found = tried.iter().find(|path| here.join(path).is_file());
    found.map_or_else(|| file.to_owned(), |path| relative(path))
}

/// A path from the root of the repository where it leads below that, with forward slashes; else
/// as it was given.
fn relative(name: &str) -> String {
    static FOLDERS: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    let (root, here) = FOLDERS.get_or_init(|| {
        let here = std::env::current_dir().unwrap_or_default();
        (root_of(&here).to_owned(), here)
    });
    below(root, here, Path::new(name))
}

/// The root of the Git repository that a folder is in; the folder itself, where there is none.
fn root_of(folder: &Path) -> &Path {
    folder.ancestors().find(|above| above.join(".git").exists()).unwrap_or(folder)
}

/// Whoever reads the report knows the repository, and not the folder that the command ran in.
fn below(root: &Path, here: &Path, path: &Path) -> String {
    let mut full = PathBuf::new();
    for part in here.join(path).components() {
        match part {
            Component::ParentDir => drop(full.pop()),
            Component::CurDir => {}
            part => full.push(part),
        }
    }
    let path = full.strip_prefix(root).unwrap_or(path);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_repository() {
        let (root, here) = (Path::new("/work/shop"), Path::new("/work/shop/deploy"));
        for (given, expected) in [
            ("web.yaml", "deploy/web.yaml"),
            ("./a/../web.yaml", "deploy/web.yaml"),
            ("../charts/a.yaml", "charts/a.yaml"),
            ("/work/shop/b.yaml", "b.yaml"),
            ("../../other/c.yaml", "../../other/c.yaml"),
            ("/etc/d.yaml", "/etc/d.yaml"),
        ] {
            assert_eq!(below(root, here, Path::new(given)), expected, "{given}");
        }
    }

    #[test]
    fn a_chart_is_where_its_files_are() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let here = folder.path();
        let touch = |path: &str| {
            let path = here.join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, "").expect("a file");
        };
        let file = "shop/templates/web.yaml";
        assert_eq!(of_chart(here, file), file);
        touch("templates/web.yaml");
        assert_eq!(of_chart(here, file), file, "no chart is here");
        touch("Chart.yaml");
        assert!(of_chart(here, file).ends_with("templates/web.yaml"));
        assert_ne!(of_chart(here, file), file);
        touch("charts/shop/templates/web.yaml");
        assert!(of_chart(here, file).ends_with("charts/shop/templates/web.yaml"));
    }

    #[test]
    fn a_repository_is_known_by_its_folder() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let deploy = folder.path().join("deploy");
        std::fs::create_dir_all(&deploy).expect("a folder");
        assert_eq!(root_of(&deploy), deploy);
        std::fs::write(folder.path().join(".git"), "gitdir: elsewhere").expect("a file");
        assert_eq!(root_of(&deploy), folder.path());
    }
}
