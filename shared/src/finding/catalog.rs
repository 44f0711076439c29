//! The checks that a plugin knows: what formats explain findings with, and what `--select` and
//! suppressions may name.

use super::check::Check;

/// A check and the group that it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Identifier, title, document.
    pub check: &'static Check,
    /// The word that selects it together with its like: `baseline`.
    pub group: &'static str,
}

/// The checks that a plugin knows, in the order of its documentation.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    entries: Vec<Entry>,
}

impl Catalog {
    /// A catalog of these checks; no identifier is in it twice.
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// Every check.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The check with an identifier.
    pub fn find(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.check.id == id)
    }
}
