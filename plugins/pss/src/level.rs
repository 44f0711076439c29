//! Policy levels and versions: how labels, configuration files and command lines write them.
//!
//! Source: `api/helpers.go` and `api/constants.go` of k8s.io/pod-security-admission.

use std::fmt;
use std::str::FromStr;

use posture::model::version::Minor;
use serde::{Serialize, Serializer};

/// How strict a policy is; a later one is stricter, as `CompareLevels` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Everything is allowed.
    Privileged,
    /// Known ways to take over the node are refused.
    Baseline,
    /// What hardened pods need and no more.
    Restricted,
}

impl Level {
    /// The levels, the loosest first.
    pub const ALL: [Self; 3] = [Self::Privileged, Self::Baseline, Self::Restricted];

    /// `privileged`, `baseline` or `restricted`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }

    /// Reads a level as the API server does (`ParseLevel`): exactly, in lower case. The error is
    /// the server's text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let known = Self::ALL.into_iter().find(|level| level.as_str() == text);
        known.ok_or("must be one of privileged, baseline, restricted")
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The version of a policy, as a label or a configuration file pins it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicyVersion {
    /// Whatever the server knows.
    Latest,
    /// The rules of one release, or the newest that the server knows if it is older.
    Minor(Minor),
    /// A number beyond all releases: Kubernetes takes any that fits 63 bits, means its newest
    /// rules by it, and prints it as it was written.
    Beyond(u64),
}

impl PolicyVersion {
    /// The version of one minor release.
    pub const fn of(minor: u16) -> Self {
        Self::Minor(Minor(minor))
    }

    /// Reads a version as the API server does (`ParseVersion`): `latest` or `v1.N`. The error is
    /// the server's text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const REFUSED: &str = "must be \"latest\" or \"v1.x\"";
        if text == "latest" {
            return Ok(Self::Latest);
        }
        let digits = text.strip_prefix("v1.").ok_or(REFUSED)?;
        let leading_zero = digits.len() > 1 && digits.starts_with('0');
        if leading_zero || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(REFUSED);
        }
        // Go reads the number into 64 signed bits.
        let number: i64 = digits.parse().map_err(|_| REFUSED)?;
        Ok(u16::try_from(number).map_or(Self::Beyond(number.unsigned_abs()), Self::of))
    }
}

impl fmt::Display for PolicyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::Minor(minor) => write!(f, "v{minor}"),
            Self::Beyond(number) => write!(f, "v1.{number}"),
        }
    }
}

impl Serialize for PolicyVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A level at a version: what one mode of a namespace asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct LevelVersion {
    /// How strict.
    pub level: Level,
    /// By the rules of which release.
    pub version: PolicyVersion,
}

impl LevelVersion {
    /// What an unlabelled namespace gets from a server without configuration.
    pub const PRIVILEGED: Self = Self { level: Level::Privileged, version: PolicyVersion::Latest };

    /// A level by the newest rules that the server knows.
    pub const fn latest(level: Level) -> Self {
        Self { level, version: PolicyVersion::Latest }
    }
}

impl fmt::Display for LevelVersion {
    /// `restricted:v1.37`, as the API server prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.level, self.version)
    }
}

impl FromStr for LevelVersion {
    type Err = String;

    /// Reads what a command line says: `restricted`, `restricted:latest`, `restricted:v1.37` or
    /// `restricted:1.37`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (level, version) = text.split_once(':').unwrap_or((text, "latest"));
        let level = Level::parse(level).map_err(|why| format!("the level {level:?} {why}"))?;
        let exact =
            if version.starts_with("1.") { format!("v{version}") } else { version.to_owned() };
        let version = PolicyVersion::parse(&exact)
            .map_err(|_| format!("the version {version:?} must be latest or 1.N, such as 1.37"))?;
        Ok(Self { level, version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_exact() {
        assert_eq!(Level::parse("baseline"), Ok(Level::Baseline));
        for text in ["", "Baseline", " baseline", "restricted ", "default", "baseline:latest"] {
            assert_eq!(
                Level::parse(text),
                Err("must be one of privileged, baseline, restricted"),
                "{text:?}"
            );
        }
        assert!(Level::Privileged < Level::Baseline && Level::Baseline < Level::Restricted);
    }

    #[test]
    fn versions_are_exact() {
        let good = [
            ("latest", PolicyVersion::Latest),
            ("v1.0", PolicyVersion::of(0)),
            ("v1.9", PolicyVersion::of(9)),
            ("v1.37", PolicyVersion::of(37)),
            ("v1.65535", PolicyVersion::of(65535)),
            ("v1.65536", PolicyVersion::Beyond(65536)),
            ("v1.9223372036854775807", PolicyVersion::Beyond(9_223_372_036_854_775_807)),
        ];
        for (text, version) in good {
            assert_eq!(PolicyVersion::parse(text), Ok(version), "{text:?}");
            assert_eq!(version.to_string(), text);
        }
        let bad = [
            "",
            "1.30",
            "v1.30.2",
            "v1.01",
            "v1.00",
            "v2.0",
            "v1.",
            "v1",
            "V1.3",
            "Latest",
            "v1.+3",
            "v1.-1",
            " v1.3",
            "v1.3 ",
            "v1.٣",
            "v1.9223372036854775808",
        ];
        for text in bad {
            assert_eq!(
                PolicyVersion::parse(text),
                Err("must be \"latest\" or \"v1.x\""),
                "{text:?}"
            );
        }
    }

    #[test]
    fn command_lines_may_be_shorter() {
        for (text, printed) in [
            ("restricted", "restricted:latest"),
            ("baseline:latest", "baseline:latest"),
            ("restricted:1.37", "restricted:v1.37"),
            ("restricted:v1.37", "restricted:v1.37"),
            ("privileged", "privileged:latest"),
        ] {
            let parsed: LevelVersion = text.parse().expect("valid");
            assert_eq!(parsed.to_string(), printed);
        }
        for text in [
            "",
            "Restricted",
            "restricted:",
            "restricted:37",
            "restricted:v1.37.1",
            "restricted:1.037",
            ":latest",
        ] {
            assert!(text.parse::<LevelVersion>().is_err(), "{text:?}");
        }
    }
}
