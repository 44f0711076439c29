//! Amounts of resources, exact: `100m`, `1.5Gi`, `12e6`.
//!
//! Source: `ParseQuantity`, `CanonicalizeBytes` and the arithmetic of
//! k8s.io/apimachinery/pkg/api/resource.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::node::{Type, Value};
use super::scalar::{self, Scalar};

/// How an amount is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// `12e6`
    Exponent,
    /// `12Mi`
    Binary,
    /// `12M`
    Decimal,
}

/// An amount: a whole number of billionths. What is smaller is rounded up, away from zero; what is
/// larger than 10²⁹ counts as that.
#[derive(Clone, Debug)]
pub struct Quantity {
    nanos: i128,
    format: Format,
    /// The text that it was read from, where the server keeps that.
    text: Option<Box<str>>,
}

/// Why a text is no quantity, in the words of Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantityError(pub &'static str);

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

const WRONG_FORMAT: QuantityError = QuantityError(
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
);
const WRONG_NUMBER: QuantityError = QuantityError("unable to parse numeric part of quantity");
const WRONG_SUFFIX: QuantityError = QuantityError("unable to parse quantity's suffix");

/// The exponents of the decimal suffixes, and of the binary ones (of two).
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
const BINARY: [(&str, i32); 6] =
    [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

/// The billionths in one.
const ONE: i128 = 1_000_000_000;
/// The billionths in a thousandth.
const MILLI: i128 = 1_000_000;
/// The most that a binary quantity may be (`maxAllowed`).
const MOST_BINARY: u128 = (i64::MAX as u128) * (ONE as u128);
/// How many digits a 64-bit integer always holds (`maxInt64Factors`).
const DIGITS: i64 = 18;
/// How many digits times 2⁶⁰ can be multiplied without loss.
const DIGITS_OF_BINARY: usize = 20;

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        if text.is_empty() {
            return Err(WRONG_FORMAT);
        }
        let parts = Parts::split(text)?;
        let (exponent, format) = parts.suffix().ok_or(WRONG_SUFFIX)?;
        let digits = format!("{}{}", parts.number, parts.fraction);
        let negative = text.starts_with('-');
        let (nanos, format, keeps) = match parts.fast(exponent, format, &digits) {
            Some((nanos, keeps)) => (nanos, format, keeps),
            // Only the short way takes no digit at all for nothing.
            None if !text.bytes().any(|byte| byte.is_ascii_digit()) => return Err(WRONG_NUMBER),
            None => {
                let (nanos, format) = parts.slow(exponent, format, &digits);
                (nanos, format, false)
            }
        };
        let nanos = i128::try_from(nanos).unwrap_or(i128::MAX);
        let nanos = if negative { -nanos } else { nanos };
        Ok(Self { nanos, format, text: keeps.then(|| text.into()) })
    }
}

