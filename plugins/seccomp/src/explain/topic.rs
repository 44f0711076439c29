//! What a word behind `explain` means.

use posture::finding::check::Check;
use posture::model::error::{Error, Result};

use super::call::Call;
use crate::checks;
use crate::evaluate::numbers;

/// What is to be explained.
#[derive(Clone, Debug)]
pub enum Topic {
    /// All that the default profile does.
    RuntimeDefault,
    /// What becomes of a call.
    Call(Call),
    /// The document of a check.
    Check(&'static Check),
}

/// A way to read a word: its name, and what comes of it where the word is one.
type Way = (&'static str, fn(&str) -> Option<Topic>);

/// What a word can be.
const WAYS: [Way; 3] =
    [("the profile RuntimeDefault", profile), ("a system call", call), ("a check", check)];

impl Topic {
    /// Reads a word. Fails where it means nothing, or more than one thing.
    pub fn read(text: &str) -> Result<Self> {
        let text = text.trim();
        // Brackets are a call's, with its own mistakes.
        if text.contains('(') {
            return Call::parse(text).map(Self::Call);
        }
        if text == "-" || text.contains(char::is_whitespace) {
            return Err(Error::usage("what is explained is one call, or RuntimeDefault")
                .hint("write a call with its arguments like 'socket(AF_ALG, *, 0)'"));
        }
        let readings: Vec<(&str, Self)> =
            WAYS.iter().filter_map(|(name, way)| Some((*name, way(text)?))).collect();
        match &readings[..] {
            [(_, topic)] => Ok(topic.clone()),
            [] => Call::parse(text).map(Self::Call),
            several => {
                let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
                Err(Error::usage(format!("{text:?} is {}", names.join(", and "))))
            }
        }
    }
}

fn profile(text: &str) -> Option<Topic> {
    text.eq_ignore_ascii_case("RuntimeDefault").then_some(Topic::RuntimeDefault)
}

fn call(text: &str) -> Option<Topic> {
    if numbers::exists(text) { Call::parse(text).ok().map(Topic::Call) } else { None }
}

fn check(text: &str) -> Option<Topic> {
    let mut known = checks::catalog().into_checks();
    known.find(|check| check.id.eq_ignore_ascii_case(text)).map(Topic::Check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read() {
        assert!(matches!(Topic::read("runtimedefault").unwrap(), Topic::RuntimeDefault));
        assert!(
            matches!(Topic::read("Unset").unwrap(), Topic::Check(check) if check.id == "unset")
        );
        assert!(matches!(Topic::read(" ptrace ").unwrap(), Topic::Call(_)));
        assert!(matches!(Topic::read("socket(38, *, 0)").unwrap(), Topic::Call(_)));
        let refused = |text: &str| Topic::read(text).unwrap_err().hints().join("");
        assert_eq!(refused("ptrcae"), "did you mean ptrace?");
        assert!(refused("-").contains("socket("));
        assert!(refused("Operation not permitted").contains("socket("));
    }
}
