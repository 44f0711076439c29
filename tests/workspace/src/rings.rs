//! Who may import whom: the rings of the common crate, the layers of a plugin, and plugins as
//! islands.

use std::collections::BTreeSet;

use super::source::{self, Named};
use super::tree::{Tree, is_rust, split};
use super::{Violation, forgotten, manifests};

/// The modules of the common crate: ring, and the place in the ring. A module imports inner
/// rings, and of its own ring what stands on its left.
const RINGS: [(&str, u8, u8); 7] = [
    ("model", 0, 0),
    ("finding", 1, 0),
    ("client", 2, 0),
    ("input", 3, 0),
    ("patch", 3, 1),
    ("render", 3, 2),
    ("cli", 5, 0),
];

/// The outermost ring that a plugin's engines and checks import, and its commands. The unit tests
/// of an engine may read their examples with what commands read with.
const ENGINE_RING: u8 = 1;
const COMMAND_RING: u8 = 3;

/// The one module of the common crate that knows clap.
const CLI: &str = "cli";

/// Which plugin may use the engine of which other.
const BRIDGES: [(&str, &str); 2] = [("webhooks", "pss"), ("webhooks", "netpol")];

/// Imports go inwards only, and clap stays at the rim.
pub(crate) fn rings(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    let for_tests = files_for_tests(tree);
    for (path, text) in tree.rust_files() {
        let Some(place) = Place::of(path) else { continue };
        let names = match source::names(text) {
            Ok(names) => names,
            Err(error) => {
                found.push(Violation::new(path, error.span().start().line, error.to_string()));
                continue;
            }
        };
        if let Part::Ring(module) = &place.part
            && ring(module).is_none()
        {
            found.push(Violation::new(
                path,
                None,
                format!("{module} is no ring of the common crate"),
            ));
            continue;
        }
        for named in &names.paths {
            let for_tests = named.for_tests || for_tests.contains(path);
            if let Some(message) = place.refuses(named, for_tests) {
                found.push(Violation::new(path, named.line, message));
            }
        }
    }
    found.dedup();
    found
}

/// The files that a `#[cfg(test)] mod` declares.
fn files_for_tests(tree: &Tree) -> BTreeSet<String> {
    let files = tree.rust_files().flat_map(|(path, text)| {
        let is_root = matches!(split(path).1, "lib.rs" | "main.rs");
        forgotten::modules(tree, path, text, is_root)
    });
    files.filter(|(_, module)| module.for_tests).map(|(file, _)| file).collect()
}

fn ring(module: &str) -> Option<(u8, u8)> {
    RINGS.iter().find(|(name, ..)| *name == module).map(|(_, ring, place)| (*ring, *place))
}

/// Where a file stands.
#[derive(Debug)]
struct Place {
    part: Part,
    /// The file's own module path in its crate.
    module: Vec<String>,
}

#[derive(Debug)]
enum Part {
    /// A module of the common crate.
    Ring(String),
    /// A plugin's `main.rs` and `args.rs`.
    Rim,
    /// A plugin's `commands/`.
    Command,
    /// Everything else of a plugin.
    Engine,
}

