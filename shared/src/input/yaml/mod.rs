//! The loader: text to documents, as kubectl reads them. [`read`] is the whole interface.

mod alias;
mod build;
mod cut;
mod events;
pub mod json;
pub mod limits;
mod tagged;
mod template;

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use self::json::JsonError;
use self::limits::MAX_LINE_BYTES;
use crate::model::gap::Gap;
use crate::model::node::Tree;
use crate::model::source::{Mark, Source};

/// One document that could be read.
#[derive(Debug)]
pub struct Document {
    /// Its nodes.
    pub tree: Arc<Tree>,
    /// The chart file that Helm names in a `# Source:` comment.
    pub chart_file: Option<String>,
}

/// What one document's text became.
pub type Outcome = Result<Document, Gap>;

/// Reads every document of a source, in order: YAML or JSON as kubectl tells them apart. What
/// cannot be read is a gap in its place; documents without content are left out. Documents are
/// parsed on all cores.
pub fn read(source: &Arc<Source>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut switch = None;
    if cut::looks_like_json(source.text()) {
        switch = read_json(source, &mut outcomes);
        if switch.is_none() {
            return outcomes;
        }
    }
    let pieces = cut::cut(source.text(), switch.as_ref().map_or(0, |switch| switch.from));
    let mut parsed: Vec<_> =
        pieces.into_par_iter().map(|piece| read_piece(source, piece)).collect();
    if let Some(switch) = switch
        && let Some(first) = parsed.first_mut().filter(|first| matches!(first, Some(Err(_))))
    {
        *first = Some(Err(switch.instead));
    }
    outcomes.extend(parsed.into_iter().flatten());
    outcomes
}

/// Where the documents of a text begin and end, with the lines that are no separators in between as
/// empty ranges: what kubectl cuts before it reads any of them. `None` for a stream of JSON, where
/// only reading tells.
pub fn pieces(text: &str) -> Option<Vec<Range<usize>>> {
    if cut::looks_like_json(text) {
        return None;
    }
    let range = |piece| match piece {
        cut::Piece::Document(range) => range,
        cut::Piece::BadSeparator(at, _) | cut::Piece::LongLine(at) => at..at,
    };
    Some(cut::cut(text, 0).into_iter().map(range).collect())
}

/// Reads the first document of a source as Go programs read a file with one: always as YAML, and
/// no further. Fails with the place of the mistake alone, for the text may be secret. `None` if
/// there is nothing in it.
pub fn single_document(source: &Arc<Source>) -> Result<Option<Arc<Tree>>, String> {
    match build::read(source, 0..source.text().len()) {
        Ok(tree) => Ok(tree.map(Arc::new)),
        Err(error) => {
            let place = source.place(error.offset);
            Err(format!("{}:{}:{}: no valid YAML", place.file, place.line, place.column))
        }
    }
}

/// Where a stream that began as JSON goes on as YAML.
struct Switch {
    from: usize,
    /// What to say if the first document is no YAML either: JSON's error.
    instead: Gap,
}

/// Reads a stream of JSON values. kubectl turns to YAML when the stream breaks off at the first
/// or second value; `None` if it does not come to that.
fn read_json(source: &Arc<Source>, outcomes: &mut Vec<Outcome>) -> Option<Switch> {
    let text = source.text();
    let mut at = 0;
    let mut count = 0;
    loop {
        if text[at..].trim_start_matches([' ', '\t', '\r', '\n']).is_empty() {
            return None;
        }
        let error = match json::read(source, at) {
            Ok((tree, end)) => {
                count += 1;
                at = end;
                if !tree.root().is_null() {
                    outcomes.push(Ok(Document { tree: Arc::new(tree), chart_file: None }));
                }
                continue;
            }
            Err(JsonError { offset, message, resumes_at: Some(end) }) => {
                count += 1;
                at = end;
                outcomes.push(Err(gap(source, offset..offset, message, "")));
                continue;
            }
            Err(error) => error,
        };
        let ambiguous = count <= 1;
        let why = if ambiguous && error.message != json::UNEXPECTED_EOF {
            // Go counts the offending byte.
            format!("json: offset {}: {}", error.offset + 1, error.message)
        } else {
            error.message
        };
        let said = gap(source, error.offset..error.offset, why, "");
        // With two values read, kubectl is sure of JSON.
        let from = if ambiguous { yaml_start(text, at) } else { None };
        let Some(from) = from else {
            outcomes.push(Err(said));
            return None;
        };
        return Some(Switch { from, instead: said });
    }
}

/// Where kubectl tries YAML after a JSON value: behind the white space and one newline. It does
/// not where fewer than four bytes are left to look at, or at U+FFFD.
fn yaml_start(text: &str, mut at: usize) -> Option<usize> {
    loop {
        let rest = &text[at..];
        let next = rest.chars().next().filter(|&next| next != char::REPLACEMENT_CHARACTER)?;
        if rest.len() < 4 {
            return None;
        }
        if !next.is_whitespace() {
            return Some(at);
        }
        at += next.len_utf8();
        if next == '\n' {
            return Some(at);
        }
    }
}

