//! What somebody may have meant who wrote a word that nobody knows.

/// The known word with the smallest edit distance, if it is small. Case does not matter.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    known
        .map(|known| (distance(&lower, &known.to_lowercase()), known))
        .min()
        .filter(|(distance, known)| *distance <= 2 + known.len() / 4)
        .map(|(_, known)| known)
}

/// Levenshtein's edit distance.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, character) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (at, other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(character != *other);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_understood() {
        let known = ["privileged", "runAsNonRoot"];
        let meant = |word| nearest(word, known.into_iter());
        assert_eq!(meant("priviledged"), Some("privileged"));
        assert_eq!(meant("runasnonrot"), Some("runAsNonRoot"));
        assert_eq!(meant("xyzzy"), None);
    }
}