/// The parts of a quantity's text.
struct Parts<'a> {
    /// Digits before the point, without leading zeros; at least one.
    number: &'a str,
    /// Digits after it.
    fraction: &'a str,
    suffix: &'a str,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Result<Self, QuantityError> {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
        let rest = rest.trim_start_matches('0');
        let (number, rest) = rest.split_at(digits(rest));
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(digits(rest)),
            None => ("", rest),
        };
        let letters = suffix.bytes().take_while(|byte| b"eEinumkKMGTP".contains(byte)).count();
        let power = suffix[letters..].strip_prefix(['+', '-']).unwrap_or(&suffix[letters..]);
        if digits(power) != power.len() {
            return Err(WRONG_FORMAT);
        }
        Ok(Self { number: if number.is_empty() { "0" } else { number }, fraction, suffix })
    }

    fn suffix(&self) -> Option<(i32, Format)> {
        let of = |table: &[(&str, i32)]| {
            table.iter().find(|(suffix, _)| *suffix == self.suffix).map(|(_, exponent)| *exponent)
        };
        if let Some(exponent) = of(&DECIMAL) {
            return Some((exponent, Format::Decimal));
        }
        if let Some(exponent) = of(&BINARY) {
            return Some((exponent, Format::Binary));
        }
        let power: i64 = self.suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
        // Go cuts it to 32 bits; beyond a few hundred all are alike.
        Some((i32::try_from(power.clamp(-9_999, 9_999)).ok()?, Format::Exponent))
    }

    /// What fits in 64 bits goes a short way in Go, which may keep the text. The amount, and
    /// whether it does.
    fn fast(&self, exponent: i32, format: Format, digits: &str) -> Option<(u128, bool)> {
        let count = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
        let (precision, scale) = if format == Format::Binary {
            if !self.fraction.is_empty() {
                return None;
            }
            (15 - count(self.number) - i64::from(exponent * 3 / 10) - 1, 0)
        } else {
            let precision = DIGITS - count(digits);
            (precision, i64::from(exponent) - count(self.fraction))
        };
        if precision < 0 || scale < -9 {
            return None;
        }
        let value: u128 = digits.parse().ok()?;
        if format == Format::Binary {
            let keeps = exponent % 10 == 0 && value & 7 != 0;
            return Some(((value << exponent).saturating_mul(ONE.unsigned_abs()), keeps));
        }
        let keeps = scale % 3 == 0 && !digits.ends_with("000") && !digits.starts_with('0');
        let power = u32::try_from(scale + 9).ok()?;
        Some((value.saturating_mul(10_u128.saturating_pow(power)), keeps))
    }

    /// Everything else is a decimal of any length, rounded up to billionths.
    fn slow(&self, exponent: i32, format: Format, digits: &str) -> (u128, Format) {
        let fraction = i64::try_from(self.fraction.len()).unwrap_or(i64::MAX);
        if format != Format::Binary {
            return (shifted(digits, i64::from(exponent) - fraction + 9), format);
        }
        // Digits that no billionth can show give way.
        let digits = digits.trim_start_matches('0');
        let kept = &digits[..digits.len().min(DIGITS_OF_BINARY)];
        let cut = i64::try_from(digits.len() - kept.len()).unwrap_or(i64::MAX);
        let value: u128 = kept.parse().unwrap_or_default();
        let product = value.saturating_mul(1 << exponent);
        let nanos = shifted(&product.to_string(), 9 + cut - fraction).min(MOST_BINARY);
        let below_one = (1..ONE.unsigned_abs()).contains(&nanos);
        (nanos, if below_one { Format::Decimal } else { format })
    }
}

/// A number times a power of ten, rounded up.
fn shifted(digits: &str, power: i64) -> u128 {
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return 0;
    }
    let parse = |digits: &str| if digits.is_empty() { Ok(0) } else { digits.parse::<u128>() };
    if let Ok(up) = u32::try_from(power) {
        let number = parse(digits).unwrap_or(u128::MAX);
        return number.saturating_mul(10_u128.saturating_pow(up));
    }
    let down = usize::try_from(power.unsigned_abs()).unwrap_or(usize::MAX);
    let (whole, rest) = digits.split_at(digits.len().saturating_sub(down));
    let more = rest.bytes().any(|digit| digit != b'0');
    parse(whole).unwrap_or(u128::MAX).saturating_add(u128::from(more))
}

impl Quantity {
    /// A whole number.
    pub fn of(number: i64) -> Self {
        Self { nanos: i128::from(number) * ONE, format: Format::Decimal, text: None }
    }

    /// Reads what stands in a document: text, a number, or null, which is nothing. Fails in the
    /// words of Kubernetes.
    pub fn read(value: Value<'_>) -> Result<Self, QuantityError> {
        match value.value_type() {
            Type::Null => Ok(Self::of(0)),
            Type::String => value.as_str().unwrap_or_default().trim().parse(),
            Type::Number => match value.as_number() {
                Some(Scalar::Int(number)) => number.to_string().parse(),
                Some(Scalar::Float(number)) => scalar::json_float(number).parse(),
                _ => Err(WRONG_FORMAT),
            },
            _ => Err(WRONG_FORMAT),
        }
    }

    /// Whether it is nothing.
    pub fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    /// The amount rounded up to thousandths, as the server has it of every list of resources
    /// (`SetDefaults_ResourceList`).
    #[must_use]
    pub fn round_up_to_milli(mut self) -> Self {
        let rounded = ceil(self.nanos, MILLI).saturating_mul(MILLI);
        if rounded != self.nanos {
            self.text = None;
            self.nanos = rounded;
        }
        self
    }

