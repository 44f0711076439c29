//! Markdown, parsed as GitHub and GitLab parse it.

use std::fmt::Write as _;

use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options, parse_document};
use posture::render::escape::escape;
use posture_generators::random::Random;
use posture_harness::{score, seed};
use serde_json::Value;

use super::input::Input;

/// The most that a comment on GitHub may have.
const LIMIT: usize = 65_536;

/// How many times hostile objects are parsed, few at a time so that all are shown.
const ROUNDS: [usize; 2] = [60, 1_500];

/// What GitHub, GitLab and others understand.
fn options() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.table = true;
    extension.autolink = true;
    extension.strikethrough = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.inline_footnotes = true;
    extension.superscript = true;
    extension.subscript = true;
    extension.math_dollars = true;
    extension.math_code = true;
    extension.alerts = true;
    extension.multiline_block_quotes = true;
    extension.description_lists = true;
    extension.wikilinks_title_after_pipe = true;
    extension.spoiler = true;
    options
}

/// What a comment says, once parsed.
#[derive(Default)]
struct Comment {
    heading: String,
    rows: Vec<[String; 4]>,
    details: usize,
    items: usize,
}

/// Parses a comment and fails if there is anything in it but what we mean to write.
fn parse(text: &str) -> Comment {
    let arena = Arena::new();
    let mut comment = Comment::default();
    for node in parse_document(&arena, text, &options()).descendants() {
        match &node.data.borrow().value {
            NodeValue::Heading(heading) if heading.level == 3 => comment.heading = plain(node),
            NodeValue::TableRow(false) => comment.rows.push(cells(node)),
            NodeValue::Item(_) => comment.items += 1,
            NodeValue::HtmlBlock(html) => comment.details += details(&html.literal),
            NodeValue::Text(text) => harmless(text),
            NodeValue::Document
            | NodeValue::Heading(_)
            | NodeValue::Table(_)
            | NodeValue::TableRow(true)
            | NodeValue::TableCell
            | NodeValue::List(_)
            | NodeValue::Paragraph
            | NodeValue::Strong
            | NodeValue::Code(_)
            | NodeValue::SoftBreak => {}
            other => panic!("{other:?} in a comment:\n{text}"),
        }
    }
    comment
}

/// The text of a node, code in backquotes.
fn plain(node: Node<'_>) -> String {
    node.descendants().fold(String::new(), |mut all, node| {
        match &node.data.borrow().value {
            NodeValue::Text(text) => all.push_str(text),
            NodeValue::Code(code) => write!(all, "`{}`", code.literal).unwrap(),
            _ => {}
        }
        all
    })
}

fn cells(row: Node<'_>) -> [String; 4] {
    let cells: Vec<String> = row.children().map(plain).collect();
    cells.try_into().expect("four cells in each row")
}

/// Blocks of HTML: the beginning of something to unfold, with nothing in it but code, or its end.
fn details(html: &str) -> usize {
    let html = html.trim_end();
    if html == "</details>" {
        return 0;
    }
    let summary =
        html.strip_prefix("<details><summary>").and_then(|rest| rest.strip_suffix("</summary>"));
    let summary = summary.unwrap_or_else(|| panic!("HTML: {html}"));
    assert!(!summary.contains('\n'), "{summary}");
    for (position, part) in summary.split("<code>").enumerate() {
        let rest =
            if position == 0 { part } else { part.split_once("</code>").expect("the code ends").1 };
        harmless(rest);
        let code = if position == 0 { "" } else { part.split_once("</code>").unwrap().0 };
        assert!(!code.contains(['<', '>', '"']), "{summary}");
    }
    1
}

/// What is not in code is ours, and calls nobody.
fn harmless(text: &str) {
    assert!(
        !text.contains(['@', '#', '<', '>', '!', '~', '`', '[', '|', '\\', '&', '$']),
        "{text}"
    );
    assert!(!text.contains("//") && !text.contains("www"), "{text}");
}

/// A text as a cell shows it.
fn shown(text: &str) -> String {
    let text = escape(text);
    let end = text.floor_char_boundary(300);
    let cut = if end < text.len() { "…" } else { "" };
    format!("`{}{cut}`", text[..end].replace('|', "\\u{7c}"))
}

fn failing(report: &Value) -> Vec<&Value> {
    let objects = report["objects"].as_array().unwrap();
    objects.iter().filter(|object| object["verdict"] != "allowed").collect()
}

