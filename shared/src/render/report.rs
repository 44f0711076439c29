//! A report in the format that was asked for, to standard output.

use std::io::Write as _;

use serde::Serialize;

use super::human::Closing;
use super::out::{Output, Stdout};
use super::policyreport::Api;
use super::wide::Columns;
use super::{
    github, gitlab, human, junit, machine, markdown, name, out, policyreport, sarif, wide,
};
use crate::finding::catalog::Catalog;
use crate::finding::report::Report;
use crate::model::error::Result;

/// How to write a report. A format never changes what is found, nor the exit code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportFormat {
    /// For people.
    #[default]
    Human,
    /// Every object on a line.
    Wide,
    /// Everything, as JSON.
    Json,
    /// Everything, as YAML.
    Yaml,
    /// The names of the objects with findings.
    Name,
    /// For code scanning.
    Sarif,
    /// Annotations of a run of GitHub Actions.
    Github,
    /// A Code Quality report of GitLab.
    Gitlab,
    /// A test case for every object.
    Junit,
    /// A comment on a pull request.
    Markdown,
    /// `PolicyReport` manifests.
    Policyreport,
    /// `Report` manifests of `openreports.io`.
    Openreports,
}

impl ReportFormat {
    /// Every format, as `-o` lists them.
    pub const ALL: [Self; 12] = [
        Self::Human,
        Self::Wide,
        Self::Json,
        Self::Yaml,
        Self::Name,
        Self::Sarif,
        Self::Github,
        Self::Gitlab,
        Self::Junit,
        Self::Markdown,
        Self::Policyreport,
        Self::Openreports,
    ];

    /// The word behind `-o`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Wide => "wide",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Name => "name",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
            Self::Policyreport => "policyreport",
            Self::Openreports => "openreports",
        }
    }

    /// What it is good for, for the help text.
    pub fn about(self) -> &'static str {
        match self {
            Self::Human => "Grouped by object, with the source lines",
            Self::Wide => "One line for every object",
            Self::Json | Self::Yaml => "The whole report",
            Self::Name => "The objects with findings",
            Self::Sarif => "SARIF 2.1.0, for code scanning",
            Self::Github => "Annotations of a run of GitHub Actions",
            Self::Gitlab => "A Code Quality report of GitLab",
            Self::Junit => "A test case for every object, for Jenkins and GitLab",
            Self::Markdown => "A comment for a pull request",
            Self::Policyreport => "PolicyReports (wgpolicyk8s.io) to apply",
            Self::Openreports => "Reports (openreports.io) to apply",
        }
    }

    /// Whether the format has no room for what could not be judged, which then goes to standard
    /// error.
    fn leaves_gaps_out(self) -> bool {
        matches!(self, Self::Wide | Self::Name)
    }
}

/// Writes the report to standard output. Formats that cannot hold gaps leave them to standard
/// error. `catalog` has what the formats say of checks.
pub fn print<D: Serialize + Columns>(
    report: &Report<D>,
    output: Output<ReportFormat>,
    catalog: &Catalog,
    closing: &Closing,
) -> Result<()> {
    let tables = Tables {
        human: |out: &mut Stdout| human::write(report, closing, output.style, out),
        wide: |out: &mut Stdout| wide::write(report, out),
    };
    print_with(report, output, catalog, tables)
}

/// How a command writes what people read, where the common view does not fit.
#[derive(Clone, Copy, Debug)]
pub struct Tables<H, W> {
    /// The view for people, with the gaps.
    pub human: H,
    /// `-o wide`, without them.
    pub wide: W,
}

/// Writes the report to standard output, with the command's own views for people. Whoever reads
/// no further knows enough: a closed pipe is no error.
pub fn print_with<D: Serialize>(
    report: &Report<D>,
    output: Output<ReportFormat>,
    catalog: &Catalog,
    tables: Tables<impl FnOnce(&mut Stdout) -> Result<()>, impl FnOnce(&mut Stdout) -> Result<()>>,
) -> Result<()> {
    out::unless_closed(write(report, output, catalog, tables))
}

fn write<D: Serialize>(
    report: &Report<D>,
    output: Output<ReportFormat>,
    catalog: &Catalog,
    tables: Tables<impl FnOnce(&mut Stdout) -> Result<()>, impl FnOnce(&mut Stdout) -> Result<()>>,
) -> Result<()> {
    let mut out = out::stdout();
    match output.format {
        ReportFormat::Human => (tables.human)(&mut out)?,
        ReportFormat::Wide => (tables.wide)(&mut out)?,
        ReportFormat::Json => machine::json(report, &mut out)?,
        ReportFormat::Yaml => machine::yaml(report, &mut out)?,
        ReportFormat::Name => name::write(report, &mut out)?,
        ReportFormat::Sarif => sarif::write(report, catalog, &mut out)?,
        ReportFormat::Github => github::write(report, &mut out)?,
        ReportFormat::Gitlab => gitlab::write(report, &mut out)?,
        ReportFormat::Junit => junit::write(report, &mut out)?,
        ReportFormat::Markdown => markdown::write(report, &mut out)?,
        ReportFormat::Policyreport => policyreport::write(report, catalog, Api::Policy, &mut out)?,
        ReportFormat::Openreports => policyreport::write(report, catalog, Api::Open, &mut out)?,
    }
    out.flush()?;
    if output.format.leaves_gaps_out() {
        let mut err = out::stderr();
        human::write_rest(report, output.stderr_style, &mut err)?;
    }
    Ok(())
}
