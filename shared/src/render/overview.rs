//! What a plugin prints without a verb: commands worth copying.

use std::io::Write as _;

use super::out;
use super::style::{Role, Style};
use crate::model::error::Result;

/// Prints commands, and what each is for, one a line.
pub fn print(program: &str, commands: &[(String, &str)], style: Style) -> Result<()> {
    let width = commands.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    let mut out = out::stdout();
    for (command, why) in commands {
        let padding = " ".repeat(width - command.len());
        writeln!(
            out,
            "{}{padding}   {}",
            style.paint(Role::Command, command),
            style.paint(Role::Dim, why)
        )?;
    }
    writeln!(out, "\nAll verbs and flags: {program} --help")?;
    out.flush()?;
    Ok(())
}
