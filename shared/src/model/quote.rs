//! Quotes as Go writes them.

use std::fmt::Write as _;

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
}
