//! What stands in a file: its opening, its length, what it may not hold.

use super::Violation;
use super::source::{self, Names};
use super::tree::Tree;

/// What we aim for, and what is too long.
const LINES_AIM: usize = 200;
const LINES_MOST: usize = 600;

/// How many words say what lives in a file, at least.
const OPENING_WORDS: usize = 2;

const PRINTING_MACROS: [&str; 5] = ["dbg", "eprint", "eprintln", "print", "println"];
const STREAMS: [&str; 4] = ["stderr", "stdout", "Stderr", "Stdout"];
const UNFINISHED_MACROS: [&str; 2] = ["todo", "unimplemented"];
const UNFINISHED_WORDS: [&str; 4] = ["FIXME", "HACK", "TODO", "XXX"];

/// Every file opens with what lives there.
pub(crate) fn opening(tree: &Tree) -> Vec<Violation> {
    tree.rust_files()
        .filter(|(_, text)| {
            let words = text.strip_prefix("//!").and_then(|rest| rest.lines().next());
            words.is_none_or(|line| line.split_whitespace().count() < OPENING_WORDS)
        })
        .map(|(path, _)| Violation::new(path, 1, "open the file with `//!` and what lives there"))
        .collect()
}

/// No file is too long to read.
pub(crate) fn length(tree: &Tree) -> Vec<Violation> {
    let message = format!("longer than {LINES_MOST} lines: split it");
    long_files(tree)
        .into_iter()
        .filter(|(_, lines)| *lines > LINES_MOST)
        .map(|(path, lines)| Violation::new(&path, lines, message.clone()))
        .collect()
}

/// The files over the aim, longest first.
pub(crate) fn long_files(tree: &Tree) -> Vec<(String, usize)> {
    let mut files: Vec<(String, usize)> = tree
        .rust_files()
        .map(|(path, text)| (path.to_owned(), text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_AIM)
        .collect();
    files.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    files
}

/// A lint that is not kept is expected, with its reason: `expect` says when it is kept after all.
pub(crate) fn attributes(tree: &Tree) -> Vec<Violation> {
    each(
        tree,
        |_| true,
        |path, names| {
            names
                .attributes
                .iter()
                .filter(|named| named.parts == ["allow"])
                .map(|named| {
                    Violation::new(path, named.line, "write #[expect(…, reason = \"…\")] instead")
                })
                .collect()
        },
    )
}

/// Only the renderers print.
pub(crate) fn printing(tree: &Tree) -> Vec<Violation> {
    let ships = |path: &str| {
        let shared = path.starts_with("shared/src/") && !path.starts_with("shared/src/render/");
        let plugin = path.starts_with("plugins/") && path.split('/').nth(2) == Some("src");
        shared || plugin
    };
    each(tree, ships, |path, names| {
        let macros = names
            .macros
            .iter()
            .filter(|named| last(&named.parts).is_some_and(|name| PRINTING_MACROS.contains(&name)));
        let streams = names.paths.iter().filter(|named| {
            let of_io = named.parts.iter().rev().nth(1).is_some_and(|part| part == "io");
            of_io && last(&named.parts).is_some_and(|name| STREAMS.contains(&name))
        });
        macros
            .chain(streams)
            .map(|named| Violation::new(path, named.line, "only the renderers print"))
            .collect()
    })
}

/// What is not finished has no place here.
pub(crate) fn unfinished(tree: &Tree) -> Vec<Violation> {
    let mut found = each(
        tree,
        |_| true,
        |path, names| {
            names
                .macros
                .iter()
                .filter(|named| {
                    last(&named.parts).is_some_and(|name| UNFINISHED_MACROS.contains(&name))
                })
                .map(|named| Violation::new(path, named.line, "finish it, or leave it out"))
                .collect()
        },
    );
    for (path, text) in tree.rust_files() {
        for (index, line) in text.lines().enumerate() {
            let comment = line.split_once("//").map_or("", |(_, comment)| comment);
            let mut words = comment.split(|character: char| !character.is_alphanumeric());
            if words.any(|word| UNFINISHED_WORDS.contains(&word)) {
                found.push(Violation::new(path, index + 1, "finish it, or leave it out"));
            }
        }
    }
    found
}

fn last(parts: &[String]) -> Option<&str> {
    parts.last().map(String::as_str)
}

/// The violations of every file that `applies`; one that is no Rust is left to the compiler.
fn each(
    tree: &Tree,
    applies: impl Fn(&str) -> bool,
    check: impl Fn(&str, &Names) -> Vec<Violation>,
) -> Vec<Violation> {
    tree.rust_files()
        .filter(|(path, _)| applies(path))
        .filter_map(|(path, text)| Some(check(path, &source::names(text).ok()?)))
        .flatten()
        .collect()
}
