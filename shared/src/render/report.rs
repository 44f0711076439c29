//! A report in the format that was asked for, to standard output.

use std::io::Write as _;

use serde::Serialize;

use super::human::Closing;
use super::out::Stdout;
use super::style::Style;
use super::wide::Columns;
use super::{human, machine, name, out, wide};
use crate::finding::report::Report;
use crate::model::error::Result;

/// How to write a report. A format never changes what is found, nor the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// For people.
    Human,
    /// Every object on a line.
    Wide,
    /// Everything, as JSON.
    Json,
    /// Everything, as YAML.
    Yaml,
    /// The names of the objects with findings.
    Name,
}

/// Writes the report to standard output. Formats that cannot hold gaps leave them to standard
/// error.
pub fn print<D: Serialize + Columns>(
    report: &Report<D>,
    format: ReportFormat,
    closing: &Closing,
    style: Style,
    stderr_style: Style,
) -> Result<()> {
    let tables = Tables {
        human: |out: &mut Stdout| human::write(report, closing, style, out),
        wide: |out: &mut Stdout| wide::write(report, out),
    };
    print_with(report, format, tables, stderr_style)
}

/// How a command writes what people read, where the common view does not fit.
#[derive(Clone, Copy, Debug)]
pub struct Tables<H, W> {
    /// The view for people, with the gaps.
    pub human: H,
    /// `-o wide`, without them.
    pub wide: W,
}

/// Writes the report to standard output, with the command's own views for people.
pub fn print_with<D: Serialize>(
    report: &Report<D>,
    format: ReportFormat,
    tables: Tables<impl FnOnce(&mut Stdout) -> Result<()>, impl FnOnce(&mut Stdout) -> Result<()>>,
    stderr_style: Style,
) -> Result<()> {
    let mut out = out::stdout();
    match format {
        ReportFormat::Human => (tables.human)(&mut out)?,
        ReportFormat::Wide => (tables.wide)(&mut out)?,
        ReportFormat::Json => machine::json(report, &mut out)?,
        ReportFormat::Yaml => machine::yaml(report, &mut out)?,
        ReportFormat::Name => name::write(report, &mut out)?,
    }
    out.flush()?;
    if matches!(format, ReportFormat::Wide | ReportFormat::Name) {
        let mut err = out::stderr();
        human::write_gaps(&report.gaps, stderr_style, &mut err)?;
    }
    Ok(())
}
