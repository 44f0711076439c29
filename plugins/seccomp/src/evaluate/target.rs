//! Where a profile is loaded, and for whom.

use std::collections::BTreeSet;

use super::abi::Machine;
use crate::profile::{Dialect, Kernel};

/// The program that compiles the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// runc: the default of containerd and of Docker.
    Runc,
    /// crun: the default of CRI-O and of Podman.
    Crun,
}

/// What a profile is resolved for: one container on one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The node's architecture.
    pub machine: Machine,
    /// The node's kernel.
    pub kernel: Kernel,
    /// The container's bounding set, each with its `CAP_`.
    pub caps: BTreeSet<String>,
    /// Who reads the document: fields that it does not know are not there for it.
    pub reader: Dialect,
    /// Who compiles it.
    pub runtime: Runtime,
}
