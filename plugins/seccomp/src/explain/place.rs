//! What a question is asked about: a container of a runtime's release on a kind of node, or a
//! document that somebody wrote.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use posture::model::error::Result;

use crate::capabilities::Changes;
use crate::defaults::version::Version;
use crate::defaults::{self, Candidate, Certainty, Found, Release, Runtime};
use crate::evaluate::{self, Machine};
use crate::profile::{Dialect, Kernel, Profile};

/// A container on a kind of node.
#[derive(Clone, Debug)]
pub struct Place {
    /// How people call it: `containerd 1.7.27`.
    pub label: String,
    /// The nodes that are like this; none where no cluster was asked.
    pub nodes: Vec<String>,
    /// Where the profile comes from.
    pub filter: Filter,
    /// The architecture.
    pub machine: Machine,
    /// The kernel.
    pub kernel: Kernel,
    /// The container's bounding set, each with its `CAP_`.
    pub caps: BTreeSet<String>,
}

/// Where a profile comes from.
#[derive(Clone, Debug)]
pub enum Filter {
    /// It is the default of a runtime's release.
    Default(Found),
    /// It is a document.
    Document(Document),
}

/// A profile that somebody wrote.
#[derive(Clone, Debug)]
pub struct Document {
    /// How it is called: a file.
    pub name: String,
    /// What it says.
    pub profile: Arc<Profile>,
    /// Who loads it.
    pub reader: Runtime,
}

/// The hardware and the kernel that a container meets, and what it adds and drops.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The architecture.
    pub machine: Machine,
    /// The kernel.
    pub kernel: Kernel,
    /// What the container adds to the capabilities of its runtime, and drops.
    pub caps: Changes,
}

impl Place {
    /// A container with the default of a runtime's release. Fails where that is no version.
    pub fn of_release(runtime: Runtime, version: &str, around: &Surroundings) -> Result<Self> {
        let found = defaults::find(runtime, version)?;
        let caps = around.caps.apply(runtime, version);
        Ok(Self::with(format!("{runtime} {}", found.version), Filter::Default(found), caps, around))
    }

    /// A container with a document, that a runtime loads.
    pub fn of_document(document: Document, around: &Surroundings) -> Self {
        let label = format!("{} read by {}", document.name, document.reader);
        let caps = around.caps.apply(document.reader, "");
        Self::with(label, Filter::Document(document), caps, around)
    }

    fn with(label: String, filter: Filter, caps: BTreeSet<String>, around: &Surroundings) -> Self {
        let Surroundings { machine, kernel, .. } = *around;
        Self { label, nodes: Vec::new(), filter, machine, kernel, caps }
    }

    /// The newest release of each line of each runtime that is in use.
    pub fn of_lines(around: &Surroundings) -> Vec<Self> {
        let lines = Runtime::ALL.into_iter().flat_map(|runtime| {
            newest_of_lines(runtime).into_iter().map(move |release| (runtime, release))
        });
        let place = |(runtime, release): (Runtime, &Release)| {
            let found = Found {
                runtime,
                version: release.name.clone(),
                certainty: Certainty::Read,
                profiles: vec![Candidate::from(release)],
            };
            let caps = around.caps.apply(runtime, &release.name);
            let label = match release.version {
                Some(_) => format!("{runtime} {}", release.name),
                None => format!("{runtime} {} (later than its releases known here)", release.name),
            };
            Self::with(label, Filter::Default(found), caps, around)
        };
        lines.map(place).collect()
    }

    /// The runtime.
    pub fn runtime(&self) -> Runtime {
        match &self.filter {
            Filter::Default(found) => found.runtime,
            Filter::Document(document) => document.reader,
        }
    }

    /// The profiles that it may be, with the releases that they are of; one, unless a release
    /// lies between two that differ.
    pub fn profiles(&self) -> Vec<(&str, &Arc<Profile>)> {
        match &self.filter {
            Filter::Default(found) => {
                found.profiles.iter().map(|one| (one.release.as_str(), &one.profile)).collect()
            }
            Filter::Document(document) => vec![(&document.name, &document.profile)],
        }
    }

    /// What the profile is resolved for.
    pub fn target(&self) -> evaluate::Target {
        evaluate::Target {
            machine: self.machine,
            kernel: self.kernel,
            caps: self.caps.clone(),
            reader: self.reader(),
            runtime: self.compiler(),
        }
    }

    /// Who reads the document: containerd takes a file of its own as plain runtime-spec.
    fn reader(&self) -> Dialect {
        match &self.filter {
            Filter::Document(Document { reader: Runtime::Containerd, .. }) => Dialect::Oci,
            _ => self.runtime().dialect(),
        }
    }

    /// The OCI runtime that is the default: crun with CRI-O from 1.31 on and with Podman.
    fn compiler(&self) -> evaluate::Runtime {
        let version = match &self.filter {
            Filter::Default(found) => Version::read(found.version.trim_end_matches(".x")),
            Filter::Document(_) => None,
        };
        match self.runtime() {
            Runtime::Containerd | Runtime::Docker => evaluate::Runtime::Runc,
            Runtime::CriO if version.is_some_and(|version| version.line() < (1, 31)) => {
                evaluate::Runtime::Runc
            }
            Runtime::CriO | Runtime::ContainersCommon => evaluate::Runtime::Crun,
        }
    }

