//! The checks of the Pod Security Standards, one file each, with the document that explains it.
//!
//! Identifiers, levels, revisions and overrides are those of `policy/check_*.go` in
//! k8s.io/pod-security-admission.

use posture::finding::acceptance;
use posture::finding::catalog::{Catalog, Entry};
use posture::finding::check::Check;
use posture::model::version::Minor;

use crate::level::Level;
use crate::pod::Pod;
use crate::prose::Prose;
use crate::requirements;
use crate::violation::Violation;

/// What a check may know besides the pod.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The release of the API server: the same policy version means different things to
    /// different releases, in verdict and in words.
    pub server: Minor,
}

/// Finds what a revision forbids and appends it.
pub type Find = fn(&Pod<'_>, Rules, &mut Vec<Violation>);

/// One revision of a check: it holds from a policy version on, until the next one.
#[derive(Clone, Copy, Debug)]
pub struct Revision {
    /// The first policy version.
    pub since: Minor,
    /// The baseline checks that are left out where this one runs.
    pub overrides: &'static [&'static str],
    /// The check itself.
    pub find: Find,
}

impl Revision {
    /// A revision that overrides nothing.
    const fn of(since: u16, find: Find) -> Self {
        Self::overriding(since, &[], find)
    }

    /// A revision that takes the place of other checks.
    const fn overriding(since: u16, overrides: &'static [&'static str], find: Find) -> Self {
        Self { since: Minor(since), overrides, find }
    }
}

/// A check: what it is, when it applies, and how it speaks.
#[derive(Debug)]
pub struct PssCheck {
    /// Identifier, title and document.
    pub check: Check,
    /// Baseline or restricted.
    pub level: Level,
    /// Its revisions, the oldest first.
    pub revisions: &'static [Revision],
    /// What the API server says about violations; there is at least one.
    pub prose: fn(&[Violation], Rules) -> Prose,
}

impl PssCheck {
    /// The identifier, as in Kubernetes.
    pub fn id(&self) -> &'static str {
        self.check.id
    }
}

/// Registers checks: one word each, which names both files.
macro_rules! register {
    ($($name:ident)*) => {
        $(mod $name;)*

        /// Every check, in the order of Kubernetes' messages: baseline before restricted, and
        /// within a level by the bytes of the identifier.
        pub static ALL: &[&PssCheck] = &[$(&$name::CHECK),*];
    };
}

/// The identity of the check in the file of that name.
macro_rules! identity {
    ($id:literal, $title:literal, $document:literal) => {
        posture::finding::check::Check { id: $id, title: $title, document: include_str!($document) }
    };
}

register! {
    app_armor_profile
    capabilities_baseline
    host_namespaces
    host_path_volumes
    host_ports
    host_probes_and_host_lifecycle
    privileged
    proc_mount
    se_linux_options
    seccomp_profile_baseline
    sysctls
    windows_host_process
    allow_privilege_escalation
    capabilities_restricted
    proc_mount_restricted
    restricted_volumes
    run_as_non_root
    run_as_user
    seccomp_profile_restricted
}

pub(crate) use self::capabilities_baseline::ALLOWED as DEFAULT_CAPABILITIES;
pub(crate) use self::sysctls::since as sysctl_since;

/// Everything that a report of this plugin may find.
pub fn catalog() -> Catalog {
    let of_level =
        |check: &&'static PssCheck| Entry { check: &check.check, group: check.level.as_str() };
    let before = acceptance::CHECKS.iter().map(|check| Entry { check, group: acceptance::GROUP });
    let required = requirements::ALL
        .iter()
        .map(|requirement| Entry { check: &requirement.check, group: requirements::GROUP });
    Catalog::new(ALL.iter().map(of_level).chain(before).chain(required).collect())
}

/// The check with an identifier.
pub fn find(id: &str) -> Option<&'static PssCheck> {
    ALL.iter().copied().find(|check| check.id() == id)
}

#[cfg(test)]
mod tests;
