//! JSON text to the arena of nodes, with spans.
//!
//! kubectl hands JSON to Go's decoder and not to YAML: no YAML words, no octals, the last
//! duplicate key wins. `serde_json` would lose the spans, so the scanner is ours; the tests hold it
//! against `serde_json`.

use std::sync::Arc;

use super::limits::MAX_DEPTH;
use crate::model::node::{FLAG_IRREGULAR, Kind, Node, Style, Tree};
use crate::model::scalar::{self, Scalar};
use crate::model::source::Source;

/// What Go's decoder says of a text that ends too early.
pub const UNEXPECTED_EOF: &str = "unexpected EOF";

/// How many keys are compared each with each.
const FEW_KEYS: usize = 8;

/// Which bytes of a string need a look: its end, an escape, and what may not be in it.
const ENDS_RUN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

/// Why a text is no JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// The offending byte, from the start of the source.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
    /// Where the stream goes on, if the text is JSON and only cannot be decoded.
    pub resumes_at: Option<usize>,
}

/// Reads one JSON value from `source` at `start`; returns it and the offset after it.
pub fn read(source: &Arc<Source>, start: usize) -> Result<(Tree, usize), JsonError> {
    let text = source.text();
    let mut base = start;
    while text.as_bytes().get(base).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
    {
        base += 1;
    }
    let mut scanner = Scanner {
        text,
        base,
        at: base,
        nodes: Vec::new(),
        owned: Vec::new(),
        keys: Vec::new(),
        undecodable: None,
    };
    scanner.value(0)?;
    let end = scanner.at;
    if let Some(error) = scanner.undecodable {
        return Err(JsonError { resumes_at: Some(end), ..error });
    }
    Ok((Tree::new(Arc::clone(source), base, scanner.nodes, scanner.owned), end))
}

struct Scanner<'a> {
    text: &'a str,
    base: usize,
    at: usize,
    nodes: Vec<Node>,
    owned: Vec<Box<str>>,
    /// The keys of the mappings that are not complete, outermost first.
    keys: Vec<u32>,
    /// The first number that no float holds.
    undecodable: Option<JsonError>,
}

