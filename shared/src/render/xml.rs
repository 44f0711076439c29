//! XML 1.0 that any parser takes, whatever the text in it: what XML has no way to write, and what
//! could steer a terminal, stands there as a visible escape.

use std::borrow::Cow;
use std::io::Write;

use super::escape::escape;
use crate::model::error::Result;

/// Writes elements, each on lines of its own.
#[derive(Debug)]
pub(super) struct Xml<W> {
    out: W,
    open: Vec<&'static str>,
}

/// The attributes of an element: names of ours, values of anybody.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a str)];

impl<W: Write> Xml<W> {
    /// Starts a document.
    pub(super) fn start(mut out: W) -> Result<Self> {
        out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
        Ok(Self { out, open: Vec::new() })
    }

    /// Opens an element.
    pub(super) fn open(&mut self, name: &'static str, attributes: Attributes<'_>) -> Result<()> {
        self.tag(name, attributes, ">\n")?;
        self.open.push(name);
        Ok(())
    }

    /// Closes the element that was opened last.
    pub(super) fn close(&mut self) -> Result<()> {
        if let Some(name) = self.open.pop() {
            self.indent()?;
            writeln!(self.out, "</{name}>")?;
        }
        Ok(())
    }

    /// Writes an element without content.
    pub(super) fn empty(&mut self, name: &'static str, attributes: Attributes<'_>) -> Result<()> {
        self.tag(name, attributes, "/>\n")
    }

    /// Writes an element with lines of text.
    pub(super) fn lines(
        &mut self,
        name: &'static str,
        attributes: Attributes<'_>,
        lines: &[String],
    ) -> Result<()> {
        self.tag(name, attributes, ">")?;
        for (position, line) in lines.iter().enumerate() {
            let end = if position > 0 { "\n" } else { "" };
            write!(self.out, "{end}{}", quoted(line))?;
        }
        writeln!(self.out, "</{name}>")?;
        Ok(())
    }

    fn tag(&mut self, name: &str, attributes: Attributes<'_>, end: &str) -> Result<()> {
        self.indent()?;
        write!(self.out, "<{name}")?;
        for (key, value) in attributes {
            write!(self.out, " {key}=\"{}\"", quoted(value))?;
        }
        self.out.write_all(end.as_bytes())?;
        Ok(())
    }

    fn indent(&mut self) -> Result<()> {
        write!(self.out, "{:1$}", "", self.open.len() * 2)?;
        Ok(())
    }
}

/// Text for content and for attribute values: one line of it.
fn quoted(text: &str) -> Cow<'_, str> {
    let text = escape(text);
    if !text.contains(['&', '<', '>', '"', '\u{fffe}', '\u{ffff}']) {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // No characters of XML, though of Unicode.
            '\u{fffe}' | '\u{ffff}' => safe.extend(character.escape_unicode()),
            _ => safe.push(character),
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_and_nothing_is_unknown_to_xml() {
        assert_eq!(quoted("plain ü 日本"), "plain ü 日本");
        assert_eq!(quoted("a&b<c>\"d\"]]>"), "a&amp;b&lt;c&gt;&quot;d&quot;]]&gt;");
        assert_eq!(quoted("\0\u{1b}[m\n\u{85}\u{fffe}"), "^@^[[m\\n\\u{85}\\u{fffe}");
        let mut out = Vec::new();
        let mut xml = Xml::start(&mut out).expect("written");
        xml.open("a", &[("b", "\"")]).expect("written");
        xml.lines("c", &[], &["1<2".to_owned(), "x".to_owned()]).expect("written");
        xml.close().expect("written");
        let text = String::from_utf8(out).expect("text");
        let elements = "<a b=\"&quot;\">\n  <c>1&lt;2\nx</c>\n</a>\n";
        assert_eq!(text, format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{elements}"));
    }
}
