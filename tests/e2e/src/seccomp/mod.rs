//! Seccomp profiles before their judges: generated documents, containers and calls, and what the
//! system's libseccomp makes of them.

pub mod generate;
#[cfg(target_os = "linux")]
pub mod reference;
pub mod setting;
