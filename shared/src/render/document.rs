//! A check's document on a terminal: headings, wrapped prose, indented examples.

use std::io::Write;

use unicode_width::UnicodeWidthStr as _;

use super::escape::escape;
use super::style::{Role, Style};
use crate::model::error::Result;

/// The widest column of prose that reads well.
const PROSE_WIDTH: usize = 88;

/// Writes Markdown of the kind that the documents of checks are written in: headings, paragraphs,
/// lists, fenced examples. Front matter is left out.
pub fn write(markdown: &str, style: Style, out: &mut impl Write) -> Result<()> {
    let body = match markdown.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")) {
        Some((_, body)) => body.trim_start(),
        None => markdown,
    };
    let width = style.width().min(PROSE_WIDTH);
    let mut in_example = false;
    let mut paragraph = String::new();
    for line in body.lines() {
        let is_fence = line.starts_with("```");
        let starts_block = is_fence
            || line.trim().is_empty()
            || line.starts_with('#')
            || line.starts_with("- ")
            || line.starts_with('|');
        if !in_example && starts_block {
            flush(&mut paragraph, width, out)?;
        }
        if is_fence {
            in_example = !in_example;
        } else if in_example {
            writeln!(out, "    {}", escape(line))?;
        } else if let Some(heading) = line.strip_prefix('#') {
            let heading = heading.trim_start_matches('#').trim();
            writeln!(out, "{}", style.paint(Role::Name, &escape(heading)))?;
        } else if line.trim().is_empty() {
            writeln!(out)?;
        } else if line.starts_with('|') {
            writeln!(out, "{}", escape(line))?;
        } else {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line.trim());
        }
    }
    flush(&mut paragraph, width, out)
}

fn flush(paragraph: &mut String, width: usize, out: &mut impl Write) -> Result<()> {
    if !paragraph.is_empty() {
        let indent = if paragraph.starts_with("- ") { "  " } else { "" };
        for line in wrap(&escape(paragraph), width, indent) {
            writeln!(out, "{line}")?;
        }
        paragraph.clear();
    }
    Ok(())
}

/// Breaks text at blanks into lines of at most `width` columns; from the second line on with an
/// indent. Words that are longer stay whole.
pub fn wrap(text: &str, width: usize, indent: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.trim().is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::replace(&mut line, indent.to_owned()));
            line.push_str(word);
        } else {
            if !line.is_empty() && line != indent {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_wrapped_and_examples_are_not() {
        let markdown = "---\na: b\n---\n\n# t\n\none two three four\nfive\n\n```yaml\na:  b\n```\n- item one two three\n";
        let mut out = Vec::new();
        write(markdown, Style::plain(12), &mut out).expect("written");
        let text = String::from_utf8(out).expect("text");
        assert_eq!(text, "t\n\none two\nthree four\nfive\n\n    a:  b\n- item one\n  two three\n");
    }
}
