//! Text that is not ours, made harmless for a terminal.

use std::borrow::Cow;

/// Replaces everything that could move the cursor, change colours or reorder text: control
/// characters become `^[` and the like, as kubectl's tables show them; bidirectional overrides
/// and line separators become `\u{…}`. Tabs become blanks, so that columns can be counted.
///
/// GitHub's runner reads commands out of any log: `::` at the beginning of a line, blanks not
/// counted, and `##[` anywhere. Lines are wrapped at blanks, so no word begins with the former.
pub fn escape(text: &str) -> Cow<'_, str> {
    let text = without_commands(text);
    if !text.chars().any(is_unsafe) {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\t' => safe.push(' '),
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\0'..='\x1f' => {
                safe.push('^');
                // Caret notation: the letter 64 places up.
                safe.push(char::from(character as u8 + 64));
            }
            _ if is_unsafe(character) => safe.extend(character.escape_unicode()),
            _ => safe.push(character),
        }
    }
    Cow::Owned(safe)
}

fn without_commands(text: &str) -> Cow<'_, str> {
    let begins =
        |(at, _): (usize, &str)| text[..at].chars().next_back().is_none_or(char::is_whitespace);
    if !text.contains("##[") && !text.match_indices("::").any(begins) {
        return Cow::Borrowed(text);
    }
    let mut safe = text.replace("##[", "#\\u{23}[");
    if safe.starts_with("::") {
        safe.replace_range(..1, "\\u{3a}");
    }
    for before in [' ', '\t', '\n', '\r'] {
        safe = safe.replace(&format!("{before}::"), &format!("{before}\\u{{3a}}:"));
    }
    Cow::Owned(safe)
}

/// Characters that a terminal or a reader can be fooled with.
pub(super) fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_that_could_steer_it() {
        assert_eq!(escape("plain ü 日本"), "plain ü 日本");
        assert_eq!(escape("\x1b[31mred\x07"), "^[[31mred^G");
        assert_eq!(escape("a\r\nb\tc"), "a\\r\\nb c");
        assert_eq!(escape("::error::x a ::y a::b"), "\\u{3a}:error::x a \\u{3a}:y a::b");
        assert_eq!(escape("a##[add-mask]b"), "a#\\u{23}[add-mask]b");
        assert_eq!(escape("\u{9b}31m\u{202e}x\u{7f}"), "\\u{9b}31m\\u{202e}x\\u{7f}");
    }
}
