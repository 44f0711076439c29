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
    if text.trim().is_empty() {
        found.extend(Rule::of_line("", By::Annotation, place.as_ref(), &scope()));
    }
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        found.extend(Rule::of_line(line, By::Annotation, place.as_ref(), &scope()));
    }
}

/// The suppressions in the comments of a file. `trees` are its documents, in their order: what
/// stands in a text of theirs is no comment.
pub fn comments(source: &Arc<Source>, trees: &[Arc<Tree>]) -> Vec<Rule> {
    let text = source.text();
    let mut found = Vec::new();
    for (within, _) in text.match_indices(TRACE) {
        let Some(at) = within.checked_sub(1) else { continue };
        let Some((length, is_right)) = marker(&text.as_bytes()[at..]) else { continue };
        let Some(hash) = comment_before(text, at) else { continue };
        let tree = trees.iter().rev().find(|tree| tree.base() <= hash);
        if tree.is_some_and(|tree| tree.is_text(hash)) {
            continue;
        }
        let end = text[at..].find(['\n', '\r']).map_or(text.len(), |length| at + length);
        let said = &text[at + length..end];
        let place = Mark::new(source, hash..end);
        let line = line_meant(source, place.line());
        let scope = Scope::Line(Arc::clone(source), line);
        let mut rules = Rule::of_line(said, By::Comment, Some(&place), &scope);
        if !is_right {
            for rule in &mut rules {
                rule.reason = Err(format!("it is written: # {MARKER} CHECK reason"));
            }
        }
        found.extend(rules);
    }
    found
}

/// What every marker has in it, however it is spelt: a file without it has no such comment.
pub const TRACE: &str = "osture";

/// Whether text begins with the marker, or with something that was meant to be it: how long that
/// is, and whether it is spelt right.
fn marker(text: &[u8]) -> Option<(usize, bool)> {
    let word = |at: usize, word: &str| {
        text.get(at..at + word.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
    };
    let between = |at: usize| {
        text[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b':' | b'/')).count()
    };
    if !word(0, "posture") {
        return None;
    }
    let second = "posture".len() + between("posture".len());
    if second == "posture".len() || !word(second, "ignore") {
        return None;
    }
    let end = second + "ignore".len();
    let is_end = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
    if text.starts_with(MARKER.as_bytes()) && is_end(text.get(MARKER.len())) {
        return Some((MARKER.len(), true));
    }
    Some((end + between(end), false))
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
