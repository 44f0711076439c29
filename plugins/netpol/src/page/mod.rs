//! The map as one page of HTML, with everything in it: no browser asks anybody for anything.
//!
//! The report lies in the page as JSON, and a script of the page draws it. Names are whatever
//! somebody wrote into a manifest: no character of them can end the block that they stand in, the
//! script sets them as text and never as markup, and the policy of the page runs no other script.

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use posture::model::error::{Error, Result};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// The frame: what is in braces is put in, in this order.
const FRAME: &str = include_str!("page.html");

/// How it looks.
const STYLE: &str = include_str!("page.css");

/// What it does, in one piece.
const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("elements.js"),
    include_str!("model.js"),
    include_str!("layout.js"),
    include_str!("graph.js"),
    include_str!("picture.js"),
    include_str!("matrix.js"),
    include_str!("panel.js"),
    include_str!("page.js"),
);

/// Writes the page of a map: `report` is what `-o json` writes, with the deciding rules.
///
/// # Errors
/// If it cannot be written.
pub fn write(report: &impl Serialize, out: &mut impl Write) -> Result<()> {
    let json = serde_json::to_string(report)
        .map_err(|error| Error::could_not_run("cannot write JSON").caused_by(error))?;
    let mut rest = FRAME;
    let mut put = |mark: &str, text: &str| -> Result<()> {
        let (before, after) = rest.split_once(mark).unwrap_or((rest, ""));
        rest = after;
        out.write_all(before.as_bytes())?;
        Ok(out.write_all(text.as_bytes())?)
    };
    put("{policy}", &policy())?;
    put("{style}", STYLE)?;
    put("{map}", &harmless(&json))?;
    put("{script}", SCRIPT)?;
    Ok(out.write_all(rest.as_bytes())?)
}

/// The `Content-Security-Policy` of the page: its own script and its own style, and nothing that
/// would have to be fetched.
fn policy() -> String {
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(SCRIPT),
        digest(STYLE)
    )
}

/// JSON in which nothing can be taken for markup, and nothing steers a terminal or reorders text:
/// such characters only stand in its strings, and are written there as escapes.
fn harmless(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        if is_harmless(character) {
            safe.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            safe.push_str("\\u");
            let digit = |shift: u32| char::from_digit(u32::from(*unit) >> shift & 0xf, 16);
            safe.extend([12, 8, 4, 0].into_iter().filter_map(digit));
        }
    }
    safe
}

fn is_harmless(character: char) -> bool {
    match character {
        '<'
        | '>'
        | '&'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => false,
        _ => !character.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::verdict::Cause;
    use crate::picture::causes;

    fn page(report: &Value) -> String {
        let mut page = Vec::new();
        write(report, &mut page).expect("a vector can be written to");
        String::from_utf8(page).expect("text")
    }

    /// What stands between two marks, of which there is one each.
    fn between<'a>(page: &'a str, begin: &str, end: &str) -> &'a str {
        let (_, rest) = page.split_once(begin).expect("the beginning");
        rest.split_once(end).expect("the end").0
    }

    #[test]
    fn no_name_ends_the_block_that_it_stands_in() {
        let name =
            "</script><!--<img src=x onerror=alert(1)>&\u{2028}\u{202e}\u{1b}\u{e0041}{script}";
        let report = json!({"workloads": [{"name": name}]});
        let page = page(&report);
        let map = between(&page, "id=\"map\">", "</script>");
        assert_eq!(serde_json::from_str::<Value>(map).expect("the block is JSON"), report);
        assert!(map.is_ascii() && !map.contains(['<', '>', '&']), "{map}");
        assert!(page.ends_with("</html>\n"));
    }

    #[test]
    fn the_policy_has_the_digests_of_what_is_in_the_page() {
        let page = page(&json!({}));
        let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
        for (begin, end, of) in
            [("<style>", "</style>", "style-src"), ("<script>", "</script>", "script-src")]
        {
            let digest = STANDARD.encode(Sha256::digest(between(&page, begin, end)));
            assert!(policy.contains(&format!("{of} 'sha256-{digest}'")), "{of}: {policy}");
        }
        assert!(policy.starts_with("default-src 'none';"));
    }

    #[test]
    fn every_mark_of_the_frame_is_filled() {
        let marks = ["{policy}", "{style}", "{map}", "{script}"];
        let places: Vec<_> = marks.iter().map(|mark| FRAME.find(mark).expect("a mark")).collect();
        assert!(places.is_sorted(), "they are put in in this order: {marks:?}");
        // The style and the script would end at once.
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
    }

    #[test]
    fn every_cause_has_words() {
        for cause in Cause::ALL {
            assert!(SCRIPT.contains(&format!("\"{}\":", causes::name(cause))), "{cause:?}");
        }
    }

    #[test]
    fn the_script_sets_no_markup_and_asks_nobody() {
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "document.write",
            "eval(",
            "fetch(",
            "XMLHttp",
            "import(",
        ] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
        for word in ["url(", "@import"] {
            assert!(!STYLE.contains(word), "{word}");
        }
    }
}
