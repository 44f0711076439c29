//! A real browser: pages that it opens and works with as a person would, and pictures that
//! Graphviz and Mermaid draw in it.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::judge::LineJudge;

/// A browser without a window.
#[derive(Debug)]
pub struct Browser(LineJudge);

/// A page to open, and what to do with it.
#[derive(Clone, Debug, Serialize)]
pub struct Visit {
    page: String,
    address: String,
    width: u32,
    height: u32,
    dark: bool,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, Serialize)]
struct Step {
    #[serde(rename = "do")]
    what: &'static str,
    on: String,
    text: String,
}

/// What was seen of a page.
#[derive(Clone, Debug, Deserialize)]
pub struct Seen {
    /// An answer to each step, `null` where there is nothing to say.
    pub answers: Vec<Value>,
    /// What the page asked anybody for.
    pub requests: Vec<String>,
    /// What the browser wrote into its console: errors, and what the policy of the page forbade.
    pub complaints: Vec<String>,
    /// From opening the page until it was drawn.
    pub milliseconds: u64,
}

/// What the judge answers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer<T> {
    Good(T),
    Bad { error: String },
}

/// A picture.
#[derive(Deserialize)]
struct Picture {
    svg: String,
}

impl Visit {
    /// Opens a file in a window of a usual size, with light colours.
    pub fn new(page: &Path) -> Self {
        Self {
            page: page.display().to_string(),
            address: String::new(),
            width: 1440,
            height: 900,
            dark: false,
            steps: Vec::new(),
        }
    }

    /// With dark colours.
    #[must_use]
    pub fn dark(mut self) -> Self {
        self.dark = true;
        self
    }

    /// In a window of this size.
    #[must_use]
    pub fn sized(mut self, width: u32, height: u32) -> Self {
        (self.width, self.height) = (width, height);
        self
    }

    /// With what comes after `#` in the address.
    #[must_use]
    pub fn at(mut self, address: &str) -> Self {
        address.clone_into(&mut self.address);
        self
    }

    /// Clicks on the first element of a selector that holds a text.
    #[must_use]
    pub fn click(self, on: &str, text: &str) -> Self {
        self.step("click", on, text)
    }

    /// Types into an element.
    #[must_use]
    pub fn write(self, on: &str, text: &str) -> Self {
        self.step("type", on, text)
    }

    /// Presses a key: `Enter`, `ArrowRight`, `/`.
    #[must_use]
    pub fn press(self, key: &str) -> Self {
        self.step("press", "", key)
    }

    /// Reads the texts of all elements of a selector: a list.
    #[must_use]
    pub fn texts(self, on: &str) -> Self {
        self.step("texts", on, "")
    }

    /// Evaluates an expression of JavaScript.
    #[must_use]
    pub fn evaluate(self, expression: &str) -> Self {
        self.step("evaluate", "", expression)
    }

    /// Writes a picture of the window into a file; the answer is its size in bytes.
    #[must_use]
    pub fn screenshot(self, path: &Path) -> Self {
        self.step("screenshot", "", &path.display().to_string())
    }

    fn step(mut self, what: &'static str, on: &str, text: &str) -> Self {
        self.steps.push(Step { what, on: on.to_owned(), text: text.to_owned() });
        self
    }
}

impl Browser {
    /// Starts it.
    ///
    /// # Panics
    /// If the judge is missing or does not start.
    pub fn start() -> Self {
        Self(LineJudge::start("browser"))
    }

    /// Opens a page.
    ///
    /// # Errors
    /// What is wrong, if it does not become ready or a step cannot be done.
    ///
    /// # Panics
    /// If no browser is installed: the judge says so on standard error.
    pub fn visit(&mut self, visit: &Visit) -> Result<Seen, String> {
        match self.0.ask(visit) {
            Answer::Good(seen) => Ok(seen),
            Answer::Bad { error } => Err(error),
        }
    }

    /// Draws with Graphviz. The picture is SVG.
    ///
    /// # Errors
    /// What Graphviz says is wrong, warnings too.
    ///
    /// # Panics
    /// As [`Self::visit`].
    pub fn graphviz(&mut self, text: &str) -> Result<String, String> {
        self.picture("dot", text)
    }

    /// Draws with Mermaid. The picture is SVG.
    ///
    /// # Errors
    /// What Mermaid says is wrong.
    ///
    /// # Panics
    /// As [`Self::visit`].
    pub fn mermaid(&mut self, text: &str) -> Result<String, String> {
        self.picture("mermaid", text)
    }

    fn picture(&mut self, language: &str, text: &str) -> Result<String, String> {
        match self.0.ask(&serde_json::json!({ language: text })) {
            Answer::Good(Picture { svg }) => Ok(svg),
            Answer::Bad { error } => Err(error),
        }
    }
}