    /// What must be said with an answer: where the profile comes from, and how sure that is.
    pub fn notes(&self) -> Vec<String> {
        match &self.filter {
            Filter::Default(found) => {
                let mut notes = vec![format!(
                    "upstream built-in for {} {}: {}",
                    found.runtime,
                    found.version,
                    found.runtime.origin()
                )];
                let certainty = found.certainty.to_string();
                notes.extend(Some(certainty).filter(|text| !text.is_empty()));
                notes.extend(
                    found.profiles.iter().filter_map(|one| one.note.as_deref().map(str::to_owned)),
                );
                notes
            }
            Filter::Document(document) => document.notes(),
        }
    }
}

impl Document {
    /// In which dialect it is written, and what its reader does not see of it.
    fn notes(&self) -> Vec<String> {
        let dialect = self.profile.dialect();
        let mut notes = vec![format!("{} is written in the dialect of {dialect}", self.name)];
        if self.reader == Runtime::Containerd && dialect != Dialect::Oci {
            let dropped = self.extensions();
            notes.push(format!(
                "containerd does not read {}: what these restrict holds without them",
                dropped.join(", ")
            ));
        }
        if self.reader.dialect() == Dialect::ContainersCommon && self.has_kernels() {
            notes.push("CRI-O does not read minKernel".to_owned());
        }
        if !self.profile.unknown.is_empty() {
            let paths: Vec<_> = self.profile.unknown.iter().map(ToString::to_string).collect();
            notes.push(format!("fields that nobody reads: {}", paths.join(", ")));
        }
        notes
    }

    fn has_kernels(&self) -> bool {
        let gates = |rule: &crate::profile::Rule| {
            rule.includes.min_kernel.is_some() || rule.excludes.min_kernel.is_some()
        };
        self.profile.syscalls.iter().any(gates)
    }

    /// The fields that plain runtime-spec does not have, and this document does.
    fn extensions(&self) -> Vec<&'static str> {
        let rules = &self.profile.syscalls;
        let known = [
            ("archMap", !self.profile.arch_map.is_empty()),
            ("defaultErrno", self.profile.default_errno.is_some()),
            ("includes", rules.iter().any(|rule| !rule.includes.is_empty())),
            ("excludes", rules.iter().any(|rule| !rule.excludes.is_empty())),
            ("name", rules.iter().any(|rule| rule.name.is_some())),
            ("errno", rules.iter().any(|rule| rule.errno.is_some())),
        ];
        known.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}, Linux {}", self.label, self.machine, self.kernel)
    }
}

/// The first line of each runtime that is looked at where nobody names a release: older ones get
/// no fixes.
const fn first_line(runtime: Runtime) -> (u32, u32) {
    match runtime {
        Runtime::Containerd => (1, 7),
        Runtime::CriO => (1, 31),
        Runtime::Docker => (25, 0),
        Runtime::ContainersCommon => (0, 60),
    }
}

/// The newest release of each line; of Docker, whose lines are many, of each major version; and
/// what comes after the newest. Lines that do the same stand for themselves only as the newest.
fn newest_of_lines(runtime: Runtime) -> Vec<&'static Release> {
    let line = |release: &Release| {
        let (major, minor) = release.version?.line();
        Some(if runtime == Runtime::Docker { (major, 0) } else { (major, minor) })
    };
    let mut found: Vec<&Release> = Vec::new();
    for release in runtime.releases() {
        if line(release).is_some_and(|line| line < first_line(runtime)) {
            continue;
        }
        match found.last_mut() {
            Some(last) if line(last) == line(release) => *last = release,
            // The lines of the library differ in name only for a year at a time.
            Some(last)
                if runtime == Runtime::ContainersCommon && last.profile == release.profile =>
            {
                *last = release;
            }
            _ => found.push(release),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn around() -> Surroundings {
        Surroundings {
            machine: "amd64".parse().unwrap(),
            kernel: Kernel(6, 12),
            caps: Changes::default(),
        }
    }

    #[test]
    fn each_line_in_use_is_there_once() {
        let labels: Vec<_> = Place::of_lines(&around()).into_iter().map(|one| one.label).collect();
        for label in ["containerd 1.7.35", "containerd 2.4.2", "cri-o 1.36.x", "docker 28.5.2"] {
            assert!(labels.contains(&label.to_owned()), "{labels:?}");
        }
        assert!(!labels.iter().any(|label| label.starts_with("containerd 1.6")), "{labels:?}");
        let mut sorted = labels.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), labels.len());
    }

    #[test]
    fn a_document_of_moby_is_another_one_to_containerd() {
        let json = serde_json::json!({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
            {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
        ]});
        let profile = Arc::new(Profile::from_json(&json).unwrap());
        let document =
            |reader| Document { name: "x.json".to_owned(), profile: profile.clone(), reader };
        let place = Place::of_document(document(Runtime::Containerd), &around());
        assert_eq!(place.target().reader, Dialect::Oci);
        assert!(place.notes()[1].starts_with("containerd does not read includes"), "{place:?}");
        let place = Place::of_document(document(Runtime::Docker), &around());
        assert_eq!(place.target().reader, Dialect::Moby);
        assert_eq!(place.notes().len(), 1);
    }

    #[test]
    fn old_cri_o_has_runc() {
        let compiler = |version| {
            Place::of_release(Runtime::CriO, version, &around()).unwrap().target().runtime
        };
        assert_eq!(compiler("1.29.0"), evaluate::Runtime::Runc);
        assert_eq!(compiler("1.33"), evaluate::Runtime::Crun);
    }
}
