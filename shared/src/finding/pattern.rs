//! Words that mean checks, and globs.

/// What means one check or several: an identifier, a group, or a glob over identifiers. Case does
/// not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Any word; whether it means a known check the catalog says
    /// ([`super::catalog::Catalog::pattern`]).
    pub fn new(word: &str) -> Self {
        Self(word.to_lowercase())
    }

    /// Whether it means a check.
    pub fn means(&self, id: &str, group: &str) -> bool {
        group.eq_ignore_ascii_case(&self.0) || glob(&self.0, &id.to_lowercase())
    }
}

/// Whether a text is what a glob describes: `*` stands for any characters, `?` for one.
pub fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut of_text) = (0, 0);
    // Where the last asterisk stands, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while of_text < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of_text));
                at += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == text[of_text] => {
                at += 1;
                of_text += 1;
            }
            _ => {
                let Some((position, taken)) = star else { return false };
                star = Some((position, taken + 1));
                at = position + 1;
                of_text = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|&rest| rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_describe_texts() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("*", "", true),
            ("a*c", "abbbc", true),
            ("a*c", "ac", true),
            ("a*c", "acd", false),
            ("*b*", "abc", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("spec.containers[*].*", "spec.containers[web].image", true),
            ("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn words_mean_identifiers_groups_and_globs() {
        let means = |word: &str| Pattern::new(word).means("hostPorts", "baseline");
        assert!(means("hostports") && means("host*") && means("Baseline") && means("*"));
        assert!(!means("host") && !means("restricted"));
    }
}
