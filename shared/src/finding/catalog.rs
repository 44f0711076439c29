//! The checks that a plugin knows: what formats explain findings with, and what `--select` and
//! suppressions may name.

use super::check::Check;
use super::nearest::nearest;
use super::pattern::Pattern;

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

    /// The checks alone.
    pub fn into_checks(self) -> impl Iterator<Item = &'static Check> {
        self.entries.into_iter().map(|entry| entry.check)
    }

    /// The check with an identifier.
    pub fn find(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.check.id == id)
    }

    /// The pattern that a word is. Fails where it means no check, with what may have been meant.
    pub fn pattern(&self, word: &str) -> Result<Pattern, String> {
        let pattern = Pattern::new(word);
        if self.means(&pattern) {
            return Ok(pattern);
        }
        let known = self.entries.iter().flat_map(|entry| [entry.check.id, entry.group]);
        let meant = nearest(word, known).map(|near| format!("; did you mean {near}?"));
        Err(format!("{word:?} is no check and no group of checks{}", meant.unwrap_or_default()))
    }

    /// Whether a pattern means any check.
    pub fn means(&self, pattern: &Pattern) -> bool {
        self.entries.iter().any(|entry| pattern.means(entry.check.id, entry.group))
    }

    /// The identifier that a word is close to, where it is none itself.
    pub fn near(&self, word: &str) -> Option<&'static str> {
        nearest(word, self.entries.iter().map(|entry| entry.check.id))
    }

    /// Whether one of the patterns means a check; a check that is not in the catalog goes by its
    /// identifier alone.
    pub fn any_means(&self, patterns: &[Pattern], id: &str) -> bool {
        let group = self.find(id).map_or("", |entry| entry.group);
        patterns.iter().any(|pattern| pattern.means(id, group))
    }
}
