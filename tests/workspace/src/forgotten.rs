//! No forgotten files: every Rust file is reached from a file that cargo starts from.

use std::collections::BTreeSet;

use super::source::{self, Declared};
use super::tree::{Tree, join, split};
use super::{Violation, manifests};

/// Rust files that no `mod` and no manifest leads to.
pub(crate) fn forgotten(tree: &Tree) -> Vec<Violation> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<(String, bool)> = Vec::new();
    for (path, _) in tree.files() {
        let (folder, name) = split(path);
        if name == "Cargo.toml" {
            waiting.extend(manifests::roots(tree, folder).into_iter().map(|root| (root, true)));
        }
    }
    while let Some((path, is_root)) = waiting.pop() {
        let Some(text) = tree.text(&path) else { continue };
        if reached.insert(path.clone()) {
            let modules = modules(tree, &path, text, is_root).into_iter();
            waiting.extend(modules.map(|(file, _)| (file, false)));
        }
    }
    tree.rust_files()
        .filter(|(path, _)| !reached.contains(*path))
        .map(|(path, _)| {
            Violation::new(path, None, "no mod declaration and no manifest leads to this file")
        })
        .collect()
}

/// The files of the modules that a file declares; of a root, `mod x;` lies beside it.
pub(crate) fn modules(
    tree: &Tree,
    file: &str,
    text: &str,
    is_root: bool,
) -> Vec<(String, Declared)> {
    let (folder, name) = split(file);
    let stem = name.trim_end_matches(".rs");
    let below = if is_root || name == "mod.rs" { folder.to_owned() } else { join(folder, stem) };
    let modules = source::names(text).map(|names| names.modules).unwrap_or_default();
    let files = modules.into_iter().map(|module| {
        let folder = module.inside.iter().fold(below.clone(), |folder, name| join(&folder, name));
        let path = if let Some(path) = &module.path {
            // A path attribute is taken from the folder of the file that has it.
            manifests::resolve(split(file).0, path)
        } else {
            let folder_module = join(&folder, &format!("{}/mod.rs", module.name));
            let file = join(&folder, &format!("{}.rs", module.name));
            if tree.has(&folder_module) { folder_module } else { file }
        };
        (path, module)
    });
    files.collect()
}
