//! Unified diffs: coloured and harmless for people, byte for byte for programs.

use std::io::Write;

use super::escape::escape;
use super::style::{Role, Style};
use crate::model::error::Result;

/// Writes a unified diff as the output needs it: for a terminal, or where colours are asked for,
/// as [`write_shown`] does; else as it is, so that `patch` and git can take it.
pub(super) fn write(diff: &str, style: Style, out: &mut impl Write) -> Result<()> {
    if style.is_for_people() {
        return write_shown(diff, style, out);
    }
    out.write_all(diff.as_bytes())?;
    Ok(())
}

/// Writes a unified diff for people: with colours if there are any, and nothing of the files can
/// steer the terminal. Carriage returns at the ends of lines are not shown.
pub(super) fn write_shown(diff: &str, style: Style, out: &mut impl Write) -> Result<()> {
    let mut left = Left::default();
    for line in diff.lines() {
        let role = match line.as_bytes().first() {
            Some(b'\\') => Some(Role::Dim),
            _ if left.is_over() => match Left::of(line) {
                Some(hunk) => {
                    left = hunk;
                    Some(Role::Hunk)
                }
                None => Some(Role::Name),
            },
            Some(b'-') => {
                left.old = left.old.saturating_sub(1);
                Some(Role::Removed)
            }
            Some(b'+') => {
                left.new = left.new.saturating_sub(1);
                Some(Role::Added)
            }
            _ => {
                left = Left { old: left.old.saturating_sub(1), new: left.new.saturating_sub(1) };
                None
            }
        };
        let text = escape(line.trim_end_matches('\r'));
        match role {
            Some(role) => writeln!(out, "{}", style.paint(role, &text))?,
            None => writeln!(out, "{text}")?,
        }
    }
    Ok(())
}

/// How many lines are left of a hunk.
#[derive(Default)]
struct Left {
    old: usize,
    new: usize,
}

impl Left {
    /// What the first line of a hunk announces: `@@ -1,5 +1,4 @@`.
    fn of(line: &str) -> Option<Self> {
        let (old, new) = line.strip_prefix("@@ -")?.strip_suffix(" @@")?.split_once(" +")?;
        let count = |range: &str| range.split_once(',').map_or(Some(1), |(_, it)| it.parse().ok());
        Some(Self { old: count(old)?, new: count(new)? })
    }

    fn is_over(&self) -> bool {
        self.old == 0 && self.new == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n same\n--- \u{1b}[2Jx\r\n+++ y\r\n\\ No newline\n--- a/z\n";

    fn written(style: Style) -> String {
        let mut out = Vec::new();
        write(DIFF, style, &mut out).expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn programs_get_every_byte_and_terminals_nothing_that_steers_them() {
        assert_eq!(written(Style::plain(80)), DIFF);
        let shown = written(Style::terminal(80));
        assert_eq!(shown, DIFF.replace('\u{1b}', "^[").replace('\r', ""));
    }

    #[test]
    fn files_are_told_from_lines_that_look_like_them() {
        let shown = written(Style::colored(80));
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "\u{1b}[1m--- a/x\u{1b}[0m");
        assert_eq!(lines[2], "\u{1b}[36m@@ -1,2 +1,2 @@\u{1b}[0m");
        assert_eq!(lines[3], " same");
        assert_eq!(lines[4], "\u{1b}[31m--- ^[[2Jx\u{1b}[0m");
        assert_eq!(lines[5], "\u{1b}[32m+++ y\u{1b}[0m");
        assert_eq!(lines[7], "\u{1b}[1m--- a/z\u{1b}[0m");
    }
}
