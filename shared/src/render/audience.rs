//! Whoever sits at the terminal: sees the changes of what runs, and is asked about each.

use std::io::{IsTerminal as _, Write as _};

use dialoguer::console::Term;

use super::diff;
use super::escape::escape;
use super::lines::{self, Line};
use super::out::{self, Output};
use super::plan::PlanFormat;
use super::style::Role;
use crate::patch::audience::{Answer, Audience};

/// How often an answer that is none is asked for again.
const PATIENCE: usize = 10;

const HELP: &str = "y: make this change; n (or Enter): leave this one; s: show it once more; \
a: make this one and all that follow; q: make no more";

/// Whether somebody can be asked: standard input and standard error are terminals.
pub fn is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Sees the changes on standard output, and is asked on standard error.
#[derive(Debug)]
pub struct Terminal {
    term: Term,
    output: Output<PlanFormat>,
    asks: bool,
}

/// What somebody says who is asked for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// This one, which is valid.
    Given(String),
    /// None: what needs it is left.
    Skipped,
    /// None, and nothing more is to be asked.
    Quit,
}

impl Terminal {
    /// Somebody who reads results in this format, and is asked or not. Ask only where somebody
    /// [`is_there`]: nobody else can say anything but no.
    pub fn new(output: Output<PlanFormat>, asks: bool) -> Self {
        Self { term: Term::stderr(), output, asks }
    }

    /// Asks for a value, and why it is needed. `validate` says what is wrong with one.
    pub fn ask_value(
        &mut self,
        name: &str,
        why: &str,
        validate: impl Fn(&str) -> Result<(), String>,
    ) -> Value {
        if !is_there() {
            return Value::Quit;
        }
        self.note(why);
        for _ in 0..PATIENCE {
            let choices = self.output.stderr_style.paint(Role::Dim, "(Enter leaves it)");
            match self.prompt(&format!("{}? {choices} ", escape(name))) {
                Line::End => return Value::Quit,
                Line::Text(text) if text.is_empty() => return Value::Skipped,
                Line::Text(text) => match validate(&text) {
                    Ok(()) => return Value::Given(text),
                    Err(why) => self.note(&why),
                },
            }
        }
        Value::Skipped
    }

    fn prompt(&self, text: &str) -> Line {
        let shown = self.term.write_str(text).and_then(|()| self.term.flush());
        if shown.is_err() { Line::End } else { lines::read(&self.term) }
    }

    /// Shows a diff to whoever is asked, wherever results go.
    fn show(&self, text: &str) {
        let mut err = out::stderr();
        // What cannot be shown is noticed at the next question.
        drop(diff::write_shown(text, self.output.stderr_style, &mut err));
    }
}

impl Audience for Terminal {
    fn ask(&mut self, question: &str, number: usize, count: usize, diff: &str) -> Answer {
        if !is_there() {
            return Answer::Quit;
        }
        let style = self.output.stderr_style;
        let count = style.paint(Role::Dim, &format!("({number} of {count})"));
        let question = style.paint(Role::Name, &escape(question));
        let choices = style.paint(Role::Info, "[y]es, [n]o, [s]how, [a]ll, [q]uit");
        let prompt = format!("{count} {question} {choices} ");
        for _ in 0..PATIENCE {
            let Line::Text(text) = self.prompt(&prompt) else { return Answer::Quit };
            match text.to_lowercase().as_str() {
                "y" | "yes" => return Answer::Yes,
                "" | "n" | "no" => return Answer::No,
                "a" | "all" => return Answer::All,
                "q" | "quit" => return Answer::Quit,
                "s" | "show" => self.show(diff),
                _ => self.note(HELP),
            }
        }
        Answer::Quit
    }

    fn diff(&mut self, text: &str) {
        if self.output.format == PlanFormat::Diff {
            let mut out = out::stdout();
            let written = diff::write(text, self.output.style, &mut out);
            // A reader who has gone away is no reason to stop what was asked for.
            drop(written.and_then(|()| Ok(out.flush()?)));
        } else if self.asks {
            // Nobody says yes to what nobody has seen.
            self.show(text);
        }
    }

    fn note(&mut self, line: &str) {
        out::note(&escape(line));
    }
}
