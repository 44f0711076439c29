//! Flags that say which findings count.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use crate::finding::catalog::Catalog;
use crate::finding::check::Severity;
use crate::finding::gates::Gates;
use crate::finding::pattern::Pattern;
use crate::input::{baseline, ignore};
use crate::model::clock::Clock;
use crate::model::error::{Error, Result};

impl ValueEnum for Severity {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Error, Self::Warning, Self::Info]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}

/// Which findings count, for every command that finds something.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Which findings count")]
pub struct GateFlags {
    /// End with exit code 1 from this weight on.
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: Severity,

    #[command(flatten)]
    choice: ChoiceFlags,

    /// Only findings that are not in this file count.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Write what is found to the file of --baseline.
    #[arg(long, requires = "baseline")]
    update_baseline: bool,

    /// Show what does not count, and why.
    #[arg(long)]
    show_suppressed: bool,
}

impl GateFlags {
    /// Reads what the flags name, and `.posture.yaml`. Fails where a word means no check of the
    /// catalog, or a file cannot be read. `clock` tells the day on which suppressions hold.
    pub fn gates(&self, catalog: &Catalog, clock: Clock) -> Result<Gates> {
        let known = match self.baseline() {
            None => None,
            Some(path) => match baseline::read(path)? {
                None if !self.update_baseline => {
                    let missing = format!("--baseline {}: no such file", path.display());
                    return Err(Error::usage(missing).hint("write it with --update-baseline"));
                }
                known => known,
            },
        };
        Ok(Gates {
            fail_on: self.fail_on,
            baseline: known,
            update: self.update_baseline,
            show_suppressed: self.show_suppressed,
            ..self.choice.gates(catalog, clock)?
        })
    }

    /// The file of `--baseline`.
    pub fn baseline(&self) -> Option<&Path> {
        self.baseline.as_deref()
    }
}

/// Which findings count, for every command that compares.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Which findings count")]
pub struct ChoiceFlags {
    /// Only findings of these checks: identifiers, groups or globs, in comma lists or repeated.
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    select: Vec<String>,

    /// No findings of these checks.
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    ignore: Vec<String>,

    /// Disregard suppressions: annotations, comments and .posture.yaml.
    #[arg(long)]
    no_suppressions: bool,
}

impl ChoiceFlags {
    /// As [`GateFlags::gates`], without a weight and a baseline.
    pub fn gates(&self, catalog: &Catalog, clock: Clock) -> Result<Gates> {
        Ok(Gates {
            select: patterns("--select", &self.select, catalog)?,
            ignore: patterns("--ignore", &self.ignore, catalog)?,
            entries: if self.no_suppressions { Vec::new() } else { ignore::read()? },
            strict: self.no_suppressions,
            ..Gates::open(clock.now().day())
        })
    }
}

fn patterns(flag: &str, words: &[String], catalog: &Catalog) -> Result<Vec<Pattern>> {
    let words = words.iter().map(|word| word.trim()).filter(|word| !word.is_empty());
    words
        .map(|word| catalog.pattern(word).map_err(|why| Error::usage(format!("{flag}: {why}"))))
        .collect()
}
