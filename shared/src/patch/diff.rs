//! What a change is about, as a unified diff that `patch -p1` and `git apply` take.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use serde_json::Value as Json;
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use crate::model::error::{Error, Result};
use crate::model::object::ObjectRef;
use crate::model::source::{Encoding, Source};

/// How many lines that stay are shown around those that change.
const CONTEXT: usize = 3;

/// The unified diff of two texts; empty where they are equal. Lines end at line feeds alone, and
/// keep whatever they are made of. `name` follows `a/` and `b/`.
pub fn unified(name: &str, before: &str, after: &str) -> String {
    let mut text = String::new();
    if before == after {
        return text;
    }
    let (old, new) = (lines(before), lines(after));
    // Writing to a string cannot fail.
    let _ = write!(text, "--- {}\n+++ {}\n", header('a', name), header('b', name));
    let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
    for group in group_diff_ops(ops, CONTEXT) {
        hunk(&group, &old, &new, &mut text);
    }
    text
}

/// The unified diff of a source and what becomes of it, under the name at which the file is found
/// by `patch -p1` in the current folder, or in `/` where it is not below the current folder.
pub fn of_source(source: &Source, after: &str) -> String {
    let name = source.path().map_or_else(|| source.name().to_owned(), file_name);
    if source.encoding() == Encoding::Utf8Marked {
        // It is in the file, and the first line may be in the diff.
        let marked = |text: &str| format!("\u{feff}{text}");
        return unified(&name, &marked(source.text()), &marked(after));
    }
    unified(&name, source.text(), after)
}

/// The unified diff of an object that was read from a cluster, as YAML, without what the server
/// alone writes: the status and the managed fields.
pub fn of_object(object: &ObjectRef, before: &Json, after: &Json) -> Result<String> {
    let text = |value: &Json| {
        serde_yaml::to_string(&without_status(value))
            .map_err(|error| Error::could_not_run("cannot write YAML").caused_by(error))
    };
    let namespace = object.namespace.as_ref().map(|name| format!("{name}/")).unwrap_or_default();
    Ok(unified(&format!("{namespace}{object}.yaml"), &text(before)?, &text(after)?))
}

/// An object without its status and its managed fields.
pub fn without_status(object: &Json) -> Json {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Json::as_object_mut) {
        metadata.remove("managedFields");
    }
    object
}

/// The lines of a text, each with its line feed if it has one.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn hunk(group: &[DiffOp], old: &[&str], new: &[&str], text: &mut String) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
    let range = |start: usize, end: usize| {
        // Nothing stands behind the line before it.
        let line = if end > start { start + 1 } else { start };
        match end - start {
            1 => line.to_string(),
            length => format!("{line},{length}"),
        }
    };
    let removed = range(first.old_range().start, last.old_range().end);
    let added = range(first.new_range().start, last.new_range().end);
    let _ = writeln!(text, "@@ -{removed} +{added} @@");
    for op in group {
        if op.tag() == DiffTag::Equal {
            old[op.old_range()].iter().for_each(|line| push(' ', line, text));
        } else {
            old[op.old_range()].iter().for_each(|line| push('-', line, text));
            new[op.new_range()].iter().for_each(|line| push('+', line, text));
        }
    }
}

fn push(sign: char, line: &str, text: &mut String) {
    text.push(sign);
    text.push_str(line);
    if !line.ends_with('\n') {
        text.push_str("\n\\ No newline at end of file\n");
    }
}

/// A name behind `--- ` or `+++ `, as git writes it: in double quotes where a line could not hold
/// it otherwise; with a tab at its end where it has a blank, at which `patch` would end it.
fn header(side: char, name: &str) -> String {
    let odd = |character: char| character.is_control() || matches!(character, '"' | '\\');
    if !name.contains(odd) {
        let tab = if name.contains(char::is_whitespace) { "\t" } else { "" };
        return format!("{side}/{name}{tab}");
    }
    let mut quoted = format!("\"{side}/");
    for character in name.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\t' => quoted.push_str("\\t"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            _ if odd(character) => {
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(quoted, "\\{byte:03o}");
                }
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// How a diff names a file: neither `patch` nor git follows links, or leaves the folder.
fn file_name(path: &Path) -> String {
    let real = |path: &Path| path.canonicalize().ok();
    let here = std::env::current_dir().ok().and_then(|here| real(&here));
    let file = real(path).unwrap_or_else(|| path.to_owned());
    let below = here.and_then(|here| file.strip_prefix(here).ok().map(Path::to_owned));
    let parts = below.unwrap_or(file);
    let parts = parts.components().filter(|part| matches!(part, Component::Normal(_)));
    let name = parts.collect::<PathBuf>().to_string_lossy().into_owned();
    if cfg!(windows) { name.replace('\\', "/") } else { name }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shows_what_changes_with_three_lines_around_it() {
        let before = (1..=20).fold(String::new(), |text, line| text + &format!("line {line}\n"));
        let after = before.replace("line 2\n", "").replace("line 17\n", "line 17\nnew\n");
        let expected = "--- a/x.yaml\n+++ b/x.yaml\n@@ -1,5 +1,4 @@\n line 1\n-line 2\n line 3\n line 4\n line 5\n@@ -15,6 +14,7 @@\n line 15\n line 16\n line 17\n+new\n line 18\n line 19\n line 20\n";
        assert_eq!(unified("x.yaml", &before, &after), expected);
        assert_eq!(unified("x.yaml", &before, &before), "");
    }

    #[test]
    fn lines_keep_what_they_end_with() {
        let diff = unified("x", "a\r\nb\r\n", "a\r\nc");
        let expected =
            "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\n\\ No newline at end of file\n";
        assert_eq!(diff, expected);
        assert_eq!(unified("x", "", "a\rb\n"), "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+a\rb\n");
    }

    #[test]
    fn odd_names_are_quoted() {
        assert_eq!(header('a', "ü/x.yaml"), "a/ü/x.yaml");
        assert_eq!(header('a', "a b"), "a/a b\t");
        assert_eq!(header('b', "a\"\\\t\u{1b}\u{9b}"), "\"b/a\\\"\\\\\\t\\033\\302\\233\"");
    }

    #[test]
    fn a_byte_order_mark_is_part_of_the_file() {
        let source = Source::new("x", b"\xef\xbb\xbfa\n".to_vec());
        let diff = of_source(&source, "b\n");
        assert_eq!(diff, "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-\u{feff}a\n+\u{feff}b\n");
    }

    #[test]
    fn objects_are_shown_without_what_the_server_writes() {
        let object = ObjectRef {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: Some("shop".to_owned()),
            name: "web".to_owned(),
        };
        let before = json!({"metadata": {"name": "web", "managedFields": [1]}, "status": {"x": 1}});
        let after = json!({"metadata": {"name": "web"}, "spec": {"y": true}});
        let diff = of_object(&object, &before, &after).expect("it is YAML");
        assert!(diff.starts_with("--- a/shop/deployment.apps/web.yaml\n"), "{diff}");
        assert!(diff.ends_with(" metadata:\n   name: web\n+spec:\n+  y: true\n"), "{diff}");
    }
}
