//! Flags that several plugins share.

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use crate::input::files::FileArgs;
use crate::input::selection::{Selection, SelectionArgs};
#[cfg(feature = "live")]
use crate::input::snapshot::Asked;
use crate::model::error::{Error, Result};
use crate::render::answer::AnswerFormat;
use crate::render::difference::DifferenceFormat;
use crate::render::out::Output;
use crate::render::report::ReportFormat;
use crate::render::style::{ColorChoice, Style};

/// `-f`, `-R`, `-k`, `-n`: what to read.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "What to read")]
pub struct InputFlags {
    /// File, directory, pattern or - for standard input; comma lists and repeats are fine.
    #[arg(
        short = 'f',
        long = "filename",
        value_name = "FILE",
        value_delimiter = ',',
        global = true
    )]
    filename: Vec<String>,

    /// Search directories below their first level too.
    #[arg(short = 'R', long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, global = true)]
    recursive: bool,

    /// Directory with a kustomization, built by kubectl kustomize.
    #[arg(short = 'k', long, value_name = "DIR", global = true)]
    kustomize: Option<String>,

    /// Namespace to look at; for files, of objects that name none.
    #[arg(short = 'n', long, value_name = "NAME", global = true)]
    namespace: Option<String>,

    /// Look at all namespaces.
    #[arg(short = 'A', long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, global = true)]
    all_namespaces: bool,

    /// Only objects with these labels: key=value, key!=value, key in (a,b), key, !key.
    #[arg(short = 'l', long, value_name = "SELECTOR", global = true)]
    selector: Option<String>,

    /// Only objects with these fields, such as metadata.name=web; pods have more.
    #[arg(long, value_name = "SELECTOR", global = true)]
    field_selector: Option<String>,
}

impl InputFlags {
    /// The files as the input ring takes them.
    pub fn files(&self) -> FileArgs {
        FileArgs { names: self.filename.clone(), recursive: self.recursive, revision: None }
    }

    /// The directory of `-k`.
    pub fn kustomize(&self) -> Option<&str> {
        self.kustomize.as_deref()
    }

    /// The objects that the words and the flags mean. Fails in kubectl's words where these do not
    /// go together.
    pub fn selection(&self, words: &[String]) -> Result<Selection> {
        Selection::parse(&SelectionArgs {
            words: words.to_vec(),
            all_namespaces: self.all_namespaces,
            label_selector: self.selector().map(str::to_owned),
            field_selector: self.field_selector().map(str::to_owned),
        })
    }

    /// What is asked with the words behind a verb, as snapshots say it: what the flags say, and the
    /// namespace only where one is named.
    #[cfg(feature = "live")]
    pub fn asked(&self, verb: &str, words: &[String]) -> Asked {
        let namespace = self.namespace().filter(|_| !self.all_namespaces);
        Asked {
            verb: verb.to_owned(),
            words: words.to_vec(),
            namespace: namespace.map(str::to_owned),
            label_selector: self.selector().map(str::to_owned),
            field_selector: self.field_selector().map(str::to_owned),
        }
    }

    /// The namespace of `-n`, if one was given.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref().filter(|name| !name.is_empty())
    }

    /// Whether manifests are named. Fails if both `-f` and `-k` are, as kubectl does.
    pub fn names_files(&self) -> Result<bool> {
        if !self.filename.is_empty() && self.kustomize.is_some() {
            return Err(Error::usage("only one of -f or -k can be specified"));
        }
        Ok(!self.filename.is_empty() || self.kustomize.is_some())
    }

    /// Whether standard input is read as manifests.
    pub fn reads_stdin(&self) -> bool {
        self.filename.iter().any(|name| name == "-")
    }

    /// Whether all namespaces are asked for.
    pub fn all_namespaces(&self) -> bool {
        self.all_namespaces
    }

    /// `-l`
    pub fn selector(&self) -> Option<&str> {
        self.selector.as_deref().filter(|text| !text.is_empty())
    }

    /// `--field-selector`
    pub fn field_selector(&self) -> Option<&str> {
        self.field_selector.as_deref().filter(|text| !text.is_empty())
    }
}

impl ValueEnum for ReportFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.about()))
    }
}

/// `-o`, for every command that writes a report.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct OutputFlags {
    /// How to write the report.
    #[arg(short = 'o', long, value_enum, default_value_t, value_name = "FORMAT")]
    output: ReportFormat,
}

impl OutputFlags {
    /// The format, and how to write to the two streams.
    pub fn output(self, style: StyleFlags) -> Output<ReportFormat> {
        style.output(self.output)
    }
}

impl ValueEnum for DifferenceFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.about()))
    }
}

/// `-o`, for every command that writes a difference.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct DifferenceOutputFlags {
    /// How to write the difference.
    #[arg(short = 'o', long, value_enum, default_value_t, value_name = "FORMAT")]
    output: DifferenceFormat,
}

impl DifferenceOutputFlags {
    /// The format, and how to write to the two streams.
    pub fn output(self, style: StyleFlags) -> Output<DifferenceFormat> {
        style.output(self.output)
    }
}

impl ValueEnum for AnswerFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.about()))
    }
}

/// `-o`, for every command that answers a question.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct AnswerOutputFlags {
    /// How to write it.
    #[arg(short = 'o', long, value_enum, default_value_t, value_name = "FORMAT")]
    output: AnswerFormat,
}

impl AnswerOutputFlags {
    /// The format, and how to write to the two streams.
    pub fn output(self, style: StyleFlags) -> Output<AnswerFormat> {
        style.output(self.output)
    }
}

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// In pipes too.
    Always,
    /// Not at all.
    Never,
}

/// `--color`, for every command.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct StyleFlags {
    /// When to use colours.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true)]
    color: Color,
}

impl StyleFlags {
    /// A format, and how to write to the two streams.
    pub(super) fn output<F>(self, format: F) -> Output<F> {
        Output { format, style: self.stdout(), stderr_style: self.stderr() }
    }

    /// How to write to standard output.
    pub fn stdout(self) -> Style {
        Style::for_stdout(self.choice())
    }

    /// How to write to standard error.
    pub fn stderr(self) -> Style {
        Style::for_stderr(self.choice())
    }

    fn choice(self) -> ColorChoice {
        match self.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
    }
}
