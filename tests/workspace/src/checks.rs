//! Where files lie: folders, modules, and each check beside its document.

use std::collections::BTreeSet;

use super::Violation;
use super::tree::{Tree, join, split};

/// The folders at the top, and no more.
const TOP_FOLDERS: [&str; 5] = ["completions", "krew", "plugins", "shared", "tests"];

/// What lies beside the checks and is none.
const NO_CHECKS: [&str; 2] = ["mod.rs", "tests.rs"];

/// Names that say nothing.
const EMPTY_NAMES: [&str; 7] = ["common", "helper", "helpers", "imp", "misc", "util", "utils"];

/// Nothing at the top but the known folders.
pub(crate) fn folders(tree: &Tree) -> Vec<Violation> {
    let tops: BTreeSet<&str> =
        tree.files().filter_map(|(path, _)| Some(path.split_once('/')?.0)).collect();
    tops.into_iter()
        .filter(|top| !TOP_FOLDERS.contains(top))
        .map(|top| Violation::new(top, None, format!("top-level folders are {TOP_FOLDERS:?}")))
        .collect()
}

/// A module with parts is a folder with a `mod.rs`, and no file beside the folder.
pub(crate) fn layout(tree: &Tree) -> Vec<Violation> {
    let folders: BTreeSet<&str> = tree.rust_files().map(|(path, _)| split(path).0).collect();
    tree.rust_files()
        .filter_map(|(path, _)| {
            let folder = path.trim_end_matches(".rs");
            folders
                .contains(folder)
                .then(|| Violation::new(path, None, format!("move it to {folder}/mod.rs")))
        })
        .collect()
}

/// Names say what lives there.
pub(crate) fn names(tree: &Tree) -> Vec<Violation> {
    tree.rust_files()
        .filter_map(|(path, _)| {
            let parts = path.trim_end_matches(".rs").split('/');
            let empty = parts.into_iter().find(|part| EMPTY_NAMES.contains(part))?;
            Some(Violation::new(path, None, format!("{empty:?} does not say what lives there")))
        })
        .collect()
}

/// Each check has its document, and each document its check.
pub(crate) fn documents(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (path, _) in tree.files() {
        let (folder, name) = split(path);
        let parts: Vec<&str> = folder.split('/').collect();
        let has_checks =
            matches!(parts.as_slice(), ["plugins", _, "src", "checks" | "requirements"]);
        if !has_checks || NO_CHECKS.contains(&name) {
            continue;
        }
        let other = match name.rsplit_once('.') {
            Some((stem, "rs")) => format!("{stem}.md"),
            Some((stem, "md")) => format!("{stem}.rs"),
            _ => {
                found.push(Violation::new(
                    path,
                    None,
                    "the folder holds checks and their documents",
                ));
                continue;
            }
        };
        if !tree.has(&join(folder, &other)) {
            found.push(Violation::new(path, None, format!("{other} is missing beside it")));
        }
    }
    found
}
