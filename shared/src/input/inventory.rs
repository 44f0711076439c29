//! Everything that was read, as objects: what the rest of a command works on.

use std::sync::Arc;

use super::files::{self, FileArgs};
use super::kustomize;
use super::yaml::{self, Document};
use crate::finding::suppression::found;
use crate::finding::suppression::rule::Rule;
use crate::model::error::{Error, Result};
use crate::model::gap::Gap;
use crate::model::node::{Type, Value};
use crate::model::object::Object;
use crate::model::path::FieldPath;
use crate::model::source::Source;

/// The objects of an input, in its order, and what could not be read of it.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Lists are flattened.
    pub objects: Vec<Object>,
    /// In the order in which they were met.
    pub gaps: Vec<Gap>,
    /// What comments say should not count.
    pub suppressions: Vec<Rule>,
    /// Everything that was read, in the order of the command line.
    pub sources: Vec<Arc<Source>>,
}

/// Reads what `-f` or `-k` names. Nothing readable at all is an error (exit code 3).
pub fn read(args: &FileArgs, kustomization: Option<&str>) -> Result<Inventory> {
    let (mut sources, gaps) = files::read(args)?;
    if let Some(dir) = kustomization {
        sources.push(kustomize::build(dir)?);
    }
    let mut inventory = Inventory { gaps, ..Inventory::default() };
    if sources.is_empty() {
        let why = inventory.gaps.first().map_or_else(
            || "no files were named".to_owned(),
            |gap| match &gap.object {
                Some(name) if !gap.why.contains(name.as_str()) => format!("{name}: {}", gap.why),
                _ => gap.why.clone(),
            },
        );
        let mut error = Error::could_not_run(why);
        if let Some(gap) = inventory.gaps.first().filter(|gap| !gap.hint.is_empty()) {
            error = error.hint(gap.hint.clone());
        }
        return Err(error);
    }
    for source in &sources {
        inventory.add(source);
    }
    inventory.sources = sources;
    Ok(inventory)
}

impl Inventory {
    /// Adds every object of a source.
    pub fn add(&mut self, source: &Arc<Source>) {
        let has_comments = source.text().contains(found::TRACE);
        let mut trees = Vec::new();
        for outcome in yaml::read(source) {
            match outcome {
                Ok(document) => {
                    self.add_document(&document);
                    trees.extend(has_comments.then_some(document.tree));
                }
                Err(gap) => self.gaps.push(gap),
            }
        }
        if has_comments {
            self.suppressions.extend(found::comments(source, &trees));
        }
    }

    fn add_document(&mut self, document: &Document) {
        let tree = &document.tree;
        let root = tree.root();
        let text = |value: Value<'_>, key: &str| {
            value.get(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
        };
        let (kind, api_version) = (text(root, "kind"), text(root, "apiVersion"));
        if let Some((why, hint)) = refusal(root, &kind, &api_version) {
            return self.refuse(root, why, hint);
        }
        let Some(items) = root.get("items") else {
            let chart_file = document.chart_file.clone();
            self.objects.push(Object::new(
                Arc::clone(tree),
                root.id(),
                FieldPath::root(),
                chart_file,
            ));
            return;
        };
        // Anything with `items` is a list to kubectl, whatever its kind.
        if !matches!(items.value_type(), Type::Array | Type::Null) {
            let found = items.value_type().go_name();
            let why = format!(
                "json: cannot unmarshal {found} into Go struct field decodeList.items of type []json.RawMessage"
            );
            return self.refuse(items, why, "");
        }
        for (index, item) in items.items().enumerate() {
            let inherits = item.get("kind").is_none() && item.get("apiVersion").is_none();
            let identity = if inherits {
                (api_version.clone(), kind.strip_suffix("List").unwrap_or(&kind).to_owned())
            } else {
                (text(item, "apiVersion"), text(item, "kind"))
            };
            if let Some((why, hint)) = refusal(item, &identity.1, &identity.0) {
                self.refuse(item, why, hint);
            } else if item.get("items").is_some() {
                self.refuse(
                    item,
                    "a list in a list, which kubectl refuses".to_owned(),
                    "take the inner list's items out",
                );
            } else {
                let path = FieldPath::of("items").index(index);
                let chart_file = document.chart_file.clone();
                let mut object = Object::new(Arc::clone(tree), item.id(), path, chart_file);
                if inherits {
                    object.inherit(identity.0, identity.1);
                }
                self.objects.push(object);
            }
        }
    }

    fn refuse(&mut self, value: Value<'_>, why: String, hint: &str) {
        self.gaps.push(Gap {
            what: "document".to_owned(),
            place: Some(value.mark()),
            object: None,
            why,
            hint: hint.to_owned(),
        });
    }

    /// The gap for a file that could be read and held nothing.
    pub fn note_if_empty(&mut self, named: &[String]) {
        if self.objects.is_empty() && self.gaps.is_empty() {
            self.gaps.push(Gap {
                what: "file".to_owned(),
                place: None,
                object: Some(
                    named
                        .iter()
                        .map(|name| if name == "-" { files::STDIN } else { name })
                        .collect::<Vec<_>>()
                        .join(", "),
                ),
                why: "no objects found".to_owned(),
                hint: "kubectl would say: no objects passed to apply".to_owned(),
            });
        }
    }
}

/// Why a value is no object that kubectl would send, and what to do about it.
fn refusal(value: Value<'_>, kind: &str, api_version: &str) -> Option<(String, &'static str)> {
    if value.value_type() != Type::Object {
        let found = value.value_type().go_name();
        return Some((format!("no Kubernetes object but {found}: a mapping is expected"), ""));
    }
    if kind.is_empty() {
        return Some(("Object 'Kind' is missing".to_owned(), hint_for_file(value)));
    }
    if api_version.starts_with("kustomize.config.k8s.io/") {
        let why = format!("a {kind} for kustomize, not an object of the cluster");
        return Some((why, KUSTOMIZE_HINT));
    }
    api_version.is_empty().then(|| ("Object 'apiVersion' is missing".to_owned(), ""))
}

const KUSTOMIZE_HINT: &str = "build it: use -k DIR in place of -f DIR";

/// What a document without a kind probably is.
fn hint_for_file(value: Value<'_>) -> &'static str {
    let name = value.tree().source().name().rsplit('/').next().unwrap_or_default();
    match name {
        "kustomization.yaml" | "kustomization.yml" => KUSTOMIZE_HINT,
        "Chart.yaml" | "values.yaml" => "part of a Helm chart: render it with helm template",
        _ if value.get("resources").is_some() && value.get("namePrefix").is_some() => {
            KUSTOMIZE_HINT
        }
        _ => "",
    }
}
