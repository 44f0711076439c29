//! Durations as Go's `time.ParseDuration` reads them.

use std::time::Duration;

/// The units and their nanoseconds; of two that fit, the longer name comes first.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
];

/// Reads `1h30m`, `1.5s`, `500ms`. A negative duration is zero: it limits nothing. `None` for what
/// Go refuses.
pub fn parse(text: &str) -> Option<Duration> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = unsigned;
    let mut nanoseconds = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, behind) = rest.split_at(end);
        let end = behind.find(|letter: char| letter.is_ascii_digit() || letter == '.');
        let (unit, behind) = behind.split_at(end.unwrap_or(behind.len()));
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        if !number.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        nanoseconds += number.parse::<f64>().ok()? * factor;
        rest = behind;
    }
    #[expect(clippy::cast_precision_loss, reason = "a limit, not an amount")]
    if nanoseconds > i64::MAX as f64 {
        return None;
    }
    if text.starts_with('-') {
        return Some(Duration::ZERO);
    }
    Duration::try_from_secs_f64(nanoseconds / 1e9).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_in_go() {
        for (text, milliseconds) in [
            ("0", 0),
            ("5s", 5000),
            ("1.5s", 1500),
            (".5s", 500),
            ("1.s", 1000),
            ("1h2m3s4ms", 3_723_004),
            ("+2m", 120_000),
            ("-2m", 0),
            ("1000µs", 1),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "5", "s", ".s", "1d", "1.2.3s", "5 s", "-", "3000000h", "s5"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
