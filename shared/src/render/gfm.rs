//! Text that is not ours, made harmless for GitHub's and GitLab's Markdown: no markup, no
//! mention, no reference to an issue, no link, no end of a table's cell. It stands in code spans,
//! in which nothing means anything. `most` is how many bytes of it are shown.

use super::escape::escape;

/// A code span; nothing for no text.
pub fn code(text: &str, most: usize) -> String {
    span(&plain(text, most))
}

/// A code span in a cell of a table, where a pipe ends the cell whatever is around it.
pub fn cell(text: &str, most: usize) -> String {
    span(&plain(text, most).replace('|', "\\u{7c}"))
}

/// Code in a line of HTML.
pub fn html(text: &str, most: usize) -> String {
    let mut safe = "<code>".to_owned();
    for character in plain(text, most).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            _ => safe.push(character),
        }
    }
    safe + "</code>"
}

/// Text as it is, in one line, cut where it is too long.
fn plain(text: &str, most: usize) -> String {
    let text = escape(text);
    if text.len() <= most {
        return text.into_owned();
    }
    format!("{}…", text.get(..text.floor_char_boundary(most)).unwrap_or_default())
}

fn span(text: &str) -> String {
    let longest = text.split(|own| own != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // One blank at each end belongs to the fence, if there is one at both.
    let is_blank = text.trim_matches(' ').is_empty();
    let touches = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    match text {
        "" => String::new(),
        _ if touches && !is_blank => format!("{fence} {text} {fence}"),
        _ => format!("{fence}{text}{fence}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup() {
        let of = |text: &str| code(text, 100);
        assert_eq!(of("a"), "`a`");
        assert_eq!(of("a`b``c"), "```a`b``c```");
        assert_eq!(of("`@team`"), "`` `@team` ``");
        assert_eq!(of(" a "), "`  a  `");
        assert_eq!(of("  "), "`  `");
        assert_eq!(of(""), "");
        assert_eq!(of("a``b\n# c"), "```a``b\\n# c```");
        assert_eq!(of("\u{1b}[31m\u{202e}"), "`^[[31m\\u{202e}`");
        assert_eq!(cell("a|b\\|", 100), "`a\\u{7c}b\\\\u{7c}`");
        assert_eq!(html("<b>&", 100), "<code>&lt;b&gt;&amp;</code>");
        assert_eq!(code("äöü", 4), "`äö…`");
    }
}
