//! `explain`: what a profile does, with one call or with all.

mod call;
mod checks;
mod document;
mod nodes;
mod objects;
mod overview;
mod page;
#[cfg(feature = "schema")]
mod schema;

use std::io::Write as _;

use posture::finding::report::{API_VERSION, Tool};
use posture::model::error::{Error, Result};
use posture::model::gap::Gap;
use posture::render::answer::AnswerFormat;
use posture::render::machine;
use posture::render::out::{self, Output, Stdout};
use serde::Serialize;

use crate::explain::{
    Answers, Call, Comparison, Filters, Overview, Place, Question, Topic, answer, compare, overview,
};

pub use checks::list;
pub use document::read;
pub(super) use nodes::node_lists;
pub use nodes::{nodes_in, nodes_of, places};
pub use objects::run as of_objects;
#[cfg(feature = "schema")]
pub use schema::schema;

/// What the command line says.
#[derive(Debug)]
pub struct ExplainOptions<'a> {
    /// How the program is called.
    pub program: &'a str,
    /// What is to be explained.
    pub topic: Topic,
    /// Where.
    pub places: Vec<Place>,
    /// What of the nodes is not known.
    pub gaps: Vec<Gap>,
    /// What nobody said, and was taken for granted: `amd64 (--arch)`.
    pub assumed: Vec<String>,
    /// How to show it.
    pub output: Output<AnswerFormat>,
}

/// An explanation, for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ExplanationOf{T}"))]
struct Explanation<'a, T> {
    /// `posture/v1`
    api_version: &'static str,
    /// `Explanation`
    kind: &'static str,
    /// What wrote it.
    tool: Tool,
    /// The counts.
    summary: Summary,
    /// What nobody said, and was taken for granted.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    assumed: &'a [String],
    #[serde(flatten)]
    body: &'a T,
    /// What of the nodes is not known.
    #[serde(skip_serializing_if = "<[Gap]>::is_empty")]
    gaps: &'a [Gap],
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Summary {
    /// How many places there are.
    places: usize,
    /// Whether all that is said is certain.
    complete: bool,
}

/// Explains; returns whether all that is said is certain.
pub fn run(options: &ExplainOptions<'_>) -> Result<bool> {
    match &options.topic {
        Topic::Call(call) => about_call(options, call),
        Topic::Check(_) if options.output.format != AnswerFormat::Human => {
            Err(Error::usage("the document of a check is text: leave -o out"))
        }
        Topic::Check(check) => checks::document(check, options.output.style).map(|()| true),
        Topic::RuntimeDefault => match &options.places[..] {
            [place] => {
                let found = overview(place, &mut Filters::default());
                let complete = found.certain;
                options.write(&found, complete, |found| overview_page(options, found))
            }
            places => {
                let found = compare(places, &mut Filters::default());
                let complete = found.certain;
                options.write(&found, complete, |found| comparison_page(options, found))
            }
        },
    }
}

fn about_call(options: &ExplainOptions<'_>, call: &Call) -> Result<bool> {
    let question = Question { call: call.clone(), history: true };
    let found = answer(&question, &options.places);
    let complete = found.complete();
    options.write(&found, complete, |found| call_page(options, found))
}

fn overview_page(options: &ExplainOptions<'_>, found: &Overview) -> Result<()> {
    let mut out = out::stdout();
    let mut page = page::Page::new(options.output.style, &mut out);
    overview::one(found, &mut page)?;
    page.assumed(&options.assumed)?;
    page.unknown(&options.gaps)?;
    out.flush()?;
    Ok(())
}

fn comparison_page(options: &ExplainOptions<'_>, found: &Comparison) -> Result<()> {
    let mut out = out::stdout();
    let mut page = page::Page::new(options.output.style, &mut out);
    overview::several(found, &mut page)?;
    page.assumed(&options.assumed)?;
    page.unknown(&options.gaps)?;
    page.dim(&format!(
        "all of one: {} explain RuntimeDefault --runtime NAME@VERSION",
        options.program
    ))?;
    out.flush()?;
    Ok(())
}

fn call_page(options: &ExplainOptions<'_>, found: &Answers) -> Result<()> {
    let mut out = out::stdout();
    let mut page = page::Page::new(options.output.style, &mut out);
    call::write(found, &mut page)?;
    page.assumed(&options.assumed)?;
    page.unknown(&options.gaps)?;
    out.flush()?;
    Ok(())
}

impl ExplainOptions<'_> {
    fn write<T: Serialize>(
        &self,
        body: &T,
        complete: bool,
        human: impl FnOnce(&T) -> Result<()>,
    ) -> Result<bool> {
        let complete = complete && self.gaps.is_empty();
        if self.output.format == AnswerFormat::Human {
            human(body)?;
            return Ok(complete);
        }
        let explanation = Explanation {
            api_version: API_VERSION,
            kind: "Explanation",
            tool: Tool::new(self.program, env!("CARGO_PKG_VERSION"), "explain"),
            summary: Summary { places: self.places.len(), complete },
            assumed: &self.assumed,
            body,
            gaps: &self.gaps,
        };
        let mut out = out::stdout();
        print(&explanation, self.output.format, &mut out)?;
        out.flush()?;
        Ok(complete)
    }
}

/// Writes it for programs.
fn print(explanation: &impl Serialize, format: AnswerFormat, out: &mut Stdout) -> Result<()> {
    match format {
        AnswerFormat::Yaml => machine::yaml(explanation, out),
        AnswerFormat::Human | AnswerFormat::Json => machine::json(explanation, out),
    }
}
