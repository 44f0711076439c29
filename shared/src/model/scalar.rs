//! What a plain YAML scalar means to kubectl.
//!
//! kubectl reads YAML through sigs.k8s.io/yaml, that is go-yaml v2: YAML 1.1 booleans, C-style
//! octals, underscores in numbers. The result then passes through JSON once, so integral floats
//! become integers and integers beyond 64 bits lose precision.

/// A resolved scalar, as it stands after kubectl has turned the document into JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// `null`, `~`, or nothing at all.
    Null,
    /// `true`, `yes`, `on`, `y` and their opposites, in three spellings each.
    Bool(bool),
    /// An integer that fits into 64 signed bits.
    Int(i64),
    /// Any other finite number.
    Float(f64),
    /// `.inf` or `.nan`: JSON cannot hold it, so kubectl refuses the whole document.
    NotFinite,
    /// Everything else is text.
    Str,
}

/// What go-yaml makes of a plain scalar, before anything passes through JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Raw {
    /// Nothing, `~` or `null`.
    Null,
    /// A YAML 1.1 boolean.
    Bool(bool),
    /// An integer of 64 signed bits.
    Int(i64),
    /// An integer that only fits without a sign.
    Uint(u64),
    /// A float, perhaps not finite.
    Float(f64),
    /// Text.
    Str,
}

/// Resolves the text of an untagged plain scalar as kubectl sees it in the end.
pub fn resolve_plain(text: &str) -> Scalar {
    resolve_raw(text).into()
}

impl From<Raw> for Scalar {
    fn from(raw: Raw) -> Self {
        match raw {
            Raw::Null => Self::Null,
            Raw::Bool(value) => Self::Bool(value),
            Raw::Int(value) => Self::Int(value),
            #[expect(clippy::cast_precision_loss, reason = "kubectl loses it too")]
            Raw::Uint(value) => Self::Float(value as f64),
            Raw::Float(value) => from_float(value),
            Raw::Str => Self::Str,
        }
    }
}

/// Resolves the text of an untagged plain scalar as go-yaml v2 does.
pub fn resolve_raw(text: &str) -> Raw {
    let Some(&first) = text.as_bytes().first() else {
        return Raw::Null;
    };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            resolve_word(text)
        }
        b'.' => resolve_dot(text),
        b'0'..=b'9' | b'+' | b'-' => resolve_number(text),
        _ => Raw::Str,
    }
}

fn resolve_word(text: &str) -> Raw {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Raw::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Raw::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Raw::Null,
        _ => Raw::Str,
    }
}

fn resolve_dot(text: &str) -> Raw {
    match text {
        ".nan" | ".NaN" | ".NAN" => Raw::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" => Raw::Float(f64::INFINITY),
        // Go's ParseFloat, which alone judges here, takes underscores between digits.
        _ => parse_go_float(text).map_or(Raw::Str, Raw::Float),
    }
}

fn resolve_number(text: &str) -> Raw {
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Raw::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Raw::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let without_underscores;
    let plain = if text.contains('_') {
        without_underscores = text.replace('_', "");
        without_underscores.as_str()
    } else {
        text
    };
    if let Some(raw) = parse_go_int(plain) {
        return raw;
    }
    if is_yaml_float(plain) {
        // Go's ParseFloat fails out of range, which leaves a string.
        return match plain.parse::<f64>() {
            Ok(value) if value.is_finite() => Raw::Float(value),
            _ => Raw::Str,
        };
    }
    // go-yaml's own fallback for binary numbers (`-0b-1` is what strconv refuses before).
    let digits = plain
        .strip_prefix("0b")
        .map(str::to_owned)
        .or_else(|| plain.strip_prefix("-0b").map(|rest| format!("-{rest}")));
    match digits.map(|digits| i64::from_str_radix(&digits, 2)) {
        Some(Ok(value)) => Raw::Int(value),
        _ => Raw::Str,
    }
}

