//! The file `.posture.yaml`: what should not count, beside the manifests and not in them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs, io};

use super::yaml;
use crate::finding::pattern::Pattern;
use crate::finding::suppression::By;
use crate::finding::suppression::rule::{Entry, Rule, Scope};
use crate::model::error::{Error, Result};
use crate::model::node::{Type, Value};
use crate::model::source::{Mark, Source};

/// The name of the file.
pub(super) const NAME: &str = ".posture.yaml";

/// What an entry may say.
const KEYS: [&str; 7] = ["check", "kind", "namespace", "name", "path", "until", "reason"];

/// Reads the file of the current folder, or of the nearest one above it in the same Git
/// repository; nothing where there is none. A file that cannot be understood is a mistake in the
/// configuration: nothing is judged by half of it.
pub fn read() -> Result<Vec<Rule>> {
    let Some(path) = find(&env::current_dir().unwrap_or_default()) else {
        return Ok(Vec::new());
    };
    let shown = env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok());
    let name = shown.unwrap_or(&path).display().to_string();
    let bytes = fs::read(&path)
        .map_err(|error| Error::usage(format!("cannot read {name}")).caused_by(error))?;
    entries(&Arc::new(Source::new(name, bytes)))
}

/// The file that counts for a folder.
fn find(folder: &Path) -> Option<PathBuf> {
    let repository = folder.ancestors().find(|folder| folder.join(".git").exists());
    for folder in folder.ancestors() {
        let path = folder.join(NAME);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            _ => return Some(path),
        }
        if repository.is_none_or(|repository| repository == folder) {
            return None;
        }
    }
    None
}

/// Reads `ignore: [{check, kind, namespace, name, path, until, reason}]`.
fn entries(source: &Arc<Source>) -> Result<Vec<Rule>> {
    let mut rules = Vec::new();
    for outcome in yaml::read(source) {
        let document = outcome.map_err(|gap| match gap.place {
            Some(mark) => refused(&mark, gap.why),
            None => Error::usage(format!("{}: {}", source.name(), gap.why)),
        })?;
        let root = document.tree.root();
        if root.value_type() != Type::Object {
            return Err(refused(&root.mark(), "a mapping with the key ignore is expected"));
        }
        for (key, value) in root.entries() {
            if key.as_str() != Some("ignore") {
                return Err(refused(&key.mark(), "the only key is ignore"));
            }
            if !matches!(value.value_type(), Type::Array | Type::Null) {
                return Err(refused(&value.mark(), "ignore is a list"));
            }
            for entry in value.items() {
                rules.extend(rules_of(entry)?);
            }
        }
    }
    Ok(rules)
}

/// The rules of an entry: one for each check that it names.
fn rules_of(entry: Value<'_>) -> Result<Vec<Rule>> {
    for (key, value) in entry.entries() {
        let known = key.as_str().is_some_and(|key| KEYS.contains(&key));
        if !known {
            return Err(refused(&key.mark(), format!("an entry has the keys {}", KEYS.join(", "))));
        }
        if value.as_str().is_none() {
            return Err(refused(&value.mark(), "text is expected: put it in quotes"));
        }
    }
    let text = |key: &str| {
        let value = entry.get(key).and_then(|value| value.as_str()).map(str::trim);
        value.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let needed = |key: &str| {
        text(key).ok_or_else(|| refused(&entry.mark(), format!("the entry has no {key}")))
    };
    let until = match entry.get("until") {
        Some(value) => {
            let day = value.as_str().unwrap_or_default().parse();
            Some(day.map_err(|why: String| refused(&value.mark(), why))?)
        }
        None => None,
    };
    let meant = Entry {
        kind: text("kind"),
        namespace: text("namespace"),
        name: text("name"),
        path: text("path"),
    };
    let (checks, reason) = (needed("check")?, needed("reason")?);
    let checks = checks.split(',').map(str::trim).filter(|check| !check.is_empty());
    let rule = |check: &str| Rule {
        check: check.to_owned(),
        pattern: Pattern::new(check),
        reason: Ok(reason.clone()),
        scope: Scope::Entry(meant.clone()),
        until,
        by: By::File,
        place: Some(entry.mark()),
        is_echo: false,
    };
    Ok(checks.map(rule).collect())
}

fn refused(mark: &Mark, why: impl Into<String>) -> Error {
    let place = mark.place();
    let why = why.into();
    Error::usage(format!("{}:{}:{}: {why}", place.file, place.line, place.column))
}
