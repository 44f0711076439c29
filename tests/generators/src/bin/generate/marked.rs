//! A part of a document between two comments: `<!-- name -->` and `<!-- /name -->`.

use std::fs;

use crate::{Result, in_repository};

/// Puts `content` between the marks of a document, which is left alone if that is there already.
pub(crate) fn write(document: &str, name: &str, content: &str) -> Result<()> {
    let path = in_repository(document);
    let text = fs::read_to_string(&path).map_err(|error| format!("{document}: {error}"))?;
    let replaced = replace(&text, name, content).ok_or_else(|| {
        format!("{document} needs the lines `<!-- {name} -->` and `<!-- /{name} -->`")
    })?;
    if replaced != text {
        fs::write(&path, replaced).map_err(|error| format!("{document}: {error}"))?;
    }
    Ok(())
}

fn replace(text: &str, name: &str, content: &str) -> Option<String> {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = text.split_once(&open)?;
    let (_, after) = rest.split_once(&close)?;
    Some(format!("{before}{open}{}\n{close}{after}", content.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_what_is_between_the_marks() {
        let text = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n";
        let expected = "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n";
        assert_eq!(replace(text, "x", "new\n").as_deref(), Some(expected));
        assert_eq!(replace(expected, "x", "new").as_deref(), Some(expected));
        assert_eq!(replace(text, "y", "new"), None);
    }
}
