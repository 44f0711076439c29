//! Comma-separated values (RFC 4180): every row ends with CR LF, fields are quoted where they must
//! be.

use std::io::Write;

use super::escape::escape;
use crate::model::error::Result;

/// Writes a row.
pub fn row(fields: &[&str], out: &mut impl Write) -> Result<()> {
    for (position, field) in fields.iter().enumerate() {
        if position > 0 {
            out.write_all(b",")?;
        }
        out.write_all(text_of(field).as_bytes())?;
    }
    out.write_all(b"\r\n")?;
    Ok(())
}

/// A field. What a spreadsheet would take for a formula begins with an apostrophe, as OWASP has it
/// (CSV Injection).
fn text_of(field: &str) -> String {
    let field = escape(field);
    let is_formula = field.starts_with(['=', '+', '-', '@']);
    let quote = if is_formula { "'" } else { "" };
    if field.contains([',', '"']) || field.starts_with(' ') || field.ends_with(' ') {
        format!("\"{quote}{}\"", field.replace('"', "\"\""))
    } else {
        format!("{quote}{field}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_steer_nothing() {
        let mut out = Vec::new();
        row(&["a", "b,c", "d\"e", "=1+1", "-,1", "f\r\ng", "\u{1b}[31m", "ü ", ""], &mut out)
            .expect("written");
        let text = String::from_utf8(out).expect("text");
        assert_eq!(text, "a,\"b,c\",\"d\"\"e\",'=1+1,\"'-,1\",f\\r\\ng,^[[31m,\"ü \",\r\n");
    }
}