/// `strconv.ParseInt(s, 0, 64)`, then `ParseUint`: base by prefix, a leading `0` means octal.
fn parse_go_int(text: &str) -> Option<Raw> {
    let (negative, signed, rest) = match text.as_bytes().first()? {
        b'-' => (true, true, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let bytes = rest.as_bytes();
    let (radix, digits) = match bytes {
        [b'0', b'x' | b'X', _, ..] => (16, &rest[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &rest[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &rest[2..]),
        [b'0', _, ..] => (8, &rest[1..]),
        _ => (10, rest),
    };
    // from_str_radix takes a sign of its own; Go does not.
    if digits.is_empty() || !digits.as_bytes()[0].is_ascii_alphanumeric() {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(magnitude).map(Raw::Int);
    }
    match i64::try_from(magnitude) {
        Ok(value) => Some(Raw::Int(value)),
        // ParseUint takes no sign.
        Err(_) if signed => None,
        Err(_) => Some(Raw::Uint(magnitude)),
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_yaml_float(text: &str) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let mut rest = text.as_bytes();
    if let [b'-' | b'+', tail @ ..] = rest {
        rest = tail;
    }
    let whole = digits(rest);
    rest = &rest[whole..];
    if let [b'.', tail @ ..] = rest {
        let fraction = digits(tail);
        if whole == 0 && fraction == 0 {
            return false;
        }
        rest = &tail[fraction..];
    } else if whole == 0 {
        return false;
    }
    match rest {
        [] => true,
        [b'e' | b'E', tail @ ..] => {
            let tail = tail.strip_prefix(b"-").or_else(|| tail.strip_prefix(b"+")).unwrap_or(tail);
            !tail.is_empty() && digits(tail) == tail.len()
        }
        _ => false,
    }
}

/// `strconv.ParseFloat(s, 64)` for text that starts with a dot.
fn parse_go_float(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices('_') {
        // An underscore must separate digits.
        let digit = |i: Option<&u8>| i.is_some_and(u8::is_ascii_digit);
        if at == 0 || !digit(bytes.get(at - 1)) || !digit(bytes.get(at + 1)) {
            return None;
        }
    }
    let plain = text.replace('_', "");
    if !is_yaml_float(&plain) {
        return None;
    }
    plain.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// A float after one pass through JSON: Go writes integral floats below 1e21 without a fraction,
/// and reads what then looks like an integer as one.
pub fn from_float(value: f64) -> Scalar {
    /// 2^53, up to which floats hold every integer.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if !value.is_finite() {
        return Scalar::NotFinite;
    }
    if value.fract() != 0.0 {
        return Scalar::Float(value);
    }
    if value.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "integral and in range")]
        return Scalar::Int(value as i64);
    }
    // The digits that Go writes are fewer than the float's own.
    json_float(value).parse().map_or(Scalar::Float(value), Scalar::Int)
}

/// How Go's encoding/json writes a float: shortest digits, exponent only below 1e-6 or from 1e21.
pub fn json_float(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = format!("{value:e}");
        // Go writes the exponent's sign, and one digit where one is enough.
        return match text.split_once('e') {
            Some((mantissa, exponent)) if !exponent.starts_with('-') => {
                format!("{mantissa}e+{exponent}")
            }
            _ => text,
        };
    }
    format!("{value}")
}

/// How sigs.k8s.io/yaml turns a float key into text: `FormatFloat(f, 'g', -1, 32)`.
pub fn key_float(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "so does the original")]
    let single = value as f32;
    if single.is_infinite() {
        return if single > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    if single.is_nan() {
        return ".nan".to_owned();
    }
    let scientific = format!("{single:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let power: i32 = exponent.parse().unwrap_or(0);
    // %g with the shortest precision turns to exponents below 1e-4 and from 1e6.
    if (-4..6).contains(&power) {
        return format!("{single}");
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_1_1_words_are_booleans() {
        for word in ["y", "Yes", "ON", "true", "True"] {
            assert_eq!(resolve_plain(word), Scalar::Bool(true), "{word}");
        }
        for word in ["n", "No", "OFF", "false"] {
            assert_eq!(resolve_plain(word), Scalar::Bool(false), "{word}");
        }
        for word in ["yEs", "tRue", "yess", "nul"] {
            assert_eq!(resolve_plain(word), Scalar::Str, "{word}");
        }
    }

    #[test]
    fn numbers_follow_go() {
        let cases = [
            ("010", Scalar::Int(8)),
            ("0644", Scalar::Int(420)),
            ("0o10", Scalar::Int(8)),
            ("0x1F", Scalar::Int(31)),
            ("0b11", Scalar::Int(3)),
            ("-0b11", Scalar::Int(-3)),
            ("1_000", Scalar::Int(1000)),
            ("08", Scalar::Int(8)),
            ("1.0", Scalar::Int(1)),
            ("1e3", Scalar::Int(1000)),
            ("+5", Scalar::Int(5)),
            ("-9223372036854775808", Scalar::Int(i64::MIN)),
            ("12345678901234567890", Scalar::Float(12_345_678_901_234_567_890.0)),
            ("6666666666666666668.", Scalar::Int(6_666_666_666_666_667_000)),
            ("9223372036854775807.", Scalar::Float(9_223_372_036_854_775_808.0)),
            ("9007199254740993.0", Scalar::Int(9_007_199_254_740_992)),
            ("0.5", Scalar::Float(0.5)),
            (".5", Scalar::Float(0.5)),
            ("1e400", Scalar::Str),
            ("12:30:45", Scalar::Str),
            ("2001-01-01", Scalar::Str),
            ("-", Scalar::Str),
            (".", Scalar::Str),
            ("1.2.3", Scalar::Str),
            (".inf", Scalar::NotFinite),
        ];
        for (text, expected) in cases {
            assert_eq!(resolve_plain(text), expected, "{text}");
        }
    }

    #[test]
    fn floats_print_as_go_prints_them() {
        assert_eq!(json_float(12_345_678_901_234_567_890.0), "12345678901234567000");
        assert_eq!(json_float(1e21), "1e+21");
        assert_eq!(json_float(1e-7), "1e-7");
        assert_eq!(json_float(0.1), "0.1");
        assert_eq!(key_float(0.1), "0.1");
        assert_eq!(key_float(1e6), "1e+06");
    }
}
