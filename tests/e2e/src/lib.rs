//! What the suites share: an engine's answer and a judge's side by side.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "it is part of tests, which fail by panicking"
)]

pub mod change;
pub mod connect;
pub mod folder;
pub mod live;
pub mod object;
pub mod policies;
pub mod pss;
pub mod schema;
pub mod seccomp;
pub mod served;
