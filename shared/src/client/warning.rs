//! `Warning` headers, read as client-go reads them (`ParseWarningHeaders` of
//! k8s.io/apimachinery/pkg/util/net; RFC 7234 §5.5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The code of a warning that kubectl shows. It hides all others.
const MISCELLANEOUS: &str = "299";

/// The texts to be shown of one header, which may hold several warnings. What follows a mistake in
/// it is lost.
pub(super) fn texts(header: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = header;
    while !rest.is_empty() {
        let Some((warning, after)) = warning(rest) else { break };
        if warning.code == MISCELLANEOUS && !warning.text.is_empty() {
            texts.push(warning.text);
        }
        rest = after;
    }
    texts
}

struct Warning<'a> {
    code: &'a str,
    text: String,
}

/// The first warning: `code agent "text"`, perhaps ` "date"`, and what follows behind a comma.
fn warning(header: &[u8]) -> Option<(Warning<'_>, &[u8])> {
    let mut parts = header.trim_ascii().splitn(3, |byte| *byte == b' ');
    let (code, agent, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let code = std::str::from_utf8(code).ok()?;
    let agent = std::str::from_utf8(agent).ok()?;
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    if !is_code || agent.is_empty() || agent.contains(char::is_control) {
        return None;
    }
    let (text, mut rest) = quoted(rest)?;
    let text = String::from_utf8(text).ok()?;
    let text = decoded(&text).unwrap_or(text);
    if text.contains(char::is_control) {
        return None;
    }
    if let Some(date) = rest.strip_prefix(b"\"") {
        let end = memchr::memchr(b'"', date)?;
        rest = date.get(end + 1..)?.trim_ascii();
    }
    if !rest.is_empty() {
        rest = rest.strip_prefix(b",")?.trim_ascii();
    }
    Some((Warning { code, text }, rest))
}

/// A quoted string, with `\` before what is meant as it stands, and what follows it.
fn quoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let text = text.strip_prefix(b"\"")?;
    let mut said = Vec::with_capacity(text.len());
    let mut bytes = text.iter().enumerate();
    let mut is_escaped = false;
    loop {
        let (index, &byte) = bytes.next()?;
        match byte {
            b'"' if !is_escaped => return Some((said, text.get(index + 1..)?.trim_ascii())),
            b'\\' if !is_escaped => is_escaped = true,
            _ => {
                said.push(byte);
                is_escaped = false;
            }
        }
    }
}

/// The text of a header that old servers have encoded (RFC 2047): `=?utf-8?q?a_b?=`. `None` if a
/// word of it cannot be decoded.
fn decoded(text: &str) -> Option<String> {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_after_word = false;
    while let Some((before, from)) = rest.split_once("=?") {
        let Some((charset, after)) = from.split_once('?') else { break };
        let Some((encoding, after)) = after.split_once('?') else { break };
        let Some((content, after)) = after.split_once("?=") else { break };
        // Blanks between two encoded words belong to neither.
        if !is_after_word || !before.trim().is_empty() {
            said.push_str(before);
        }
        let bytes = match encoding {
            "b" | "B" => STANDARD.decode(content).ok()?,
            "q" | "Q" => q_decoded(content)?,
            _ => return None,
        };
        match charset.to_ascii_lowercase().as_str() {
            "utf-8" => said.push_str(&String::from_utf8_lossy(&bytes)),
            "iso-8859-1" => said.extend(bytes.iter().copied().map(char::from)),
            "us-ascii" => said.extend(bytes.iter().map(|byte| {
                if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER }
            })),
            _ => return None,
        }
        is_after_word = true;
        rest = after;
    }
    said.push_str(rest);
    Some(said)
}

/// The bytes that an encoded word with `q` stands for.
fn q_decoded(content: &str) -> Option<Vec<u8>> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    let mut said = Vec::with_capacity(content.len());
    let mut bytes = content.bytes();
    while let Some(byte) = bytes.next() {
        said.push(match byte {
            b'_' => b' ',
            b'=' => {
                let code = digit(bytes.next())? * 16 + digit(bytes.next())?;
                u8::try_from(code).ok()?
            }
            b'!'..=b'~' | b' ' | b'\t' | b'\r' | b'\n' => byte,
            _ => return None,
        });
    }
    Some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Vec<String> {
        texts(header.as_bytes())
    }

    #[test]
    fn several_in_one_header() {
        assert_eq!(read(r#"299 - "a""#), ["a"]);
        assert_eq!(
            read(r#" 299 - "a, b" , 299 agent "c" "Sat, 21 Nov 2026" ,299 - "d""#),
            ["a, b", "c", "d"]
        );
        assert_eq!(read(r#"299 - "a" "date",299 - "b""#), ["a", "b"]);
    }

    #[test]
    fn quotes_and_backslashes() {
        assert_eq!(read(r#"299 - "a \"b\" \\ \c ü""#), [r#"a "b" \ c ü"#]);
    }

    #[test]
    fn other_codes_and_empty_texts_are_silent() {
        assert_eq!(read(r#"199 - "a", 299 - "", 299 - "b""#), ["b"]);
    }

    #[test]
    fn what_is_no_warning_ends_the_header() {
        for header in [
            "",
            "299",
            "299 -",
            "299 - ",
            "29 - \"a\"",
            "2999 - \"a\"",
            "abc - \"a\"",
            "299  \"a\"",
            "299 - a",
            "299 - \"a",
            "299 - \"a\\\"",
            "299 - \"a\" b",
            "299 - \"a\" \"date",
            "299 - \"a\u{1}\"",
            "299 a\u{7f} \"a\"",
        ] {
            assert_eq!(read(header), [""; 0], "{header:?}");
        }
        assert_eq!(read(r#"299 - "a", nonsense, 299 - "b""#), ["a"]);
        assert_eq!(texts(b"299 - \"\xff\""), [""; 0]);
    }

    #[test]
    fn encoded_words() {
        assert_eq!(read("299 - \"=?utf-8?q?a_=C3=BC?= =?UTF-8?B?YmM=?= d\""), ["a übc d"]);
        assert_eq!(read("299 - \"x =?iso-8859-1?Q?=FC?=\""), ["x ü"]);
        assert_eq!(read("299 - \"=?utf-8?x?a?=\""), ["=?utf-8?x?a?="]);
        assert_eq!(read("299 - \"=?koi8-r?q?a?=\""), ["=?koi8-r?q?a?="]);
        assert_eq!(read("299 - \"a =? b\""), ["a =? b"]);
    }
}
