//! Commands that can be copied into a shell.

/// A word as a POSIX shell takes it: in single quotes unless nothing in it needs them.
pub fn word(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:,@%+".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_a_shell_would_read() {
        assert_eq!(word("deployment.apps/web"), "deployment.apps/web");
        assert_eq!(word("a b"), "'a b'");
        assert_eq!(word("it's $x"), r"'it'\''s $x'");
        assert_eq!(word(""), "''");
        assert_eq!(word("~/x"), "'~/x'");
    }
}
