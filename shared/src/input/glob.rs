//! File name patterns as kubectl expands them itself: Go's `filepath.Glob` and `filepath.Match`.

use std::path::{Path, PathBuf};

/// Whether Go would treat the text as a pattern.
pub fn has_meta(text: &str) -> bool {
    text.contains(['*', '?', '[', '\\'])
}

/// The files that a pattern names, sorted within each directory, as `filepath.Glob` returns
/// them. Unreadable directories match nothing, as in Go.
pub fn expand(pattern: &str) -> Vec<PathBuf> {
    if !has_meta(pattern) {
        let path = PathBuf::from(pattern);
        return if path.symlink_metadata().is_ok() { vec![path] } else { Vec::new() };
    }
    let (dir, file) = match pattern.rsplit_once('/') {
        Some(("", file)) => ("/", file),
        Some((dir, file)) => (dir, file),
        None => ("", pattern),
    };
    let dirs = if dir.is_empty() { vec![PathBuf::new()] } else { expand(dir) };
    dirs.iter().flat_map(|dir| entries(dir, file)).collect()
}

fn entries(dir: &Path, pattern: &str) -> Vec<PathBuf> {
    let listed = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let Ok(entries) = std::fs::read_dir(listed) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| matches(pattern, name))
        .collect();
    names.sort_unstable();
    names.into_iter().map(|name| dir.join(name)).collect()
}

/// `filepath.Match` for one path element: `*`, `?`, `[a-z]`, `[^a]`, `\` quotes. A malformed
/// pattern matches nothing.
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // The last star and the character it would have to take next.
    let mut star: Option<(usize, usize)> = None;
    let (mut p, mut n) = (0, 0);
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
            continue;
        }
        if let Some(next) = match_one(&pattern, p, name[n]) {
            (p, n) = (next, n + 1);
            continue;
        }
        match star {
            Some((at, taken)) => {
                (p, n) = (at + 1, taken + 1);
                star = Some((at, taken + 1));
            }
            None => return false,
        }
    }
    pattern[p..].iter().all(|&rest| rest == '*')
}

/// Matches one character at `p`; returns the position after the element that took it.
fn match_one(pattern: &[char], p: usize, character: char) -> Option<usize> {
    match *pattern.get(p)? {
        '?' => Some(p + 1),
        '\\' => (*pattern.get(p + 1)? == character).then_some(p + 2),
        '[' => match_class(pattern, p + 1, character),
        literal => (literal == character).then_some(p + 1),
    }
}

fn match_class(pattern: &[char], mut p: usize, character: char) -> Option<usize> {
    let negated = pattern.get(p) == Some(&'^');
    p += usize::from(negated);
    let mut found = false;
    let mut ranges = 0;
    loop {
        if pattern.get(p) == Some(&']') && ranges > 0 {
            return (found != negated).then_some(p + 1);
        }
        let (low, next) = class_char(pattern, p)?;
        let (high, next) = if pattern.get(next) == Some(&'-') {
            class_char(pattern, next + 1)?
        } else {
            (low, next)
        };
        found |= (low..=high).contains(&character);
        ranges += 1;
        p = next;
    }
}

fn class_char(pattern: &[char], p: usize) -> Option<(char, usize)> {
    match *pattern.get(p)? {
        '-' | ']' => None,
        '\\' => Some((*pattern.get(p + 1)?, p + 2)),
        character => Some((character, p + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_go_does() {
        let yes = [
            ("*", "abc"),
            ("a*c", "abbc"),
            ("a?c", "abc"),
            ("[a-c]x", "bx"),
            ("[^a]x", "bx"),
            ("a\\*", "a*"),
            ("*.yaml", "x.y.yaml"),
            ("a*b*c", "axbybc"),
        ];
        for (pattern, name) in yes {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        let no = [
            ("*.yaml", "x.yml"),
            ("a?c", "ac"),
            ("[a-c]x", "dx"),
            ("[^a]x", "ax"),
            ("[", "["),
            ("[]a]", "]"),
            ("a", "ab"),
        ];
        for (pattern, name) in no {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