    /// The sum; it is printed as the left one, unless that is nothing.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let format = if self.is_zero() { other.format } else { self.format };
        Self { nanos: self.nanos.saturating_add(other.nanos), format, text: None }
    }

    /// So many times the amount.
    #[must_use]
    pub fn times(&self, count: u32) -> Self {
        let nanos = self.nanos.saturating_mul(i128::from(count));
        Self { nanos, format: self.format, text: None }
    }

    /// How often a positive `part` fits in what is left of this after `used`; nothing for a part
    /// that takes nothing.
    pub fn fits(&self, used: &Self, part: &Self) -> Option<u32> {
        if part.nanos <= 0 {
            return None;
        }
        let left = self.nanos.saturating_sub(used.nanos).max(0);
        Some(u32::try_from(left / part.nanos).unwrap_or(u32::MAX))
    }

    /// The amount in whole numbers, rounded up; 0 if it does not fit, as `Quantity.Value` has it.
    pub fn value(&self) -> i64 {
        i64::try_from(ceil(self.nanos, ONE)).unwrap_or_default()
    }

    /// The amount in thousandths, rounded up; 0 if it does not fit.
    pub fn milli_value(&self) -> i64 {
        i64::try_from(ceil(self.nanos, MILLI)).unwrap_or_default()
    }
}

