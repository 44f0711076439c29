//! Which rules of a document count for a container on a node.

use std::fmt;

use super::faults::{Fault, injected};
use super::target::Target;
use crate::profile::{Dialect, Gate, Kernel, Rule};

/// Why a rule does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It is for containers that have this capability.
    WithoutCap(String),
    /// It is for containers that do not have it.
    WithCap(String),
    /// It is for other architectures.
    OtherArch,
    /// It is for architectures other than this one.
    ThisArch,
    /// It is for kernels from this one on.
    OlderKernel(Kernel),
    /// It is for kernels before this one.
    NewerKernel(Kernel),
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WithoutCap(cap) => write!(f, "only with {cap}"),
            Self::WithCap(cap) => write!(f, "only without {cap}"),
            Self::OtherArch => f.write_str("only on other architectures"),
            Self::ThisArch => f.write_str("not on this architecture"),
            Self::OlderKernel(kernel) => write!(f, "only with Linux {kernel} or newer"),
            Self::NewerKernel(kernel) => write!(f, "only before Linux {kernel}"),
        }
    }
}

/// Whether a rule counts, and else why not.
///
/// Sources: `setupSeccomp` in `seccomp_linux.go` of github.com/moby/profiles and of
/// github.com/containers/common/pkg/seccomp.
pub(super) fn closed(rule: &Rule, target: &Target) -> Option<Closed> {
    if target.reader == Dialect::Oci {
        return None;
    }
    excluded(&rule.excludes, target).or_else(|| not_included(&rule.includes, target))
}

/// The version that a gate names, for a reader that knows the field.
fn kernel(gate: &Gate, target: &Target) -> Option<Kernel> {
    let reads = target.reader == Dialect::Moby && !injected(Fault::NoKernels);
    gate.min_kernel.filter(|_| reads)
}

fn caps(gate: &Gate) -> &[String] {
    if injected(Fault::NoCapabilities) { &[] } else { &gate.caps }
}

/// Whether a gate names this machine; `None` where it names none at all.
fn is_named(gate: &Gate, target: &Target) -> Option<bool> {
    let name = target.machine.gate_name(target.reader);
    let asks = !gate.arches.is_empty() && !injected(Fault::NoArchitectures);
    asks.then(|| gate.arches.iter().any(|arch| arch == name))
}

fn excluded(gate: &Gate, target: &Target) -> Option<Closed> {
    if is_named(gate, target) == Some(true) {
        return Some(Closed::ThisArch);
    }
    if let Some(cap) = caps(gate).iter().find(|cap| target.caps.contains(*cap)) {
        return Some(Closed::WithCap(cap.clone()));
    }
    let since = kernel(gate, target).filter(|since| target.kernel >= *since);
    since.map(Closed::NewerKernel)
}

fn not_included(gate: &Gate, target: &Target) -> Option<Closed> {
    if is_named(gate, target) == Some(false) {
        return Some(Closed::OtherArch);
    }
    if let Some(cap) = caps(gate).iter().find(|cap| !target.caps.contains(*cap)) {
        return Some(Closed::WithoutCap(cap.clone()));
    }
    let since = kernel(gate, target).filter(|since| target.kernel < *since);
    since.map(Closed::OlderKernel)
}
