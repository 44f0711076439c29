//! Runs every rule on this repository, which breaks none, and on trees that break one each.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use posture_workspace::tree::Tree;
use posture_workspace::{RULES, long_files};

/// The tree that breaks no rule; the others are laid over it.
const CLEAN: &str = "clean.txt";

fn repository() -> Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Tree::read(&root).expect("the repository is readable")
}

fn violations() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("violations")
}

fn text(name: &str) -> String {
    fs::read_to_string(violations().join(name)).expect("the tree is readable")
}

/// The names of the rules that a tree breaks, and what they say.
fn broken(tree: &Tree) -> (BTreeSet<&'static str>, String) {
    let mut names = BTreeSet::new();
    let mut messages = String::new();
    for rule in RULES {
        for violation in (rule.check)(tree) {
            names.insert(rule.name);
            let _ = writeln!(messages, "[{}] {violation}", rule.name);
        }
    }
    (names, messages)
}

#[test]
fn the_workspace_keeps_its_rules() {
    let tree = repository();
    assert!(tree.has("Cargo.toml"), "this is no repository");
    for (path, lines) in long_files(&tree) {
        println!("{path}: {lines} lines");
    }
    let (names, messages) = broken(&tree);
    assert!(names.is_empty(), "\n{messages}");
}

#[test]
fn the_clean_tree_breaks_no_rule() {
    let mut tree = Tree::default();
    tree.add(&text(CLEAN));
    let (names, messages) = broken(&tree);
    assert!(names.is_empty(), "\n{messages}");
}

/// Each tree is named for the one rule that it breaks: `RULE.txt` or `RULE.how.txt`.
#[test]
fn each_violating_tree_breaks_its_own_rule() {
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(violations()).expect("the trees are readable") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        if name == CLEAN {
            continue;
        }
        let rule = name.split('.').next().unwrap_or_default();
        let mut tree = Tree::default();
        tree.add(&text(CLEAN));
        tree.add(&text(&name));
        let (names, messages) = broken(&tree);
        let names: Vec<&str> = names.into_iter().collect();
        assert_eq!(names, [rule], "{name}\n{messages}");
        println!("{name}\n{messages}");
        seen.insert(rule.to_owned());
    }
    // Written by a test below rather than kept.
    seen.insert("length".to_owned());
    let rules: BTreeSet<String> = RULES.iter().map(|rule| rule.name.to_owned()).collect();
    assert_eq!(seen, rules, "every rule needs a tree that breaks it");
}

#[test]
fn the_limit_is_where_it_says() {
    for (lines, breaks) in [(600, false), (601, true)] {
        let mut tree = Tree::default();
        tree.add(&text(CLEAN));
        let long = "//! A file that is long.\n".to_owned() + &"//\n".repeat(lines - 1);
        tree.add(&format!("-- shared/src/finding/mod.rs --\n{long}"));
        let expected = if breaks { vec!["length"] } else { Vec::new() };
        assert_eq!(broken(&tree).0.into_iter().collect::<Vec<_>>(), expected, "{lines} lines");
    }
}
