//! `explain`: a check's document, the list of checks, or what a level asks for.

use std::io::Write as _;

use posture::finding::acceptance;
use posture::finding::check::Check;
use posture::finding::nearest::nearest;
use posture::model::error::{Error, Result};
use posture::model::version::NEWEST;
use posture::render::style::{Role, Style};
use posture::render::{document, out};

use crate::fixes::table;
use crate::level::{Level, LevelVersion};
use crate::standard;
use crate::{checks, requirements};

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
        let known = checks::find(check.id);
        let grades = known.map(|check| table::explain(check.id())).unwrap_or_default();
        document::write(&format!("{}{grades}", check.document), options.style, &mut out)?;
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
    } else if let Some(meant) = meant(topic) {
        error = error.hint(format!("did you mean {meant}?"));
    }
    Err(error.hint(format!("all of them: {} explain", options.program)))
}

/// A check by its identifier, in any case.
fn find(topic: &str) -> Option<&'static Check> {
    let mut known = checks::catalog().into_checks();
    known.find(|check| check.id.eq_ignore_ascii_case(topic))
}

fn list(options: &ExplainOptions<'_>) -> Result<()> {
    let style = options.style;
    let width = checks::catalog().into_checks().map(|check| check.id.len()).max().unwrap_or(0);
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
    writeln!(out, "{}", style.paint(Role::Name, "before Pod Security is asked"))?;
    for check in &acceptance::CHECKS {
        writeln!(out, "  {:width$}         {}", check.id, check.title)?;
    }
    writeln!(out, "{}", style.paint(Role::Name, "when asked for with --require"))?;
    for requirement in requirements::ALL {
        writeln!(out, "  {:width$}         {}", requirement.check.id, requirement.check.title)?;
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

/// The known word that is closest, if one is close.
fn meant(topic: &str) -> Option<&'static str> {
    let checks = checks::ALL.iter().map(|check| check.id());
    nearest(topic, checks.chain(Level::ALL.iter().map(|level| level.as_str())))
}
