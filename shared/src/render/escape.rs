//! Text that is not ours, made harmless for a terminal.

use std::borrow::Cow;

/// Replaces everything that could move the cursor, change colours or reorder text: control
/// characters become `^[` and the like, as kubectl's tables show them; bidirectional overrides
/// and line separators become `\u{…}`. Tabs become blanks, so that columns can be counted.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
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
        assert_eq!(escape("\u{9b}31m\u{202e}x\u{7f}"), "\\u{9b}31m\\u{202e}x\\u{7f}");
    }
}
