//! What runtimes give a container that asks for their default: the profile of each release that
//! could be read, and how sure that is for the releases between.
//!
//! The data below this folder is generated (`posture-generate seccomp`) from the Go modules of the
//! runtimes at each release; its head says from which. It is what upstream builds in: a
//! distributor's patch, a profile in the runtime's configuration, or an NRI plugin can replace it.

pub mod rule;
pub mod table;
pub mod version;

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use posture::finding::nearest::nearest;
use posture::model::error::{Error, Result};

pub use table::Release;
use version::Version;

use crate::profile::{Dialect, Profile};

/// A runtime whose defaults are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Runtime {
    /// containerd.
    Containerd,
    /// CRI-O.
    CriO,
    /// Docker's engine, with moby's profile.
    Docker,
    /// The library of Podman, by its own versions.
    ContainersCommon,
}

impl Runtime {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Containerd, Self::CriO, Self::Docker, Self::ContainersCommon];

    /// How a node's status and our command line name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Containerd => "containerd",
            Self::CriO => "cri-o",
            Self::Docker => "docker",
            Self::ContainersCommon => "containers-common",
        }
    }

    /// Who reads its profiles, for `evaluate`.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Containerd | Self::Docker => Dialect::Moby,
            Self::CriO | Self::ContainersCommon => Dialect::ContainersCommon,
        }
    }

    /// Where the profiles come from, for people.
    pub fn origin(self) -> &'static str {
        match self {
            Self::Containerd => "contrib/seccomp of github.com/containerd/containerd",
            Self::CriO => {
                "pkg/seccomp of containers-common with the changes of internal/config/seccomp of \
                 github.com/cri-o/cri-o, which are data of our own"
            }
            Self::Docker => {
                "profiles/seccomp of github.com/docker/docker, later github.com/moby/profiles"
            }
            Self::ContainersCommon => {
                "pkg/seccomp of github.com/containers/common, later go.podman.io/common"
            }
        }
    }

    /// The releases that were read, the oldest first.
    pub fn releases(self) -> &'static [Release] {
        static TABLES: [OnceLock<Vec<Release>>; 4] = [const { OnceLock::new() }; 4];
        let (table, text) = match self {
            Self::Containerd => (&TABLES[0], include_str!("containerd.txt")),
            Self::CriO => (&TABLES[1], include_str!("cri-o.txt")),
            Self::Docker => (&TABLES[2], include_str!("docker.txt")),
            Self::ContainersCommon => (&TABLES[3], include_str!("containers-common.txt")),
        };
        // A test reads every line of the data: without it nothing would be known.
        table.get_or_init(|| table::read(text).unwrap_or_default())
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Runtime {
    type Err = Error;

    /// Reads a runtime as nodes (`containerd`, `cri-o`, `docker`) and people name it.
    fn from_str(text: &str) -> Result<Self> {
        let wanted = match text {
            "crio" => "cri-o",
            "moby" => "docker",
            other => other,
        };
        let names = || Self::ALL.map(Self::name);
        Self::ALL.into_iter().find(|runtime| runtime.name() == wanted).ok_or_else(|| {
            let error = Error::usage(format!("no default profile is known of a runtime {text:?}"));
            match nearest(text, names().into_iter()) {
                Some(near) => error.hint(format!("did you mean {near}?")),
                None => error.hint(format!("known are {}", names().join(", "))),
            }
        })
    }
}

/// How sure it is that a release has a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The profile was read from this very release.
    Read,
    /// The whole line of the release has it.
    Line(String),
    /// Not read, but the nearest releases on both sides have the same.
    Same {
        /// The nearest earlier release that was read.
        older: String,
        /// The nearest later one.
        newer: String,
    },
    /// Not read, and the nearest releases on both sides differ: it may have either.
    Between {
        /// The nearest earlier release that was read: the first profile.
        older: String,
        /// The nearest later one: the second profile.
        newer: String,
    },
    /// Later than the newest release that was read of its line, whose profile this is.
    After(String),
    /// Earlier than the oldest release that was read, whose profile this is.
    Before(String),
}

impl Certainty {
    /// Whether the profile is that of the release, as far as anybody can know.
    pub fn is_certain(&self) -> bool {
        matches!(self, Self::Read | Self::Line(_) | Self::Same { .. })
    }
}

impl fmt::Display for Certainty {
    /// What is said after the name of the release: nothing where it was read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read => Ok(()),
            Self::Line(line) => write!(f, "as all of {line}"),
            Self::Same { older, newer } => write!(f, "the same in {older} and {newer}"),
            Self::Between { older, newer } => {
                write!(f, "uncertain: {older} and {newer} differ, and it lies between them")
            }
            Self::After(newest) => write!(f, "uncertain: later than {newest}, the newest known"),
            Self::Before(oldest) => write!(f, "uncertain: earlier than {oldest}, the oldest known"),
        }
    }
}

