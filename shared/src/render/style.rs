//! Roles of text, and the only place that knows colours.

use std::io::IsTerminal as _;

use owo_colors::{OwoColorize as _, Style as Paint};

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal that can, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Whatever the output is.
    Always,
    /// Not at all.
    Never,
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A verdict or finding that fails.
    Error,
    /// One that is tolerated.
    Warning,
    /// One that is worth knowing.
    Info,
    /// All is well.
    Good,
    /// A name that the eye should find.
    Name,
    /// Line numbers, rules, what is there for orientation.
    Dim,
    /// A command to copy.
    Command,
    /// A line of a diff that comes.
    Added,
    /// A line of a diff that goes.
    Removed,
    /// Where in a file the lines of a diff are.
    Hunk,
}

/// How text is written: with or without colours, and how wide.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    colors: bool,
    terminal: bool,
    width: usize,
}

impl Style {
    /// The style for standard output. Colours need a terminal, a `TERM` other than `dumb` and no
    /// `NO_COLOR`; `CLICOLOR_FORCE` stands for `always`. The width is the terminal's, or
    /// `COLUMNS`; text in a pipe is not wrapped.
    pub fn for_stdout(choice: ColorChoice) -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self { colors: use_colors(choice, terminal), terminal, width: width(terminal) }
    }

    /// The style for standard error.
    pub fn for_stderr(choice: ColorChoice) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { colors: use_colors(choice, terminal), terminal, width: width(terminal) }
    }

    /// A style without colours, for tests and files.
    pub fn plain(width: usize) -> Self {
        Self { colors: false, terminal: false, width }
    }

    /// A style of a terminal without colours.
    #[cfg(test)]
    pub(super) fn terminal(width: usize) -> Self {
        Self { terminal: true, ..Self::plain(width) }
    }

    /// A style with colours, whatever the output is.
    #[cfg(test)]
    pub(super) fn colored(width: usize) -> Self {
        Self { colors: true, ..Self::plain(width) }
    }

    /// Whether people read it: on a terminal, or in colours that were asked for. Else a program
    /// may, which wants every byte.
    pub fn is_for_people(&self) -> bool {
        self.terminal || self.colors
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The text in the colour of its role.
    pub fn paint(&self, role: Role, text: &str) -> String {
        if !self.colors {
            return text.to_owned();
        }
        let paint = match role {
            Role::Error => Paint::new().red().bold(),
            Role::Warning => Paint::new().yellow().bold(),
            Role::Good | Role::Added => Paint::new().green(),
            Role::Removed => Paint::new().red(),
            Role::Name => Paint::new().bold(),
            Role::Dim => Paint::new().dimmed(),
            Role::Info | Role::Command | Role::Hunk => Paint::new().cyan(),
        };
        text.style(paint).to_string()
    }
}

fn use_colors(choice: ColorChoice, terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            // kubectl counts NO_COLOR by its presence, even empty.
            if std::env::var_os("NO_COLOR").is_some() {
                return false;
            }
            if std::env::var("CLICOLOR_FORCE").is_ok_and(|value| !value.is_empty() && value != "0")
            {
                return true;
            }
            let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
            terminal && !dumb && (!cfg!(windows) || set("WT_SESSION"))
        }
    }
}

/// The narrowest output that still makes sense.
const MIN_WIDTH: usize = 40;

fn width(terminal: bool) -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse::<usize>().ok());
    let width = match columns {
        Some(columns) if columns > 0 => columns,
        _ if terminal => {
            terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0))
        }
        _ => usize::MAX,
    };
    width.max(MIN_WIDTH)
}
