//! What a tag makes of a scalar: `resolve` of go-yaml v2.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use crate::model::scalar::{self, Raw};

/// Go's decoder does not look at the bits behind the last byte.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Resolves the text of a scalar with a tag: its type, and its text where the tag changes it.
/// The error is in go-yaml's words.
pub(super) fn resolve<'a>(tag: &str, text: Cow<'a, str>) -> Result<(Raw, Cow<'a, str>), String> {
    let short = tag.strip_prefix("tag:yaml.org,2002:").unwrap_or_default();
    let raw = match short {
        "binary" => return Ok((Raw::Str, Cow::Owned(decode_binary(&text)?))),
        "timestamp" if is_timestamp(&text) => return Ok((Raw::Str, text)),
        "bool" | "int" | "float" | "null" | "timestamp" => scalar::resolve_raw(&text),
        // Text, and every tag that go-yaml does not know.
        _ => return Ok((Raw::Str, text)),
    };
    let name = match raw {
        Raw::Null => "null",
        Raw::Bool(_) => "bool",
        Raw::Int(_) | Raw::Uint(_) => "int",
        Raw::Float(_) => "float",
        Raw::Str if is_timestamp(&text) => "timestamp",
        Raw::Str => "str",
    };
    match raw {
        #[expect(clippy::cast_precision_loss, reason = "so does the original")]
        Raw::Int(value) if short == "float" => {
            let float = value as f64;
            Ok((Raw::Float(float), Cow::Owned(scalar::json_float(float))))
        }
        _ if name == short => Ok((raw, text)),
        _ => Err(format!("yaml: cannot decode !!{name} `{text}` as a !!{short}")),
    }
}

/// The bytes behind `!!binary` as JSON shows them: each that is no UTF-8 is U+FFFD.
fn decode_binary(text: &str) -> Result<String, String> {
    let clean: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let Ok(bytes) = BASE64.decode(clean) else {
        return Err("yaml: !!binary value contains invalid base64 data".to_owned());
    };
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Ok(text)
}

/// What go-yaml's `parseTimestamp` accepts: a date, or a date and a time in one of three forms.
fn is_timestamp(text: &str) -> bool {
    timestamp_rest(text.as_bytes()).is_some_and(<[u8]>::is_empty)
}

/// What stands behind the timestamp that a text begins with, by the rules of Go's `time.Parse`.
fn timestamp_rest(text: &[u8]) -> Option<&[u8]> {
    let year = text.get(..4)?;
    if !year.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let year = year.iter().fold(0, |year, digit| year * 10 + u32::from(digit - b'0'));
    let (month, rest) = number(behind(&text[4..], b"-")?, 1, 12)?;
    let (_, rest) = number(behind(rest, b"-")?, 1, days(year, month))?;
    let &[between, ref time @ ..] = rest else {
        return Some(rest);
    };
    let (is_zoned, time) = match between {
        b'T' | b't' => (true, time),
        b' ' => (false, time.trim_ascii_start()),
        _ => return None,
    };
    let (_, rest) = number(time, 0, 23)?;
    let (_, rest) = number(behind(rest, b":")?, 0, 59)?;
    let (_, mut rest) = number(behind(rest, b":")?, 0, 59)?;
    if let [b'.' | b',', fraction @ ..] = rest {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            rest = &fraction[digits..];
        }
    }
    match *rest {
        _ if !is_zoned => Some(rest),
        [b'Z', ref rest @ ..] => Some(rest),
        [b'+' | b'-', h1, h2, b':', m1, m2, ref rest @ ..] => {
            let in_range = |digits: [u8; 2], most| {
                number(&digits, 0, most).is_some_and(|(_, rest)| rest.is_empty())
            };
            (in_range([h1, h2], 24) && in_range([m1, m2], 60)).then_some(rest)
        }
        _ => None,
    }
}

fn behind<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    text.strip_prefix(prefix)
}

/// Reads a number of one or two digits; returns what follows.
fn number(text: &[u8], least: u32, most: u32) -> Option<(u32, &[u8])> {
    let (value, rest) = match *text {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ref rest @ ..] => {
            (u32::from(tens - b'0') * 10 + u32::from(ones - b'0'), rest)
        }
        [ones @ b'0'..=b'9', ref rest @ ..] => (u32::from(ones - b'0'), rest),
        _ => return None,
    };
    (least..=most).contains(&value).then_some((value, rest))
}

fn days(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_those_of_go() {
        let good = [
            "2001-1-1",
            "2001-12-31",
            "2000-02-29",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-14T1:2:3Z",
            "2001-12-14 21:59:43",
            "2001-12-14  1:2:3.123456789012",
        ];
        for text in good {
            assert!(is_timestamp(text), "{text}");
        }
        let bad = [
            "",
            "2001",
            "2001-13-1",
            "2001-02-29",
            "1900-02-29",
            "2001-1-0",
            "2001-1-1x",
            "2001-12-14T1:2:3",
            "2001-12-14 21:59:43Z",
            "2001-12-14 24:00:00",
            "02001-1-1",
            "2001-12-14T1:2:3+25:00",
            "2001-12-14T1:2:3+1:00",
            "2001-001-1",
        ];
        for text in bad {
            assert!(!is_timestamp(text), "{text}");
        }
    }

    #[test]
    fn tags_convert_or_refuse() {
        let of = |tag: &str, text: &'static str| {
            resolve(&format!("tag:yaml.org,2002:{tag}"), Cow::Borrowed(text))
        };
        assert_eq!(of("str", "5"), Ok((Raw::Str, "5".into())));
        assert_eq!(of("int", "5"), Ok((Raw::Int(5), "5".into())));
        assert_eq!(of("float", "0x10"), Ok((Raw::Float(16.0), "16".into())));
        assert_eq!(of("binary", "aGk="), Ok((Raw::Str, "hi".into())));
        assert_eq!(of("binary", "/w=="), Ok((Raw::Str, "\u{fffd}".into())));
        assert_eq!(of("unheard", "5"), Ok((Raw::Str, "5".into())));
        assert_eq!(of("int", "x"), Err("yaml: cannot decode !!str `x` as a !!int".into()));
        assert!(of("binary", "x").is_err());
        assert!(of("null", "").is_ok());
    }
}
