//! Pod Security Admission, word for word: levels, versions, the checks, namespace policies,
//! the server's configuration file, and what admission says about one object.
//!
//! Everything here is pure: it reads parsed documents and returns values. The rules are those of
//! k8s.io/pod-security-admission, with the differences between its releases.

pub mod admission_config;
pub mod admit;
pub mod assume;
pub mod census;
pub mod checks;
pub mod commands;
pub mod container;
pub mod evaluate;
#[cfg(feature = "faults")]
pub mod faults;
pub mod fixes;
pub mod level;
pub mod namespace;
pub mod pod;
pub mod prose;
pub mod quota;
pub mod relabel;
pub mod requirements;
mod skew;
pub mod standard;
mod strict;
#[cfg(test)]
mod testing;
pub mod update;
pub mod violation;
pub mod volume;
