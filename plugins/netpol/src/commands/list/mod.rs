//! `list`: the map, in the format that was asked for, to standard output.

mod graph;
mod human;
mod markdown;
mod pairs;
mod rows;
mod run;
#[cfg(test)]
mod tests;

use std::io::Write as _;

use posture::model::error::Result;
use posture::model::gap::Gap;
use posture::render::escape::escape;
use posture::render::out::{self, Output};
use posture::render::style::Style;
use posture::render::{dot, machine, mermaid};

use crate::page;
use crate::picture::report::MapReport;

pub use pairs::{PairsFormat, print as print_pairs};
pub use run::{ListOptions, Wanted, print_rights, run};

/// How to write the map. A format never changes what is found, nor the exit code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListFormat {
    /// For people.
    #[default]
    Human,
    /// Every connection on a line.
    Wide,
    /// Everything, as JSON.
    Json,
    /// Everything, as YAML.
    Yaml,
    /// A row for every two groups.
    Csv,
    /// For a comment on a pull request.
    Markdown,
    /// A picture for Graphviz.
    Dot,
    /// A picture for Mermaid.
    Mermaid,
    /// A page for a browser.
    Html,
}

impl ListFormat {
    /// Every format, as `-o` lists them.
    pub const ALL: [Self; 9] = [
        Self::Human,
        Self::Wide,
        Self::Json,
        Self::Yaml,
        Self::Csv,
        Self::Markdown,
        Self::Dot,
        Self::Mermaid,
        Self::Html,
    ];

    /// The word behind `-o`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Wide => "wide",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
            Self::Dot => "dot",
            Self::Mermaid => "mermaid",
            Self::Html => "html",
        }
    }

    /// What it is good for, for the help text.
    pub fn about(self) -> &'static str {
        match self {
            Self::Human => "Each destination, and who can reach it",
            Self::Wide => "One line for every connection",
            Self::Json | Self::Yaml => "The whole map",
            Self::Csv => "One row for every source and destination",
            Self::Markdown => "Fits a comment on a pull request",
            Self::Dot => "A picture for Graphviz",
            Self::Mermaid => "A picture that GitHub and GitLab draw",
            Self::Html => "One page for a browser, with everything in it",
        }
    }
}

/// Writes the map to standard output. Formats that have no room for the enforcer and for what could
/// not be judged leave that to standard error. `next` are commands worth running next.
pub fn print(report: &MapReport, output: Output<ListFormat>, next: &[String]) -> Result<()> {
    let mut out = out::stdout();
    write(report, output.format, output.style, next, &mut out)?;
    out.flush()?;
    match output.format {
        ListFormat::Wide | ListFormat::Csv => {
            aside(&report.enforcer, &report.gaps, output.stderr_style)
        }
        ListFormat::Dot | ListFormat::Mermaid => gaps(&report.gaps, output.stderr_style),
        _ => Ok(()),
    }
}

/// Writes the map. `next` are commands worth running next, for people.
pub fn write(
    report: &MapReport,
    format: ListFormat,
    style: Style,
    next: &[String],
    out: &mut impl std::io::Write,
) -> Result<()> {
    match format {
        ListFormat::Human => human::write(report, next, style, out),
        ListFormat::Wide => rows::wide(report, out),
        ListFormat::Json => machine::json(report, out),
        ListFormat::Yaml => machine::yaml(report, out),
        ListFormat::Csv => rows::csv(report, out),
        ListFormat::Markdown => markdown::write(report, out),
        ListFormat::Dot => dot::write(&graph::of(report), out),
        ListFormat::Mermaid => mermaid::write(&graph::of(report), out),
        ListFormat::Html => page::write(report, out),
    }
}

/// Says on standard error what a format has no room for.
fn aside(enforcer: &str, unjudged: &[Gap], style: Style) -> Result<()> {
    out::note(&escape(enforcer));
    gaps(unjudged, style)
}

fn gaps(gaps: &[Gap], style: Style) -> Result<()> {
    posture::render::human::write_gaps(gaps, style, &mut out::stderr())
}
