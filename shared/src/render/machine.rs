//! `-o json` and `-o yaml`: the same tree.

use std::io::Write;

use serde::Serialize;

use crate::model::error::{Error, Result};

/// Writes the value as indented JSON.
pub fn json<T: Serialize>(value: &T, out: &mut impl Write) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, value).map_err(|error| {
        match error.io_error_kind() {
            Some(kind) => Error::from(std::io::Error::from(kind)),
            None => Error::could_not_run("cannot write JSON").caused_by(error),
        }
    })?;
    out.write_all(b"\n")?;
    Ok(())
}

/// Writes the value as YAML.
pub fn yaml<T: Serialize>(value: &T, out: &mut impl Write) -> Result<()> {
    // Through one string: the YAML writer turns a closed pipe into a message of its own.
    let text = serde_yaml::to_string(value)
        .map_err(|error| Error::could_not_run("cannot write YAML").caused_by(error))?;
    out.write_all(text.as_bytes())?;
    Ok(())
}
