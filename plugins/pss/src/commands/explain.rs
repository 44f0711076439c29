//! `explain`: a check's document, the list of checks, or what a level asks for.

use std::io::Write as _;

use posture::model::error::{Error, Result};
use posture::model::version::NEWEST;
use posture::render::style::{Role, Style};
use posture::render::{document, out};

use super::judge::{INVALID, UNKNOWN_FIELD};
use crate::checks::{self, PssCheck};
use crate::level::{Level, LevelVersion};
use crate::standard;

/// What the command line asks for.
#[derive(Clone, Copy, Debug)]
pub struct ExplainOptions<'a> {
    /// How the program is called.
    pub program: &'a str,
    /// A check, a level, or nothing.
    pub topic: Option<&'a str>,
    /// Colours and width.
    pub style: Style,
}

/// Prints it.
pub fn run(options: &ExplainOptions<'_>) -> Result<()> {
    let Some(topic) = options.topic else {
        return list(options);
    };
    if let Some(check) = find(topic) {
        let mut out = out::stdout();
        document::write(check.check.document, options.style, &mut out)?;
        out.flush()?;
        return Ok(());
    }
    if let Some((_, text)) = OWN.iter().find(|(id, _)| id.eq_ignore_ascii_case(topic)) {
        let mut out = out::stdout();
        document::write(text, options.style, &mut out)?;
        out.flush()?;
        return Ok(());
    }
    let name = topic.split(':').next().unwrap_or(topic);
    if Level::ALL.iter().any(|level| level.as_str() == name) {
        let level: LevelVersion = topic.parse().map_err(Error::usage)?;
        return explain_level(level, options);
    }
    let mut error = Error::usage(format!("{topic:?} is no check and no level"));
    let longer: Vec<&str> =
        checks::ALL.iter().map(|check| check.id()).filter(|id| is_start(topic, id)).collect();
    if !longer.is_empty() {
        error = error.hint(format!("did you mean {}?", longer.join(" or ")));
    } else if let Some(nearest) = nearest(topic) {
        error = error.hint(format!("did you mean {nearest}?"));
    }
    Err(error.hint(format!("all of them: {} explain", options.program)))
}

/// What reports say besides the checks of Kubernetes.
const OWN: [(&str, &str); 2] = [
    (
        INVALID,
        "# invalid: the API server would not take the object\n\nIt has a value of the wrong type, a pod without containers, or a Pod Security label that is no level or version. The message is the server's. Other rules of validation are not checked here: names, selectors, fields that exclude each other.\n",
    ),
    (
        UNKNOWN_FIELD,
        "# unknownField: a field that the API server does not know\n\nkubectl's validation refuses the object (`--validate=strict`, the default); other clients get a warning, and the field is dropped. A misspelt field protects nothing.\n",
    ),
];

/// A check by its identifier, in any case.
fn find(topic: &str) -> Option<&'static PssCheck> {
    checks::ALL.iter().find(|check| check.id().eq_ignore_ascii_case(topic)).copied()
}

fn list(options: &ExplainOptions<'_>) -> Result<()> {
    let style = options.style;
    let width = checks::ALL.iter().map(|check| check.id().len()).max().unwrap_or(0);
    let mut out = out::stdout();
    for level in [Level::Baseline, Level::Restricted] {
        writeln!(out, "{}", style.paint(Role::Name, level.as_str()))?;
        for check in checks::ALL.iter().filter(|check| check.level == level) {
            let since = check.revisions.first().map_or(NEWEST, |revision| revision.since);
            let id = check.id();
            let since = format!("v{since}");
            writeln!(out, "  {id:width$}  {since:<5}  {}", check.check.title)?;
        }
    }
    writeln!(
        out,
        "\nrestricted asks for baseline too. More: {} explain CHECK, or restricted[:v1.NN]",
        options.program
    )?;
    out.flush()?;
    Ok(())
}

fn explain_level(level: LevelVersion, options: &ExplainOptions<'_>) -> Result<()> {
    let mut out = out::stdout();
    document::write(&standard::explain(level), options.style, &mut out)?;
    out.flush()?;
    Ok(())
}

/// Whether a word is the beginning of an identifier, in any case.
fn is_start(topic: &str, id: &str) -> bool {
    id.get(..topic.len()).is_some_and(|start| start.eq_ignore_ascii_case(topic))
}

/// The known word with the smallest edit distance, if it is small.
fn nearest(topic: &str) -> Option<&'static str> {
    let words = checks::ALL
        .iter()
        .map(|check| check.id())
        .chain(Level::ALL.iter().map(|level| level.as_str()));
    let lower = topic.to_lowercase();
    words
        .map(|word| (distance(&lower, &word.to_lowercase()), word))
        .min()
        .filter(|(distance, word)| *distance <= 2 + word.len() / 4)
        .map(|(_, word)| word)
}

/// Levenshtein's edit distance.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, character) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (at, other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(character != *other);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_understood() {
        assert_eq!(nearest("priviledged"), Some("privileged"));
        assert_eq!(nearest("runasnonrot"), Some("runAsNonRoot"));
        assert_eq!(nearest("xyzzy"), None);
    }
}