/// The quotient, rounded away from zero.
fn ceil(number: i128, by: i128) -> i128 {
    let more = i128::from(number % by != 0) * number.signum();
    number / by + more
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl fmt::Display for Quantity {
    /// As Kubernetes prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = &self.text {
            return f.write_str(text);
        }
        if self.nanos == 0 {
            return f.write_str("0");
        }
        let whole = self.nanos % ONE == 0;
        if self.format == Format::Binary && whole && self.nanos.abs() >= 1024 * ONE {
            let (mut number, mut power) = (self.nanos / ONE, 0);
            while number.abs() >= 1024 && number % 1024 == 0 {
                number /= 1024;
                power += 10;
            }
            let suffix = BINARY.iter().find(|(_, exponent)| *exponent == power);
            return write!(f, "{number}{}", suffix.map_or("", |(suffix, _)| suffix));
        }
        let (mut number, mut power) = (self.nanos, -9);
        while number % 10 == 0 {
            number /= 10;
            power += 1;
        }
        while power % 3 != 0 {
            number *= 10;
            power -= 1;
        }
        match self.format {
            Format::Exponent if power == 0 => write!(f, "{number}"),
            Format::Exponent => write!(f, "{number}e{power}"),
            Format::Binary | Format::Decimal => {
                let suffix = DECIMAL.iter().find(|(_, exponent)| *exponent == power);
                write!(f, "{number}{}", suffix.map_or("", |(suffix, _)| suffix))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(text: &str) -> Quantity {
        text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    /// Text; what Kubernetes prints of it, and of it rounded up to thousandths; its whole value.
    const PRINTED: [(&str, &str, &str, i64); 46] = [
        ("0", "0", "0", 0),
        ("100m", "100m", "100m", 1),
        ("1500m", "1500m", "1500m", 2),
        ("0.5", "500m", "500m", 1),
        (".5", "500m", "500m", 1),
        ("5.", "5.", "5.", 5),
        ("1.5", "1500m", "1500m", 2),
        ("1.500", "1.500", "1.500", 2),
        ("+5", "+5", "+5", 5),
        ("007", "007", "007", 7),
        ("-1", "-1", "-1", -1),
        ("-1500m", "-1500m", "-1500m", -2),
        ("1000", "1k", "1k", 1000),
        ("1000m", "1", "1", 1),
        ("10000m", "10", "10", 10),
        ("12E", "12E", "12E", 0),
        ("1e3", "1e3", "1e3", 1000),
        ("12e6", "12e6", "12e6", 12_000_000),
        ("1E-3", "1E-3", "1E-3", 1),
        ("100e3", "100e3", "100e3", 100_000),
        ("5e-10", "1e-9", "1e-3", 1),
        ("1u", "1u", "1m", 1),
        ("1500u", "1500u", "2m", 1),
        ("1n", "1n", "1m", 1),
        ("0.1n", "1n", "1m", 1),
        ("1024", "1024", "1024", 1024),
        ("1024Ki", "1Mi", "1Mi", 1_048_576),
        ("1536Mi", "1536Mi", "1536Mi", 1_610_612_736),
        ("1.5Gi", "1536Mi", "1536Mi", 1_610_612_736),
        ("0.0001Ki", "102400u", "103m", 1),
        ("1.1Ki", "1126400m", "1126400m", 1127),
        ("8Gi", "8Gi", "8Gi", 8_589_934_592),
        ("16Ei", "9223372036854775807", "9223372036854775807", i64::MAX),
        ("3.3Ti", "3628388371660800m", "3628388371660800m", 3_628_388_371_661),
        ("1Ei", "1Ei", "1Ei", 1_152_921_504_606_846_976),
        ("0.123456789012345", "123456790n", "124m", 1),
        ("1.0000000001", "1000000001n", "1001m", 2),
        ("2000000Ki", "2000000Ki", "2000000Ki", 2_048_000_000),
        ("1048576Ki", "1Gi", "1Gi", 1_073_741_824),
        (
            "1234567890123456789",
            "1234567890123456789",
            "1234567890123456789",
            1_234_567_890_123_456_789,
        ),
        ("1000E", "1", "1", 0),
        ("0Mi", "0", "0", 0),
        ("0.0", "0", "0", 0),
        ("-0.5Gi", "-512Mi", "-512Mi", -536_870_912),
        ("1e1", "10", "10", 10),
        ("500M", "500M", "500M", 500_000_000),
    ];

    #[test]
    fn prints_as_kubernetes() {
        for (text, printed, rounded, value) in PRINTED {
            let read = quantity(text);
            assert_eq!(read.to_string(), printed, "{text}");
            assert_eq!(read.value(), value, "{text}");
            assert_eq!(read.round_up_to_milli().to_string(), rounded, "{text}");
        }
        let long = "123456789012345678901234567890";
        assert_eq!(quantity(long).to_string(), long);
        assert_eq!(quantity("0.00000000000000000000000000000000000000000000001").to_string(), "1n");
    }

    #[test]
    fn refuses_as_kubernetes() {
        for text in ["1K", "--1", "1e", "1e+", "1mi", "1EE", "1Kii"] {
            assert_eq!(text.parse::<Quantity>(), Err(WRONG_SUFFIX), "{text}");
        }
        for text in ["", "{", "1 Gi", "x1", "1.2.3"] {
            assert_eq!(text.parse::<Quantity>(), Err(WRONG_FORMAT), "{text}");
        }
    }

    #[test]
    fn no_digit_is_nothing_or_an_error() {
        for text in ["m", "+", ".", "+Ki", "Ti", ".Ki"] {
            assert!(quantity(text).is_zero(), "{text}");
        }
        for text in ["Pi", "+Ei", ".Pi"] {
            assert_eq!(text.parse::<Quantity>(), Err(WRONG_NUMBER), "{text}");
        }
    }

    #[test]
    fn counts_exactly() {
        assert_eq!(quantity("1Gi").plus(&quantity("1")).to_string(), "1073741825");
        assert_eq!(quantity("0").plus(&quantity("512Mi")).to_string(), "512Mi");
        assert_eq!(quantity("512Mi").plus(&quantity("512Mi")).to_string(), "1Gi");
        assert_eq!(quantity("100m").times(30).to_string(), "3");
        assert!(quantity("0.1") < quantity("101m") && quantity("1Ki") == quantity("1024"));
        assert!(quantity("1000M") < quantity("1Gi") && quantity("-1") < quantity("0"));
        assert_eq!(quantity("1").fits(&quantity("0.1"), &quantity("300m")), Some(3));
        assert_eq!(quantity("1").fits(&quantity("2"), &quantity("300m")), Some(0));
        assert_eq!(quantity("1").fits(&quantity("2"), &quantity("0")), None);
        assert_eq!(quantity("1500u").milli_value(), 2);
    }
}