/// The default profile of one release of a runtime.
#[derive(Clone, Debug)]
pub struct Found {
    /// The runtime.
    pub runtime: Runtime,
    /// The release that was asked for, as it was asked for.
    pub version: String,
    /// How sure it is.
    pub certainty: Certainty,
    /// The profile; two, with the names of their releases, where it may be either.
    pub profiles: Vec<Candidate>,
}

/// A profile that a release has, or may have.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The release that it was read from.
    pub release: String,
    /// The profile.
    pub profile: Arc<Profile>,
    /// What must be said with it.
    pub note: Option<Arc<str>>,
}

impl From<&Release> for Candidate {
    fn from(release: &Release) -> Self {
        Self {
            release: release.name.clone(),
            profile: release.profile.clone(),
            note: release.note.clone(),
        }
    }
}

/// The default profile of a runtime's release, written as the runtime or its distributor does.
/// A line alone (`1.7`) is its newest release that was read. Fails where that is no version.
pub fn find(runtime: Runtime, version: &str) -> Result<Found> {
    let newest_of_line = Version::read_line(version).and_then(|line| {
        let of_line = |release: &&Release| release.version.is_some_and(|own| own.line() == line);
        runtime.releases().iter().rfind(of_line)
    });
    if let Some(newest) = newest_of_line.filter(|newest| !newest.whole_line) {
        return Ok(Found {
            runtime,
            version: newest.name.clone(),
            certainty: Certainty::Read,
            profiles: vec![Candidate::from(newest)],
        });
    }
    let asked = Version::read(version).ok_or_else(|| {
        Error::usage(format!("{version:?} is no version of {runtime}"))
            .hint(format!("write it like {runtime}@{}", newest(runtime)))
    })?;
    let (certainty, releases) = among(runtime.releases(), asked)
        .ok_or_else(|| Error::could_not_run(format!("no default profile is known of {runtime}")))?;
    Ok(Found {
        runtime,
        version: version.to_owned(),
        certainty,
        profiles: releases.into_iter().map(Candidate::from).collect(),
    })
}

/// The newest release of a runtime that was read.
fn newest(runtime: Runtime) -> &'static str {
    let numbered = runtime.releases().iter().rev().find(|release| release.version.is_some());
    numbered.map_or("1.0", |release| release.name.trim_end_matches(".x"))
}

/// The releases that say what the asked one does. `None` where none was read at all.
fn among(releases: &[Release], asked: Version) -> Option<(Certainty, Vec<&Release>)> {
    let line = |release: &Release| release.version.map(Version::line);
    let read = releases.iter().find(|release| release.version == Some(asked));
    if let Some(read) = read.filter(|release| !release.whole_line) {
        return Some((Certainty::Read, vec![read]));
    }
    let whole =
        releases.iter().find(|release| release.whole_line && line(release) == Some(asked.line()));
    if let Some(whole) = whole {
        return Some((Certainty::Line(whole.name.clone()), vec![whole]));
    }
    let older = releases.iter().rev().find(|release| release.version.is_some_and(|v| v < asked));
    let newer = releases.iter().find(|release| release.version.is_some_and(|v| v > asked));
    let beyond = releases.iter().rev().find(|release| release.version.is_none());
    match (older, newer) {
        // Lines are kept apart: what came into the next one need not have come into this.
        (Some(older), Some(newer))
            if line(older) == Some(asked.line()) && line(newer) != Some(asked.line()) =>
        {
            Some((Certainty::After(older.name.clone()), vec![older]))
        }
        (Some(older), Some(newer)) => Some(either(older, newer)),
        (Some(older), None) => match beyond {
            Some(beyond) if line(older) != Some(asked.line()) => Some(either(older, beyond)),
            _ => Some((Certainty::After(older.name.clone()), vec![older])),
        },
        (None, Some(newer)) => Some((Certainty::Before(newer.name.clone()), vec![newer])),
        (None, None) => None,
    }
}

fn either<'a>(older: &'a Release, newer: &'a Release) -> (Certainty, Vec<&'a Release>) {
    let names = (older.name.clone(), newer.name.clone());
    if older.profile == newer.profile {
        let certainty = Certainty::Same { older: names.0, newer: names.1 };
        return (certainty, vec![older]);
    }
    (Certainty::Between { older: names.0, newer: names.1 }, vec![older, newer])
}

#[cfg(test)]
mod tests;
