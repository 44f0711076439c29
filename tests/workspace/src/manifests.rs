//! Manifests: every version, lint and profile stands once, in the workspace's own.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::Violation;
use super::tree::{Tree, join, split};

/// What every package takes from the workspace.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

const DEPENDENCIES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Members inherit; every package is a member; every version in the workspace is used.
pub(crate) fn manifests(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    let Some(root) = tree.text("Cargo.toml").map(parse) else {
        return vec![Violation::new("Cargo.toml", None, "the workspace has no manifest")];
    };
    let listed = |key: &str| -> Vec<String> {
        let list = root.get("workspace").and_then(|table| table.get(key));
        let items = list.and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let (members, excluded) = (listed("members"), listed("exclude"));
    let mut used = BTreeSet::new();
    for (path, text) in tree.files() {
        let (folder, name) = split(path);
        if name != "Cargo.toml" || folder.is_empty() || excluded.iter().any(|known| known == folder)
        {
            continue;
        }
        if !members.iter().any(|member| member == folder) {
            found.push(Violation::new(path, None, "not a member of the workspace"));
        }
        let manifest = parse(text);
        used.extend(dependency_tables(&manifest).flat_map(Table::keys).cloned());
        found.extend(member(path, &manifest, &root));
    }
    let versions = root.get("workspace").and_then(|table| table.get("dependencies"));
    for name in versions.and_then(Value::as_table).into_iter().flat_map(Table::keys) {
        if !used.contains(name) {
            let message = format!("no member depends on {name}");
            found.push(Violation::new("Cargo.toml", None, message));
        }
    }
    found
}

/// The one package with lints of its own: it loads filters into the kernel and calls a C library.
const WITH_OWN_LINTS: &str = "tests/kernel/Cargo.toml";

/// Whether a package's own lints are the workspace's, but that `unsafe` can be asked for.
fn are_lints_of_workspace(lints: &Value, root: &Table) -> bool {
    let mut wanted = root.get("workspace").and_then(|table| table.get("lints")).cloned();
    let rust = wanted.as_mut().and_then(|lints| lints.get_mut("rust"));
    if let Some(rust) = rust.and_then(Value::as_table_mut) {
        rust.insert("unsafe_code".to_owned(), "deny".into());
    }
    wanted.as_ref() == Some(lints)
}

fn member(path: &str, manifest: &Table, root: &Table) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut refuse = |message: String| found.push(Violation::new(path, None, message));
    let package = manifest.get("package").and_then(Value::as_table);
    for field in INHERITED {
        if !package.and_then(|package| package.get(field)).is_some_and(is_inherited) {
            refuse(format!("write {field}.workspace = true"));
        }
    }
    let lints = manifest.get("lints");
    if path == WITH_OWN_LINTS {
        if !lints.is_some_and(|lints| are_lints_of_workspace(lints, root)) {
            refuse("its lints are the workspace's, but for unsafe_code = \"deny\"".to_owned());
        }
    } else if !lints.is_some_and(is_inherited) {
        refuse("write [lints] workspace = true".to_owned());
    }
    if manifest.contains_key("profile") {
        refuse("profiles stand in the workspace's manifest".to_owned());
    }
    for (name, value) in dependency_tables(manifest).flatten() {
        if !is_inherited(value) {
            refuse(format!("the version of {name} stands in the workspace's manifest"));
        }
    }
    found
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// All tables of dependencies, those for one platform too.
fn dependency_tables(manifest: &Table) -> impl Iterator<Item = &Table> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flat_map(|table| table.values()).filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(targets)
        .flat_map(|table| DEPENDENCIES.iter().filter_map(|key| table.get(*key)?.as_table()))
}

/// The names of everything that a manifest depends on.
pub(crate) fn dependencies(text: &str) -> Vec<String> {
    let manifest = parse(text);
    dependency_tables(&manifest).flat_map(Table::keys).cloned().collect()
}

/// A manifest that cargo has read already is well formed; another is as good as empty.
pub(crate) fn parse(text: &str) -> Table {
    text.parse().unwrap_or_default()
}

/// The files that cargo starts from in the package at `folder`.
pub(crate) fn roots(tree: &Tree, folder: &str) -> Vec<String> {
    let manifest = tree.text(&join(folder, "Cargo.toml")).map(parse).unwrap_or_default();
    let mut roots =
        vec![join(folder, "build.rs"), join(folder, "src/lib.rs"), join(folder, "src/main.rs")];
    let mut named = |target: &Value| {
        roots.extend(target.get("path").and_then(Value::as_str).map(|path| resolve(folder, path)));
    };
    if let Some(library) = manifest.get("lib") {
        named(library);
    }
    for key in ["bin", "test", "bench", "example"] {
        manifest.get(key).and_then(Value::as_array).into_iter().flatten().for_each(&mut named);
    }
    // What cargo finds by its place.
    let package = manifest.get("package");
    let finds = |key: &str| {
        package.and_then(|package| package.get(key)).and_then(Value::as_bool).unwrap_or(true)
    };
    let places = [
        ("src/bin", "autobins"),
        ("tests", "autotests"),
        ("benches", "autobenches"),
        ("examples", "autoexamples"),
    ];
    for (place, key) in places {
        let prefix = format!("{}/", join(folder, place));
        let found = tree.rust_files().map(|(path, _)| path).filter(|path| {
            path.strip_prefix(&prefix)
                .is_some_and(|rest| !rest.contains('/') || rest.ends_with("/main.rs"))
        });
        if finds(key) {
            roots.extend(found.map(str::to_owned));
        }
    }
    roots.retain(|path| tree.has(path));
    roots
}

/// A relative path from a folder, with its `..` taken.
pub(crate) fn resolve(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
