//! What a suppression says, in a comment or an annotation: `ID until=2027-01-31 reason`.

use crate::model::clock::Day;

/// The name of the annotation: one suppression on each line.
pub const ANNOTATION: &str = "kubectl-posture/ignore";

/// How a comment begins, behind its `#`.
pub const MARKER: &str = "posture:ignore";

/// A suppression as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The checks that it names, in a comma list: identifiers, groups or globs.
    pub checks: Vec<&'a str>,
    /// The last day on which it holds, in UTC.
    pub until: Option<Day>,
    /// Why.
    pub reason: &'a str,
}

/// Reads what stands behind the marker. Fails with what is wrong, and the checks that it names as
/// far as they can be told.
pub fn read(text: &str) -> Result<Line<'_>, (String, String)> {
    let text = text.trim();
    let (checks, mut rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    rest = rest.trim();
    let failed = |why: String| (checks.to_owned(), why);
    if checks.is_empty() {
        return Err(failed("it names no check".to_owned()));
    }
    let mut until = None;
    if let Some(date) = rest.strip_prefix("until=") {
        let (date, reason) = date.split_once(char::is_whitespace).unwrap_or((date, ""));
        until = Some(date.parse().map_err(failed)?);
        rest = reason.trim();
    }
    if checks.ends_with(',') {
        return Err(failed("no blanks stand in the list of checks".to_owned()));
    }
    if rest.is_empty() {
        return Err(failed("it gives no reason".to_owned()));
    }
    let is_end = |word: &str| word.starts_with("until=") || word.starts_with("until:");
    if rest.split_whitespace().any(is_end) {
        return Err(failed(
            "the last day is written before the reason: until=2027-01-31".to_owned(),
        ));
    }
    let checks = checks.split(',').filter(|check| !check.is_empty()).collect();
    Ok(Line { checks, until, reason: rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_checks_a_reason_and_maybe_an_end() {
        let line = read(" hostPorts,privileged until=2027-01-31  the node agent ").expect("a line");
        assert_eq!(line.checks, ["hostPorts", "privileged"]);
        assert_eq!(line.until, "2027-01-31".parse().ok());
        assert_eq!(line.reason, "the node agent");
        for (text, why) in [
            ("", "it names no check"),
            ("hostPorts", "it gives no reason"),
            ("hostPorts until=2027-01-31", "it gives no reason"),
            ("hostPorts, privileged x", "no blanks stand in the list of checks"),
        ] {
            assert_eq!(read(text).expect_err("refused").1, why, "{text}");
        }
        for text in ["hostPorts x until=2027-01-31", "hostPorts until:2027-01-31 x"] {
            assert!(read(text).expect_err("refused").1.contains("before the reason"), "{text}");
        }
        assert!(read("hostPorts until=soon x").expect_err("refused").1.contains("\"soon\""));
        assert!(read("hostPorts until=2027-02-30 x").is_err());
    }
}