impl Scanner<'_> {
    fn error<T>(&self, message: impl Into<String>) -> Result<T, JsonError> {
        Err(JsonError { offset: self.at, message: message.into(), resumes_at: None })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn offset(&self) -> Result<u32, JsonError> {
        u32::try_from(self.at - self.base).or_else(|_| self.error("document larger than 4 GiB"))
    }

    fn push(&mut self, start: u32, kind: Kind, style: Style) -> Result<usize, JsonError> {
        if self.nodes.len() >= u32::MAX as usize {
            return self.error("document with too many nodes");
        }
        let end = self.offset()?;
        self.nodes.push(Node { start, end, link: 0, kind, style, flags: 0 });
        Ok(self.nodes.len() - 1)
    }

    fn value(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth > MAX_DEPTH {
            return self.error(format!("nested deeper than {MAX_DEPTH} levels"));
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.collection(depth, Kind::Map, b'}'),
            Some(b'[') => self.collection(depth, Kind::Seq, b']'),
            Some(b'"') => self.string(),
            Some(b't') => self.word("true", Kind::True),
            Some(b'f') => self.word("false", Kind::False),
            Some(b'n') => self.word("null", Kind::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => self.unexpected("looking for beginning of value"),
            None => self.error(UNEXPECTED_EOF),
        }
    }

    /// The error in the words of Go's encoding/json.
    fn unexpected<T>(&self, context: &str) -> Result<T, JsonError> {
        match self.peek() {
            Some(byte) => self.error(format!("invalid character {} {context}", quote(byte))),
            None => self.error(UNEXPECTED_EOF),
        }
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<(), JsonError> {
        let start = self.offset()?;
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return self.unexpected(&format!("in literal {word}"));
        }
        self.at += word.len();
        self.push(start, kind, Style::Plain)?;
        Ok(())
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.offset()?;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if !self.digits() {
            return self.unexpected("in numeric literal");
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.digits() {
                return self.unexpected("after decimal point in numeric literal");
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.digits() {
                return self.unexpected("in exponent of numeric literal");
            }
        }
        let text = self.text.get(self.base + start as usize..self.at).unwrap_or_default();
        if matches!(scalar::resolve_plain(text), Scalar::Str) {
            let message =
                format!("json: cannot unmarshal number {text} into Go value of type float64");
            let offset = self.base + start as usize;
            self.undecodable.get_or_insert(JsonError { offset, message, resumes_at: None });
        }
        self.push(start, Kind::Number, Style::Plain)?;
        Ok(())
    }

    fn string(&mut self) -> Result<(), JsonError> {
        let start = self.offset()?;
        self.at += 1;
        let from = self.at;
        let mut plain = true;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            // Most bytes are ordinary: they are passed over in one go.
            let ordinary = rest.iter().take_while(|&&byte| !ENDS_RUN[usize::from(byte)]).count();
            self.at += ordinary;
            match rest.get(ordinary) {
                Some(b'"') => break,
                Some(b'\\') => {
                    plain = false;
                    self.at += 1;
                    if self.peek().is_none() {
                        return self.error(UNEXPECTED_EOF);
                    }
                    self.at += 1;
                }
                Some(_) => return self.unexpected("in string literal"),
                None => return self.error(UNEXPECTED_EOF),
            }
        }
        let raw = self.text.get(from..self.at).unwrap_or_default();
        self.at += 1;
        if plain {
            self.push(start, Kind::Str, Style::DoubleQuoted)?;
            return Ok(());
        }
        let text = unescape(raw).map_err(|(offset, message)| JsonError {
            offset: from + offset,
            message,
            resumes_at: None,
        })?;
        let id = self.push(start, Kind::OwnedStr, Style::DoubleQuoted)?;
        self.nodes[id].link =
            u32::try_from(self.owned.len()).or_else(|_| self.error("too many strings"))?;
        self.owned.push(text.into_boxed_str());
        Ok(())
    }

    fn collection(&mut self, depth: usize, kind: Kind, close: u8) -> Result<(), JsonError> {
        let start = self.offset()?;
        self.at += 1;
        let id = self.push(start, kind, Style::Flow)?;
        self.skip_space();
        let outer_keys = self.keys.len();
        let mut first = true;
        while self.peek() != Some(close) {
            if !first {
                if self.peek() != Some(b',') {
                    let after = if kind == Kind::Map {
                        "after object key:value pair"
                    } else {
                        "after array element"
                    };
                    return self.unexpected(after);
                }
                self.at += 1;
                self.skip_space();
            }
            first = false;
            if kind == Kind::Map {
                if self.peek() != Some(b'"') {
                    return self.unexpected("looking for beginning of object key string");
                }
                let key =
                    u32::try_from(self.nodes.len()).or_else(|_| self.error("too many nodes"))?;
                self.keys.push(key);
                self.string()?;
                self.skip_space();
                if self.peek() != Some(b':') {
                    return self.unexpected("after object key");
                }
                self.at += 1;
            }
            self.value(depth + 1)?;
            self.skip_space();
        }
        self.at += 1;
        let end = self.offset()?;
        let link = u32::try_from(self.nodes.len()).or_else(|_| self.error("too many nodes"))?;
        let duplicate = self.has_duplicate(&self.keys[outer_keys..]);
        self.keys.truncate(outer_keys);
        let node = &mut self.nodes[id];
        node.end = end;
        node.link = link;
        if duplicate {
            node.flags |= FLAG_IRREGULAR;
        }
        Ok(())
    }

    fn has_duplicate(&self, keys: &[u32]) -> bool {
        // Most mappings are small: no need to sort them.
        if keys.len() <= FEW_KEYS {
            return keys.iter().enumerate().any(|(position, &key)| {
                let text = self.key_text(key);
                keys[..position].iter().any(|&other| self.key_text(other) == text)
            });
        }
        let mut texts: Vec<&str> = keys.iter().map(|&id| self.key_text(id)).collect();
        texts.sort_unstable();
        texts.windows(2).any(|pair| pair[0] == pair[1])
    }

    fn key_text(&self, id: u32) -> &str {
        let node = &self.nodes[id as usize];
        if node.kind == Kind::OwnedStr {
            return &self.owned[node.link as usize];
        }
        let range = self.base + node.start as usize + 1..self.base + node.end as usize - 1;
        self.text.get(range).unwrap_or_default()
    }
}

/// A byte as Go quotes it: as if it were a character of Latin-1.
fn quote(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        7 => r"'\a'".to_owned(),
        8 => r"'\b'".to_owned(),
        11 => r"'\v'".to_owned(),
        12 => r"'\f'".to_owned(),
        b'\\' | b'\n' | b'\r' | b'\t' => format!("{:?}", char::from(byte)),
        0..0x20 | 0x7f => format!(r"'\x{byte:02x}'"),
        0x80..=0xa0 | 0xad => format!(r"'\u{byte:04x}'"),
        _ => format!("'{}'", char::from(byte)),
    }
}

