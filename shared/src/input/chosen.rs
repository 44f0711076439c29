//! Which objects of the files are meant: what was named beside `-f`, or all.

use std::sync::Arc;

use super::inventory::Inventory;
use super::selection::Selection;
use crate::finding::suppression::rule::{Rule, Scope};
use crate::model::error::Result;
use crate::model::gap::Gap;
use crate::model::object::Object;

/// Objects of the files.
#[derive(Debug)]
pub struct Chosen {
    /// What is meant; behind it the others that it depends on.
    pub objects: Vec<Object>,
    /// How many are meant.
    pub count: usize,
    /// How many are not.
    pub aside: usize,
    /// What could not be read, and what was named and is not there.
    pub gaps: Vec<Gap>,
    /// What comments say should not count.
    pub suppressions: Vec<Rule>,
    /// What to say of the words.
    pub warnings: Vec<String>,
}

impl Chosen {
    /// `namespace` is that of `-n`; of what is not meant stays what `counts`. Fails where a
    /// selection cannot be answered from files.
    pub fn of(
        inventory: Inventory,
        selection: &Selection,
        namespace: Option<&str>,
        counts: impl Fn(&Object) -> bool,
    ) -> Result<Self> {
        let picked = selection.pick(inventory.objects, namespace)?;
        let (count, aside) = (picked.objects.len(), picked.aside.len());
        let mut objects = picked.objects;
        objects.extend(picked.aside.into_iter().filter(counts));
        let mut gaps = inventory.gaps;
        gaps.extend(picked.gaps);
        let suppressions = inventory.suppressions;
        Ok(Self { objects, count, aside, gaps, suppressions, warnings: picked.warnings })
    }

    /// Whether a comment stands in something that is meant: of the rest nobody knows what was
    /// found there.
    pub fn covers(&self, rule: &Rule) -> bool {
        let Scope::Line(source, line) = &rule.scope else { return true };
        self.aside == 0
            || self.objects[..self.count].iter().any(|object| {
                let mark = object.value().mark();
                let end = mark.source().line_of(mark.span().end);
                Arc::ptr_eq(mark.source(), source) && (mark.line()..=end).contains(line)
            })
    }

    /// Only what is meant.
    pub fn into_meant(mut self) -> Vec<Object> {
        self.objects.truncate(self.count);
        self.objects
    }
}
