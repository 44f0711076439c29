//! How GitHub's runner reads lines of output: what starts with `::` after blanks, and what has
//! `##[` anywhere, is a command if it names one.

use std::collections::BTreeMap;

/// The commands that the runner knows.
const KNOWN: [&str; 16] = [
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "notice",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "stop-commands",
    "warning",
    "internal-set-repo-path",
];

/// A command in a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Command {
    /// `error`
    pub(crate) name: String,
    /// `file`, `line` …
    pub(crate) properties: BTreeMap<String, String>,
    /// What is behind it.
    pub(crate) message: String,
}

impl Command {
    /// A property as a number.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.properties.get(name).map(|value| value.parse().expect("a number"))
    }
}

/// The command in a line, if there is one.
pub(crate) fn command(line: &str) -> Option<Command> {
    second(line).or_else(|| first(line))
}

/// `::name key=value,key=value::message`
fn second(line: &str) -> Option<Command> {
    let (head, message) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    read(head, message, ',', &[("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")], 2)
}

/// The older `##[name key=value;key=value]message`.
fn first(line: &str) -> Option<Command> {
    let (head, message) = line.split_once("##[")?.1.split_once(']')?;
    read(head, message, ';', &[("%0D", "\r"), ("%0A", "\n"), ("%3B", ";"), ("%5D", "]")], 4)
}

/// The first `common` escapes hold for messages too.
fn read(
    head: &str,
    message: &str,
    separator: char,
    escapes: &[(&str, &str)],
    common: usize,
) -> Option<Command> {
    let unescape = |text: &str, escapes: &[(&str, &str)]| {
        let plain = escapes.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        plain.replace("%25", "%")
    };
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let properties = properties.trim().split(separator).filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (!value.is_empty()).then(|| (key.to_owned(), unescape(value, escapes)))
    });
    KNOWN.contains(&name.to_lowercase().as_str()).then(|| Command {
        name: name.to_lowercase(),
        properties: properties.collect(),
        message: unescape(message, &escapes[..common]),
    })
}

#[test]
fn the_runner_s_own_examples() {
    let read = command("::error file=app.js,line=1,col=5,endColumn=7::Missing: %250A%0Atwo");
    let read = read.expect("a command");
    assert_eq!((read.name.as_str(), read.number("endColumn")), ("error", Some(7)));
    assert_eq!(read.message, "Missing: %0A\ntwo");
    assert_eq!(command("a ##[add-mask]b").expect("a command").message, "b");
    assert_eq!(command("  ::group::x").expect("a command").name, "group");
    for plain in ["a ::error::b", "::unknown::x", "## [error]x", "::error"] {
        assert_eq!(command(plain), None, "{plain}");
    }
}
