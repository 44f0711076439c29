//! Pages in a browser: nothing is fetched, nothing is wrong, and whoever searches and clicks finds
//! the rules. Pictures of what was seen are left in the folder for temporary files of the tests.

use std::fs;
use std::path::{Path, PathBuf};

use posture_harness::browser::{Browser, Seen, Visit};
use serde_json::{Value, json};

use crate::maps::{HOSTILE, Making, hostile, large, small};

/// How long the page of 500 workloads may take, from opening it until it is drawn.
const PATIENCE: u64 = 2_000;

/// Where a picture goes.
fn picture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("netpol_page");
    fs::create_dir_all(&folder).expect("the target folder is writable");
    folder.join(format!("{name}.png"))
}

/// Opens a page and does the steps; it must ask nobody for anything, and nothing may be wrong.
fn visit(made: &Making, steps: impl FnOnce(Visit) -> Visit) -> Seen {
    let folder = tempfile::tempdir().expect("a folder");
    let page = made.page(folder.path());
    let seen = Browser::start().visit(&steps(Visit::new(&page))).expect("the page opens");
    assert_eq!(seen.requests, [""; 0], "the page asks for something");
    assert_eq!(seen.complaints, [""; 0], "the browser complains");
    seen
}

fn list(answer: &Value) -> Vec<&str> {
    answer.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text")).collect()
}

#[test]
fn five_hundred_workloads_are_drawn_at_once() {
    let made = large();
    let counts = "[document.querySelectorAll('.card.space').length, document.querySelectorAll('.line').length]";
    let overflow = "document.documentElement.scrollWidth - innerWidth";
    let seen = visit(&made, |visit| {
        visit.evaluate(counts).evaluate(overflow).screenshot(&picture("large"))
    });
    println!("500 workloads in 50 namespaces: drawn in {} ms", seen.milliseconds);
    assert!(seen.milliseconds < PATIENCE, "{} ms", seen.milliseconds);
    assert_eq!(seen.answers[0][0], 50, "a card for each namespace");
    assert!(seen.answers[0][1].as_u64() > Some(50), "{:?}", seen.answers[0]);
    assert!(seen.answers[1].as_i64() <= Some(0), "the page is wider than the window");
    assert!(seen.answers[2].as_u64() > Some(20_000), "an empty picture");
}

#[test]
fn no_card_stands_on_another() {
    let crossing = "(() => {
      const boxes = [...document.querySelectorAll('.card .body')].map((one) => one.getBoundingClientRect());
      return boxes.filter((one, index) => boxes.some((other, number) => number > index
        && one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom)).length;
    })()";
    for (made, space) in
        [(small(), ""), (large(), ""), (large(), "namespace=team-02"), (hostile(), "")]
    {
        let seen = visit(&made, |visit| visit.at(space).evaluate(crossing));
        assert_eq!(seen.answers, [json!(0)], "{space}");
    }
}

#[test]
fn a_search_shows_what_it_finds_and_nothing_else() {
    let hits = "[...document.querySelectorAll('.card.hit .title')].map((one) => one.textContent)";
    let slash = "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '/', bubbles: true })), document.activeElement.id";
    let seen = visit(&large(), |visit| {
        visit
            .evaluate(slash)
            .write("#search", "team-07")
            .texts("#panel section h3")
            .texts("#panel section:nth-of-type(1) .link")
            .texts("#panel .entry .who")
            .screenshot(&picture("search"))
            .press("Escape")
            .texts("#panel h2")
            .write("#search", "6379")
            .texts("#panel .entry .ports")
            .evaluate(hits)
            .press("Escape")
            .write("#search", "networkpolicy team-09/db-in")
            .texts("#panel section h3")
            .press("Escape")
            .write("#search", "nobody-has-this-name")
            .texts("#panel h2")
    });
    assert_eq!(seen.answers[0], "search", "a slash leads to the search");
    let headings = list(&seen.answers[2]);
    assert_eq!(headings[..2], ["Namespaces 1", "Workloads 10"]);
    assert_eq!(list(&seen.answers[3]), ["team-07"]);
    let found = list(&seen.answers[4]);
    // Of long lists only the first names are shown.
    let fits = |who: &&str| who.contains("team-07") || who.ends_with(" more");
    assert!(!found.is_empty() && found.iter().all(fits), "{found:?}");
    assert_eq!(list(&seen.answers[7]), ["Overview"]);
    let ports = list(&seen.answers[9]);
    assert!(
        !ports.is_empty()
            && ports.iter().all(|ports| ports.contains("6379") || *ports == "every port"),
        "{ports:?}"
    );
    assert!(!list(&seen.answers[10]).is_empty(), "nothing is marked in the drawing");
    assert!(list(&seen.answers[13])[0].starts_with("Policies 1"), "{:?}", seen.answers[13]);
    assert_eq!(list(&seen.answers[16]), ["Nothing found"]);
}

