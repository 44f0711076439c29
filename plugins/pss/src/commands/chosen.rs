//! Which objects of the files are meant: what was named beside `-f`, or all.

use std::sync::Arc;

use posture::finding::suppression::rule::{Rule, Scope};
use posture::input::inventory::Inventory;
use posture::input::selection::Selection;
use posture::model::error::Result;
use posture::model::gap::Gap;
use posture::model::object::Object;
use posture::render::escape::escape;
use posture::render::out;

use super::policies::is_namespace;

/// Objects of the files.
#[derive(Debug)]
pub(super) struct Chosen {
    /// What is meant; behind it the other Namespaces, whose labels are policy all the same.
    pub(super) objects: Vec<Object>,
    /// How many are meant.
    pub(super) count: usize,
    /// How many are not.
    pub(super) aside: usize,
    /// What could not be read, and what was named and is not there.
    pub(super) gaps: Vec<Gap>,
}

impl Chosen {
    /// `namespace` is that of `-n`. Fails where a selection cannot be answered from files.
    pub(super) fn of(
        inventory: Inventory,
        selection: &Selection,
        namespace: Option<&str>,
    ) -> Result<Self> {
        let picked = selection.pick(inventory.objects, namespace)?;
        for warning in &picked.warnings {
            out::note(&escape(&format!("Warning: {warning}")));
        }
        let (count, aside) = (picked.objects.len(), picked.aside.len());
        let mut objects = picked.objects;
        objects.extend(picked.aside.into_iter().filter(is_namespace));
        let mut gaps = inventory.gaps;
        gaps.extend(picked.gaps);
        Ok(Self { objects, count, aside, gaps })
    }

    /// Whether a comment stands in something that is meant: of the rest nobody knows what was
    /// found there.
    pub(super) fn covers(&self, rule: &Rule) -> bool {
        let Scope::Line(source, line) = &rule.scope else { return true };
        self.aside == 0
            || self.objects[..self.count].iter().any(|object| {
                let mark = object.value().mark();
                let end = mark.source().line_of(mark.span().end);
                Arc::ptr_eq(mark.source(), source) && (mark.line()..=end).contains(line)
            })
    }

    /// Only what is meant.
    pub(super) fn into_meant(mut self) -> Vec<Object> {
        self.objects.truncate(self.count);
        self.objects
    }
}
