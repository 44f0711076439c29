//! `--print-rbac`: the least that somebody must be allowed, as roles.

use std::io::Write as _;

use super::escape::escape;
use super::out;
use crate::client::rbac::{self, Access};
use crate::model::error::Result;

/// Prints the roles that allow these accesses, all called `name`.
pub fn print(name: &str, accesses: &[Access]) -> Result<()> {
    let mut out = out::stdout();
    if accesses.is_empty() {
        writeln!(out, "# This command asks no cluster: it needs no rights.")?;
    } else {
        let text = rbac::manifests(name, accesses)?;
        // Names come from the command line and the server.
        for line in text.lines() {
            writeln!(out, "{}", escape(line))?;
        }
    }
    out.flush()?;
    Ok(())
}
