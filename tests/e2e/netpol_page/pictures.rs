//! The pictures are what Graphviz and Mermaid accept, and have every node and name in them.

use kubectl_netpol::commands::list::{self, ListFormat};
use posture::render::style::Style;
use posture_harness::browser::Browser;

use crate::maps::{Making, hostile, large, small};

fn text(made: &Making, format: ListFormat) -> String {
    let mut out = Vec::new();
    list::write(&made.report(), format, Style::plain(100), &[], &mut out).expect("it is written");
    String::from_utf8(out).expect("text")
}

/// How many lines of a text begin with the name of a node, `n7`, and what `declares` a node.
fn declared(text: &str, declares: &str) -> usize {
    let is_node = |line: &&str| {
        let rest = line.trim_start().strip_prefix('n');
        let rest = rest.map(|rest| rest.trim_start_matches(|letter: char| letter.is_ascii_digit()));
        rest.is_some_and(|rest| rest.starts_with(declares))
    };
    text.lines().filter(is_node).count()
}

#[test]
fn graphviz_draws_every_map() {
    let mut browser = Browser::start();
    for (name, made) in [("small", small()), ("large", large()), ("hostile", hostile())] {
        let text = text(&made, ListFormat::Dot);
        let svg = browser.graphviz(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        let nodes = declared(&text, " [label=");
        assert!(nodes > 0, "{text}");
        assert_eq!(svg.matches("class=\"node\"").count(), nodes, "{name}\n{text}");
        let edges = declared(&text, " -> ");
        assert_eq!(svg.matches("class=\"edge\"").count(), edges, "{name}\n{text}");
    }
}

#[test]
fn mermaid_draws_every_map() {
    let mut browser = Browser::start();
    for (name, made) in [("small", small()), ("large", large()), ("hostile", hostile())] {
        let text = text(&made, ListFormat::Mermaid);
        let svg = browser.mermaid(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        assert!(svg.contains("<svg"), "{svg}");
        let nodes = declared(&text, "[") + declared(&text, "(");
        assert!(nodes > 0, "{text}");
        assert_eq!(svg.matches("class=\"node ").count(), nodes, "{name}\n{text}");
    }
}

#[test]
fn names_are_in_the_pictures_as_they_are() {
    let mut browser = Browser::start();
    let dot = browser.graphviz(&text(&hostile(), ListFormat::Dot)).expect("it is drawn");
    let mermaid = browser.mermaid(&text(&hostile(), ListFormat::Mermaid)).expect("it is drawn");
    for (name, svg) in [("dot", dot), ("mermaid", mermaid)] {
        // As text of an SVG, and never as an element of it.
        assert!(!svg.contains("<img"), "{name}\n{svg}");
        assert!(svg.contains("日本 @team #1"), "{name}\n{svg}");
        assert!(svg.contains("&lt;/script&gt;&lt;img"), "{name}\n{svg}");
    }
}

#[test]
fn what_is_no_picture_is_refused() {
    let mut browser = Browser::start();
    assert!(browser.graphviz("digraph { a -> \"b }").is_err());
    assert!(browser.mermaid("flowchart LR\n  a[\"x --> b").is_err());
}