#[test]
fn nothing_breaks_out_of_a_comment() {
    let mut random = Random::new(seed::seed());
    let mut compared = 0;
    for _ in 0..seed::scaled(ROUNDS[0], ROUNDS[1]) {
        let input = Input::hostile(&mut random, 8);
        let text = input.run(&["-o", "markdown"]).stdout;
        let (comment, report) = (parse(&text), input.json());
        let objects = failing(&report);
        assert_eq!(comment.rows.len(), objects.len(), "{text}");
        assert_eq!(comment.details, objects.len(), "{text}");
        for object in objects {
            let text = |key: &str| object[key].as_str().unwrap();
            let name = shown(&format!("pod/{}", text("name")));
            let named = format!("{name} in {}", shown(text("namespace")));
            let row = comment.rows.iter().find(|row| row[0] == text("verdict") && row[1] == named);
            let row = row.unwrap_or_else(|| panic!("no row of {named}: {:?}", comment.rows));
            let place = &object["place"];
            let line = format!(
                "{}:{}:{}",
                place["file"].as_str().unwrap(),
                place["line"],
                place["column"]
            );
            assert_eq!(row[2], shown(&line));
            compared += 1;
        }
    }
    score::record(
        "formats_markdown",
        "Comments, parsed by comrak",
        &format!("{compared} hostile objects"),
        0,
    );
}

#[test]
fn a_comment_says_what_is_wrong() {
    for input in [Input::clean(), Input::single(), Input::mixed()] {
        let text = input.run(&["-o", "markdown"]).stdout;
        let (comment, report) = (parse(&text), input.json());
        let objects = failing(&report);
        assert_eq!(comment.rows.len(), objects.len());
        assert_eq!(comment.details, objects.len());
        let gaps = report["gaps"].as_array().unwrap();
        let findings = report["findings"].as_array().unwrap();
        let notes = |object: &&Value| object["notes"].as_array().map_or(0, Vec::len);
        let notes: usize = objects.iter().map(notes).sum();
        assert_eq!(comment.items, findings.len() + notes + gaps.len(), "{text}");
        for finding in findings {
            let check = finding["check"].as_str().unwrap();
            assert!(
                comment.rows.iter().any(|row| row[3].contains(&format!("`{check}`"))),
                "{check}"
            );
            assert!(text.contains(&*escape(finding["message"].as_str().unwrap())));
        }
        assert!(
            comment
                .heading
                .contains(&format!("{} object", report["objects"].as_array().unwrap().len()))
        );
    }
}

#[test]
fn ten_thousand_findings_fit_in_a_comment() {
    let text = Input::many().run(&["-o", "markdown"]).stdout;
    assert!(text.len() < LIMIT, "{}", text.len());
    let comment = parse(&text);
    assert_eq!(comment.heading, "`kubectl-pss` check: 2500 objects: 2500 rejected");
    assert!(comment.rows.len() > 50 && comment.details > 10, "{text}");
    for shown in [comment.rows.len(), comment.details] {
        assert!(text.contains(&format!("… and {} more objects\n", 2_500 - shown)), "{shown} shown");
    }
}

#[test]
fn no_input_makes_a_comment_too_long() {
    let mut random = Random::new(seed::seed());
    let input = Input::hostile(&mut random, 1);
    let wide = format!("@é|`{}", "\u{1b}ü`|".repeat(2_000));
    let container =
        |number: usize| serde_json::json!({ "name": format!("{wide}{number}"), "image": "x" });
    let containers: Vec<Value> = (0..40).map(container).collect();
    let pod = |number: usize| {
        serde_json::json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": format!("{wide}{number}"), "namespace": wide },
            "spec": { "containers": containers },
        })
    };
    let pods: Vec<String> = (0..10).map(|number| format!("---\n{}\n", pod(number))).collect();
    let broken = "---\na: [\n".repeat(2_000);
    std::fs::write(input.folder.path().join("wide.yaml"), pods.concat() + &broken).unwrap();
    let text = input.run(&["-o", "markdown"]).stdout;
    assert!(text.len() < 60_000, "{}", text.len());
    let comment = parse(&text);
    assert!(comment.details > 0 && comment.rows.len() > 3, "{text}");
    assert!(text.contains(" more findings\n") && text.contains(" more gaps\n"), "{text}");
}
