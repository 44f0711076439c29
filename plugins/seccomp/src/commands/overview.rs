//! `kubectl seccomp` without a verb: three commands worth copying.

use std::io::Write as _;

use posture::model::error::Result;
use posture::render::out;
use posture::render::style::{Role, Style};

/// Prints what to try first.
pub fn run(program: &str, style: Style) -> Result<()> {
    let commands = [
        (
            format!("{program} set RuntimeDefault --dry-run=client"),
            "what would change in this namespace, and what already has it",
        ),
        (format!("{program} set RuntimeDefault deploy/web"), "the diff, then the question"),
        (format!("{program} set RuntimeDefault -f manifests/"), "the same for your files"),
    ];
    let width = commands.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    let mut out = out::stdout();
    for (command, why) in &commands {
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
