//! A line of a source with a caret under what is meant, fitted into the terminal.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::escape::escape;
use crate::model::source::Mark;

/// A line and its caret, escaped and cut to a width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line's number, from 1.
    pub line: usize,
    /// What is shown of the line.
    pub text: String,
    /// How many columns stand before the caret.
    pub indent: usize,
    /// How many columns the caret underlines, at least one.
    pub length: usize,
}

/// The widest line that is thought of.
const MAX_WIDTH: usize = 1_000;

/// More bytes than a column ever takes, combining characters included.
const BYTES_PER_COLUMN: usize = 16;

/// What stands where a line was cut.
const CUT: char = '…';

/// Takes the line that a mark starts in. Of long lines only a part around the caret is kept, so
/// that it fits into `width` columns.
pub fn excerpt(mark: &Mark, width: usize) -> Option<Excerpt> {
    let place = mark.place();
    let line = mark.source().line(place.line)?;
    let start = mark.span().start.saturating_sub(mark.source().line_start(place.line));
    let start = line.floor_char_boundary(start.min(line.len()));
    // A line may be a whole file: only what can be shown of it is looked at.
    let margin = width.min(MAX_WIDTH) * BYTES_PER_COLUMN;
    let from = line.floor_char_boundary(start.saturating_sub(margin));
    let to = line.ceil_char_boundary((start + margin).min(line.len()));
    let end = line.floor_char_boundary((start + mark.span().len()).min(to)).max(start);
    // Marks of blocks reach over many lines; on the first one only the text counts.
    let marked = escape(line[start..end].trim_end()).into_owned();
    let before = escape(&line[from..start]).into_owned();
    let after = escape(&line[end..to]).into_owned();
    let (indent, length) = (before.width(), marked.width().max(1));
    let text = format!("{before}{marked}{after}");
    if text.width() <= width {
        return Some(Excerpt {
            line: place.line,
            text: text.trim_end().to_owned(),
            indent,
            length,
        });
    }
    Some(window(place.line, &text, indent, length, width))
}

/// Cuts a line to a width with the caret in it: its beginning if the caret is there, else a
/// stretch that ends a little behind the caret.
fn window(line: usize, text: &str, indent: usize, length: usize, width: usize) -> Excerpt {
    let wanted = indent + length.min(width / 2);
    let first = if wanted < width { 0 } else { (wanted + width / 4).saturating_sub(width) + 1 };
    let mut shown = String::new();
    let mut column = 0;
    let mut shown_from = None;
    for character in text.chars() {
        let size = character.width().unwrap_or(0);
        let cut_before = first > 0 && column < first;
        if !cut_before {
            if shown_from.is_none() {
                shown_from = Some(column);
                if first > 0 {
                    shown.push(CUT);
                }
            }
            if shown.width() + size + 1 > width {
                shown.push(CUT);
                break;
            }
            shown.push(character);
        }
        column += size;
    }
    let from = shown_from.unwrap_or(0);
    let indent = indent.saturating_sub(from) + usize::from(first > 0);
    let length = length.min(width.saturating_sub(indent)).max(1);
    Excerpt { line, text: shown, indent, length }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::source::Source;

    fn of(text: &str, needle: &str, width: usize) -> Excerpt {
        let source = Arc::new(Source::new("x", text.into()));
        let at = source.text().find(needle).expect("there");
        excerpt(&Mark::new(&source, at..at + needle.len()), width).expect("a line")
    }

    /// What the caret underlines, by columns.
    fn underlined(excerpt: &Excerpt) -> String {
        let mut column = 0;
        let mut found = String::new();
        for character in excerpt.text.chars() {
            if (excerpt.indent..excerpt.indent + excerpt.length).contains(&column) {
                found.push(character);
            }
            column += character.width().unwrap_or(0);
        }
        found
    }

    #[test]
    fn the_caret_is_under_the_value() {
        assert_eq!(underlined(&of("a: 1\n  privileged: true\n", "true", 80)), "true");
        assert_eq!(underlined(&of("\u{feff}日本: true # ü\n", "true", 80)), "true");
    }

    #[test]
    fn the_caret_is_under_the_value_of_a_long_line_too() {
        let text = format!(
            "{{\"日本\": \"{}\", \"privileged\": true, \"z\": \"{}\"}}\n",
            "x".repeat(200),
            "y".repeat(200)
        );
        for width in [40, 60, 80, 120] {
            let excerpt = of(&text, "true", width);
            assert_eq!(underlined(&excerpt), "true", "{width}: {excerpt:?}");
            assert!(excerpt.text.width() <= width, "{width}: {excerpt:?}");
        }
    }

    #[test]
    fn escapes_do_not_move_the_caret() {
        assert_eq!(underlined(&of("a\u{1b}[31m: true\n", "true", 80)), "true");
    }
}
