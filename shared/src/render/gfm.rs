//! Text that is not ours, made harmless for GitHub's and GitLab's Markdown: no markup, no
//! mention, no reference to an issue, no link, no end of a table's cell.

use super::escape::escape;

/// The text as a code span, in which nothing means anything; empty for no text. Pipes are written
/// so that they end no cell: outside of tables use [`code_in_line`].
pub(super) fn code(text: &str) -> String {
    // In a table a backslash before a pipe is taken away even inside a code span.
    code_in_line(text).replace('|', "\\|")
}

/// The text as a code span in a line that is no row of a table.
pub(super) fn code_in_line(text: &str) -> String {
    let text = escape(text);
    if text.trim().is_empty() {
        return String::new();
    }
    let mut longest = 0;
    let mut run = 0;
    for character in text.chars() {
        run = if character == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// The text, cut to so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code(" "), "");
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code_in_line("a|b"), "`a|b`");
        assert_eq!(code("`@team`"), "`` `@team` ``");
        assert_eq!(code("a``b\n# c"), "```a``b\\n# c```");
        assert_eq!(code("\u{1b}[31m\u{202e}"), "`^[[31m\\u{202e}`");
        assert_eq!(cut("äöü", 2), "äö…");
        assert_eq!(cut("äö", 2), "äö");
    }
}
