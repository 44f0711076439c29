//! The comments of a text: whatever an edit does, they stay.

use std::ops::Range;

use super::layout::line_end;
use crate::model::node::{Leaf, Style};

/// A comment, from its `#` to the end of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Comment<'a> {
    /// The text, without blanks at its end.
    pub(super) text: &'a str,
    /// Where it stands.
    pub(super) at: usize,
}

/// Comments, each between two texts.
pub(super) fn each(comments: &[&str], before: &str, behind: &str) -> String {
    comments.iter().flat_map(|comment| [before, comment, behind]).collect()
}

/// The comments in a stretch of text, which begins and ends outside of what is written at
/// `leaves`, the scalars in and around it.
pub(super) fn within(
    text: &str,
    stretch: Range<usize>,
    leaves: impl Iterator<Item = Leaf>,
) -> Vec<Comment<'_>> {
    let mut found = Vec::new();
    let mut at = stretch.start;
    for Leaf { span, style } in leaves.filter(|leaf| !leaf.span.is_empty()) {
        if span.start >= stretch.end {
            break;
        }
        between(text, at..span.start, &mut found);
        if style == Style::Block && span.start >= stretch.start {
            found.extend(of_header(text, span.start));
        }
        at = at.max(span.end);
    }
    between(text, at..stretch.end, &mut found);
    found
}

/// The comments where no scalar is: every `#` there begins one.
fn between<'a>(text: &'a str, mut stretch: Range<usize>, found: &mut Vec<Comment<'a>>) {
    while stretch.start < stretch.end {
        let rest = &text.as_bytes()[stretch.clone()];
        let Some(hash) = memchr::memchr(b'#', rest) else { return };
        let at = stretch.start + hash;
        let end = line_end(text, at);
        found.push(Comment { text: text[at..end].trim_end(), at });
        stretch.start = end;
    }
}

/// The comment behind the `|` or `>` of a block scalar.
fn of_header(text: &str, start: usize) -> Option<Comment<'_>> {
    let end = line_end(text, start);
    let hash = memchr::memchr(b'#', &text.as_bytes()[start..end])?;
    Some(Comment { text: text[start + hash..end].trim_end(), at: start + hash })
}
