//! What is different between two states, in the format that was asked for, to standard output.

mod human;
mod markdown;
mod words;

use std::io::Write as _;

use super::out::{self, Output};
use super::{machine, name, wide};
use crate::finding::difference::{Difference, SidedGap};
use crate::model::error::Result;
use crate::model::gap::Gap;

/// How to write a difference. A format never changes what is found, nor the exit code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DifferenceFormat {
    /// For people.
    #[default]
    Human,
    /// Every object that changes on a line.
    Wide,
    /// Everything, as JSON.
    Json,
    /// Everything, as YAML.
    Yaml,
    /// The names of the objects that change.
    Name,
    /// For a comment on a pull request.
    Markdown,
}

impl DifferenceFormat {
    /// Every format, as `-o` lists them.
    pub const ALL: [Self; 6] =
        [Self::Human, Self::Wide, Self::Json, Self::Yaml, Self::Name, Self::Markdown];

    /// The word behind `-o`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Wide => "wide",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Name => "name",
            Self::Markdown => "markdown",
        }
    }

    /// What it is good for, for the help text.
    pub fn about(self) -> &'static str {
        match self {
            Self::Human => "Each object that changes, and by which checks",
            Self::Wide => "One line for every object that changes",
            Self::Json | Self::Yaml => "The whole difference",
            Self::Name => "The objects that change",
            Self::Markdown => "Fits a comment on a pull request",
        }
    }

    /// Whether the format has no room for what could not be judged, which then goes to standard
    /// error.
    fn leaves_gaps_out(self) -> bool {
        matches!(self, Self::Wide | Self::Name)
    }
}

/// Writes the difference to standard output. Formats that cannot hold gaps leave them to standard
/// error. Whoever reads no further knows enough: a closed pipe is no error.
pub fn print(difference: &Difference, output: Output<DifferenceFormat>) -> Result<()> {
    out::unless_closed(write(difference, output))
}

fn write(difference: &Difference, output: Output<DifferenceFormat>) -> Result<()> {
    let mut out = out::stdout();
    match output.format {
        DifferenceFormat::Human => human::write(difference, output.style, &mut out)?,
        DifferenceFormat::Wide => wide::table(&human::rows(difference), &mut out)?,
        DifferenceFormat::Json => machine::json(difference, &mut out)?,
        DifferenceFormat::Yaml => machine::yaml(difference, &mut out)?,
        DifferenceFormat::Name => {
            difference
                .changes
                .iter()
                .try_for_each(|change| name::line(&change.object, &mut out))?;
        }
        DifferenceFormat::Markdown => markdown::write(difference, &mut out)?,
    }
    out.flush()?;
    if output.format.leaves_gaps_out() {
        let mut err = out::stderr();
        super::human::write_gaps(&told(&difference.gaps), output.stderr_style, &mut err)?;
    }
    Ok(())
}

/// Gaps for people: where only one of the states has it, that is said.
fn told(gaps: &[SidedGap]) -> Vec<Gap> {
    let tell = |sided: &SidedGap| {
        let mut gap = sided.gap.clone();
        if let Some(state) = words::only(sided.side) {
            gap.why = format!("{} ({state})", gap.why);
        }
        gap
    };
    gaps.iter().map(tell).collect()
}
