//! What `--from` and `--to` name: something to read objects from. What a plugin compares beside
//! (versions, levels) it reads itself, before it asks here.

use super::files;
use crate::model::error::{Error, Result};

/// What the prefix of a revision is.
const GIT: &str = "git:";

/// The word for the cluster as it is.
const LIVE: &str = "live";

/// Something that objects can be read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// `live`: the cluster.
    Live,
    /// A file, a directory, a pattern, `-` for standard input, or the directory of a snapshot.
    Files(String),
    /// `git:REV` or `git:REV:PATH`
    Git {
        /// The revision, in git's own grammar, but for the colon.
        revision: String,
        /// What to read of it, from the root of the repository; `./` starts at the current
        /// folder. What `-f` names where it is not said.
        path: Option<String>,
    },
}

impl State {
    /// Reads what the command line says. Fails where it is neither a word that is known nor
    /// something that lies on the disk; `also` says what else the plugin would understand.
    pub fn parse(text: &str, also: &str) -> Result<Self> {
        if text == LIVE {
            return Ok(Self::Live);
        }
        if let Some(rest) = text.strip_prefix(GIT) {
            let (revision, path) = match rest.split_once(':') {
                Some((revision, path)) => (revision, Some(path)),
                None => (rest, None),
            };
            if revision.is_empty() || path == Some("") {
                return Err(Error::usage(format!("{text}: write git:REV or git:REV:PATH"))
                    .hint("git:HEAD is the last commit"));
            }
            let (revision, path) = (revision.to_owned(), path.map(str::to_owned));
            return Ok(Self::Git { revision, path });
        }
        if text.starts_with("http://") || text.starts_with("https://") || files::is_there(text) {
            // What is wrong with an address is said where files are read.
            return Ok(Self::Files(text.to_owned()));
        }
        Err(Error::usage(format!("{text:?} is nothing to compare with"))
            .hint(format!("known are {also}, live, git:REV, and files or directories that exist")))
    }

    /// Whether it is standard input, which can be read once.
    pub fn is_stdin(&self) -> bool {
        *self == Self::Files("-".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> std::result::Result<State, String> {
        State::parse(text, "levels").map_err(|error| error.to_string())
    }

    #[test]
    fn states_are_told_apart() {
        let git = |revision: &str, path: Option<&str>| {
            Ok(State::Git { revision: revision.to_owned(), path: path.map(str::to_owned) })
        };
        assert_eq!(parse("live"), Ok(State::Live));
        assert_eq!(parse("git:main"), git("main", None));
        assert_eq!(parse("git:v1.2:a/b c"), git("v1.2", Some("a/b c")));
        assert_eq!(parse("git:HEAD~2:./x:y"), git("HEAD~2", Some("./x:y")));
        assert_eq!(parse("-"), Ok(State::Files("-".to_owned())));
        assert!(parse("-").is_ok_and(|state| state.is_stdin()));
        let here = env!("CARGO_MANIFEST_DIR");
        assert_eq!(parse(here), Ok(State::Files(here.to_owned())));
        for text in ["git:", "git::a", "git:main:", "no-such-thing", ""] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
