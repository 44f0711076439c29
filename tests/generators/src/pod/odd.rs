//! Strings that break careless quoting, sorting and comparing.

/// What may stand where a name is printed in quotes without escapes.
pub(super) const NAMES: [&str; 9] =
    ["", "C", "with \"quotes\"", "ünï", "a b", "line\nbreak", "<&>", "tab\t", "c0"];

/// Values of annotations, and of types, that are printed with Go's escapes or without.
pub(super) const TEXTS: [&str; 16] = [
    "",
    " ",
    "unconfined ",
    "say \"no\"",
    "back\\slash",
    "new\nline",
    "nul\u{0}",
    "bell\u{7}",
    "del\u{7f}",
    "ünï",
    "soft\u{ad}hyphen",
    "zero\u{200b}width",
    "line\u{2028}separator",
    "bom\u{feff}",
    "private\u{e000}",
    "emoji😀",
];