#[test]
fn clicks_lead_to_the_rules_that_decide() {
    let seen = visit(&large(), |visit| {
        visit
            .click(".card", "team-08")
            .texts("#trail b")
            .texts("#panel section:nth-of-type(1) .row .who")
            .screenshot(&picture("namespace"))
            .click("#panel .row", "db")
            .texts("#panel h2")
            .texts("#panel section h3")
            .click("#panel .entry summary", "team-08/api")
            .texts("#panel .entry[open] .rules li")
            .texts("#panel .entry[open] .rules .link")
            .texts("#panel .entry[open] .rules code")
            .texts("#panel .entry[open] .rules .place")
            .screenshot(&picture("rules"))
            .evaluate(
                "history.back(), new Promise((done) => setTimeout(() => done(location.hash), 200))",
            )
            .texts("#panel h2")
    });
    assert_eq!(list(&seen.answers[1]), ["team-08"]);
    assert_eq!(list(&seen.answers[2]).len(), 10);
    assert_eq!(list(&seen.answers[5]), ["team-08/db"]);
    assert!(list(&seen.answers[6])[0].starts_with("Who can reach it"));
    let rules = list(&seen.answers[8]);
    assert!(rules[0].contains("no policy is about what leaves"), "{rules:?}");
    assert_eq!(list(&seen.answers[9]), ["NetworkPolicy team-08/db-in"]);
    assert_eq!(list(&seen.answers[10]), ["spec.ingress[0]"]);
    // 5432 stands in line 5432 % 40 + 1.
    assert_eq!(list(&seen.answers[11]), ["shop.yaml:33"]);
    assert_eq!(seen.answers[13], "#namespace=team-08");
    assert_eq!(list(&seen.answers[14]), ["team-08"]);
}

#[test]
fn keys_are_enough() {
    let line = "(() => { const line = [...document.querySelectorAll('.line')].find((one) => one.getAttribute('aria-label').startsWith('jobs → db')); line.focus(); return document.activeElement === line; })()";
    let seen = visit(&small(), |visit| {
        visit
            .evaluate(line)
            .press("Enter")
            .texts("#panel h2")
            .texts("#panel .entry[open] .rules .link")
            .press("Escape")
            .click("#view-matrix", "Matrix")
            .evaluate("document.querySelector('.matrix td[tabindex=\"0\"]').focus()")
            .press("ArrowDown")
            .evaluate("[document.activeElement.getAttribute('aria-label'), document.querySelectorAll('.matrix td[tabindex=\"0\"]').length]")
            .screenshot(&picture("matrix"))
    });
    assert_eq!(seen.answers[0], true);
    assert_eq!(list(&seen.answers[2]), ["jobs → db"]);
    assert_eq!(list(&seen.answers[3]), ["NetworkPolicy data/db-in"]);
    let place =
        list(&seen.answers[8].as_array().map_or(Value::Null, |all| json!([all[0]])))[0].to_owned();
    assert!(place.starts_with("data → data"), "{place}");
    assert_eq!(seen.answers[8][1], 1, "one cell is in the order of the tab key");
}