fn read_piece(source: &Arc<Source>, piece: cut::Piece) -> Option<Outcome> {
    let range = match piece {
        cut::Piece::Document(range) => range,
        cut::Piece::BadSeparator(offset, words) => {
            let hint =
                "kubectl refuses the whole file at this line; put nothing but a comment behind ---";
            return Some(Err(gap(source, offset..offset + 3, words, hint)));
        }
        cut::Piece::LongLine(offset) => {
            let why = format!("a line longer than {MAX_LINE_BYTES} bytes");
            return Some(Err(gap(
                source,
                offset..offset,
                why,
                "wrap the line, or write the document as JSON",
            )));
        }
    };
    let text = &source.text()[range.clone()];
    match build::read(source, range.clone()) {
        Ok(None) => None,
        Ok(Some(_)) if let Some(template) = template::find(text) => {
            let at = range.start + template.offset;
            Some(Err(gap(source, at..at, template.why, template.hint)))
        }
        Ok(Some(tree)) => {
            Some(Ok(Document { tree: Arc::new(tree), chart_file: template::chart_file(text) }))
        }
        Err(mut error) => {
            if error.message.ends_with("control characters are not allowed")
                && let Some(at) = text.find(is_forbidden)
            {
                // libyaml does not say where.
                error.offset = range.start + at;
            }
            let hint = template::hint_for_broken(text);
            Some(Err(gap(source, error.offset..error.offset, error.message, hint)))
        }
    }
}

/// Characters that YAML 1.1 allows nowhere.
fn is_forbidden(character: char) -> bool {
    let control = character.is_control() && !matches!(character, '\t' | '\n' | '\r' | '\u{85}');
    control || matches!(character, '\u{fffe}' | '\u{ffff}')
}

fn gap(source: &Arc<Source>, span: Range<usize>, why: impl Into<String>, hint: &str) -> Gap {
    Gap {
        what: "document".to_owned(),
        place: Some(Mark::new(source, span)),
        object: None,
        why: why.into(),
        hint: hint.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn json_of(text: &str) -> Vec<Result<String, String>> {
        let source = Arc::new(Source::new("x.yaml", text.into()));
        read(&source)
            .into_iter()
            .map(|outcome| match outcome {
                Ok(document) => Ok(document.tree.root().to_json().to_string()),
                Err(gap) => Err(gap.why),
            })
            .collect()
    }

    fn one(text: &str) -> String {
        match &json_of(text)[..] {
            [Ok(json)] => json.clone(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn reads_scalars_as_kubectl() {
        assert_eq!(one("a: yes\nb: 0644\nc: \"yes\"\n"), r#"{"a":true,"b":420,"c":"yes"}"#);
        assert_eq!(one("y: 1\n8: 2\n1.5: 3\n"), r#"{"1.5":3,"8":2,"true":1}"#);
        assert_eq!(one("a: |\n  x"), r#"{"a":"x\n"}"#);
        assert_eq!(one("a: !!str 5\nb: !!int \"5\"\nc: !foo 5\n"), r#"{"a":"5","b":5,"c":"5"}"#);
    }

    #[test]
    fn duplicates_and_merges() {
        assert_eq!(one("a: 1\na: 2\n"), r#"{"a":2}"#);
        assert_eq!(
            one("x: &x {a: 1, b: 2}\nz:\n  <<: *x\n  a: 3\n"),
            r#"{"x":{"a":1,"b":2},"z":{"a":3,"b":2}}"#
        );
        assert_eq!(one("z:\n  a: 3\n  <<: {a: 1}\n"), r#"{"z":{"a":1}}"#);
        assert_eq!(one("z:\n  <<: [{a: 1}, {a: 2, b: 3}]\n"), r#"{"z":{"a":1,"b":3}}"#);
    }

    #[test]
    fn hostile_input_is_refused_in_time() {
        let start = std::time::Instant::now();
        assert!(json_of(&"[".repeat(100_000))[0].as_ref().is_err_and(|why| why.contains("deeper")));
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let alias = format!("*a{},", level - 1).repeat(9);
            writeln!(bomb, "a{level}: &a{level} [{alias}]").expect("room");
        }
        assert!(json_of(&bomb)[0].as_ref().is_err_and(|why| why.contains("alias")));
        let mut chain = "a0: &a0 [x]\n".to_owned();
        for level in 1..20_000 {
            writeln!(chain, "a{level}: &a{level} [*a{}]", level - 1).expect("room");
        }
        assert!(json_of(&chain)[0].is_err());
        assert!(
            json_of("a: &a [*a]\n")[0].as_ref().is_err_and(|why| why.contains("contains itself"))
        );
        assert!(start.elapsed().as_secs() < 5);
    }

    #[test]
    fn other_documents_survive_a_broken_one() {
        let outcomes = json_of("a: 1\n---\nb: [\n---\nc: 3\n");
        assert_eq!(outcomes.len(), 3);
        assert!(outcomes[0].is_ok() && outcomes[1].is_err() && outcomes[2].is_ok());
    }

    #[test]
    fn json_streams_and_their_turn_to_yaml() {
        assert_eq!(json_of("{\"a\":1}\n{\"b\":\"yes\"}").len(), 2);
        assert_eq!(one("{a: yes}"), r#"{"a":true}"#);
        let outcomes = json_of("{\"a\":1e999}{\"b\":2}");
        assert!(outcomes[0].as_ref().is_err_and(|why| why.contains("number 1e999")));
        assert_eq!(outcomes[1..], [Ok(r#"{"b":2}"#.to_owned())]);
        assert_eq!(
            json_of("{\"a\":1}\n---\nb: yes\n"),
            [Ok(r#"{"a":1}"#.to_owned()), Ok(r#"{"b":true}"#.to_owned())]
        );
    }
}
