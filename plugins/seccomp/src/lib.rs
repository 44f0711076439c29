//! Seccomp profiles: their format, what runtimes make of them, and what that means for a call.

pub mod evaluate;
pub mod profile;
