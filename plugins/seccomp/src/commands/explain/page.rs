//! Text for people: headings, indented lines that are wrapped, and their colours.

use std::io::Write;

use posture::model::error::Result;
use posture::model::gap::Gap;
use posture::render::document::wrap;
use posture::render::escape::escape;
use posture::render::style::{Role, Style};

use crate::explain::PlaceSaid;
use crate::facts::names;

/// Places by what people call them: `containerd 1.7.35, 2.0.14; docker 28.5.2 on amd64, Linux 6.12`.
/// What two in a row have alike is said once.
pub(super) fn labels(places: &[&PlaceSaid]) -> String {
    let mut text = String::new();
    let mut before: Option<&PlaceSaid> = None;
    for place in places {
        let alike = |other: &&PlaceSaid| other.arch == place.arch && other.kernel == place.kernel;
        let short = place.label.strip_prefix(place.runtime).map(str::trim_start);
        let same = before.filter(alike).filter(|other| {
            other.runtime == place.runtime && other.label.starts_with(place.runtime)
        });
        if let Some(other) = before {
            if !alike(&other) {
                text.push_str(&around(other));
            }
            text.push_str(if same.is_some() { ", " } else { "; " });
        }
        text.push_str(short.filter(|_| same.is_some()).unwrap_or(&place.label));
        if !place.nodes.is_empty() {
            text.push_str(" (");
            text.push_str(&names(&place.nodes));
            text.push(')');
        }
        before = Some(place);
    }
    if let Some(last) = before {
        text.push_str(&around(last));
    }
    text
}

fn around(place: &PlaceSaid) -> String {
    format!(" on {}, Linux {}", place.arch, place.kernel)
}

/// The widest column of prose that reads well.
const PROSE_WIDTH: usize = 110;

/// A page that is being written.
pub(super) struct Page<'a, W> {
    style: Style,
    width: usize,
    out: &'a mut W,
}

impl<'a, W: Write> Page<'a, W> {
    pub(super) fn new(style: Style, out: &'a mut W) -> Self {
        Self { style, width: style.width().min(PROSE_WIDTH), out }
    }

    /// A line that the eye should find.
    pub(super) fn heading(&mut self, text: &str) -> Result<()> {
        self.lines(text, 0, Some(Role::Name))
    }

    /// A verdict, in the colour of what it means.
    pub(super) fn verdict(&mut self, text: &str, indent: usize) -> Result<()> {
        let role = match text.split(' ').next() {
            Some("allowed") if text == "allowed" => Role::Good,
            Some("uncertain:" | "not") => Role::Warning,
            Some("refused" | "the" | "answered") => Role::Error,
            _ => Role::Info,
        };
        self.lines(text, indent, Some(role))
    }

    pub(super) fn text(&mut self, text: &str, indent: usize) -> Result<()> {
        self.lines(text, indent, None)
    }

    pub(super) fn dim(&mut self, text: &str) -> Result<()> {
        self.lines(text, 0, Some(Role::Dim))
    }

    /// What is said of something: `why  a rule: ALLOW`.
    pub(super) fn item(&mut self, name: &str, text: &str) -> Result<()> {
        const NAME: usize = 10;
        let width = self.width.saturating_sub(NAME + 2);
        for (position, line) in wrap(&escape(text), width, "").iter().enumerate() {
            let name = if position == 0 { name } else { "" };
            let padding = " ".repeat(NAME.saturating_sub(name.len()).max(1));
            let name = self.style.paint(Role::Dim, name);
            writeln!(self.out, "  {name}{padding}{line}")?;
        }
        Ok(())
    }

    pub(super) fn gap(&mut self) -> Result<()> {
        writeln!(self.out)?;
        Ok(())
    }

    /// What nobody said.
    pub(super) fn assumed(&mut self, assumed: &[String]) -> Result<()> {
        if assumed.is_empty() {
            return Ok(());
        }
        self.dim(&format!("assumed: {}", assumed.join(", ")))
    }

    /// What is not known.
    pub(super) fn unknown(&mut self, gaps: &[Gap]) -> Result<()> {
        for gap in gaps {
            self.gap()?;
            let what = gap.object.as_deref().unwrap_or(&gap.what);
            self.lines(&format!("NOT KNOWN  {what}"), 0, Some(Role::Warning))?;
            self.text(&gap.why, 2)?;
            if !gap.hint.is_empty() {
                self.lines(&format!("hint: {}", gap.hint), 2, Some(Role::Info))?;
            }
        }
        Ok(())
    }

    fn lines(&mut self, text: &str, indent: usize, role: Option<Role>) -> Result<()> {
        let margin = " ".repeat(indent);
        for line in wrap(&escape(text), self.width.saturating_sub(indent), "  ") {
            let line = role.map_or(line.clone(), |role| self.style.paint(role, &line));
            writeln!(self.out, "{margin}{line}")?;
        }
        Ok(())
    }
}