impl Place {
    fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.strip_suffix(".rs")?.split('/').collect();
        // `mod.rs`, `lib.rs` and `main.rs` are not parts of a module's path.
        let inside = |rest: &[&str]| -> Vec<String> {
            let own = rest.last().is_some_and(|last| matches!(*last, "mod" | "lib" | "main"));
            rest[..rest.len() - usize::from(own)].iter().map(|part| (*part).to_owned()).collect()
        };
        match parts.as_slice() {
            ["shared", "src", "lib"] => None,
            ["shared", "src", rest @ ..] => {
                let module = inside(rest);
                Some(Self { part: Part::Ring(module.first()?.clone()), module })
            }
            ["plugins", _, "src", rest @ ..] => {
                let part = match rest {
                    ["main"] | ["args", ..] => Part::Rim,
                    ["commands", ..] => Part::Command,
                    _ => Part::Engine,
                };
                Some(Self { part, module: inside(rest) })
            }
            _ => None,
        }
    }

    /// Why this file may not name that path.
    fn refuses(&self, named: &Named, for_tests: bool) -> Option<String> {
        let own = self.own(named);
        let first = named.parts.first()?.as_str();
        let common = (first == "posture").then(|| named.parts.get(1).map(String::as_str));
        let clap = first == "clap" || first.starts_with("clap_");
        match &self.part {
            Part::Rim => None,
            Part::Ring(module) => {
                let target = common.flatten().or_else(|| own.as_ref()?.first().map(String::as_str));
                if clap && module != CLI {
                    return Some(format!("{module} may not know clap: only {CLI} does"));
                }
                let target = target?;
                match ring(target) {
                    _ if target == module => None,
                    None => Some(format!("crate::{target} is in no ring")),
                    Some(theirs) if theirs < ring(module)? => None,
                    Some(_) => Some(format!("{module} may not import {target}: rings go inwards")),
                }
            }
            Part::Command | Part::Engine => {
                let command = matches!(self.part, Part::Command);
                if clap {
                    return Some("only args.rs and main.rs know clap".to_owned());
                }
                if let Some(Some(target)) = common {
                    let limit = if command || for_tests { COMMAND_RING } else { ENGINE_RING };
                    return match ring(target) {
                        None => Some(format!("posture::{target} is in no ring")),
                        Some((theirs, _)) if theirs <= limit => None,
                        Some((theirs, _)) => Some(format!(
                            "imports up to ring {limit} are allowed here, and {target} is in ring {theirs}"
                        )),
                    };
                }
                match own?.first()?.as_str() {
                    "args" => Some("only main.rs imports args".to_owned()),
                    "commands" if !command => {
                        Some("checks and engines may not import commands".to_owned())
                    }
                    _ => None,
                }
            }
        }
    }

    /// The path from the crate's root, where it leads into the file's own crate.
    fn own(&self, named: &Named) -> Option<Vec<String>> {
        let mut here: Vec<String> = self.module.clone();
        here.extend(named.inside.iter().cloned());
        let mut rest = named.parts.as_slice();
        match rest.first()?.as_str() {
            "crate" => return Some(rest[1..].to_vec()),
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    here.pop();
                    rest = &rest[1..];
                }
            }
            _ => return None,
        }
        here.extend(rest.iter().cloned());
        Some(here)
    }
}

/// No plugin uses another, but for the bridges; the common crate uses none.
pub(crate) fn islands(tree: &Tree) -> Vec<Violation> {
    let plugins: Vec<&str> = tree
        .files()
        .filter_map(|(path, _)| path.strip_prefix("plugins/")?.strip_suffix("/Cargo.toml"))
        .filter(|name| !name.contains('/'))
        .collect();
    let mut found = Vec::new();
    for (path, text) in tree.files() {
        let parts: Vec<&str> = path.split('/').collect();
        let owner = match parts.as_slice() {
            ["plugins", owner, ..] => Some(*owner),
            ["shared", ..] => None,
            _ => continue,
        };
        let used: Vec<(Option<usize>, String)> = if path.ends_with("/Cargo.toml") {
            manifests::dependencies(text).into_iter().map(|name| (None, name)).collect()
        } else if is_rust(path) {
            let paths = source::names(text).map(|names| names.paths).unwrap_or_default();
            let first =
                |named: Named| Some((Some(named.line), named.parts.first()?.replace('_', "-")));
            paths.into_iter().filter_map(first).collect()
        } else {
            continue;
        };
        for (line, name) in used {
            let Some(other) = name.strip_prefix("kubectl-") else { continue };
            let bridge =
                owner.is_some_and(|owner| owner == other || BRIDGES.contains(&(owner, other)));
            if plugins.contains(&other) && !bridge {
                let message =
                    format!("plugins are islands: what it needs of {other} belongs in model");
                found.push(Violation::new(path, line, message));
            }
        }
    }
    found
}
