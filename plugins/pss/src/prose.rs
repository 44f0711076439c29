//! The words of Pod Security Admission: reasons and details, byte for byte.
//!
//! Source: the `ForbiddenReason` and `ForbiddenDetail` of `policy/check_*.go` and
//! `policy/helpers.go` in k8s.io/pod-security-admission.

use std::fmt::Write as _;

use crate::violation::{ContainerRef, Fault, Subject, Violation};

pub use posture::model::quote::go_quote;

/// What one failed check says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prose {
    /// The short reason, always printed.
    pub reason: &'static str,
    /// What stands in parentheses after it; empty for nothing.
    pub detail: String,
}

impl Prose {
    /// A reason with its detail.
    pub(crate) fn new(reason: &'static str, detail: String) -> Self {
        Self { reason, detail }
    }
}

/// `"a", "b"`: nothing is escaped in between.
pub(crate) fn join_quote<S: AsRef<str>>(items: &[S]) -> String {
    let mut text = String::new();
    for (position, item) in items.iter().enumerate() {
        let separator = if position == 0 { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{separator}\"{}\"", item.as_ref());
    }
    text
}

/// The singular for exactly one, the plural for any other number.
pub(crate) fn plural(singular: &'static str, plural: &'static str, count: usize) -> &'static str {
    if count == 1 { singular } else { plural }
}

/// The containers that violations stand in, in the order of the visit. A container counts once
/// however many violations it has; two containers of the same name count twice.
pub(crate) fn containers<'v>(violations: impl IntoIterator<Item = &'v Violation>) -> Vec<&'v str> {
    let mut last: Option<&ContainerRef> = None;
    let mut names = Vec::new();
    for container in violations.into_iter().filter_map(Violation::container) {
        let same =
            last.is_some_and(|last| (last.kind, last.index) == (container.kind, container.index));
        if !same {
            names.push(container.name.as_str());
        }
        last = Some(container);
    }
    names
}

/// `container "a"` or `containers "a", "b"`.
pub(crate) fn container_list(names: &[&str]) -> String {
    format!("{} {}", plural("container", "containers", names.len()), join_quote(names))
}

/// Who sets something: `pod and containers "a", "b"`.
pub(crate) fn setters<'v>(violations: impl IntoIterator<Item = &'v Violation> + Clone) -> String {
    setter_list(violations).join(" and ")
}

/// The same as a list, for more to be added.
pub(crate) fn setter_list<'v>(
    violations: impl IntoIterator<Item = &'v Violation> + Clone,
) -> Vec<String> {
    let mut setters = Vec::new();
    if violations.clone().into_iter().any(|violation| violation.subject == Subject::Pod) {
        setters.push("pod".to_owned());
    }
    let names = containers(violations);
    if !names.is_empty() {
        setters.push(container_list(&names));
    }
    setters
}

/// The forbidden values, sorted by bytes and each one once.
pub(crate) fn values<'v>(violations: impl IntoIterator<Item = &'v Violation>) -> Vec<&'v str> {
    let forbidden = violations.into_iter().filter_map(|violation| match &violation.fault {
        Fault::Forbidden(text) => Some(text.as_str()),
        _ => None,
    });
    sorted_set(forbidden.collect())
}

/// Sorted by bytes, each one once, as Go's `sets.String.List` returns it.
pub(crate) fn sorted_set(mut items: Vec<&str>) -> Vec<&str> {
    items.sort_unstable();
    items.dedup();
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_not_escaped() {
        assert_eq!(join_quote(&["a", "b\"c"]), r#""a", "b"c""#);
        assert_eq!(join_quote::<&str>(&[]), "");
        assert_eq!(container_list(&["a"]), r#"container "a""#);
        assert_eq!(container_list(&["a", "a"]), r#"containers "a", "a""#);
    }
}
