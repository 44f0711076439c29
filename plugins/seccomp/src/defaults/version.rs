//! Versions of runtimes, as nodes and people write them.

use std::fmt;

/// A version: three numbers, and what distributors append to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
    /// A release, or what comes before it (`2.0.0-rc.3`).
    released: bool,
}

impl Version {
    /// Reads `1.7.27`, `v1.7.27`, `28.5`, `1.7.13-k3s1`, `1.6.20~ds1`, `2.0.0-rc.3`. What a
    /// distributor appends is not compared. `None` for what is no version.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
        let (numbers, appended) = text.split_at(end.unwrap_or(text.len()));
        let mut numbers = numbers.split('.').map(|number| number.parse::<u32>().ok());
        let (major, minor, patch) = (numbers.next()??, numbers.next()??, numbers.next());
        let patch = match patch {
            None => 0,
            Some(patch) => patch?,
        };
        if numbers.next().is_some() {
            return None;
        }
        if !appended.is_empty() && !appended.starts_with(['-', '~', '+', '^', '_']) {
            return None;
        }
        let appended = appended.trim_start_matches(['-', '~']);
        let early = ["alpha", "beta", "rc", "dev"].iter().any(|word| appended.starts_with(word));
        Some(Self { major, minor, patch, released: !early })
    }

    /// The line of releases that a text names, where it names no release of it: `1.7`.
    pub fn read_line(text: &str) -> Option<(u32, u32)> {
        let (major, minor) = text.strip_prefix('v').unwrap_or(text).split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    }

    /// The line of releases that it belongs to: those that differ in the patch alone.
    pub fn line(self) -> (u32, u32) {
        (self.major, self.minor)
    }

    /// Which release of its line it is.
    pub fn patch(self) -> u32 {
        self.patch
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_nodes_and_people_write() {
        let plain = Version::read("1.7.27");
        for text in ["v1.7.27", "1.7.27-k3s1", "1.7.27~ds1", "1.7.27+unknown", "1.7.27-1"] {
            assert_eq!(Version::read(text), plain, "{text}");
        }
        assert_eq!(Version::read("28.5"), Version::read("28.5.0"));
        for text in
            ["", "1", "1.", "x", "1.2.3.4", ".1.2", "1..2", "99999999999.1", "1.7.27,docker@28"]
        {
            assert_eq!(Version::read(text), None, "{text}");
        }
    }

    #[test]
    fn compares_numbers_and_what_comes_before_a_release() {
        assert!(Version::read("1.7.9") < Version::read("1.7.10"));
        assert!(Version::read("2.0.0-rc.3") < Version::read("2.0.0"));
        assert!(Version::read("1.7.99") < Version::read("2.0.0-beta.1"));
        assert_eq!(Version::read("1.31.4").map(Version::line), Some((1, 31)));
    }
}
