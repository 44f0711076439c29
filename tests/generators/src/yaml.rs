//! Random YAML text, near to what people write and to where parsers disagree: handwritten seeds
//! with every trap of the format, put together and mutated byte by byte and line by line.

use crate::random::Random;

/// Documents to start from: each holds a few of the format's traps.
pub const SEEDS: [&str; 41] = [
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {app: web, tier: \"front\"}\nspec:\n  containers:\n  - name: a\n    image: x\n    securityContext:\n      privileged: yes\n      runAsUser: 0\n",
    "a: &anchor\n  x: 1\n  y: [1, 2, *anchor2]\nb: &anchor2 two\n",
    "base: &base {a: 1, b: two}\nderived:\n  <<: *base\n  b: three\nother:\n  b: four\n  <<: *base\n",
    "x: &x {a: 1}\ny: &y {a: 2, b: 3}\nz:\n  <<: [*x, *y]\n  c: 4\n",
    "key: |\n  line one\n    indented\n\n  line two\n",
    "key: >\n  folded\n  text\n\n    more\n  end\n",
    "key: |-\n  strip\nother: |+\n  keep\n\nlast: >-\n  a\n  b\n",
    "key: |2\n    two\n  one\n",
    "a: 'single ''quoted'''\nb: \"double \\\"quoted\\\" \\x41 \\u00e9 \\n\"\nc: \"multi\n  line\"\n",
    "a: plain text\n  continued\n  here\nb: x # comment\nc: y#no comment\n",
    "- 1\n- - 2\n  - 3\n-\n  a: b\n- {a: [b, {c: d}]}\n",
    "yes: no\non: off\ny: n\ntrue: false\nnull: ~\n",
    "a: 010\nb: 0644\nc: 0o17\nd: 0x1F\ne: 0b101\nf: 1_000\ng: 08\nh: 1e3\ni: .5\nj: -0\nk: +7\nl: 1.0\n",
    "a: 12:30:45\nb: 2001-01-01\nc: 2001-12-14t21:59:43.10-05:00\nd: 1.2.3\ne: 0.1e-7\nf: 123456789012345678901234567890\n",
    "1: a\n2.5: b\n0x10: c\n1e3: d\n-1: e\n",
    "? complex\n: value\n? [a, b]\n: c\n",
    "a: !!str 5\nb: !!int \"5\"\nc: !!float 5\nd: !!bool yes\ne: !!null ~\nf: !custom x\ng: !!binary aGVsbG8=\n",
    "{a: b, \"c\": 'd', e: [1, 2,], f: {}, g: [], h: , i: {j: k}}\n",
    "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"a\": 1}, null, true]}\n",
    "a:\nb:\n  -\n  - ~\nc: \"\"\nd: ''\n",
    "# comment\na: 1 # trailing\n  # inner\nb:\n# at the margin\n  c: 2\n",
    "a: 1\na: 2\nb: {c: 1, c: 2}\n",
    "emoji: \u{1f600}\nwide: 日本語 テスト\naccent: \u{e9}t\u{e9}\nkey \u{fc}: v\n",
    "args: [\"--flag=a:b\", -x, \"a, b\", c:d, http://x/y?z]\ncmd: [sh, -c, 'echo \"$HOME\"; exit 0']\nimage: repo/x:1.2@sha256:abc\n",
    // Tags between brackets, and tags of every shape.
    "[!foo a, !!str 5, !<tag:yaml.org,2002:int> 7, !e%21x b, ! 1, !!map {a: b}, !!seq [], !]\n",
    "%TAG !e! tag:e.org,2000:\n--- !e!x {a: !!binary \"aGk=\", b: !!timestamp 2001-01-01, c: !!float \"1\"}\n",
    // Keys with their own indicator, and keys without a value or the other way round.
    "? a\n? b\n: c\n? - d\n? |\n  e\n: f\n? {g: h}\n:\n",
    "{? a, ? b: c, ? : d, e, : f, \"g\":h, i:j}\n",
    "[a: b, ? c: d, ? e, : f, \"g\": h, [i]: j, {}: k, []: l]\n",
    // Comments at every border.
    "# a\n--- # b\na: # c\n  - b # d\n  # e\n  - c: # f\n    # g\n      d # h\n   # i\ne: | # j\n  # k\n # l\nf: [ # m\n  g, # n\n  h # o\n] # p\n",
    // Block scalars with every header, and blanks around them.
    "a: |1-\n  x\nb: >+2\n    y\n\n   z\nc: |\n\t\nd: >\n\n  a\n   b\n\n  c\n \n  d\n\te\n\nf: |\n   \n  g\n",
    "- |\n a\n- >1\n  b\n  c\n- |+\n\n- >-\n\n  x\n\n\n  y\n - |\n",
    "a: >\n  b\n  c\n\n    d\n    e\n\n  f\n\t g\n\n\nh: >2-\n  \n   i\n  \n   j\n",
    // Line ends of every kind.
    "a: b\r\nc: |\r\n  d\r\n  e\r\nf: \"g\r\n  h\"\r\ni: j\r\n  k\r\n# l\r\n",
    "a: b\u{85}c: d\u{2028}e: |\u{2029}  f\u{85}  g\u{2028}  h\rk: 'l\u{2028}  m\r\r  n'\ro: p\u{85}  q\u{2029}\u{85}  r\n",
    // Anchors and aliases on everything.
    "&m a: &n b\n&o c: &p\n  - &q\n  - &r d\n  - &s [&t e, &u {&v f: &w g}]\n*m : *n\nh: {*o : *p, i: *q}\nj: &x !!str k\nl: !!int &y 1\n",
    // Escapes, continued lines, blanks at their ends.
    "a: \"b\\\n  c \\\n\n  d\\ \n e\\t\\\"\\0\\N\\_\\L\\P\\U0001f600\"\nb: ' c \n\n  d\t\n e '\nf: \" \\\n \"\n",
    "a: b  c\t d \n \n  e:f g\n\n\n  -h\ni: -\tj\n",
    "...\n---\na: b\n...\nc: d\n",
    "<<: {a: 1}\nb: {<<: [{c: 2}, {c: 3}], d: 4}\n'<<': e\n!!str <<: f\n",
    "a: .inf\na: 1\nb: {~: 1, 18446744073709551615: 2}\nb: {.inf: 1, -.inf: 2, .nan: 3, 1.5: 4}\n",
];

/// Pieces that mutations insert.
const TOKENS: [&str; 84] = [
    ":",
    ": ",
    "- ",
    "-",
    "? ",
    ",",
    "[",
    "]",
    "{",
    "}",
    "#",
    " #",
    "&a ",
    "*a",
    "!",
    "!!str ",
    "!!int ",
    "|",
    ">",
    "|-\n",
    ">+\n",
    "'",
    "\"",
    "\\",
    "%",
    "@",
    "`",
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    " ",
    "  ",
    "<<: ",
    "---\n",
    "...\n",
    "~",
    "null",
    "yes",
    "0x1",
    "1e5",
    ".inf",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\u{0}",
    "?",
    "? a\n",
    ": b\n",
    "\n: ",
    "&a",
    "*a ",
    "*a : ",
    "&a &b ",
    "!foo ",
    "!<x> ",
    "!!binary ",
    "!!float ",
    "!!null ",
    "!!timestamp ",
    "|2\n",
    ">1-\n",
    "|+1 # c\n",
    "|\n\t",
    "\r",
    "\r\r\n",
    "\u{2029}",
    "\\\n",
    "\\u00",
    "\\xe9",
    "%YAML 1.1\n",
    "%TAG ! x\n",
    "[]",
    "{}",
    "[a]: ",
    "{a: b}: ",
    "\u{e9}",
    "\u{1f600}",
    "# c\n",
    "\u{7f}",
    ".nan",
    "18446744073709551615",
    "\u{feff}\u{feff}",
    "- - ",
];

/// One document: a seed, or a seed mutated up to a few times.
pub fn document(random: &mut Random) -> String {
    let mut text = SEEDS[random.below(SEEDS.len())].to_owned();
    if random.percent(10) {
        text.push_str(SEEDS[random.below(SEEDS.len())]);
    }
    if random.percent(3) {
        text = lengthened(random, &text);
    }
    mutated(random, text)
}

/// Words, indicators and line breaks in any order: hardly ever a document, and never far from one.
pub fn soup(random: &mut Random) -> String {
    const WORDS: [&str; 14] =
        ["a", "b", "a: ", "b: ", "- a", "x y", "\n", "\n  ", "\n", "\n ", " ", "'a'", "\"b\"", "é"];
    let mut text = String::new();
    for _ in 0..=random.below(16) {
        let pieces = if random.percent(60) { &WORDS[..] } else { &TOKENS[..] };
        text.push_str(random.pick(pieces));
    }
    text
}

/// The text with one character repeated until its line is about as long as a key may be.
fn lengthened(random: &mut Random, text: &str) -> String {
    /// The most characters that a key may have without a `?`.
    const LIMIT: usize = 1024;
    let at = boundary(text, random.below(text.len() + 1));
    let (head, tail) = text.split_at(at);
    let fill =
        random.pick(&["x", "é", "日", "\u{1f600}", " ", "x,", "[],", "x: ", "é ", "[", "- "]);
    let count = match fill {
        // The judges' answers are read with less depth than this would have.
        "[" | "- " => random.below(100),
        _ => LIMIT / fill.chars().count() + 3 - random.below(12),
    };
    format!("{head}{}{tail}", fill.repeat(count))
}

/// The text with up to five mutations.
pub fn mutated(random: &mut Random, mut text: String) -> String {
    for _ in 0..random.below(6) {
        text = mutate(random, &text);
    }
    text
}

/// A stream of documents with separators good and bad.
pub fn stream(random: &mut Random) -> String {
    const SEPARATORS: [&str; 12] = [
        "---\n",
        "---\n",
        "---\n",
        "--- # c\n",
        "---\r\n",
        "--- \t\n",
        "---\n---\n",
        "---x\n",
        "--- {a: b}\n",
        " ---\n",
        "...\n",
        "---",
    ];
    let mut text = String::new();
    if random.percent(5) {
        text.push('\u{feff}');
    }
    for _ in 0..=random.below(4) {
        if random.percent(70) {
            let separators: Vec<&str> = SEPARATORS.to_vec();
            text.push_str(random.pick(&separators));
        }
        let next = if random.percent(20) {
            "{\"kind\": \"A\", \"b\": [1, \"yes\"]}\n".to_owned()
        } else if random.percent(50) {
            SEEDS[random.below(SEEDS.len())].to_owned()
        } else {
            document(random)
        };
        text.push_str(&next);
    }
    if random.percent(10) {
        text = text.replace('\n', "\r\n");
    }
    text
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn mutate(random: &mut Random, text: &str) -> String {
    let at = boundary(text, random.below(text.len() + 1));
    let (head, tail) = text.split_at(at);
    let tokens: Vec<&str> = TOKENS.to_vec();
    match random.below(8) {
        // Insert a token.
        0..=2 => format!("{head}{}{tail}", random.pick(&tokens)),
        // Drop a character.
        3 => {
            let mut rest = tail.chars();
            rest.next();
            format!("{head}{}", rest.as_str())
        }
        // Replace a character by a token.
        4 => {
            let mut rest = tail.chars();
            rest.next();
            format!("{head}{}{}", random.pick(&tokens), rest.as_str())
        }
        // Indent or outdent a line.
        5 | 6 => {
            let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
            let line = random.below(lines.len());
            if random.percent(50) {
                lines[line].insert(0, ' ');
            } else if lines[line].starts_with(' ') {
                lines[line].remove(0);
            }
            lines.join("\n")
        }
        // Repeat or drop a line.
        _ => {
            let mut lines: Vec<&str> = text.split('\n').collect();
            let line = random.below(lines.len());
            if random.percent(50) {
                lines.insert(line, lines[line]);
            } else {
                lines.remove(line);
            }
            lines.join("\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_decides() {
        let make = |seed| (0..50).map(|_| stream(&mut Random::new(seed))).collect::<Vec<_>>();
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
    }
}
