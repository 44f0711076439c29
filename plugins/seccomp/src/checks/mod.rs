//! The checks of what confines containers, one file each, with the document that explains it.

use posture::finding::acceptance;
use posture::finding::catalog::{Catalog, Entry};
use posture::finding::check::Check;

use crate::facts::Facts;
use crate::violation::Violation;

/// The word that selects all of them.
pub const GROUP: &str = "seccomp";

/// Finds what is wrong and appends it.
pub type Find = fn(Facts<'_, '_>, &mut Vec<Violation>);

/// A check: what it is, and how it finds.
#[derive(Debug)]
pub struct SeccompCheck {
    /// Identifier, title and document.
    pub check: Check,
    /// The check itself.
    pub find: Find,
}

/// Registers checks: one word each, which names both files.
macro_rules! register {
    ($($name:ident)*) => {
        $(mod $name;)*

        /// Every check, in the order of their identifiers.
        pub static ALL: &[&SeccompCheck] = &[$(&$name::CHECK),*];
    };
}

/// The identity of the check in the file of that name.
macro_rules! identity {
    ($id:literal, $title:literal, $document:literal) => {
        posture::finding::check::Check { id: $id, title: $title, document: include_str!($document) }
    };
}

register! {
    annotation_only
    empty_localhost
    localhost_missing
    missed
    privileged
    refused
    unconfined
    unset
}

/// Everything that a report of this plugin may find.
pub fn catalog() -> Catalog {
    let own = ALL.iter().map(|one| Entry { check: &one.check, group: GROUP });
    let before = acceptance::CHECKS.iter().map(|check| Entry { check, group: acceptance::GROUP });
    Catalog::new(own.chain(before).collect())
}

/// The check with an identifier.
pub fn find(id: &str) -> Option<&'static SeccompCheck> {
    ALL.iter().copied().find(|one| one.check.id == id)
}

/// Everything that the checks find, check after check.
pub fn all(facts: Facts<'_, '_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for one in ALL {
        (one.find)(facts, &mut violations);
    }
    violations
}

#[cfg(test)]
mod tests;