#[test]
fn a_legend_hides_and_shows() {
    let lines = "document.querySelectorAll('.line.open').length";
    let seen = visit(&small(), |visit| {
        visit
            .evaluate(lines)
            .click("#legend button", "every port")
            .evaluate(lines)
            .click("#legend button", "every port")
            .evaluate(lines)
    });
    assert_eq!(
        [&seen.answers[0], &seen.answers[2], &seen.answers[4]],
        [&json!(1), &json!(0), &json!(1)]
    );
}

#[test]
fn names_are_text_and_nothing_else() {
    let made = hostile();
    let strange = "[document.images.length, document.scripts.length, document.querySelectorAll('b:not(#trail b, .gap b)').length, document.title]";
    let seen = visit(&made, |visit| {
        visit
            .evaluate(strange)
            .texts("#panel .gap")
            .screenshot(&picture("hostile"))
            .click("#panel .row", "a\"]; b")
            .texts("#panel .row .who")
            .click("#panel .row", "</script>")
            .texts("#panel h2")
            .write("#search", "onerror")
            .click("#panel .entry summary", "→")
            .evaluate(strange)
    });
    let expected = json!([0, 2, 0, "Who can talk to whom"]);
    assert_eq!(seen.answers[0], expected);
    assert_eq!(list(&seen.answers[1]), [format!("document {HOSTILE}{HOSTILE}{HOSTILE}")]);
    let rows = list(&seen.answers[4]);
    assert!(rows.contains(&HOSTILE), "{rows:?}");
    // What cannot be seen, or turns text round, is shown by its number.
    assert!(
        rows.iter().any(|row| row.starts_with("\\u{1b}[31m|`<b>&amp; \\u{202e}日本")),
        "{rows:?}"
    );
    assert!(list(&seen.answers[6])[0].ends_with(HOSTILE), "{:?}", seen.answers[6]);
    assert_eq!(seen.answers[9], expected);
}

#[test]
fn it_is_whole_in_the_dark_and_in_a_narrow_window() {
    let overflow = "document.documentElement.scrollWidth - innerWidth";
    let paper = "getComputedStyle(document.body).backgroundColor";
    let light = visit(&small(), |visit| visit.evaluate(paper).screenshot(&picture("small")));
    let dark = visit(&small(), |visit| visit.dark().evaluate(paper).screenshot(&picture("dark")));
    assert_ne!(light.answers[0], dark.answers[0]);
    let narrow = visit(&small(), |visit| {
        visit.sized(420, 800).evaluate(overflow).screenshot(&picture("narrow"))
    });
    assert_eq!(narrow.answers[0], 0, "the page is wider than the window");
}

#[test]
fn a_page_that_asks_for_something_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bad.html");
    let bad = "<!DOCTYPE html><html data-ready=yes><img src='http://127.0.0.1:9/x'><script>missing()</script>";
    fs::write(&path, bad).expect("the folder is writable");
    let mut browser = Browser::start();
    let seen = browser.visit(&Visit::new(&path)).expect("the page opens");
    assert_eq!(seen.requests, ["http://127.0.0.1:9/x"]);
    assert!(
        seen.complaints.iter().any(|one| one.contains("missing is not defined")),
        "{:?}",
        seen.complaints
    );

    // In our own, an image that somebody slips in is not asked for: its policy forbids it.
    let page = small().page(folder.path());
    let slip = "{ const image = new Image(); image.src = 'http://127.0.0.1:9/x'; document.body.append(image);
      const script = document.createElement('script'); script.textContent = 'document.title = 1'; document.body.append(script); }
      new Promise((done) => setTimeout(() => done(document.title), 200))";
    let seen = browser.visit(&Visit::new(&page).evaluate(slip)).expect("the page opens");
    assert_eq!(seen.answers, ["Who can talk to whom"]);
    assert!(seen.complaints.len() >= 2, "{:?}", seen.complaints);
    assert!(
        seen.complaints.iter().all(|one| one.contains("Content Security Policy")),
        "{:?}",
        seen.complaints
    );
    assert!(browser.visit(&Visit::new(&page).click(".card", "nobody")).is_err());
}
