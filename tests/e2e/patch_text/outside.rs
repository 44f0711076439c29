//! What an edit must not touch, looked at without any parser.

use serde_json::Value;

use super::Case;

/// The documents of a file, cut at its separators.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for (at, _) in text.match_indices("\n---") {
        pieces.push(&text[from..=at]);
        from = at + 1;
    }
    pieces.push(&text[from..]);
    pieces
}

/// Whether a file has a document that kubectl does not read.
pub(super) fn has_gap(text: &str) -> bool {
    let source = posture::model::source::Source::new("x", text.as_bytes().to_vec());
    posture::input::yaml::read(&std::sync::Arc::new(source)).iter().any(Result::is_err)
}

/// What is wrong with a changed file's bytes.
pub(super) fn faults(case: &Case, done: &[bool], after: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let text = &case.text;
    let (old, new) = (pieces(text), pieces(after));
    if old.len() == new.len() {
        let mut start = 0;
        for (old, new) in old.iter().zip(&new) {
            let stretch = start..start + old.len();
            start = stretch.end;
            let is_changed =
                case.changes.iter().zip(done).any(|((change, _), done)| {
                    *done && stretch.contains(&change.object.tree().base())
                });
            if !is_changed && old != new {
                faults.push(format!("a document without a change is different: {old:?} {new:?}"));
            }
        }
    } else {
        faults.push("there are more or fewer documents".to_owned());
    }
    match &case.comments {
        Some(comments) => {
            let lost = comments.iter().filter(|comment| !after.contains(comment.as_str()));
            faults.extend(lost.map(|comment| format!("a comment is lost: {comment}")));
        }
        None => faults.extend(lost_hashes(case, after)),
    }
    faults
}

/// What is wrong with a changed file's line breaks.
pub(super) fn wrong_breaks(text: &str, after: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.ends_with('\n') != after.ends_with('\n') {
        faults.push("the final line break is not what it was".to_owned());
    }
    let windows = |text: &str| text.matches("\r\n").count() == text.matches('\n').count();
    if text.contains("\r\n") && windows(text) && !windows(after) {
        faults.push("line breaks of both kinds".to_owned());
    }
    if !text.contains('\r') && after.contains('\r') {
        faults.push("line breaks of another kind".to_owned());
    }
    faults
}

/// What looks like a comment and is gone, unless it was in a string.
fn lost_hashes(case: &Case, after: &str) -> Vec<String> {
    let before = comments(&case.text);
    let after = comments(after);
    let mut after: Vec<_> = after.iter().map(Some).collect();
    let mut strings = String::new();
    for (change, _) in &case.changes {
        gather(&change.before, &mut strings);
    }
    let mut lost = Vec::new();
    for comment in before {
        match after.iter_mut().find(|other| other.is_some_and(|other| *other == comment)) {
            Some(found) => *found = None,
            None if strings.contains(comment.trim_end_matches(['"', '\'', ',', ']', '}', ' '])) => {
            }
            None => lost.push(format!("a comment is lost: {comment}")),
        }
    }
    lost
}

fn gather(value: &Value, strings: &mut String) {
    match value {
        Value::String(text) => {
            strings.push_str(text);
            strings.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, strings)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            strings.push_str(key);
            strings.push('\n');
            gather(value, strings);
        }),
        _ => {}
    }
}

/// All that looks like a comment: from a `#` at the start of a line, or behind a blank, to its end.
fn comments(text: &str) -> Vec<&str> {
    let comment = |line: &'_ str| -> Option<usize> {
        let at =
            |(at, _): (usize, &str)| (at == 0 || line[..at].ends_with([' ', '\t'])).then_some(at);
        line.match_indices('#').find_map(at)
    };
    text.lines().filter_map(|line| comment(line).map(|at| line[at..].trim_end())).collect()
}

/// Where two values differ.
pub(super) fn differences(old: &Value, new: &Value, path: &str, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                let path = format!("{path}/{key}");
                differences(value, new.get(key).unwrap_or(&"(gone)".into()), &path, found);
            }
            for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                found.push(format!("{path}/{key}: new {value}"));
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (at, (old, new)) in old.iter().zip(new).enumerate() {
                differences(old, new, &format!("{path}/{at}"), found);
            }
        }
        _ if old != new => found.push(format!("{path}: {old} -> {new}")),
        _ => {}
    }
}
