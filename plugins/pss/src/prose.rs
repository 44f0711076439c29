//! The words of Pod Security Admission: reasons and details, byte for byte.
//!
//! Source: the `ForbiddenReason` and `ForbiddenDetail` of `policy/check_*.go` and
//! `policy/helpers.go` in k8s.io/pod-security-admission.

use std::fmt::Write as _;

use crate::violation::{ContainerRef, Fault, Subject, Violation};

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

/// Text in double quotes as Go's `%q` writes it (`strconv.Quote`).
pub fn go_quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            _ if is_printable(character) => quoted.push(character),
            _ => {
                let code = u32::from(character);
                // Writing to a string cannot fail.
                let _ = match code {
                    0..0x20 | 0x7f => write!(quoted, "\\x{code:02x}"),
                    0x20..0x1_0000 => write!(quoted, "\\u{code:04x}"),
                    _ => write!(quoted, "\\U{code:08x}"),
                };
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Whether Go's `strconv.IsPrint` holds: graphic characters, and of the spaces only U+0020.
fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return (' '..='~').contains(&character);
    }
    // The standard library has the same table behind `escape_debug`, which in addition escapes
    // a combining mark where it comes first: so it must not come first.
    let mut buffer = *b"a\0\0\0\0";
    let length = character.encode_utf8(&mut buffer[1..]).len();
    std::str::from_utf8(&buffer[..=length]).is_ok_and(|text| text.escape_debug().eq(text.chars()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go_does() {
        for (text, quoted) in [
            ("unconfined", r#""unconfined""#),
            ("", r#""""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("\u{7}\u{8}\u{c}\n\r\t\u{b}", r#""\a\b\f\n\r\t\v""#),
            ("\0\u{1}\u{7f}", r#""\x00\x01\x7f""#),
            ("'ü—日本'", "\"'ü—日本'\""),
            // No-break space, soft hyphen, zero width space, byte order mark: not printable.
            ("\u{a0}\u{ad}\u{200b}\u{feff}", r#""\u00a0\u00ad\u200b\ufeff""#),
            ("\u{80}\u{e000}\u{10ffff}", r#""\u0080\ue000\U0010ffff""#),
            // A combining mark and an emoji are printable.
            ("e\u{301}\u{1f600}", "\"e\u{301}\u{1f600}\""),
            ("\u{301}", "\"\u{301}\""),
        ] {
            assert_eq!(go_quote(text), quoted, "{text:?}");
        }
    }

    #[test]
    fn lists_are_not_escaped() {
        assert_eq!(join_quote(&["a", "b\"c"]), r#""a", "b"c""#);
        assert_eq!(join_quote::<&str>(&[]), "");
        assert_eq!(container_list(&["a"]), r#"container "a""#);
        assert_eq!(container_list(&["a", "a"]), r#"containers "a", "a""#);
    }
}
