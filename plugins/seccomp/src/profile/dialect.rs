//! The three dialects: which one a document is written in, told by the fields that it uses.

use std::fmt;

use super::{Profile, Rule};

/// Who a profile is written for, and who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// The runtime specification: `linux.seccomp` of a container's `config.json`, and what
    /// containerd makes of a `Localhost` profile. It knows nothing of `archMap`, `includes`,
    /// `excludes`, `name`, `errno`.
    Oci,
    /// moby's: Docker, and the file that it calls `default.json`.
    Moby,
    /// That of containers-common: Podman and CRI-O. It knows nothing of `minKernel`.
    ContainersCommon,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Oci, Self::Moby, Self::ContainersCommon];
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Oci => "OCI runtime-spec",
            Self::Moby => "moby",
            Self::ContainersCommon => "containers-common",
        })
    }
}

impl Profile {
    /// The dialect that the document is written in: the least that understands all of it. A
    /// document with fields of both others is moby's, whose extension is the older.
    pub fn dialect(&self) -> Dialect {
        let has = |wanted: fn(&Rule) -> bool| self.syscalls.iter().any(wanted);
        let kernels =
            has(|rule| rule.includes.min_kernel.is_some() || rule.excludes.min_kernel.is_some());
        let names = self.default_errno.is_some() || has(|rule| rule.errno.is_some());
        let extended = !self.arch_map.is_empty()
            || has(|rule| {
                rule.name.is_some() || !rule.includes.is_empty() || !rule.excludes.is_empty()
            });
        match (kernels, names, extended) {
            (true, ..) => Dialect::Moby,
            (_, true, _) => Dialect::ContainersCommon,
            (.., true) => Dialect::Moby,
            _ => Dialect::Oci,
        }
    }
}
