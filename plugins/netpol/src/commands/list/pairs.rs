//! `--all-pairs`: every two workloads that can talk, written as they are found.

use std::io::Write;

use posture::model::error::Result;
use posture::render::escape::escape;
use posture::render::out::{self, Output};
use posture::render::style::{Role, Style};
use posture::render::{csv, human, machine};

use crate::engine::verdict::Verdict;
use crate::picture::Traffic;
use crate::picture::build::Frame;
use crate::picture::causes;
use crate::picture::focus::Focus;
use crate::picture::pairs::{Pair, pairs};
use crate::world::World;

/// How to write pairs. A format never changes what is found, nor the exit code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PairsFormat {
    /// For people.
    #[default]
    Human,
    /// A row for every pair.
    Csv,
    /// A line of JSON for every pair.
    Json,
}

/// Writes every pair to standard output; the enforcer and what could not be judged go to standard
/// error.
pub fn print(
    world: &World,
    traffic: &Traffic,
    focus: &Focus,
    frame: &Frame,
    output: Output<PairsFormat>,
) -> Result<()> {
    out::note(&escape(&frame.enforcer));
    let mut out = out::stdout();
    write(world, traffic, focus, output.format, output.style, &mut out)?;
    out.flush()?;
    human::write_gaps(&frame.gaps, output.stderr_style, &mut out::stderr())
}

/// Writes every pair.
pub(super) fn write(
    world: &World,
    traffic: &Traffic,
    focus: &Focus,
    format: PairsFormat,
    style: Style,
    out: &mut impl Write,
) -> Result<()> {
    if format == PairsFormat::Csv {
        csv::row(&["from", "to", "ports", "verdict", "causes"], out)?;
    }
    pairs(world, traffic, focus, |pair| match format {
        PairsFormat::Human => line(pair, style, out),
        PairsFormat::Csv => {
            let (ports, causes) = (pair.port_set.to_string(), pair.causes.join(";"));
            csv::row(&[&pair.from.words, &pair.to.words, &ports, pair.verdict, &causes], out)
        }
        PairsFormat::Json => machine::json_line(pair, out),
    })
}

/// `shop/web -> data/db  TCP 5432`
fn line(pair: &Pair<'_>, style: Style, out: &mut impl Write) -> Result<()> {
    let (from, to) = (escape(&pair.from.words), escape(&pair.to.words));
    let role = if pair.certainty == Verdict::Allowed { Role::Info } else { Role::Warning };
    let ports = style.paint(role, &pair.port_set.to_string());
    write!(
        out,
        "{from} {} {}  {ports}",
        style.paint(Role::Dim, "->"),
        style.paint(Role::Name, &to)
    )?;
    if pair.certainty != Verdict::Allowed {
        let causes: Vec<&str> = pair.reasons.iter().map(|cause| causes::words(*cause)).collect();
        write!(
            out,
            "  {}",
            style.paint(role, &format!("{}: {}", pair.verdict, causes.join("; ")))
        )?;
    }
    writeln!(out)?;
    Ok(())
}
