//! Checks as rules: what they are, why, and how to mend what they find.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::log::{Configuration, Rule, RuleProperties, Text};
use crate::finding::catalog::{Catalog, Entry};
use crate::finding::check::Severity;
use crate::finding::document::{Document, HEADINGS};

/// What is shown of a check where there is no room for markup.
const PLAIN_HEADINGS: [&str; 3] = ["What", "Why", "Fix"];

/// The rules that fired, in the order of their identifiers; `fired` has the gravest severity of
/// each. One that the catalog does not know is described by its name.
pub(super) fn rules<'r>(
    catalog: &Catalog,
    fired: &BTreeMap<&'static str, Severity>,
) -> Vec<Rule<'r>> {
    fired.iter().map(|(id, severity)| rule(id, *severity, catalog.find(id))).collect()
}

fn rule<'r>(id: &'static str, gravest: Severity, entry: Option<&Entry>) -> Rule<'r> {
    let document = entry.and_then(|entry| Document::parse(entry.check.document).ok());
    let title = entry.map_or(id, |entry| entry.check.title);
    let front = |key| document.as_ref().and_then(|document| document.front(key));
    let severity = match front("severity") {
        Some("error") => Severity::Error,
        Some("warning") => Severity::Warning,
        Some("info") => Severity::Info,
        _ => gravest,
    };
    let what = document.as_ref().map(|document| unwrapped(document.section("What")));
    let tags = ["security", "kubernetes"].into_iter().chain(entry.map(|entry| entry.group));
    Rule {
        id,
        short_description: Text::plain(title),
        full_description: Text::plain(what.map_or(Cow::Borrowed(title), Cow::Owned)),
        help: document.as_ref().map_or_else(|| Text::plain(title), help),
        default_configuration: Configuration { level: level(severity) },
        properties: RuleProperties {
            tags: tags.collect(),
            // A check decides by the rules of Kubernetes and guesses nothing.
            precision: "very-high",
            problem_severity: match severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "recommendation",
            },
            security_severity: front("security-severity").unwrap_or(match severity {
                Severity::Error => "7.0",
                Severity::Warning => "4.0",
                Severity::Info => "1.0",
            }),
        },
    }
}

/// The word of the standard for a severity.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn help(document: &Document<'_>) -> Text<'static> {
    let parts = |headings: &[&str], part: &dyn Fn(&str) -> String| {
        headings.iter().map(|heading| part(heading)).collect::<Vec<_>>().join("\n\n")
    };
    let plain = |heading: &str| format!("{heading}: {}", unwrapped(document.section(heading)));
    let marked = |heading: &str| format!("## {heading}\n\n{}", document.section(heading));
    Text { text: parts(&PLAIN_HEADINGS, &plain).into(), markdown: Some(parts(&HEADINGS, &marked)) }
}

/// Text without the line breaks within its paragraphs: readers show them as they are.
fn unwrapped(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    let mut in_example = false;
    let mut joins = false;
    for line in markdown.lines() {
        let is_fence = line.starts_with("```");
        let is_prose = !in_example && !is_fence && !line.trim().is_empty();
        let continues = is_prose && joins && !line.starts_with("- ") && !line.starts_with('|');
        if !text.is_empty() {
            text.push(if continues { ' ' } else { '\n' });
        }
        text.push_str(if continues { line.trim_start() } else { line });
        in_example ^= is_fence;
        joins = is_prose && !line.starts_with('|');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_joined_and_lists_and_examples_are_not() {
        let markdown = "one\ntwo\n\n- a\n  b\n- c\n\n```yaml\na:\n  b: 1\n```\n| x |\n| y |";
        let text = "one two\n\n- a b\n- c\n\n```yaml\na:\n  b: 1\n```\n| x |\n| y |";
        assert_eq!(unwrapped(markdown), text);
    }

    #[test]
    fn a_check_that_nobody_knows_is_a_rule_too() {
        let fired = BTreeMap::from([("invalid", Severity::Error)]);
        let rules = rules(&Catalog::default(), &fired);
        assert_eq!((rules[0].id, &*rules[0].help.text), ("invalid", "invalid"));
        assert_eq!(rules[0].properties.security_severity, "7.0");
    }
}
