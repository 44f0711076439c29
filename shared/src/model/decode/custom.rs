//! The types that decode themselves: their errors stop the server's decoder at once.

use crate::model::node::{Type, Value};
use crate::model::quantity::Quantity;
use crate::model::scalar::Scalar;

/// A Go type with an `UnmarshalJSON` of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Custom {
    /// `resource.Quantity`
    Quantity,
    /// `intstr.IntOrString`
    IntOrString,
    /// `metav1.Time`
    Time,
    /// `metav1.MicroTime`
    MicroTime,
    /// `metav1.FieldsV1`, which takes anything.
    Fields,
}

/// Why such a type refuses a value.
#[derive(Debug)]
pub(super) struct CustomError {
    /// The text, where the type has words of its own.
    pub(super) text: String,
    /// Whether the error is Go's own for a wrong type, which names the field.
    pub(super) in_field: bool,
    /// What stands there, for such an error.
    pub(super) found: String,
    /// The Go type that such an error names.
    pub(super) wanted: &'static str,
}

impl CustomError {
    fn text(text: impl Into<String>, wanted: &'static str) -> Self {
        Self { text: text.into(), in_field: false, found: "value".to_owned(), wanted }
    }

    fn field(found: impl Into<String>, wanted: &'static str) -> Self {
        Self { text: String::new(), in_field: true, found: found.into(), wanted }
    }
}

impl Custom {
    /// The type of a name in the table.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "Quantity" => Some(Self::Quantity),
            "IntOrString" => Some(Self::IntOrString),
            "Time" => Some(Self::Time),
            "MicroTime" => Some(Self::MicroTime),
            "FieldsV1" => Some(Self::Fields),
            _ => None,
        }
    }

    /// Whether the type takes the value; null is always taken.
    pub(super) fn check(self, value: Value<'_>) -> Result<(), CustomError> {
        match self {
            Self::Quantity => check_quantity(value),
            Self::IntOrString => check_int_or_string(value),
            Self::Time => check_time(value, "2006-01-02T15:04:05Z07:00"),
            Self::MicroTime => check_time(value, "2006-01-02T15:04:05.000000Z07:00"),
            Self::Fields => Ok(()),
        }
    }
}

fn check_quantity(value: Value<'_>) -> Result<(), CustomError> {
    // Of what is neither text nor number Go reads the brace or word that it starts with.
    Quantity::read(value).map(drop).map_err(|why| CustomError::text(why.0, "resource.Quantity"))
}

fn check_int_or_string(value: Value<'_>) -> Result<(), CustomError> {
    let found = match (value.value_type(), value.as_number()) {
        (Type::String | Type::Null, _) => return Ok(()),
        (Type::Number, Some(Scalar::Int(number))) if i32::try_from(number).is_ok() => return Ok(()),
        (Type::Number, number) => super::number_text(number),
        (other, _) => other.go_name().to_owned(),
    };
    Err(CustomError::field(found, "int32"))
}

fn check_time(value: Value<'_>, layout: &'static str) -> Result<(), CustomError> {
    let Some(text) = value.as_str() else {
        return Err(CustomError::field(value.value_type().go_name(), "string"));
    };
    if is_rfc3339(text) {
        return Ok(());
    }
    // Go names the part of the layout where it stopped; the common case is the year.
    Err(CustomError::text(
        format!("parsing time {text:?} as {layout:?}: cannot parse {text:?} as \"2006\""),
        "v1.Time",
    ))
}

/// `2006-01-02T15:04:05Z` with an optional fraction and any offset.
fn is_rfc3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let number = |range: std::ops::Range<usize>, least: u32, most: u32| {
        text.get(range).is_some_and(|digits| {
            digits.bytes().all(|byte| byte.is_ascii_digit())
                && digits.parse::<u32>().is_ok_and(|value| (least..=most).contains(&value))
        })
    };
    let date = number(0..4, 0, 9999) && number(5..7, 1, 12) && number(8..10, 1, 31);
    let time = number(11..13, 0, 23) && number(14..16, 0, 59) && number(17..19, 0, 59);
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if !date || !time || !marks.iter().all(|&(at, mark)| bytes.get(at) == Some(&mark)) {
        return false;
    }
    let mut rest = &text[19..];
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return false;
        }
        rest = &fraction[digits..];
    }
    let start = text.len() - rest.len();
    rest == "Z"
        || (rest.len() == 6
            && rest.starts_with(['+', '-'])
            && bytes.get(start + 3) == Some(&b':')
            && number(start + 1..start + 3, 0, 23)
            && number(start + 4..start + 6, 0, 59))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc3339() {
        for text in ["2026-01-02T15:04:05Z", "2026-01-02T15:04:05.123+01:00"] {
            assert!(is_rfc3339(text), "{text}");
        }
        for text in [
            "",
            "x",
            "2026-01-02",
            "2026-13-02T15:04:05Z",
            "2026-01-02T15:04:05",
            "2026-01-02 15:04:05Z",
        ] {
            assert!(!is_rfc3339(text), "{text}");
        }
    }
}
