//! A check's document: front matter, then fixed headings. It is what `explain` prints, and its
//! examples are executed by the tests.

/// The headings that every document has, in this order.
pub const HEADINGS: [&str; 6] = ["What", "Why", "Fails", "Passes", "Fix", "Fix safety"];

/// A parsed document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    front: Vec<(&'a str, &'a str)>,
    sections: Vec<(&'a str, &'a str)>,
}

impl<'a> Document<'a> {
    /// Splits a document into front matter (`key: value` lines between `---`) and sections
    /// (`## Heading`). Says what is missing or out of order.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        let rest =
            text.strip_prefix("---\n").ok_or("the document does not start with front matter")?;
        let (front, body) = rest.split_once("\n---\n").ok_or("the front matter does not end")?;
        let front = front
            .lines()
            .map(|line| {
                line.split_once(':')
                    .map(|(key, value)| (key.trim(), value.trim()))
                    .ok_or_else(|| format!("front matter line without a colon: {line:?}"))
            })
            .collect::<Result<_, _>>()?;
        let mut sections = Vec::new();
        for part in body.split("\n## ").skip(1) {
            let (heading, text) = part.split_once('\n').unwrap_or((part, ""));
            sections.push((heading.trim(), text.trim()));
        }
        let headings: Vec<_> = sections.iter().map(|(heading, _)| *heading).collect();
        if headings != HEADINGS {
            return Err(format!("the headings are {headings:?} and not {HEADINGS:?}"));
        }
        if let Some((heading, _)) = sections.iter().find(|(_, text)| text.is_empty()) {
            return Err(format!("the section {heading:?} is empty"));
        }
        Ok(Self { front, sections })
    }

    /// A value of the front matter.
    pub fn front(&self, key: &str) -> Option<&'a str> {
        self.front.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    /// The text of a section.
    pub fn section(&self, heading: &str) -> &'a str {
        self.sections.iter().find(|(known, _)| *known == heading).map_or("", |(_, text)| *text)
    }

    /// The YAML blocks of a section, without their fences.
    pub fn examples(&self, heading: &str) -> Vec<&'a str> {
        self.section(heading)
            .split("```yaml\n")
            .skip(1)
            .filter_map(|rest| rest.split_once("```").map(|(example, _)| example))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_refuses() {
        let good = "---\nseverity: error\n---\n\n# T\n\n## What\na\n\n## Why\nb\n\n## Fails\n```yaml\nx: 1\n```\n\n## Passes\nc\n\n## Fix\nd\n\n## Fix safety\ne\n";
        let document = Document::parse(good).expect("well formed");
        assert_eq!(document.front("severity"), Some("error"));
        assert_eq!(document.examples("Fails"), ["x: 1\n"]);
        assert!(Document::parse(&good.replace("## Why", "## Because")).is_err());
        assert!(Document::parse("no front matter").is_err());
    }
}
