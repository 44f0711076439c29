//! The events of small texts, where they stand, and what must not take long.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::{Event, EventData, Parser, SyntaxError};
use crate::model::node::Style;

/// The events of a text up to the end of its first document.
fn events(text: &str) -> Result<Vec<Event<'_>>, SyntaxError> {
    let mut parser = Parser::new(text);
    let mut events = Vec::new();
    loop {
        let event = parser.next().map_err(|error| *error)?;
        let is_last = matches!(event.data, EventData::DocumentEnd | EventData::StreamEnd);
        check_span(text, &event);
        events.push(event);
        if is_last {
            return Ok(events);
        }
    }
}

/// Spans lie in the text, and a borrowed value is just what stands there.
fn check_span(text: &str, event: &Event<'_>) {
    let stands = text.get(event.start as usize..event.end as usize).expect("a span in the text");
    if let EventData::Scalar { value: Cow::Borrowed(value), style, .. } = event.data {
        let quote = usize::from(style != Style::Plain);
        assert_eq!(&stands[quote..stands.len() - quote], value, "{text:?}");
    }
}

/// The events of a text in short: `{}`, `[]`, `=plain`, `'quoted`, `|block`, `*alias`.
fn short(text: &str) -> String {
    let name = |anchor: Option<&str>| anchor.map(|name| format!("&{name}")).unwrap_or_default();
    let events = match events(text) {
        Ok(events) => events,
        Err(error) => return format!("{}: {}", error.offset, error.message),
    };
    let words = events.into_iter().filter_map(|event| match event.data {
        EventData::Scalar { anchor, tag, value, style, .. } => {
            let mark = match style {
                Style::Plain | Style::Flow => '=',
                Style::SingleQuoted | Style::DoubleQuoted => '\'',
                Style::Block => '|',
            };
            let tag = tag.map(|tag| format!("<{tag}>")).unwrap_or_default();
            Some(format!("{}{tag}{mark}{}", name(anchor), value.escape_debug()))
        }
        EventData::Alias { name } => Some(format!("*{name}")),
        EventData::SequenceStart { anchor, .. } => Some(name(anchor) + "["),
        EventData::MappingStart { anchor, .. } => Some(name(anchor) + "{"),
        EventData::SequenceEnd => Some("]".to_owned()),
        EventData::MappingEnd => Some("}".to_owned()),
        EventData::DocumentStart | EventData::DocumentEnd | EventData::StreamEnd => None,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn block_collections() {
    assert_eq!(short("a: b\nc:\n  d: e\n"), "{ =a =b =c { =d =e } }");
    assert_eq!(short("a:\n- b\n-\n- c: d\n  e: f\ng:\n"), "{ =a [ =b = { =c =d =e =f } ] =g = }");
    assert_eq!(short("- - a\n  - b\n- c"), "[ [ =a =b ] =c ]");
    assert_eq!(short("? a\n: b\n? [c]\n"), "{ =a =b [ =c ] = }");
    assert_eq!(short("a b: c d # e\nf#g: h\n"), "{ =a b =c d =f#g =h }");
    assert_eq!(short("a: b\n  c\n\n  d\ne: f\n"), "{ =a =b c\\nd =e =f }");
    assert_eq!(short("# nothing\n"), "");
}

#[test]
fn flow_collections() {
    assert_eq!(short("{a: [b, c,], \"d\":e, f}"), "{ =a [ =b =c ] 'd =e =f = }");
    assert_eq!(short("[a: b, ? c: d, e]"), "[ { =a =b } { =c =d } =e ]");
    // Between brackets a `?` ends a plain scalar, so `z?` is no text.
    assert_eq!(short("[y?z]"), "2: did not find expected ',' or ']'");
    // The `,` belongs to the tag.
    assert_eq!(short("[!foo, b]"), "[ <!foo,>=b ]");
    // An empty collection is not waited for, so it is the whole document.
    assert_eq!(short("[]: a\n"), "[ ]");
    assert_eq!(short("[a]: b\n"), "{ [ =a ] =b }");
}

#[test]
fn scalars() {
    assert_eq!(short("'a''b'"), "'a\\'b");
    assert_eq!(short("\"a\\x41\\u00e9\\n\\\n  b\""), "'aAé\\nb");
    assert_eq!(short("\"a \n\n b\""), "'a\\nb");
    assert_eq!(short("a: |\n  b\n   c\n\nd: e\n"), "{ =a |b\\n c\\n =d =e }");
    assert_eq!(short("a: |\n  b\n d: e\n"), "10: did not find expected key");
    assert_eq!(short("a: |-\n  b\n\n"), "{ =a |b }");
    assert_eq!(short("a: |+\n  b\n\n"), "{ =a |b\\n\\n }");
    assert_eq!(short("a: >\n  b\n  c\n\n   d\n  e"), "{ =a |b c\\n\\n d\\ne\\n }");
    assert_eq!(short("a: |1\n   b\n"), "{ =a |  b\\n }");
    assert_eq!(short("&x !!str a"), "&x<tag:yaml.org,2002:str>=a");
    assert_eq!(short("a: &x\nb: *x\n"), "{ =a &x= =b *x }");
    assert_eq!(short("!<t%21> a"), "<t!>=a");
}

#[test]
fn only_the_first_document_is_read() {
    assert_eq!(short("a: b\n...\n[[["), "{ =a =b }");
    assert_eq!(short("--- a\n--- [[["), "=a");
    assert_eq!(short("%YAML 1.1\n%TAG ! x,\n--- !a b"), "<x,a>=b");
    assert_eq!(short("%YAML 1.2\n--- a"), "0: found incompatible YAML document");
    // go-yaml reads 512 bytes at a time and knows nothing of a character behind them.
    let far = format!("a: b\n...\n{}\0", " ".repeat(600));
    assert_eq!(short(&far), "{ =a =b }");
    assert!(short("a: b\n...\n\0").ends_with("control characters are not allowed"));
    assert!(short(&format!("a: {}\n\0", "b".repeat(600))).ends_with("are not allowed"));
}

#[test]
fn lines_end_in_many_ways() {
    let text = "a: b\nc: |\n  d\n\n  e\nf: 'g\n\n  h'\ni: j\n  k\n# l\nm:\n- n";
    let expected = short(text);
    assert_eq!(short(&text.replace('\n', "\r\n")), expected);
    assert_eq!(short(&text.replace('\n', "\r\r\n")), expected);
    assert_eq!(short(&text.replace('\n', "\r")), expected);
    assert_eq!(short(&text.replace('\n', "\u{85}")), expected);
    assert_eq!(short(&format!("{text}\n")), expected);
    assert_eq!(short("a: |\r\n  b\r"), "{ =a |b\\n }");
    assert_eq!(short("'a\u{2028}b'"), "'a\\u{2028}b");
}

#[test]
fn keys_have_a_longest_length() {
    for letter in ["x", "é", "日", "\u{1f600}"] {
        let key = letter.repeat(1024);
        assert_eq!(short(&format!("{key}: a")), format!("{{ ={key} =a }}"));
        assert!(short(&format!("{key}{letter}: a")).contains("mapping values are not allowed"));
        let flow = format!("{{{key}{letter}: a}}");
        assert!(short(&flow).ends_with("did not find expected ',' or '}'"));
        assert_eq!(short(&format!("? {key}{letter}\n: a")), format!("{{ ={key}{letter} =a }}"));
    }
}

#[test]
fn errors_are_at_their_place() {
    let cases = [
        ("a: b: c\n", 4, "mapping values are not allowed in this context"),
        ("a: [b\nc: d\n", 7, "did not find expected ',' or ']'"),
        ("\ta: b\n", 0, "found character that cannot start any token"),
        ("a: 'b\n", 6, "found unexpected end of stream"),
        ("a: \"\\q\"\n", 4, "found unknown escape character"),
        ("a: &é b\n", 4, "did not find expected alphabetic or numeric character"),
        ("a: !x!y b\n", 3, "found undefined tag handle"),
        ("a: |0\n", 4, "found an indentation indicator equal to 0"),
        ("a: b\nc\nd: e\n", 7, "could not find expected ':'"),
        ("- a\nb: c\n", 4, "did not find expected '-' indicator"),
        ("a: b\n- c\n", 5, "did not find expected key"),
    ];
    for (text, offset, message) in cases {
        assert_eq!(short(text), format!("{offset}: {message}"), "{text:?}");
    }
}

#[test]
fn anchors_and_tags_are_outside_of_spans() {
    let text = "&a !!str b: &c [d]\n";
    let spans: Vec<_> = events(text)
        .expect("valid")
        .into_iter()
        .filter(|event| {
            matches!(event.data, EventData::Scalar { .. } | EventData::SequenceStart { .. })
        })
        .map(|event| &text[event.start as usize..event.end as usize])
        .collect();
    assert_eq!(spans, ["b", "[", "d"]);
}

#[test]
fn nesting_and_length_take_linear_time() {
    let start = Instant::now();
    let count = 100_000;
    let texts = [
        "[".repeat(count),
        "{a: ".repeat(count),
        "- ".repeat(count),
        "? ".repeat(count),
        "[a, {b: ".repeat(count),
        format!("[{}]", "a, ".repeat(count)),
        format!("{{{}}}", "é: é, ".repeat(count)),
        format!("{{? {}}}", "[]: ".repeat(count)),
        "a:\n".repeat(count),
        format!("a: |\n{}", "\n  b".repeat(count)),
        format!("a: b{}", "\n\n c".repeat(count)),
        format!("\"{}\"", "\\n\n ".repeat(count)),
        "!a ".repeat(count),
        "&a ".repeat(count),
        format!("é{}", " é".repeat(count)),
        format!("- {}", "\u{feff}".repeat(count)),
        format!("{}\0", "a: b\n".repeat(count)),
    ];
    for text in &texts {
        drop(events(text));
    }
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}
