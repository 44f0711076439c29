//! What the suites share: an engine's answer and a judge's side by side.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "it is part of tests, which fail by panicking"
)]

<<<<<<< HEAD
pub mod live;
=======
pub mod connect;
>>>>>>> e09d001 (A recording server, proxies and certificates; connections side by side with kubectl)
pub mod object;
pub mod pss;
pub mod served;
