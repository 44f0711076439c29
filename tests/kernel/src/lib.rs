//! The judges of seccomp: the kernel itself, which a child process asks with a filter loaded, and
//! the system's libseccomp, whose filters are exported and carried out here.
#![cfg_attr(
    target_os = "linux",
    expect(clippy::expect_used, reason = "a judge fails its test by panicking")
)]

pub mod bpf;
#[cfg(target_os = "linux")]
pub mod libseccomp;
#[cfg(target_os = "linux")]
pub mod sandbox;
pub mod wire;
