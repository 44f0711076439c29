//! Plans for other programs: patches, and the changed manifests themselves.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::model::error::Result;
use crate::model::object::ObjectRef;
use crate::model::source::Source;
use crate::patch::diff::without_status;
use crate::patch::operations;
use crate::patch::partial::{self, Merge};
use crate::patch::plan::Change;
use crate::patch::report::{ChangeReport, PlanReport};
use crate::patch::text::Rewritten;
use crate::render::escape::escape;
use crate::render::style::Style;
use crate::render::{machine, yaml};

/// Every change, also those that cannot be made in the text of their files: a patch is the way
/// around that.
fn all<D>(report: &PlanReport<D>) -> impl Iterator<Item = &ChangeReport> {
    report.changes.iter().chain(report.refused.iter().map(|refused| &refused.change))
}

/// Whether the object has a name that it goes by. What is created with a generated one has none.
fn is_named(change: &ChangeReport) -> bool {
    let name = change.change.before.pointer("/metadata/name");
    name.is_some_and(|name| name.as_str().is_some_and(|name| !name.is_empty()))
}

/// A YAML document for every object: who it is, and the fields that change.
pub(super) fn patch<D>(report: &PlanReport<D>, out: &mut impl Write) -> Result<()> {
    for change in all(report) {
        let partial = partial::of(&change.change);
        writeln!(out, "---")?;
        if partial.merge == Merge::Plain {
            writeln!(out, "# kubectl patch --type=merge: its lists are replaced as a whole.")?;
        }
        if !is_named(change) {
            writeln!(out, "# No command can name it: its name is generated.")?;
        }
        out.write_all(yaml::block(&partial.object).as_bytes())?;
    }
    Ok(())
}

/// What a patch is for, as kustomize and others name it.
fn target(object: &ObjectRef) -> Json {
    let (group, version) = object.api_version.rsplit_once('/').unwrap_or(("", &object.api_version));
    let mut target = json!({"version": version, "kind": object.kind, "name": object.name});
    if let Some(fields) = target.as_object_mut() {
        if !group.is_empty() {
            fields.insert("group".to_owned(), group.into());
        }
        if let Some(namespace) = &object.namespace {
            fields.insert("namespace".to_owned(), namespace.clone().into());
        }
    }
    target
}

/// A JSON list with, for every object, who it is and a JSON Patch, an operation a line.
pub(super) fn json_patch<D>(report: &PlanReport<D>, out: &mut impl Write) -> Result<()> {
    write!(out, "[")?;
    for (position, change) in all(report).enumerate() {
        let comma = if position > 0 { "," } else { "" };
        let target = machine::inline(&target(&change.object).to_string()).into_owned();
        write!(out, "{comma}\n  {{\n    \"target\": {target},\n    \"patch\": [")?;
        for (position, operation) in change.change.operations().iter().enumerate() {
            let comma = if position > 0 { "," } else { "" };
            let text = operations::text(std::slice::from_ref(operation));
            let text = machine::inline(text.trim_start_matches('[').trim_end_matches(']'));
            write!(out, "{comma}\n      {text}")?;
        }
        write!(out, "\n    ]\n  }}")?;
    }
    let end = if all(report).next().is_some() { "\n]" } else { "]" };
    writeln!(out, "{end}")?;
    Ok(())
}

/// The `patches` of a kustomization: each with its target, and the fields that change; a JSON Patch
/// where kustomize would take elements of its lists for one another.
pub(super) fn kustomize<D>(report: &PlanReport<D>, out: &mut impl Write) -> Result<()> {
    let mut counts: HashMap<(&str, &str, &str), usize> = HashMap::new();
    for change in all(report) {
        *counts.entry(key(&change.object)).or_default() += 1;
    }
    let (named, unnamed): (Vec<_>, Vec<_>) = all(report).partition(|change| is_named(change));
    writeln!(out, "{}", if named.is_empty() { "patches: []" } else { "patches:" })?;
    for change in named {
        let mut target = target(&change.object);
        if let Some(fields) = target.as_object_mut() {
            // A regular expression, which stands for the whole name.
            fields.insert("name".to_owned(), change.object.name.replace('.', r"\.").into());
            // In a base the namespace is often set later, by the kustomization itself: it is
            // asked for only where the manifest has it, or the name alone does not do.
            let is_alone = counts.get(&key(&change.object)) == Some(&1);
            let has_namespace = change.change.object.namespace().is_some();
            if is_alone && (change.place.is_none() || !has_namespace) {
                fields.remove("namespace");
            }
        }
        let patch = match partial::for_kustomize(&change.change) {
            Some(mut partial) => {
                if target.get("namespace").is_none()
                    && let Some(metadata) = partial.object.pointer_mut("/metadata")
                    && let Some(metadata) = metadata.as_object_mut()
                {
                    metadata.remove("namespace");
                }
                partial.object
            }
            // By their positions, which it tests.
            None => json_patch_of(&change.change),
        };
        let target = yaml::block(&target);
        writeln!(out, "- target:")?;
        target.lines().try_for_each(|line| writeln!(out, "    {line}"))?;
        writeln!(out, "  patch: |-")?;
        let patch = yaml::block(&patch);
        patch.lines().try_for_each(|line| writeln!(out, "    {line}"))?;
    }
    for change in unnamed {
        let object = escape(&change.object.to_string()).into_owned();
        writeln!(out, "# {object}: its name is generated, and kustomize goes by names.")?;
    }
    Ok(())
}

/// A JSON Patch that says nothing of the cluster that an object may have been read from, and tests
/// nothing of the metadata: while it works, kustomize keeps annotations of its own there.
fn json_patch_of(change: &Change) -> Json {
    let mut operations = operations::between(&change.before, &change.after);
    operations.retain(|it| !it.is_test() || !it.path().starts_with("/metadata/"));
    // Operations are JSON.
    serde_json::to_value(operations).unwrap_or_default()
}

fn key(object: &ObjectRef) -> (&str, &str, &str) {
    (object.group(), &object.kind, &object.name)
}

/// What it all becomes: every file that was read, changed or not, and the objects of a cluster.
pub(super) fn whole<D>(report: &PlanReport<D>, style: Style, out: &mut impl Write) -> Result<()> {
    let changed = |source: &Arc<Source>| {
        let is_it = |file: &&Rewritten| Arc::ptr_eq(&file.source, source);
        report.rewritten.iter().find(is_it)
    };
    let mut is_first = true;
    let mut document = |text: &str| -> Result<()> {
        // Where one file ends and the next begins.
        if !std::mem::take(&mut is_first) && !text.starts_with("---") {
            writeln!(out, "---")?;
        }
        if style.is_for_people() {
            for line in text.lines() {
                writeln!(out, "{}", escape(line.trim_end_matches('\r')))?;
            }
            return Ok(());
        }
        out.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            writeln!(out)?;
        }
        Ok(())
    };
    if report.sources.is_empty() {
        report.rewritten.iter().try_for_each(|file| document(&file.after))?;
    }
    for source in &report.sources {
        document(changed(source).map_or(source.text(), |file| &file.after))?;
    }
    let live = report.changes.iter().filter(|change| change.place.is_none());
    live.map(|change| yaml::block(&without_status(&change.change.after)))
        .try_for_each(|text| document(&text))
}
