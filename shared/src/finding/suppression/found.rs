//! Suppressions where the input has them: annotations of objects, comments of files.

use std::sync::Arc;

use super::By;
use super::line::{ANNOTATION, MARKER};
use super::rule::{Rule, Scope};
use crate::model::node::{Tree, Value};
use crate::model::object::Object;
use crate::model::owners::controller_of;
use crate::model::source::{Mark, Source};
use crate::model::workload::pod_templates;

/// The suppressions in the annotations of an object and of its pod templates. `namespace` is the
/// one that the object is judged in.
pub fn annotations(object: &Object, namespace: Option<&str>) -> Vec<Rule> {
    let mut found = Vec::new();
    let scope = || Scope::Object(object.reference(namespace));
    add(object.value(), &scope, &mut found);
    for template in pod_templates(object) {
        // A pod is its own template.
        if template.value.id() != object.value().id() {
            add(template.value, &scope, &mut found);
        }
    }
    if !found.is_empty() && controller_of(object.value()).is_some() {
        for rule in &mut found {
            rule.is_echo = true;
        }
    }
    found
}

fn add(value: Value<'_>, scope: &impl Fn() -> Scope, found: &mut Vec<Rule>) {
    let annotations = value.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let Some(annotation) = annotations.and_then(|annotations| annotations.get(ANNOTATION)) else {
        return;
    };
    let Some(text) = annotation.as_str() else { return };
    let place = annotation.mark().to_show();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        found.extend(Rule::of_line(line, By::Annotation, place.as_ref(), &scope()));
    }
}

/// The suppressions in the comments of a file. `trees` are its documents, in their order: what
/// stands in a text of theirs is no comment.
pub fn comments(source: &Arc<Source>, trees: &[Arc<Tree>]) -> Vec<Rule> {
    let text = source.text();
    let mut found = Vec::new();
    for (at, _) in text.match_indices(MARKER) {
        let Some(hash) = comment_before(text, at) else { continue };
        let tree = trees.iter().rev().find(|tree| tree.base() <= hash);
        if tree.is_some_and(|tree| tree.is_text(hash)) {
            continue;
        }
        let end = text[at..].find(['\n', '\r']).map_or(text.len(), |length| at + length);
        let said = &text[at + MARKER.len()..end];
        if !said.is_empty() && !said.starts_with([' ', '\t']) {
            continue;
        }
        let place = Mark::new(source, hash..end);
        let line = line_meant(source, place.line());
        let scope = Scope::Line(Arc::clone(source), line);
        found.extend(Rule::of_line(said, By::Comment, Some(&place), &scope));
    }
    found
}

/// Where the comment begins that says what stands at an offset, if it is one.
fn comment_before(text: &str, at: usize) -> Option<usize> {
    let before = text[..at].trim_end_matches([' ', '\t']);
    let hash = before.strip_suffix('#')?.len();
    let is_start = text[..hash].chars().next_back().is_none_or(char::is_whitespace);
    is_start.then_some(hash)
}

/// The line that a comment is about: its own, or the next one that is not a comment, if nothing
/// stands before it.
fn line_meant(source: &Source, line: usize) -> usize {
    let is_comment =
        |line: usize| source.line(line).is_some_and(|text| text.trim_start().starts_with('#'));
    let mut meant = line;
    while is_comment(meant) {
        meant += 1;
    }
    meant
}