/// Undoes the escapes of a JSON string. Lone surrogates become U+FFFD, as in Go.
fn unescape(raw: &str) -> Result<String, (usize, String)> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let offset = raw.len() - rest.len() + at;
        let code = rest[at + 1..].chars().next().unwrap_or('\0');
        rest = &rest[at + 1 + code.len_utf8()..];
        match code {
            '"' | '\\' | '/' => text.push(code),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'u' => {
                let high = hex4(rest).ok_or((
                    offset,
                    "invalid character in \\u hexadecimal character escape".to_owned(),
                ))?;
                rest = &rest[4..];
                let low = rest.strip_prefix("\\u").and_then(hex4);
                let decoded = match (high, low) {
                    (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) => {
                        rest = &rest[6..];
                        char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
                    }
                    _ => char::from_u32(high),
                };
                text.push(decoded.unwrap_or('\u{fffd}'));
            }
            other => {
                return Err((offset, format!("invalid character {other:?} in string escape code")));
            }
        }
    }
    text.push_str(rest);
    Ok(text)
}

fn hex4(text: &str) -> Option<u32> {
    let digits = text.get(..4)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(text: &str) -> Result<serde_json::Value, JsonError> {
        let source = Arc::new(Source::new("x.json", text.into()));
        read(&source, 0).map(|(tree, _)| tree.root().to_json())
    }

    #[test]
    fn agrees_with_serde_json() {
        let texts = [
            "{}",
            "[]",
            "[[],{}]",
            r#"{"a":1,"a":2}"#,
            r#"{"a":{"b":[1,2.5,-3e2,true,false,null]},"c":"d"}"#,
            r#""\u0041\ud83d\ude00\n\/\\""#,
            "  [ 1 , 2 ]  ",
            "-0",
            "1e3",
            r#"{"\u0061":1}"#,
            "{\"ü\":\"wörld\"}",
        ];
        for text in texts {
            let expected: serde_json::Value = serde_json::from_str(text).expect("valid");
            let got = value_of(text).expect("valid");
            // Numbers pass through Go: integral floats are integers there.
            let floats = |value: &serde_json::Value| {
                value
                    .to_string()
                    .replace("-300.0", "-300")
                    .replace("1000.0", "1000")
                    .replace("-0.0", "0")
            };
            assert_eq!(floats(&got), floats(&expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_serde_json_refuses() {
        for text in [
            "", "{", "[1,]", "{\"a\"}", "{\"a\":}", "1.", "tru", "\"\\x\"", "\"a\nb\"", "nul",
            "{,}", "[1 2]", "-",
        ] {
            assert!(value_of(text).is_err(), "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_is_limited() {
        let text = "[".repeat(100_000);
        let error = value_of(&text).expect_err("too deep");
        assert!(error.message.contains("deeper"), "{}", error.message);
    }
}
